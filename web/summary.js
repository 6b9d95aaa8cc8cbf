// What is shown of all files together: how far they are, what holds them up, and what can be done with them. Loaded with the list.

import { Meter } from "./bandwidth.js";
import { HALTS_QUEUE } from "./retry.js";
import { FAILED, STORED } from "./states.js";
import { createButton, setText } from "./template.js";
import { describeOutage, describeTotals } from "./wording.js";

const ANNOUNCE_MS = 10_000;

/** Cancelling more than so many is asked about. */
const MAX_UNASKED = 20;

/** A longer list can be filtered. */
const MAX_UNFILTERED = 10;

const MOVING = /** @type {const} */ (["signing", "sending", "finishing"]);

const ignore = () => {};

/** What was cancelled is neither good nor bad. @param {Totals} totals */
function classOf(totals) {
    if (totals.open > 0) {
        return "";
    }
    if (totals.of(...FAILED) > 0) {
        return "incomplete";
    }
    return totals.of("cancelled") > 0 ? "stopped" : "complete";
}

/** @type {string} */
const STYLE = /* css */ `
    #total {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        gap: 0.5rem;
        padding-block: 0.5rem;
        background: var(--page);
    }

    .track {
        flex-basis: 100%;
    }

    #total .choices {
        justify-content: start;
    }

    #summary {
        flex: 1 1 14rem;
        font-variant-numeric: tabular-nums;
    }

    .complete,
    .incomplete,
    .stopped {
        --accent: var(--good);
        --state: var(--good);
    }

    .incomplete {
        --state: var(--bad);
    }

    :is(.complete, .incomplete) #summary {
        font-weight: 600;
    }

    :is(.complete, .incomplete) #summary::before {
        display: inline-block;
        width: 1.25em;
        margin-inline-end: 0.5em;
        border-radius: 50%;
        background: var(--state);
        color: var(--page);
        font: 700 1em/1.25 system-ui;
        text-align: center;
        content: "✓";
    }

    .incomplete #summary::before {
        content: "!";
    }

    @media (max-width: 30rem) {
        #total {
            gap: 0.25rem;
            padding-block: 0.25rem 0.5rem;
            font-size: 0.875rem;
        }

        #total button {
            padding: 0.25rem 0.5rem;
            line-height: 1.25;
        }
    }

    /* Their words wrap. */
    @media (min-width: 22rem) and (max-width: 30rem) {
        #total .choices {
            flex-wrap: nowrap;
        }
    }

    /* Where there is room for the list below. */
    @media (min-height: 30rem) {
        #total {
            position: sticky;
            z-index: 1;
            inset-block-start: 0;
        }

        /* The focus is never beneath it. */
        #causes summary,
        li :is(button, summary) {
            scroll-margin-block-start: 10rem;
        }
    }
`;

export class Summary {
    #speed = new Meter();
    #announceAt = 0;
    #wasOpen = false;
    #isBusy = false;
    #pause = createButton();
    #copy = createButton();
    /** @type {import("./list-filter.js").Filter | undefined} */
    #filter;

    /** @param {UploadList} list */
    constructor(list) {
        this.list = list;
        const { page } = list.view;
        list.view.addStyle(STYLE);
        page.cancel.before(this.#pause);
        page.clear.before(this.#copy);
        page.cancel.onclick = () => this.#cancelAll();
        page.clear.onclick = () => list.clear();
        page.retry.onclick = () => this.#retry();
        this.#pause.onclick = () => this.#togglePause();
        this.#copy.onclick = () => this.#copyList();
    }

    /** Returns the share of all bytes that are sent. */
    paint() {
        const { queue, rows, view } = this.list;
        const { totals } = queue;
        const { page, texts } = view;
        const isOpen = totals.open > 0;
        const share = totals.size > 0 ? totals.sent / totals.size : Number(totals.of(...STORED) > 0);
        const now = queue.now();
        if (totals.of(...MOVING) === 0) {
            this.#speed = new Meter();
        }
        this.#speed.add(now, totals.moved);
        const rate = navigator.onLine ? this.#speed.rateAt(now) : 0;
        const text = describeTotals(texts, totals, rate, queue.isPaused);
        if (!isOpen && queue.isPaused) {
            queue.setPaused(false);
        }
        page.total.hidden = rows.size === 0;
        page.total.className = classOf(totals);
        page.drop.classList.toggle("small", rows.size > 0);
        // What was cancelled stays empty at the end; what has failed has a share of its own.
        page.bar.value = isOpen ? share : totals.of(...STORED) / (rows.size - totals.of("failed") || 1);
        page.summary.textContent = text;
        this.#paintButtons();
        this.#announceProgress(isOpen, text, now);
        this.#paintOutage();
        this.#loadWhatIsNeeded();
        return share;
    }

    #paintButtons() {
        const { queue, rows, view } = this.list;
        const { totals } = queue;
        const { page, texts } = view;
        const isOpen = totals.open > 0;
        const retriable = this.#countRetriable();
        page.retry.textContent = texts.formatMessage(
            this.#isHalted() ? "try_again" : retriable > 0 ? "retry_failed" : "retry_cancelled",
        );
        this.#pause.textContent = texts.formatMessage(queue.isPaused ? "resume_all" : "pause_all");
        this.#copy.textContent = texts.formatMessage("copy_list");
        this.#showButtons([
            [this.#pause, isOpen && (queue.isPaused || totals.of("waiting") > 0)],
            [page.cancel, isOpen],
            [page.retry, retriable + totals.of("cancelled") > 0 || this.#isHalted()],
            // There is no clipboard without https.
            [this.#copy, !isOpen && totals.of(...STORED) > 0 && isSecureContext],
            [page.clear, !isOpen && rows.size > retriable],
        ]);
    }

    #countRetriable() {
        const { queue, rows } = this.list;
        return queue.totals.of("failed") && [...rows.keys()].filter((upload) => upload.isRetriable).length;
    }

    /** Keeps the focus on a button that is shown. @param {[button: HTMLElement, isUsable: boolean][]} buttons */
    #showButtons(buttons) {
        const { page, root } = this.list.view;
        const focused = root.activeElement;
        for (const [button, isUsable] of buttons) {
            button.hidden = !isUsable;
        }
        if (buttons.some(([button]) => button === focused && button.hidden)) {
            (buttons.find(([button]) => !button.hidden)?.[0] ?? page.files).focus();
        }
    }

