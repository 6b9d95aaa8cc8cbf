// What a link asks for: its title, note and end, and how many files are left of it. Loaded for links that say so.

import { Fault } from "./faults.js";
import { create, setText } from "./template.js";

/** A weekday names one day until then. */
const WEEK_MS = 6 * 24 * 3600 * 1000;

/** @type {string} */
const STYLE = /* css */ `
    .request > :last-child,
    .left {
        margin-block-end: 1rem;
    }

    .note {
        white-space: pre-line;
    }
`;

export class RequestView {
    /** @type {Limits | null} */
    #limits = null;
    /** @type {Slots | undefined} */
    #slots;

    /** @param {View} view */
    constructor(view) {
        this.view = view;
        view.addStyle(STYLE);
        this.title = create("h2", { dir: "auto" });
        // A person's text, as they wrote it: with its line feeds, from left to right or from right to left.
        this.note = create("p.note", { dir: "auto" });
        this.terms = create("p.quiet");
        this.left = create("p.left");
        this.section = create("section.request", { part: "request" }, this.title, this.note, this.terms);
        view.page.drop.before(this.section);
        view.page.causes.before(this.left);
        view.painters.push(() => this.#paint());
    }

    /** @param {Limits | null} limits @param {Slots | undefined} slots */
    show(limits, slots) {
        this.#limits = limits;
        this.#slots = slots;
        this.#paint();
    }

    #paint() {
        const limits = this.#limits;
        const { texts } = this.view;
        this.section.hidden = !limits;
        showText(this.title, limits?.title ?? "");
        showText(this.note, limits?.note ?? "");
        showText(this.terms, limits ? describeTerms(limits, Date.now(), texts) : "");
        showText(this.left, limits && this.#slots ? describeLeft(this.#slots, texts) : "");
    }
}

/** "Until Friday 17:00, 5 files at most." @param {Limits} limits @param {number} now @param {Translator} texts */
export function describeTerms({ token_expires_at: end, max_files: count }, now, texts) {
    const at = Date.parse(end ?? "");
    if (!at) {
        return "";
    }
    const isSoon = at - now < WEEK_MS;
    const format = (/** @type {Intl.DateTimeFormatOptions} */ options) =>
        new Intl.DateTimeFormat(texts.locale, options).format(at);
    // Together, some languages would write them as "17:30 (Friday)".
    const date = isSoon
        ? `${format({ weekday: "long" })} ${format({ timeStyle: "short" })}`
        : format({ dateStyle: "long" });
    return count ? texts.formatMessage("until_files", { date, count }) : texts.formatMessage("until", { date });
}

/** As far as the page knows: others may have used more. @param {Pick<Slots, "left" | "count">} slots @param {Translator} texts */
export function describeLeft({ left, count }, texts) {
    if (left === 0) {
        return texts.describeFault(new Fault("link_used", { limit: count }));
    }
    return left < count ? texts.formatMessage("files_left", { count: left, limit: count }) : "";
}

/** Hides what has no text. @param {HTMLElement} element @param {string} text */
function showText(element, text) {
    element.hidden = !text;
    setText(element, text);
}
