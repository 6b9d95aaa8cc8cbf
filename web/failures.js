// Shows why files failed: once for all that failed of one cause, with details for the site's owner. Loaded when one has failed.

import { join } from "./messages.js";
import { create } from "./template.js";
import { describeFailure, describeStatus } from "./wording.js";

const MAX_REQUEST_IDS = 3;

/** A border is seen in forced colours. @type {string} */
const STYLE = /* css */ `
    .track {
        display: flex;
    }

    .track > * {
        flex-basis: 0;
        min-width: 0;
    }

    .track > div {
        border-block-start: 4px solid var(--bad);
    }

    details {
        color: var(--quiet);
        font-size: 0.875rem;
    }

    summary {
        min-height: 44px;
        padding-block: 0.75rem;
        line-height: 1.25rem;
        cursor: pointer;
    }

    .notice details {
        margin-block-end: -0.75rem;
    }

    details p {
        padding-block-end: 0.5rem;
    }

    summary:focus-visible {
        outline: 3px solid var(--accent);
        outline-offset: 2px;
    }
`;

export class FailureReport {
    /** By cause, for those of several files. @type {Map<string, Element>} */
    #notices = new Map();
    /** By the text below which they are. @type {WeakMap<Element, Element>} */
    #details = new WeakMap();

    /** What the storage's errors are about, by cause. @type {Map<string, string>} */
    #explanations = new Map();

    #share = create("div");

    /** @param {View} view */
    constructor(view) {
        this.view = view;
        view.addStyle(STYLE);
        view.page.bar.after(this.#share);
    }

    /** Shows in the bar how many of all files have failed. @param {number} failed @param {number} count */
    showShare(failed, count) {
        this.#share.style.flexGrow = `${failed}`;
        this.view.page.bar.style.flexGrow = `${count - failed}`;
    }

    /**
     * Shows the causes of several files in `place`, and that of a single file in its row.
     *
     * @param {ReadonlyMap<Upload, Row>} rows @param {Element} place @param {() => void} onExplanation is called when more is known of one
     */
    showCauses(rows, place, onExplanation) {
        const causes = groupByCause(rows.keys());
        for (const [upload, row] of rows) {
            const uploads = upload.fault && hasFailed(upload) ? causes.get(causeOf(upload.fault)) : undefined;
            this.#showInRow(upload, row, uploads ?? [], onExplanation);
        }
        for (const [cause, notice] of this.#notices) {
            if ((causes.get(cause)?.length ?? 0) < 2) {
                notice.remove();
                this.#notices.delete(cause);
            }
        }
        for (const [cause, uploads] of causes) {
            if (uploads.length > 1) {
                const text = this.#noticeOf(cause, place).firstElementChild ?? place;
                const faults = uploads.map(({ fault }) => /** @type {Fault} */ (fault));
                setText(
                    text,
                    this.view.texts.formatMessage("cause", {
                        count: uploads.length,
                        reason: describeFailure(this.view.texts, uploads[0]),
                    }),
                );
                this.showDetails(text, faults, onExplanation);
            }
        }
    }

    /** @param {Upload} upload @param {Row} row @param {Upload[]} uploads that failed of the same cause @param {() => void} onExplanation */
    #showInRow(upload, { status, answer }, uploads, onExplanation) {
        const { fault, size, state } = upload;
        if (uploads.length > 1) {
            setText(
                status,
                join(
                    this.view.texts.formatBytes(size),
                    this.view.texts.formatMessage(state === "failed" ? "not_uploaded" : "done"),
                ),
            );
        } else if (uploads.length === 1) {
            setText(status, describeStatus(this.view.texts, upload, 0));
        }
        this.showDetails(answer, fault && uploads.length === 1 ? [fault] : [], onExplanation);
    }

    /** Shows folded below `text` what the site's owner needs to know. @param {Element} text @param {Fault[]} faults of one cause @param {() => void} onExplanation */
    showDetails(text, faults, onExplanation) {
        const lines = faults.length > 0 ? this.#describeForOwner(faults, onExplanation) : [];
        const shown = this.#details.get(text);
        if (lines.length === 0) {
            shown?.remove();
            this.#details.delete(text);
            return;
        }
        const [summary, body] = (shown ?? this.#createDetails(text)).children;
        setText(summary, this.view.texts.formatMessage("for_owner"));
        for (const surplus of [...body.children].slice(lines.length)) {
            surplus.remove();
        }
        lines.forEach(([line, language], at) => {
            const paragraph = body.children[at] ?? body.appendChild(create("p", { dir: "auto" }));
            setText(paragraph, line);
            paragraph.setAttribute("lang", language);
        });
    }

    /** @param {Element} text */
    #createDetails(text) {
        const element = create("details", {}, create("summary"), create("div"));
        text.after(element);
        this.#details.set(text, element);
        return element;
    }

    /** Each line with its language. @param {Fault[]} faults @param {() => void} onExplanation */
    #describeForOwner(faults, onExplanation) {
        const [{ detail }] = faults;
        const ids = faults.flatMap(({ detail: { requestId } }) => requestId ?? []);
        const more = ids.length > MAX_REQUEST_IDS ? " …" : "";
        const { language: lang } = this.view.texts;
        const lines = [
            [describeDetail(detail), lang],
            [detail.message, "en"],
            [
                ids.length > 0 &&
                    this.view.texts.formatMessage("request_ids", {
                        ids: ids.slice(0, MAX_REQUEST_IDS).join(", ") + more,
                    }),
                lang,
            ],
            [this.#getExplanation(faults[0], onExplanation), "en"],
        ];
        return /** @type {[string, string][]} */ (lines.filter(([text]) => text));
    }

    /** @param {string} cause @param {Element} place */
    #noticeOf(cause, place) {
        const shown = this.#notices.get(cause);
        if (shown) {
            return shown;
        }
        const notice = create("div.notice.bad", { part: "notice" }, create("p"));
        place.append(notice);
        this.#notices.set(cause, notice);
        return notice;
    }

    /** @param {Fault} fault @param {() => void} onExplanation */
    #getExplanation(fault, onExplanation) {
        const cause = causeOf(fault);
        // The storage's codes begin with a capital letter, the function's do not.
        if (!this.#explanations.has(cause) && /^[A-Z]/.test(fault.detail.code ?? "")) {
            this.#explanations.set(cause, "");
            import("./owner-details.js")
                .then(({ explain }) => explain(fault.detail))
                .then((text) => {
                    this.#explanations.set(cause, text);
                    onExplanation();
                })
                .catch(() => {}); // The code and the message remain.
        }
        return this.#explanations.get(cause) ?? "";
    }
}

/** @param {Detail} detail */
export function describeDetail({ code = "", ec = "", status = 0 }) {
    return join(code, ec, status > 0 && `HTTP ${status}`);
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

/** Leaves equal text alone, which screen readers would read again. @param {Element} element @param {string} text */
function setText(element, text) {
    if (element.textContent !== text) {
        element.textContent = text;
    }
}
