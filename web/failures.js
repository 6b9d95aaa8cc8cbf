// Shows why files failed: once for all that failed of one cause, with details for the site's owner. Loaded when one has failed.

import { describeFailure, describeStatus, formatBytes, formatMessage, join } from "./messages.js";

const MAX_REQUEST_IDS = 3;

/** What the storage's errors are about, by cause. @type {Map<string, string>} */
const explanations = new Map();

/** By cause, for those of several files. @type {Map<string, Element>} */
const notices = new Map();

/** By the text below which they are. @type {WeakMap<Element, Element>} */
const details = new WeakMap();

/**
 * Shows the causes of several files in `place`, and that of a single file in its row.
 *
 * @param {ReadonlyMap<Upload, Row>} rows @param {Element} place @param {() => void} onExplanation is called when more is known of one
 */
export function showCauses(rows, place, onExplanation) {
    const causes = groupByCause(rows.keys());
    for (const [upload, row] of rows) {
        const uploads = upload.fault && hasFailed(upload) ? causes.get(causeOf(upload.fault)) : undefined;
        showInRow(upload, row, uploads ?? [], onExplanation);
    }
    for (const [cause, notice] of notices) {
        if ((causes.get(cause)?.length ?? 0) < 2) {
            notice.remove();
            notices.delete(cause);
        }
    }
    for (const [cause, uploads] of causes) {
        if (uploads.length > 1) {
            const text = noticeOf(cause, place).firstElementChild ?? place;
            const faults = uploads.map(({ fault }) => /** @type {Fault} */ (fault));
            setText(text, formatMessage("cause", { count: uploads.length, reason: describeFailure(uploads[0]) }));
            showDetails(text, faults, onExplanation);
        }
    }
}

/** @param {Upload} upload @param {Row} row @param {Upload[]} uploads that failed of the same cause @param {() => void} onExplanation */
function showInRow(upload, { status, answer }, uploads, onExplanation) {
    const { fault, size, state } = upload;
    if (uploads.length > 1) {
        setText(status, join(formatBytes(size), formatMessage(state === "failed" ? "not_uploaded" : "done")));
    } else if (uploads.length === 1) {
        setText(status, describeStatus(upload, 0));
    }
    showDetails(answer, fault && uploads.length === 1 ? [fault] : [], onExplanation);
}

/** Shows folded below `text` what the site's owner needs to know. @param {Element} text @param {Fault[]} faults of one cause @param {() => void} onExplanation */
export function showDetails(text, faults, onExplanation) {
    const lines = faults.length > 0 ? describeForOwner(faults, onExplanation) : [];
    const shown = details.get(text);
    if (lines.length === 0) {
        shown?.remove();
        details.delete(text);
        return;
    }
    const [summary, body] = (shown ?? createDetails(text)).children;
    setText(summary, formatMessage("for_owner"));
    for (const surplus of [...body.children].slice(lines.length)) {
        surplus.remove();
    }
    lines.forEach(([line, language], at) => {
        const paragraph = body.children[at] ?? body.appendChild(document.createElement("p"));
        setText(paragraph, line);
        paragraph.setAttribute("lang", language);
    });
}

/** @param {Element} text */
function createDetails(text) {
    const element = document.createElement("details");
    element.append(document.createElement("summary"), document.createElement("div"));
    text.after(element);
    details.set(text, element);
    return element;
}

/** Each line with its language. @param {Fault[]} faults @param {() => void} onExplanation */
function describeForOwner(faults, onExplanation) {
    const [{ detail }] = faults;
    const ids = faults.flatMap(({ detail: { requestId } }) => requestId ?? []);
    const more = ids.length > MAX_REQUEST_IDS ? " …" : "";
    const { lang } = document.documentElement;
    const lines = [
        [describeDetail(detail), lang],
        [detail.message, "en"],
        [
            ids.length > 0 && formatMessage("request_ids", { ids: ids.slice(0, MAX_REQUEST_IDS).join(", ") + more }),
            lang,
        ],
        [getExplanation(faults[0], onExplanation), "en"],
    ];
    return /** @type {[string, string][]} */ (lines.filter(([text]) => text));
}

/** @param {Detail} detail */
export function describeDetail({ code = "", ec = "", status = 0 }) {
    return join(code, ec, status > 0 && `HTTP ${status}`);
}

/** @param {Fault} fault @param {() => void} onExplanation */
function getExplanation(fault, onExplanation) {
    const cause = causeOf(fault);
    // The storage's codes begin with a capital letter, the function's do not.
    if (!explanations.has(cause) && /^[A-Z]/.test(fault.detail.code ?? "")) {
        explanations.set(cause, "");
        import("./explain.js")
            .then(({ explain }) => explain(fault.detail))
            .then((text) => {
                explanations.set(cause, text);
                onExplanation();
            })
            .catch(() => {}); // The code and the message remain.
    }
    return explanations.get(cause) ?? "";
}

/** @param {Iterable<Upload>} uploads @returns {Map<string, Upload[]>} */
function groupByCause(uploads) {
    /** @type {Map<string, Upload[]>} */
    const causes = new Map();
    for (const upload of uploads) {
        if (upload.fault && hasFailed(upload)) {
            const cause = causeOf(upload.fault);
            const group = causes.get(cause);
            group ? group.push(upload) : causes.set(cause, [upload]);
        }
    }
    return causes;
}

/** @param {Fault} fault */
function causeOf({ code, detail }) {
    return [code, detail.code, detail.ec, detail.status, detail.limit].join();
}

/** @param {Upload} upload */
function hasFailed({ state }) {
    return state === "failed" || state === "unreported";
}

/** @param {string} cause @param {Element} place */
function noticeOf(cause, place) {
    const shown = notices.get(cause);
    if (shown) {
        return shown;
    }
    const notice = document.createElement("div");
    notice.className = "notice bad";
    notice.append(document.createElement("p"));
    place.append(notice);
    notices.set(cause, notice);
    return notice;
}

/** Leaves equal text alone, which screen readers would read again. @param {Element} element @param {string} text */
function setText(element, text) {
    if (element.textContent !== text) {
        element.textContent = text;
    }
}
