// Why files failed: once for all that failed of one cause, and folded what the site's owner will ask for. Loaded when one has failed.

import * as words from "./messages.js";

/** @import { Fault, Upload } from "./queue.js" */
/** @import { Row } from "./types" */

/** Request IDs that are shown of one cause. */
const MOST_IDS = 3;

/** What the storage's refusals are about, by their causes. @type {Map<string, string>} */
const advice = new Map();

/** Of causes of many files, and of lines: what is shown there. @type {Map<string, Element>} */
const notices = new Map();
/** @type {WeakMap<Element, Element>} */
const folds = new WeakMap();

/**
 * Shows them: those of many files in `place`, that of one in its line.
 *
 * @param {ReadonlyMap<Upload, Row>} rows @param {Element} place @param {() => void} changed is called when more is known of one
 */
export function tellCauses(rows, place, changed) {
    const causes = byCause(rows.keys());
    for (const [upload, { status, answer }] of rows) {
        const { fault, state } = upload;
        const files = fault && hasEnded(upload) ? (causes.get(causeOf(fault)) ?? []) : [];
        if (files.length > 0) {
            const alone = words.say(state === "failed" ? "not_uploaded" : "done");
            const isTold = files.length > 1;
            write(status, isTold ? words.joined(words.bytes(upload.size), alone) : words.status(upload, 0));
        }
        fold(answer, files.length === 1 ? [/** @type {Fault} */ (fault)] : [], changed);
    }
    for (const [cause, notice] of notices) {
        if ((causes.get(cause)?.length ?? 0) < 2) {
            notice.remove();
            notices.delete(cause);
        }
    }
    for (const [cause, files] of causes) {
        if (files.length > 1) {
            const text = noticeOf(cause, place).firstElementChild ?? place;
            write(text, words.say("cause", { count: files.length, reason: words.outcome(files[0]) }));
            fold(
                text,
                files.map(({ fault }) => /** @type {Fault} */ (fault)),
                changed,
            );
        }
    }
}

/** Below `text`, for the site's owner: what is known of faults of one cause. @param {Element} text @param {Fault[]} faults @param {() => void} changed */
export function fold(text, faults, changed) {
    const lines = faults.length > 0 ? linesOf(faults, changed) : [];
    const known = folds.get(text);
    if (lines.length === 0) {
        known?.remove();
        folds.delete(text);
        return;
    }
    const details = known ?? document.createElement("details");
    if (!known) {
        details.append(document.createElement("summary"), document.createElement("div"));
        text.after(details);
        folds.set(text, details);
    }
    const [summary, about] = details.children;
    write(summary, words.say("for_owner"));
    for (const surplus of [...about.children].slice(lines.length)) {
        surplus.remove();
    }
    lines.forEach(([line, language], at) => {
        const place = about.children[at] ?? about.appendChild(document.createElement("p"));
        write(place, line);
        place.setAttribute("lang", language);
    });
}

/** @param {Fault[]} faults @param {() => void} changed */
function linesOf(faults, changed) {
    const [{ detail }] = faults;
    const ids = faults.flatMap(({ detail: { requestId } }) => requestId ?? []);
    const more = ids.length > MOST_IDS ? " …" : "";
    const { lang } = document.documentElement;
    const lines = [
        [words.clues(detail), lang],
        [detail.message, "en"],
        [ids.length > 0 && words.say("request_ids", { ids: ids.slice(0, MOST_IDS).join(", ") + more }), lang],
        [adviceOn(faults[0], changed), "en"],
    ];
    return /** @type {[string, string][]} */ (lines.filter(([text]) => text));
}

/** @param {Fault} fault @param {() => void} changed */
function adviceOn(fault, changed) {
    const cause = causeOf(fault);
    // The storage's codes begin with a capital, the function's do not.
    if (!advice.has(cause) && /^[A-Z]/.test(fault.detail.code ?? "")) {
        advice.set(cause, "");
        import("./explain.js")
            .then(({ explained }) => explained(fault.detail))
            .then((text) => {
                advice.set(cause, text);
                changed();
            })
            .catch(() => {}); // It is told without.
    }
    return advice.get(cause) ?? "";
}

/** @param {Iterable<Upload>} uploads @returns {Map<string, Upload[]>} */
function byCause(uploads) {
    /** @type {Map<string, Upload[]>} */
    const causes = new Map();
    for (const upload of uploads) {
        if (upload.fault && hasEnded(upload)) {
            const cause = causeOf(upload.fault);
            const files = causes.get(cause);
            files ? files.push(upload) : causes.set(cause, [upload]);
        }
    }
    return causes;
}

/** @param {Fault} fault */
function causeOf({ code, detail }) {
    return [code, detail.code, detail.ec, detail.status, detail.limit].join();
}

/** @param {Upload} upload */
function hasEnded({ state }) {
    return state === "failed" || state === "unreported";
}

/** @param {string} cause @param {Element} place */
function noticeOf(cause, place) {
    const known = notices.get(cause);
    if (known) {
        return known;
    }
    const notice = document.createElement("div");
    notice.className = "notice bad";
    notice.append(document.createElement("p"));
    place.append(notice);
    notices.set(cause, notice);
    return notice;
}

/** @param {Element} element @param {string} text */
function write(element, text) {
    if (element.textContent !== text) {
        element.textContent = text;
    }
}