    #togglePause() {
        const { queue } = this.list;
        queue.setPaused(!queue.isPaused);
        this.paint();
    }

    async #cancelAll() {
        const { queue, view } = this.list;
        const { texts } = view;
        const count = queue.totals.open;
        const question = [
            texts.formatMessage("cancel_question", { count }),
            texts.formatMessage("cancel_consequence"),
            texts.formatMessage("cancel_not"),
            texts.formatMessage("cancel_all"),
        ];
        const ask = () => import("./question.js").then(({ confirm }) => confirm(question, view.root));
        // Where it cannot be asked, "Retry cancelled files" takes it back.
        if (count <= MAX_UNASKED || (await ask().catch(() => true))) {
            this.list.cancelAll();
        }
    }

    #retry() {
        const { list } = this;
        if (this.#isHalted() || this.#countRetriable() === 0) {
            list.retryAll();
        } else {
            list.retryThose((upload) => upload.isRetriable);
        }
    }

    async #copyList() {
        const { view } = this.list;
        try {
            const { describeList } = await import("./receipt.js");
            await navigator.clipboard.writeText(describeList(this.list));
            view.announce(view.texts.formatMessage("copied"));
            this.#copy.classList.add("copied");
        } catch {
            // The browser refuses: the user can copy the selection.
            getSelection()?.selectAllChildren(view.page.rows);
        }
    }

    /** Without what cannot be loaded, there is only less comfort. */
    #loadWhatIsNeeded() {
        const { queue, rows } = this.list;
        if (rows.size > MAX_UNFILTERED && !this.#filter) {
            import("./list-filter.js").then(({ Filter }) => {
                this.#filter ??= new Filter(this.list);
                this.#filter.paint();
            }, ignore);
        }
        this.#filter?.paint();
        const isBusy = queue.totals.of(...MOVING, "retrying") > 0;
        if (isBusy !== this.#isBusy) {
            this.#isBusy = isBusy;
            import("./wake-lock.js").then(({ keepAwake }) => keepAwake(this, isBusy), ignore);
        }
    }

    /** Is silent at the beginning, when it would replace how many files were added. @param {boolean} isOpen @param {string} text @param {number} now */
    #announceProgress(isOpen, text, now) {
        if (this.#wasOpen !== isOpen || (isOpen && now > this.#announceAt)) {
            this.#announceAt = now + ANNOUNCE_MS;
            if (this.#wasOpen) {
                this.list.view.announce(text);
            }
        }
        this.#wasOpen = isOpen;
    }

    /** A single file's row shows it already. */
    #paintOutage = () => {
        const { queue, view } = this.list;
        const { outage, totals } = queue;
        const { page, texts } = view;
        const isHalted = this.#isHalted();
        const isShown = outage !== undefined && totals.open > (isHalted ? 0 : 1);
        const text = isShown ? describeOutage(texts, outage) : "";
        setText(page.outage, text);
        page.outage.classList.toggle("bad", isHalted);
        view.useFailures(
            (failures) => failures.showDetails(page.outage, isShown ? [outage.fault] : [], this.#paintOutage),
            isShown,
        );
    };

    #isHalted() {
        const { outage, totals } = this.list.queue;
        return totals.open > 0 && HALTS_QUEUE.includes(outage?.fault.code ?? "");
    }
}
