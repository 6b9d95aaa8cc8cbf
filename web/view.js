// What the page shows: rows, totals, notices, the focus, and announcements for screen readers.

import { Meter } from "./bandwidth.js";
import {
    describeAnswer,
    describeFailure,
    describeFault,
    describeLimits,
    describeOutage,
    describeStatus,
    describeTotals,
    formatMessage,
    isolateName,
    LANGUAGES,
} from "./messages.js";
import { BLOCKING, HALTS_QUEUE } from "./retry.js";

const [CHANGE_MS, TICK_MS] = [100, 1000];

const ANNOUNCE_MS = 10_000;

/** What is read aloud at once. */
const FAILURES = ["failed", "unreported", "unconfirmed"];

export const page = /** @type {PageElements} */ (
    /** @type {unknown} */ (
        Object.fromEntries([...document.querySelectorAll("[id]")].map((element) => [element.id, element]))
    )
);

/** @type {Map<Upload, Row>} */
export const rows = new Map();

/** @type {Set<Upload>} */
const stale = new Set();

/** Paint what other modules show. @type {(() => void)[]} */
export const painters = [];

/** @type {Queue} */
let queue;
/** @type {Fault | null} */
let pageFault = null;
let speed = new Meter();
let timer = 0;
let paintAt = Infinity;
let announceAt = 0;
let wasOpen = false;

/** @type {typeof import("./failures.js") | undefined} */
let failures;

/** @param {Queue} next */
export function showQueue(next) {
    queue = next;
}

/** @param {Config} config */
export function showConfig({ title, logo, accent = "", footer }) {
    if (/^#[0-9a-f]{6}$/i.test(accent)) {
        const [red, green, blue] = [1, 3, 5].map((at) => (Number.parseInt(accent.slice(at, at + 2), 16) / 255) ** 2.2);
        const isLight = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18;
        document.documentElement.style.setProperty("--accent", accent);
        document.documentElement.style.setProperty("--on-accent", isLight ? "#000" : "#fff");
    }
    if (title) {
        document.title = page.title.textContent = title;
    }
    if (logo) {
        page.logo.src = logo;
        page.logo.hidden = false;
    }
    page.footer.textContent = footer ?? "";
    page.footer.hidden = !footer;
}

/** @param {string} language @param {string} [title] */
export function showLanguage(language, title) {
    const names = Object.keys(LANGUAGES);
    const other = names[(names.indexOf(language) + 1) % names.length];
    document.documentElement.lang = language;
    page.language.lang = other;
    page.language.textContent = LANGUAGES[other];
    for (const element of document.querySelectorAll("[data-message]")) {
        element.textContent = formatMessage(element.getAttribute("data-message") ?? "");
    }
    document.title = page.title.textContent = title ?? formatMessage("title");
    page.bar.setAttribute("aria-label", formatMessage("progress"));
    page.rows.setAttribute("aria-label", formatMessage("files"));
    page.notice.textContent = "";
}

export function repaint() {
    paintPageFault();
    showConnection();
    if (queue) {
        [...rows.keys()].forEach(showChange);
        paint();
    }
}

/** @param {Limits | null} limits @param {Config} config @param {boolean} hasToken */
export function showLimits(limits, config, hasToken) {
    page.rules.textContent = limits ? describeLimits(limits, config) : "";
    const { subject } = limits ?? {};
    page.who.textContent = subject ? formatMessage("uploading_as", { name: isolateName(subject) }) : "";
    page.who.hidden = !subject && !hasToken;
}

/** @param {Fault | null} fault */
export function showPageFault(fault) {
    pageFault = fault;
    paintPageFault();
}

function paintPageFault() {
    page.drop.hidden = pageFault !== null && BLOCKING.includes(pageFault.code);
    page.trouble.hidden = !pageFault;
    page.trouble.textContent = pageFault ? describeFault(pageFault) : "";
    const faults = pageFault ? [pageFault] : [];
    useFailures(({ showDetails }) => showDetails(page.trouble, faults, paintPageFault), pageFault !== null);
}

export function showConnection() {
    page.offline.textContent = navigator.onLine ? "" : formatMessage("offline");
}

