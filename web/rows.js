// The rows of the list: their elements, in chunks, and what they show. Loaded with the list.

import { ICONS } from "./icons.js";
import { create, createIcon, setText } from "./template.js";

/** So many rows does the browser skip at once while they are out of view: each by itself would take it too long. Pictures fill two to six columns of them. */
const CHUNK = 60;

/** What only some rows have, in its order: an answer comes with the key. */
const PARTS = {
    key: () => create("p.stored", { dir: "ltr", part: "key" }),
    answer: () => create("p.answer.quiet", { dir: "auto" }),
    bar: () => create("progress.bar", { max: "1", part: "progress" }),
};

/** The end of a name that is always shown. No letters that are joined are parted. */
const NAME_ENDS = /^(.+?)([ -~]{0,4}(?:\.\w{1,8})?)$/s;

/** The hues of kinds of files, by their extensions: of pages, texts, tables, slides, archives, sounds, films and pictures. @type {[hue: number, extensions: RegExp][]} */
const HUES = [
    [25, /^pdf$/],
    [255, /^(docx?|odt|rtf|txt|md)$/],
    [150, /^(xlsx?|ods|csv)$/],
    [55, /^(pptx?|odp)$/],
    [95, /^(zip|rar|7z|t?gz|tar)$/],
    [310, /^(mp3|m4a|wav|flac|ogg)$/],
    [350, /^(mp4|mov|mkv|webm|avi)$/],
    [200, /^(jpe?g|png|gif|heic|svg|tiff?)$/],
];

/** @type {Record<string, HTMLElement>} */
const templates = {};

/** Of chunks, in rows. @type {WeakMap<Element, number>} */
const heights = new WeakMap();

export class Row {
    /** By what they do. @type {Map<RowButton["action"], HTMLButtonElement>} */
    buttons = new Map();
    /** @type {Partial<Record<keyof typeof PARTS, HTMLElement>>} */
    #parts = {};
    #labels = "";

    /** @param {{ name: string, state?: State | "" }} file @param {(action: string) => void} act */
    constructor({ name, state = "" }, act) {
        const extension = /\.(\w{1,4})$/.exec(name)?.[1] ?? "";
        const [, beginning, end] = NAME_ENDS.exec(name) ?? ["", name, ""];
        const kind = [state, end.length, extension].join();
        this.element = clone(kind, () => createRowTree(state, end.length, extension));
        const remove = /** @type {HTMLButtonElement} */ (this.element.lastElementChild);
        this.act = act;
        this.about = /** @type {HTMLElement} */ (remove.previousElementSibling);
        this.name = /** @type {HTMLElement} */ (this.about.firstElementChild);
        this.status = /** @type {HTMLElement} */ (this.about.lastElementChild);
        this.label = name;
        this.buttons.set("remove", remove);
        const { firstElementChild: span, lastChild: rest } = this.name;
        /** @type {Text} */ (span?.firstChild).data = beginning;
        /** @type {Text} */ (rest).data = end;
        this.name.title = name;
    }

    /** @param {string} state */
    showState(state) {
        if (this.element.className !== state) {
            this.element.className = state;
            this.element.setAttribute("part", `row ${state}`);
        }
    }

    /** @param {"key" | "answer"} name @param {string} text */
    showText(name, text) {
        const part = this.#need(name, text !== "");
        part && setText(part, text);
    }

    /** @param {number | undefined} share */
    showProgress(share) {
        const bar = /** @type {HTMLProgressElement | undefined} */ (this.#need("bar", share !== undefined));
        if (bar) {
            bar.value = share ?? 0;
            bar.setAttribute("aria-label", this.label);
        }
    }

    /** Adds it, or removes it. @param {keyof typeof PARTS} name @param {boolean} isNeeded */
    #need(name, isNeeded) {
        if (isNeeded) {
            this.#parts[name] ??= this.about.appendChild(clone(name, PARTS[name]));
        } else if (this.#parts[name]) {
            this.#parts[name].remove();
            this.#parts[name] = undefined;
        }
        return this.#parts[name];
    }

