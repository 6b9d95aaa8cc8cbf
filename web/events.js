// What <oss-upload> reports, as events of its own.

import { FAILED } from "./states.js";

/** @param {Upload} upload */
const hasFailed = ({ state }) => FAILED.includes(state);

export class Reporter {
    /** Since the last report. @type {Set<Upload>} */
    #changed = new Set();
    /** Whose end has been reported. @type {WeakSet<Upload>} */
    #ended = new WeakSet();
    #adding = 0;

    /** @param {OssUpload} element @param {() => void} onReport is called before the events are */
    constructor(element, onReport) {
        this.element = element;
        this.onReport = onReport;
    }

    /** @param {Upload} upload */
    noteChange(upload) {
        if (this.#changed.add(upload).size === 1) {
            queueMicrotask(() => this.#report());
        }
    }

    /** What happens to files is reported after they are. @param {Promise<Upload[]>} adding */
    async reportAdded(adding) {
        this.#adding += 1;
        try {
            const uploads = await adding;
            this.#dispatch("added", { uploads });
            return uploads;
        } finally {
            this.#adding -= 1;
            this.#report();
        }
    }

    /** @param {number} share of all bytes that are sent */
    reportProgress(share) {
        const { queue } = this.element;
        if (queue) {
            const { open, sent, size } = queue.totals;
            this.onReport();
            this.#dispatch("progress", { share, sent, size, open });
        }
    }

    #report() {
        const { element } = this;
        if (this.#adding > 0 || this.#changed.size === 0) {
            return;
        }
        const ended = [...this.#changed].filter((upload) => !upload.isOpen && !this.#ended.has(upload));
        for (const upload of this.#changed) {
            upload.isOpen ? this.#ended.delete(upload) : this.#ended.add(upload);
        }
        this.#changed.clear();
        this.onReport();
        for (const upload of ended) {
            if (upload.isStored) {
                this.#dispatch("stored", { upload });
            } else if (hasFailed(upload)) {
                this.#dispatch("failed", { upload });
            }
        }
        if (ended.length > 0 && !element.isUploading) {
            const { uploads } = element;
            this.#dispatch("done", {
                stored: uploads.filter(({ isStored }) => isStored),
                failed: uploads.filter(hasFailed),
            });
        }
    }

    /** @param {string} name @param {object} detail */
    #dispatch(name, detail) {
        this.element.dispatchEvent(new CustomEvent(name, { detail }));
    }
}