/** @param {string} text */
export function announce(text) {
    page["status-announcer"].textContent = text;
}

/** @param {string} name @returns {Row} */
export function createRow(name) {
    const element = /** @type {HTMLElement} */ (
        /** @type {Element} */ (page.row.content.firstElementChild).cloneNode(true)
    );
    const find = (/** @type {string} */ name) => /** @type {any} */ (element.querySelector(`.${name}`));
    const parts = ["thumb", "status", "stored", "answer", "bar", "copy", "pause", "retry", "remove"];
    const row = /** @type {Row} */ ({ element, ...Object.fromEntries(parts.map((part) => [part, find(part)])) });
    find("name").textContent = name;
    row.thumb.textContent = /\.(\w{1,4})$/.exec(name)?.[1] ?? "";
    row.bar.setAttribute("aria-label", name);
    page.rows.append(element);
    return row;
}

/** @param {Upload} upload */
export function addRow(upload) {
    const row = createRow(upload.name);
    row.copy.onclick = () => copyKey(upload, row);
    row.pause.onclick = () => (upload.state === "paused" ? queue.add(upload) : queue.pause(upload));
    row.retry.onclick = () => queue.add(upload);
    row.remove.onclick = () => {
        if (upload.isOpen) {
            queue.cancel(upload);
        } else {
            moveFocus(row.element);
            removeRow(upload);
        }
    };
    rows.set(upload, row);
    if (upload.file.type.startsWith("image/")) {
        import("./thumbnails.js").then(
            ({ showThumbnail }) => showThumbnail(row.thumb, upload.file),
            () => {},
        );
    }
}

/** @param {Upload} upload */
export function removeRow(upload) {
    queue.remove(upload);
    rows.get(upload)?.element.remove();
    rows.delete(upload);
    stale.delete(upload);
    paintWithin(CHANGE_MS);
}

/** @param {Upload} upload @param {Row} row */
async function copyKey(upload, { copy, stored }) {
    try {
        await navigator.clipboard.writeText(upload.key);
        copy.classList.add("copied");
        announce(formatMessage("copied"));
    } catch {
        // Not on https: the user can copy the selection.
        getSelection()?.selectAllChildren(stored);
    }
}

/** Call it before the row is removed. @param {Element} element */
export function moveFocus(element) {
    const next = element.nextElementSibling ?? element.previousElementSibling;
    /** @type {HTMLElement} */ (next?.querySelector(".remove") ?? page.files).focus();
}

/** @param {Upload} upload */
export function showChange(upload) {
    stale.add(upload);
    paintWithin(CHANGE_MS);
}

/** @param {number} milliseconds */
function paintWithin(milliseconds) {
    const at = performance.now() + milliseconds;
    if (at < paintAt) {
        clearTimeout(timer);
        paintAt = at;
        timer = setTimeout(paint, milliseconds);
    }
}

function paint() {
    paintAt = Infinity;
    const failed = [...stale].filter(({ state }) => FAILURES.includes(state));
    stale.forEach(paintRow);
    stale.clear();
    useFailures(({ showCauses }) => showCauses(rows, page.causes, () => paintWithin(CHANGE_MS)), failed.length > 0);
    paintTotals();
    paintOutage();
    for (const paintOther of painters) {
        paintOther();
    }
    announceFailures(failed);
    for (const upload of queue.uploads) {
        if (upload.state === "retrying") {
            stale.add(upload);
        }
    }
    if (queue.totals.open > 0) {
        paintWithin(TICK_MS);
    }
}

