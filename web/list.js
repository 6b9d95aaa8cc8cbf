// The list of files: rows, totals, what holds all of them up, the focus, and announcements for screen readers.

import { Meter } from "./bandwidth.js";
import { HALTS_QUEUE } from "./retry.js";
import { createRowTree, STYLE } from "./rows.js";
import { describeAnswer, describeFailure, describeOutage, describeStatus, describeTotals } from "./wording.js";

const [CHANGE_MS, TICK_MS] = [100, 1000];

const ANNOUNCE_MS = 10_000;

/** What is read aloud at once. */
const FAILURES = ["failed", "unreported", "unconfirmed"];

const ROW_PARTS = ["thumb", "status", "stored", "answer", "bar", "copy", "pause", "retry", "remove"];

export class UploadList {
    /** @type {Map<Upload, Row>} */
    rows = new Map();
    /** @type {Set<Upload>} */
    #stale = new Set();
    #speed = new Meter();
    #timer = 0;
    #paintAt = Infinity;
    #announceAt = 0;
    #wasOpen = false;
    #row = createRowTree();
    /** @type {Promise<typeof import("./look.js")> | undefined} */
    #look;

    /** @param {View} view @param {Queue} queue @param {(share: number) => void} onPaint is called with the share of all bytes that are sent */
    constructor(view, queue, onPaint) {
        this.view = view;
        this.queue = queue;
        this.onPaint = onPaint;
        view.addStyle(STYLE);
        this.#connectButtons();
    }

