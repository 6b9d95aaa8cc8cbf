// What a link asks for: its title, note and end, and how many files are left of it. Loaded for links that say so.

import { describeFault, formatMessage } from "./messages.js";
import { Fault } from "./retry.js";

/** A weekday names one day until then. */
const WEEK_MS = 6 * 24 * 3600 * 1000;

/** @type {Record<"section" | "title" | "note" | "terms" | "left", HTMLElement> | undefined} */
let elements;
/** @type {Limits | null} */
let limits = null;
/** @type {Slots | undefined} */
let slots;

/** @param {Limits | null} nextLimits @param {Slots | undefined} nextSlots @param {PageElements} page @param {(() => void)[]} painters */
export function showRequest(nextLimits, nextSlots, page, painters) {
    [limits, slots] = [nextLimits, nextSlots];
    if (!elements) {
        elements = createElements(page);
        painters.push(paint);
    }
    paint();
}

/** "Until Friday 17:00, 5 files at most." @param {Limits} limits @param {number} now @param {string} language */
export function describeTerms({ token_expires_at: end, max_files: count }, now, language) {
    if (!end) {
        return "";
    }
    const isSoon = Date.parse(end) - now < WEEK_MS;
    const date = new Intl.DateTimeFormat(
        language,
        isSoon ? { weekday: "long", hour: "numeric", minute: "2-digit" } : { dateStyle: "long" },
    ).format(new Date(end));
    return count ? formatMessage("until_files", { date, count }) : formatMessage("until", { date });
}

/** As far as the page knows: others may have used more. @param {Pick<Slots, "left" | "count">} slots */
export function describeLeft({ left, count }) {
    if (left === 0) {
        return describeFault(new Fault("link_used", { limit: count }));
    }
    return left < count ? formatMessage("files_left", { count: left, limit: count }) : "";
}

/** @param {PageElements} page */
function createElements({ drop, causes }) {
    const create = (/** @type {string} */ name, properties = {}) =>
        Object.assign(document.createElement(name), properties);
    const title = create("h2", { dir: "auto" });
    // A person's text, as they wrote it: with its line feeds, from left to right or from right to left.
    const note = create("p", { dir: "auto", className: "note" });
    const terms = create("p", { className: "quiet" });
    const left = create("p", { className: "left" });
    const section = create("section", { className: "request" });
    section.append(title, note, terms);
    drop.before(section);
    causes.before(left);
    return { section, title, note, terms, left };
}

function paint() {
    const { section, title, note, terms, left } = /** @type {NonNullable<typeof elements>} */ (elements);
    section.hidden = !limits;
    setText(title, limits?.title ?? "");
    setText(note, limits?.note ?? "");
    setText(terms, limits ? describeTerms(limits, Date.now(), document.documentElement.lang) : "");
    setText(left, limits && slots ? describeLeft(slots) : "");
}

/** Hides what has no text. @param {HTMLElement} element @param {string} text */
function setText(element, text) {
    element.hidden = !text;
    if (element.textContent !== text) {
        element.textContent = text;
    }
}