    /** Keeps the focus on a button of the row. @param {RowButton[]} buttons @param {Element | null} focused */
    showButtons(buttons, focused) {
        const labels = buttons.map(({ label }) => label).join();
        if (labels === this.#labels) {
            return;
        }
        this.#labels = labels;
        const before = this.buttons;
        this.buttons = new Map();
        /** @type {HTMLButtonElement | null} */
        let next = null;
        for (const { action, label } of [...buttons].reverse()) {
            /** @type {HTMLButtonElement} */
            const button =
                before.get(action) ??
                this.element.insertBefore(
                    clone(action, () => createButton(action)),
                    next,
                );
            button.title = label;
            this.buttons.set(action, button);
            before.delete(action);
            next = button;
        }
        // Before it is lost: a row that is filtered out is shown as long as it has the focus.
        if ([...before.values()].some((button) => button === focused)) {
            (this.buttons.get("pause") ?? this.buttons.get("retry") ?? this.buttons.get("remove"))?.focus();
        }
        for (const button of before.values()) {
            button.remove();
        }
    }
}

/** @param {Element} list @param {Element} row */
export function appendRow(list, row) {
    let chunk = list.lastElementChild;
    if (!chunk || chunk.childElementCount >= CHUNK) {
        chunk = list.appendChild(create("div"));
    }
    chunk.append(row);
}

/** The row that gets the focus after this one is removed: the nearest that is not filtered out. @param {Element} row */
export function neighbourOf(row) {
    const rows = [.../** @type {Element} */ (row.closest("#rows")).querySelectorAll("li")];
    const at = rows.indexOf(/** @type {HTMLLIElement} */ (row));
    return [...rows.slice(at + 1), ...rows.slice(0, at).reverse()].find((each) => each.getClientRects().length > 0);
}

/** Tells how much room each takes while it is out of view. @param {Element} list @param {string} selector of the rows that are shown; empty for all */
export function measureChunks(list, selector) {
    for (const chunk of /** @type {HTMLElement[]} */ ([...list.children])) {
        const rows = selector ? chunk.querySelectorAll(selector).length : chunk.childElementCount;
        if (!chunk.firstElementChild) {
            chunk.remove();
        } else if (heights.get(chunk) !== rows) {
            heights.set(chunk, rows);
            chunk.style.setProperty("--rows", `${rows}`);
        }
    }
}

/** @template {HTMLElement} Kind @param {string} name @param {() => Kind} make @returns {Kind} */
function clone(name, make) {
    templates[name] ??= make();
    return /** @type {Kind} */ (templates[name].cloneNode(true));
}

/** One for each kind: what is cloned is quicker than what is written. @param {string} state @param {number} end its name's length @param {string} extension */
function createRowTree(state, end, extension) {
    const [hue] = HUES.find(([, extensions]) => extensions.test(extension.toLowerCase())) ?? [];
    const thumb = create("div.thumb", { part: "thumbnail" }, extension);
    const beginning = create("span", {}, " ");
    // With room for wide letters. A flex container would be exact, but what is copied from it has a line break.
    beginning.style.maxWidth = `calc(100% - ${end}ch - 2em)`;
    if (hue !== undefined) {
        thumb.style.setProperty("--hue", `${hue}`);
    }
    return create(
        "li",
        { class: state, part: `row ${state}`, role: "listitem" },
        create("div.square", { "aria-hidden": "true" }, thumb),
        create(
            "div.about",
            {},
            create("bdi.name", { part: "name" }, beginning, " "),
            create("p.status", { part: "status" }),
        ),
        createButton("remove"),
    );
}

/** @param {RowButton["action"]} action */
function createButton(action) {
    const icon = action === "remove" ? [] : [createIcon(ICONS[action])]; // each row has that: its look draws it
    return /** @type {HTMLButtonElement} */ (
        create(`button.icon.${action}`, { type: "button", part: "row-button" }, ...icon)
    );
}