    #connectButtons() {
        const { page } = this.view;
        page.cancel.onclick = () => this.cancelAll();
        page.clear.onclick = () => this.clear();
        page.retry.onclick = () => this.retryAll();
    }

    cancelAll() {
        for (const upload of [...this.rows.keys()]) {
            this.queue.cancel(upload);
        }
    }

    retryAll() {
        this.queue.resume();
        for (const upload of [...this.rows.keys()].filter((each) => each.canRestart)) {
            this.queue.add(upload);
        }
    }

    /** Leaves what goes on, or can be retried. */
    clear() {
        for (const upload of [...this.rows.keys()].filter((each) => !each.isOpen && !each.isRetriable)) {
            this.removeRow(upload);
        }
    }

    repaint() {
        [...this.rows.keys()].forEach(this.showChange);
        this.#paint();
    }

    /** @param {string} name @returns {Row} */
    createRow(name) {
        const element = /** @type {HTMLElement} */ (this.#row.cloneNode(true));
        const find = (/** @type {string} */ part) => /** @type {any} */ (element.querySelector(`.${part}`));
        const row = /** @type {Row} */ ({
            element,
            ...Object.fromEntries(ROW_PARTS.map((part) => [part, find(part)])),
        });
        find("name").textContent = name;
        this.#refineLook(find("name"));
        row.thumb.textContent = /\.(\w{1,4})$/.exec(name)?.[1] ?? "";
        row.bar.setAttribute("aria-label", name);
        this.view.page.rows.append(element);
        return row;
    }

    /** @param {HTMLElement} name */
    async #refineLook(name) {
        try {
            this.#look ??= import("./look.js");
            (await this.#look).refineLook(this.view, name);
        } catch {
            this.#look = undefined; // Nothing is missing but its looks.
        }
    }

    /** @param {Upload} upload */
    addRow(upload) {
        const { queue } = this;
        const row = this.createRow(upload.name);
        row.copy.onclick = () => this.#copyKey(upload, row);
        row.pause.onclick = () => (upload.state === "paused" ? queue.add(upload) : queue.pause(upload));
        row.retry.onclick = () => queue.add(upload);
        row.remove.onclick = () => {
            if (upload.isOpen) {
                queue.cancel(upload);
            } else {
                this.moveFocus(row.element);
                this.removeRow(upload);
            }
        };
        this.rows.set(upload, row);
        if (upload.file.type.startsWith("image/")) {
            import("./thumbnails.js").then(
                ({ showThumbnail }) => showThumbnail(row.thumb, upload.file),
                () => {},
            );
        }
    }

    /** @param {Upload} upload */
    removeRow(upload) {
        this.queue.remove(upload);
        this.rows.get(upload)?.element.remove();
        this.rows.delete(upload);
        this.#stale.delete(upload);
        this.#paintWithin(CHANGE_MS);
    }

    /** @param {Upload} upload @param {Row} row */
    async #copyKey(upload, { copy, stored }) {
        try {
            await navigator.clipboard.writeText(upload.key);
            copy.classList.add("copied");
            this.view.announce(this.view.texts.formatMessage("copied"));
        } catch {
            // Not on https: the user can copy the selection.
            getSelection()?.selectAllChildren(stored);
        }
    }

    /** Call it before the row is removed. @param {Element} element */
    moveFocus(element) {
        const next = element.nextElementSibling ?? element.previousElementSibling;
        /** @type {HTMLElement} */ (next?.querySelector(".remove") ?? this.view.page.files).focus();
    }

    /** @param {Upload} upload */
    showChange = (upload) => {
        this.#stale.add(upload);
        this.#paintWithin(CHANGE_MS);
    };

    /** @param {number} milliseconds */
    #paintWithin(milliseconds) {
        const at = performance.now() + milliseconds;
        if (at < this.#paintAt) {
            clearTimeout(this.#timer);
            this.#paintAt = at;
            this.#timer = setTimeout(() => this.#paint(), milliseconds);
        }
    }

    #paint() {
        const { view, queue, rows } = this;
        this.#paintAt = Infinity;
        const failed = [...this.#stale].filter(({ state }) => FAILURES.includes(state));
        this.#stale.forEach(this.#paintRow);
        this.#stale.clear();
        view.useFailures((failures) => {
            failures.showCauses(rows, view.page.causes, () => this.#paintWithin(CHANGE_MS));
            failures.showShare(queue.totals.of("failed"), rows.size);
        }, failed.length > 0);
        const share = this.#paintTotals();
        this.#paintOutage();
        for (const paintOther of view.painters) {
            paintOther();
        }
        this.#announceFailures(failed);
        for (const upload of queue.uploads) {
            if (upload.state === "retrying") {
                this.#stale.add(upload);
            }
        }
        if (queue.totals.open > 0) {
            this.#paintWithin(TICK_MS);
        }
        this.onPaint(share);
    }

    /** @param {Upload} upload */
    #paintRow = (upload) => {
        const { queue } = this;
        const { texts } = this.view;
        const row = /** @type {Row} */ (this.rows.get(upload));
        const { state, isOpen, isStored, name } = upload;
        row.element.className = state;
        row.element.setAttribute("part", `row ${state}`);
        row.status.textContent = describeStatus(texts, upload, queue.now());
        row.stored.textContent = isStored ? upload.key : "";
        row.copy.hidden = !isStored;
        row.answer.textContent = describeAnswer(texts, upload);
        row.bar.hidden = !isOpen || state === "waiting";
        row.bar.value = upload.sent / (upload.size || 1);
        this.#showButtons(
            [
                [row.pause, isOpen && state !== "finishing" && queue.connections(upload) > 1],
                [row.retry, state === "retrying" || state === "unconfirmed" || upload.canRestart],
            ],
            row.remove,
        );
        this.#nameButtons(row, name, [
            ["copy", "copy"],
            ["pause", state === "paused" ? "resume" : "pause"],
            ["retry", "retry"],
            ["remove", isOpen ? "cancel" : "remove"],
        ]);
    };

    /** @param {Row} row @param {string} name @param {["copy" | "pause" | "retry" | "remove", string][]} buttons */
    #nameButtons(row, name, buttons) {
        for (const [button, message] of buttons) {
            row[button].setAttribute("aria-label", this.view.texts.formatMessage(message, { name }));
        }
    }

    /** Returns the share of all bytes that are sent. */
    #paintTotals() {
        const { queue, rows } = this;
        const { totals } = queue;
        const { page, texts } = this.view;
        const isOpen = totals.open > 0;
        const share = totals.size > 0 ? totals.sent / totals.size : Number(totals.of("done", "unreported") > 0);
        const now = queue.now();
        if (totals.of("signing", "sending", "finishing") === 0) {
            this.#speed = new Meter();
        }
        this.#speed.add(now, totals.moved);
        const text = describeTotals(texts, totals, this.#speed.rateAt(now));
        page.total.hidden = rows.size === 0;
        page.drop.classList.toggle("small", rows.size > 0);
        page.bar.value = share;
        page.bar.classList.toggle("full", totals.open + totals.of("failed") === 0);
        page.summary.textContent = text;
        const retriable = [...rows.keys()].filter((upload) => upload.isRetriable).length;
        this.#showButtons(
            [
                [page.cancel, isOpen],
                [page.retry, retriable + totals.of("cancelled") > 0 || this.#isHalted()],
                [page.clear, rows.size - totals.open - retriable > 0],
            ],
            page.files,
        );
        this.#announceProgress(isOpen, text, now);
        return share;
    }

    /** Is silent at the beginning, when it would replace how many files were added. @param {boolean} isOpen @param {string} text @param {number} now */
    #announceProgress(isOpen, text, now) {
        if (this.#wasOpen !== isOpen || (isOpen && now > this.#announceAt)) {
            this.#announceAt = now + ANNOUNCE_MS;
            if (this.#wasOpen) {
                this.view.announce(text);
            }
        }
        this.#wasOpen = isOpen;
    }

    /** A single file's row shows it already. */
    #paintOutage = () => {
        const { outage, totals } = this.queue;
        const { view } = this;
        const { page, texts } = view;
        const isHalted = this.#isHalted();
        const isShown = outage !== undefined && totals.open > (isHalted ? 0 : 1);
        const text = isShown ? describeOutage(texts, outage) : "";
        if (page.outage.textContent !== text) {
            page.outage.textContent = text;
        }
        page.outage.classList.toggle("bad", isHalted);
        view.useFailures(
            (failures) => failures.showDetails(page.outage, isShown ? [outage.fault] : [], this.#paintOutage),
            isShown,
        );
        page.retry.textContent = texts.formatMessage(isHalted ? "try_again" : "retry_all");
    };

    #isHalted() {
        const { outage, totals } = this.queue;
        return totals.open > 0 && HALTS_QUEUE.includes(outage?.fault.code ?? "");
    }

    /** @param {Upload[]} failed */
    #announceFailures(failed) {
        const { page, texts } = this.view;
        const [reason, ...others] = new Set(failed.map((upload) => describeFailure(texts, upload)));
        if (failed.length === 1) {
            page["alert-announcer"].textContent = `${failed[0].name}: ${describeStatus(texts, failed[0], 0)}`;
        } else if (failed.length > 1) {
            const key = others.length > 0 ? "failed" : "cause";
            page["alert-announcer"].textContent = texts.formatMessage(key, { count: failed.length, reason });
        }
    }

    /** Keeps the focus on a button that is shown. @param {[button: HTMLElement, isUsable: boolean][]} buttons @param {HTMLElement} otherwise */
    #showButtons(buttons, otherwise) {
        const focused = this.view.root.activeElement;
        for (const [button, isUsable] of buttons) {
            button.hidden = !isUsable;
        }
        if (buttons.some(([button]) => button === focused && button.hidden)) {
            (buttons.find(([button]) => !button.hidden)?.[0] ?? otherwise).focus();
        }
    }
}
