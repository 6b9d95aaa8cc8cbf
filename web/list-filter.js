// Shows some files of a long list: those that are unfinished, failed or uploaded. Loaded for more than ten.

import { FAILED, OPEN, STORED } from "./states.js";
import { create, createButton } from "./template.js";

/** @type {[kind: string, states: State[]][]} */
const KINDS = [
    ["show_all", []],
    ["show_open", OPEN],
    ["show_failed", FAILED],
    ["show_done", STORED],
];

const selectorOf = (/** @type {State[]} */ states) => states.map((state) => `.${state}`).join();

export class Filter {
    #kind = 0;
    #buttons = KINDS.map((_, kind) => {
        const button = createButton();
        button.onclick = () => {
            this.#kind = kind;
            this.list.paint();
        };
        return button;
    });
    #place = create("div#filter.choices", { role: "group" }, ...this.#buttons);

    /** @param {UploadList} list */
    constructor(list) {
        this.list = list;
        list.view.addStyle(STYLE);
        list.view.page.rows.before(this.#place);
    }

    paint() {
        const { queue, rows, view } = this.list;
        const counts = KINDS.map(([, states]) => queue.totals.of(...states));
        counts[0] = rows.size;
        this.#kind = counts[this.#kind] > 0 ? this.#kind : 0;
        // Browsers may take the focus from what is hidden at once.
        const focused = this.#buttons.find((button) => button === view.root.activeElement);
        // Where all are alike, there is nothing to choose.
        this.#place.hidden = !counts.some((count) => count > 0 && count < rows.size);
        this.#place.setAttribute("aria-label", view.texts.formatMessage("show"));
        this.#buttons.forEach((button, kind) => {
            button.textContent = view.texts.formatMessage(KINDS[kind][0], { count: counts[kind] });
            button.hidden = counts[kind] === 0;
            button.setAttribute("aria-pressed", `${kind === this.#kind}`);
        });
        if (focused && (focused.hidden || this.#place.hidden)) {
            (this.#place.hidden ? view.page.files : this.#buttons[0]).focus();
        }
        const [kind, states] = KINDS[this.#kind];
        view.page.rows.dataset.show = this.#kind > 0 ? kind : "";
        this.list.shownRows = selectorOf(states);
    }
}

/** Paper has room for all. What has the focus stays until it leaves. */
const STYLE = /* css */ `
    #filter {
        gap: 0.25rem;
        justify-content: start;
        margin-block-end: 0.25rem;
    }

    #filter button {
        padding-inline: 0.5rem;
        font-size: 0.875rem;
    }

    @media screen {
        [data-show="show_open"] li:is(.done, .unreported, .failed, .unconfirmed, .cancelled):not(:focus-within),
        [data-show="show_failed"] li:not(.failed, .unconfirmed, :focus-within),
        [data-show="show_done"] li:not(.done, .unreported, :focus-within) {
            display: none;
        }
    }
`;
