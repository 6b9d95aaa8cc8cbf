// The list of files: its rows, when they are painted, the focus, and what fails for screen readers. Loaded once the page can be used.

import { STYLE } from "./look.js";
import { isolateName } from "./messages.js";
import { appendRow, measureChunks, neighbourOf, Row } from "./rows.js";
import { FAILED } from "./states.js";
import { Summary } from "./summary.js";
import { describeAnswer, describeFailure, describeStatus } from "./wording.js";

const [CHANGE_MS, TICK_MS] = [100, 1000];

/** While more files wait, so many change that to paint each would take time from them. */
const MANY = 20;
const MANY_MS = 400;

/** How long rows are painted without a pause for the reader. */
const SLICE_MS = 40;

/** What is read aloud at once. */
const FAILURES = [...FAILED, "unreported"];

export class UploadList {
    /** @type {Map<Upload, Row>} */
    rows = new Map();
    /** The selector of those that are not filtered out; empty if none is. */
    shownRows = "";
    /** @type {Map<Element, Row>} */
    #rowsByElement = new Map();
    /** @type {Set<Upload>} */
    #stale = new Set();
    /** What failed since the last announcement. @type {Set<Upload>} */
    #failed = new Set();
    /** @type {WeakSet<Fault>} */
    #announced = new WeakSet();
    /** Whose pictures are still to be shown. @type {[row: Element, file: File][]} */
    #images = [];
    /** While files are added, what fails is collected. */
    #isAdding = false;
    #timer = 0;
    #paintAt = Infinity;

    /** @param {View} view @param {Queue} queue @param {(share: number) => void} onPaint is called with the share of all bytes that are sent */
    constructor(view, queue, onPaint) {
        this.view = view;
        this.queue = queue;
        this.onPaint = onPaint;
        this.summary = new Summary(this);
        view.addStyle(STYLE);
        view.page.rows.onclick = ({ target }) => this.#click(/** @type {Element} */ (target));
    }

    cancelAll() {
        // From the end: none of them begins because another one is cancelled.
        for (const upload of [...this.rows.keys()].reverse()) {
            this.queue.cancel(upload);
        }
    }

    /** Nothing happens to what was removed. @param {Upload} upload */
    retry(upload) {
        this.rows.has(upload) && this.queue.add(upload);
    }

    retryAll() {
        this.queue.setPaused(false);
        this.retryThose((upload) => upload.canRestart);
    }

    /** @param {(upload: Upload) => boolean} isMeant */
    retryThose(isMeant) {
        this.queue.resume();
        for (const upload of [...this.rows.keys()].filter(isMeant)) {
            this.queue.add(upload);
        }
    }

    /** Leaves what goes on, or can be retried. */
    clear() {
        const uploads = [...this.rows.keys()].filter((upload) => !upload.isOpen && !upload.isRetriable);
        for (const upload of uploads) {
            this.removeRow(upload);
        }
    }

    repaint() {
        [...this.rows.keys()].forEach(this.showChange);
        this.paint();
    }

    /** @param {{ name: string, state?: State }} file @param {(action: string) => void} act is called when one of its buttons is pressed @param {Row} [old] that it replaces */
    createRow(file, act, old) {
        const row = new Row(file, act);
        this.#rowsByElement.set(row.element, row);
        if (old) {
            old.element.before(row.element);
        } else {
            appendRow(this.view.page.rows, row.element);
        }
        return row;
    }

    /** @param {Upload} upload @param {Upload} [old] that it replaces */
    addRow(upload, old) {
        const row = this.createRow(upload, (action) => this.#act(action, upload, row), old && this.rows.get(old));
        if (old) {
            this.removeRow(old);
        }
        this.rows.set(upload, row);
        if (upload.file.type.startsWith("image/")) {
            this.#images.push([row.element, upload.file]);
        }
    }

    /** @param {Element} target */
    #click(target) {
        const button = target.closest("button");
        const row = this.#rowsByElement.get(/** @type {Element} */ (button?.closest("li")));
        for (const [action, each] of row?.buttons ?? []) {
            if (each === button) {
                row?.act(action);
            }
        }
    }

