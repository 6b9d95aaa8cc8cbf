// Shows why files failed: once for all that failed of one cause, with details for the site's owner. Loaded when one has failed.

import { join } from "./messages.js";
import { create, setText } from "./template.js";
import { describeFailure } from "./wording.js";

const MAX_REQUEST_IDS = 3;

/** Control characters, line breaks and marks that change the direction of the text: no name has them. */
const UNFIT = /([\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2061-\u206f\ufff9-\ufffb])/u;

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

    :is(.notice, li) details {
        margin-block-end: -0.75rem;
    }

    .notice + details {
        margin-block-start: -1rem;
    }

    details p {
        padding-block-end: 0.5rem;
    }

    mark {
        margin-inline: 0.125em;
        padding-inline: 0.25em;
        border: 1px solid;
        border-radius: 0.25em;
        background: none;
        color: var(--bad);
        font-size: 0.75em;
    }

    .name:has(mark) {
        height: auto;
        white-space: pre-wrap;
    }
`;

export class FailureReport {
    /** Is called for a file whose row shows something else now. @type {(upload: Upload) => void} */
    onChange = () => {};
    /** By cause. @type {Map<string, Set<Upload>>} */
    #groups = new Map();
    /** @type {WeakMap<Upload, string>} */
    #causes = new WeakMap();
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

    /** @param {Upload} upload @param {boolean} [isListed] */
    note(upload, isListed = true) {
        const before = this.#causes.get(upload) ?? "";
        const cause = isListed && upload.fault && hasFailed(upload) ? causeOf(upload.fault) : "";
        if (cause === before) {
            return;
        }
        this.#causes.set(upload, cause);
        const [left, joined] = [this.#groups.get(before), this.#groups.get(cause) ?? new Set()];
        left?.delete(upload);
        if (cause) {
            this.#groups.set(cause, joined.add(upload));
        }
        // One that is alone shows its cause itself.
        if (left?.size === 1 || joined.size === 2) {
            [...(left ?? []), ...joined].slice(0, 3).forEach(this.onChange);
        }
    }

    /** Shows the causes of several files in `place`. @param {Element} place */
    showCauses(place) {
        for (const [cause, uploads] of this.#groups) {
            if (uploads.size > 1) {
                const text = this.#noticeOf(cause, place).firstElementChild ?? place;
                const [first] = uploads;
                const reason = describeFailure(this.view.texts, first);
                setText(text, this.view.texts.formatMessage("cause", { count: uploads.size, reason }));
                const faults = [...uploads].map(({ fault }) => /** @type {Fault} */ (fault));
                this.showDetails(text, faults, () => this.onChange(first));
            } else {
                this.#notices.get(cause)?.remove();
                this.#notices.delete(cause);
            }
        }
    }

    /** @param {Upload} upload @param {Row} row */
    showInRow(upload, { name, status }) {
        const { fault, size, state } = upload;
        const { texts } = this.view;
        const count = this.#groups.get(this.#causes.get(upload) ?? "")?.size ?? 0;
        if (fault?.code === "invalid_filename") {
            markCharacters(name, upload.name);
        }
        if (count > 1) {
            status.textContent = join(
                texts.formatBytes(size),
                texts.formatMessage(state === "failed" ? "not_uploaded" : "done"),
            );
        }
        this.showDetails(status, fault && count === 1 ? [fault] : [], () => this.onChange(upload));
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

/** Shows those that people cannot see. @param {HTMLElement} place @param {string} name */
function markCharacters(place, name) {
    const texts = name.split(UNFIT);
    const hex = (/** @type {string} */ text) => text.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0");
    if (texts.length > 1) {
        place.replaceChildren(...texts.map((text, at) => (at % 2 ? create("mark", {}, `U+${hex(text)}`) : text)));
    }
}

/** @param {Fault} fault */
function causeOf({ code, detail }) {
    return [code, detail.code, detail.ec, detail.status, detail.limit].join();
}

/** @param {Upload} upload */
function hasFailed({ state }) {
    return state === "failed" || state === "unreported";
}