/** @param {Upload} upload */
function paintRow(upload) {
    const row = /** @type {Row} */ (rows.get(upload));
    const { state, isOpen, name } = upload;
    const isStored = state === "done" || state === "unreported";
    row.element.className = state;
    row.status.textContent = describeStatus(upload, queue.now());
    row.stored.textContent = isStored ? upload.key : "";
    row.copy.hidden = !isStored;
    row.answer.textContent = describeAnswer(upload);
    row.bar.hidden = !isOpen || state === "waiting";
    row.bar.value = upload.sent / (upload.size || 1);
    showButtons(
        [
            [row.pause, isOpen && state !== "finishing" && queue.connections(upload) > 1],
            [row.retry, state === "retrying" || state === "unconfirmed" || upload.canRestart],
        ],
        row.remove,
    );
    row.copy.setAttribute("aria-label", formatMessage("copy", { name }));
    row.pause.setAttribute("aria-label", formatMessage(state === "paused" ? "resume" : "pause", { name }));
    row.retry.setAttribute("aria-label", formatMessage("retry", { name }));
    row.remove.setAttribute("aria-label", formatMessage(isOpen ? "cancel" : "remove", { name }));
}

function paintTotals() {
    const { totals } = queue;
    const isOpen = totals.open > 0;
    const share = totals.size > 0 ? totals.sent / totals.size : Number(totals.of("done", "unreported") > 0);
    const now = queue.now();
    if (totals.of("signing", "sending", "finishing") === 0) {
        speed = new Meter();
    }
    speed.add(now, totals.moved);
    const text = describeTotals(totals, speed.rateAt(now));
    page.total.hidden = rows.size === 0;
    page.bar.value = share;
    page.summary.textContent = text;
    document.title = (isOpen ? `${Math.floor(share * 100)} % – ` : "") + page.title.textContent;
    const retriable = [...rows.keys()].filter((upload) => upload.isRetriable).length;
    showButtons(
        [
            [page.cancel, isOpen],
            [page.retry, retriable + totals.of("cancelled") > 0 || isHalted()],
            [page.clear, rows.size - totals.open - retriable > 0],
        ],
        page.files,
    );
    announceProgress(isOpen, text, now);
}

/** Is silent at the beginning, when it would replace how many files were added. @param {boolean} isOpen @param {string} text @param {number} now */
function announceProgress(isOpen, text, now) {
    if (wasOpen !== isOpen || (isOpen && now > announceAt)) {
        announceAt = now + ANNOUNCE_MS;
        if (wasOpen) {
            announce(text);
        }
    }
    wasOpen = isOpen;
}

/** A single file's row shows it already. */
function paintOutage() {
    const { outage, totals } = queue;
    const isShown = outage !== undefined && totals.open > (isHalted() ? 0 : 1);
    const text = isShown ? describeOutage(outage) : "";
    if (page.outage.textContent !== text) {
        page.outage.textContent = text;
    }
    page.outage.classList.toggle("bad", isHalted());
    useFailures(({ showDetails }) => showDetails(page.outage, isShown ? [outage.fault] : [], paintOutage), isShown);
    page.retry.textContent = formatMessage(isHalted() ? "try_again" : "retry_all");
}

function isHalted() {
    return queue.totals.open > 0 && HALTS_QUEUE.includes(queue.outage?.fault.code ?? "");
}

/** @param {Upload[]} failed */
function announceFailures(failed) {
    const [reason, ...others] = new Set(failed.map(describeFailure));
    if (failed.length === 1) {
        page["alert-announcer"].textContent = `${failed[0].name}: ${describeStatus(failed[0], 0)}`;
    } else if (failed.length > 1) {
        const key = others.length > 0 ? "failed" : "cause";
        page["alert-announcer"].textContent = formatMessage(key, { count: failed.length, reason });
    }
}

/** @param {(loaded: typeof import("./failures.js")) => void} act @param {boolean} isNeeded */
async function useFailures(act, isNeeded) {
    if (failures) {
        act(failures);
    } else if (isNeeded) {
        try {
            failures = await import("./failures.js");
            act(failures);
        } catch {
            // Each row shows its own fault.
        }
    }
}

/** Keeps the focus on a button that is shown. @param {[button: HTMLElement, isUsable: boolean][]} buttons @param {HTMLElement} otherwise */
function showButtons(buttons, otherwise) {
    const focused = document.activeElement;
    for (const [button, isUsable] of buttons) {
        button.hidden = !isUsable;
    }
    if (buttons.some(([button]) => button === focused && button.hidden)) {
        (buttons.find(([button]) => !button.hidden)?.[0] ?? otherwise).focus();
    }
}