    /** @param {string} action @param {Upload} upload @param {Row} row */
    #act(action, upload, row) {
        const { queue } = this;
        if (action === "copy") {
            this.#copyKey(upload, row);
        } else if (action === "retry" || (action === "pause" && upload.state === "paused")) {
            queue.add(upload);
        } else if (action === "pause") {
            queue.pause(upload);
        } else if (upload.isOpen) {
            queue.cancel(upload);
        } else {
            this.moveFocus(row.element);
            this.removeRow(upload);
        }
    }

    /** @param {Upload} upload */
    removeRow(upload) {
        this.queue.remove(upload);
        const row = this.rows.get(upload);
        if (row) {
            row.element.isConnected && row.element.remove();
            this.#rowsByElement.delete(row.element);
        }
        this.rows.delete(upload);
        this.#stale.delete(upload);
        this.#failed.delete(upload);
        this.view.failures?.note(upload, false);
        this.#paintWithin(CHANGE_MS);
    }

    /** Shows where it is stored. @param {Upload} upload @param {Row} row */
    async #copyKey({ key }, row) {
        const stored = /** @type {Element} */ (row.element.querySelector(".stored"));
        stored.classList.add("asked");
        try {
            await navigator.clipboard.writeText(key);
            row.buttons.get("copy")?.classList.add("copied");
            this.view.announce(this.view.texts.formatMessage("copied"));
        } catch {
            // Not on https: the user can copy the selection.
            getSelection()?.selectAllChildren(stored);
        }
    }

    /** Call it before the row is removed. @param {Element} element */
    moveFocus(element) {
        /** @type {HTMLElement} */ (neighbourOf(element)?.querySelector(".remove") ?? this.view.page.files).focus();
    }

    /** @param {boolean} isAdding */
    noteAdding(isAdding) {
        this.#isAdding = isAdding;
        this.#paintWithin(CHANGE_MS);
    }

    /** Ignores what is no longer listed: an explanation of its failure may come later. @param {Upload} upload */
    showChange = (upload) => {
        if (this.rows.has(upload)) {
            this.#stale.add(upload);
            this.#paintWithin(this.queue.totals.of("waiting") > MANY ? MANY_MS : CHANGE_MS);
        }
    };

    /** @param {number} milliseconds */
    #paintWithin(milliseconds) {
        const at = performance.now() + milliseconds;
        if (at < this.#paintAt) {
            clearTimeout(this.#timer);
            this.#paintAt = at;
            this.#timer = setTimeout(() => this.paint(), milliseconds);
        }
    }

    paint() {
        const { view, queue } = this;
        this.#paintAt = Infinity;
        this.#paintRows();
        view.useFailures((failures) => this.#paintFailures(failures), this.#failed.size > 0);
        const share = this.summary.paint();
        measureChunks(view.page.rows, this.shownRows);
        if (this.#images.length > 0) {
            import("./thumbnails.js").then(
                ({ showThumbnails }) => showThumbnails(this, this.#images.splice(0)),
                () => {},
            );
        }
        for (const paintOther of view.painters) {
            paintOther();
        }
        if (this.#stale.size > 0) {
            this.#paintWithin(0);
            return;
        }
        if (!this.#isAdding) {
            this.#announceFailures();
        }
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

    /** As many as there is time for. */
    #paintRows() {
        const end = performance.now() + SLICE_MS;
        for (const upload of this.#stale) {
            this.#stale.delete(upload);
            this.#paintRow(upload);
            if (performance.now() > end) {
                break;
            }
        }
    }

    /** @param {import("./failure-report.js").FailureReport} failures */
    #paintFailures(failures) {
        const { page } = this.view;
        if (failures.onChange !== this.showChange) {
            failures.onChange = this.showChange;
            [...this.rows.keys()].filter(({ state }) => FAILURES.includes(state)).forEach(this.showChange);
        }
        failures.showCauses(page.causes);
        failures.showShare(this.queue.totals.of("failed"), this.rows.size);
    }

    /** @param {Upload} upload */
    #paintRow(upload) {
        const { failures, root, texts } = this.view;
        const row = /** @type {Row} */ (this.rows.get(upload));
        const { state, isOpen, isStored } = upload;
        if (FAILURES.includes(state) && upload.fault && !this.#announced.has(upload.fault)) {
            this.#failed.add(upload);
        }
        row.showState(state);
        row.status.textContent = describeStatus(texts, upload, this.queue.now());
        row.showText("key", isStored ? upload.key : "");
        row.showText("answer", describeAnswer(texts, upload));
        row.showProgress(isOpen && state !== "waiting" ? upload.sent / (upload.size || 1) : undefined);
        row.showButtons(this.#listButtons(upload), root.activeElement);
        failures?.note(upload);
        failures?.showInRow(upload, row);
        if (upload.download) {
            import("./download.js").then(
                ({ showDownload }) => showDownload(row, upload, texts),
                () => {},
            );
        }
    }

    /** @param {Upload} upload @returns {RowButton[]} */
    #listButtons(upload) {
        const { isOpen, isStored, state } = upload;
        const name = isolateName(upload.name);
        const canPause = isOpen && state !== "finishing" && this.queue.connections(upload) > 1;
        const canRetry = state === "retrying" || state === "unconfirmed" || upload.canRestart;
        const removing = isStored ? "remove_stored" : "remove";
        /** @type {[isUsable: boolean, action: RowButton["action"], message: string][]} */
        const buttons = [
            [isStored, "copy", "copy"],
            [canPause, "pause", state === "paused" ? "resume" : "pause"],
            [canRetry, "retry", "retry"],
            [true, "remove", isOpen ? "cancel" : removing],
        ];
        return buttons
            .filter(([isUsable]) => isUsable)
            .map(([, action, message]) => ({ action, label: this.view.texts.formatMessage(message, { name }) }));
    }

    #announceFailures() {
        const { page, texts } = this.view;
        const failed = [...this.#failed];
        const [reason, ...others] = new Set(failed.map((upload) => describeFailure(texts, upload)));
        if (failed.length === 1) {
            page["alert-announcer"].textContent = `${failed[0].name}: ${describeStatus(texts, failed[0], 0)}`;
        } else if (failed.length > 1) {
            const key = others.length > 0 ? "failed" : "cause";
            page["alert-announcer"].textContent = texts.formatMessage(key, { count: failed.length, reason });
        }
        for (const { fault } of failed) {
            this.#announced.add(/** @type {Fault} */ (fault));
        }
        this.#failed.clear();
    }
}
