// Which file is uploaded when. Knows neither the page nor the network.

import { Fault } from "./fault.js";

/** @typedef {"waiting" | "signing" | "sending" | "finishing" | "done" | "failed" | "cancelled"} State */
/** @typedef {import("./sign.js").Form} Form */
/** @typedef {import("./sign.js").Wanted} Wanted */

const OPEN = new Set(["waiting", "signing", "sending", "finishing"]);

/** One file on its way. */
export class Upload {
    /**
     * @param {File} file
     * @param {string} name with its folders
     * @param {string} id a UUID: every attempt has the same, so that none is stored twice
     */
    constructor(file, name, id) {
        this.file = file;
        this.name = name;
        this.id = id;
        /** @type {State} */
        this.state = "waiting";
        /** Bytes handed over. */
        this.sent = 0;
        /** Where it is stored, once a form has been signed. */
        this.key = "";
        /** @type {Fault | null} */
        this.fault = null;
        this.controller = new AbortController();
    }

    get isOpen() {
        return OPEN.has(this.state);
    }
}

export class Queue {
    /** @type {Upload[]} */
    #waiting = [];
    #running = 0;

    /**
     * @param {object} how
     * @param {(wanted: Wanted, signal: AbortSignal) => Promise<Form>} how.sign
     * @param {(form: Form, file: Blob, progress: (sent: number) => void, signal: AbortSignal) => Promise<void>} how.post
     * @param {(upload: Upload) => void} how.changed is called whenever something of an upload has changed
     * @param {number} [how.parallel] how many are on their way at once
     */
    constructor({ sign, post, changed, parallel = 4 }) {
        this.sign = sign;
        this.post = post;
        this.changed = changed;
        this.parallel = parallel;
    }

    /** @param {Upload} upload */
    add(upload) {
        upload.controller = new AbortController();
        this.#waiting.push(upload);
        this.#tell(upload, { state: "waiting", sent: 0, fault: null });
        this.#next();
    }

    /** @param {Upload} upload */
    cancel(upload) {
        upload.controller.abort();
        if (upload.state === "waiting") {
            this.#waiting = this.#waiting.filter((other) => other !== upload);
            this.#tell(upload, { state: "cancelled" });
        }
    }

    #next() {
        while (this.#running < this.parallel) {
            const upload = this.#waiting.shift();
            if (!upload) {
                return;
            }
            this.#running += 1;
            this.#run(upload).finally(() => {
                this.#running -= 1;
                this.#next();
            });
        }
    }

    /** One attempt. It is signed now and not before: a form does not live long. @param {Upload} upload */
    async #run(upload) {
        const { signal } = upload.controller;
        try {
            this.#tell(upload, { state: "signing" });
            const form = await this.sign(wanted(upload), signal);
            signal.throwIfAborted();
            this.#tell(upload, { state: "sending", key: form.key });
            await this.post(form, upload.file, (sent) => this.#progress(upload, sent), signal);
            this.#tell(upload, { state: "done", sent: upload.file.size });
        } catch (fault) {
            this.#tell(upload, signal.aborted ? { state: "cancelled" } : { state: "failed", fault: known(fault) });
        }
    }

    /**
     * @param {Upload} upload
     * @param {number} sent
     */
    #progress(upload, sent) {
        this.#tell(upload, { sent, state: sent < upload.file.size ? "sending" : "finishing" });
    }

    /**
     * @param {Upload} upload
     * @param {Partial<Upload>} change
     */
    #tell(upload, change) {
        Object.assign(upload, change);
        this.changed(upload);
    }
}

/** @param {Upload} upload @returns {Wanted} */
function wanted({ file, name, id }) {
    return { filename: name, size: file.size, content_type: typeOf(file), id };
}

/**
 * A file's type as it is signed; a browser that knows none says nothing.
 *
 * @param {Blob} file
 */
export function typeOf(file) {
    return file.type.split(";")[0].trim().toLowerCase() || "application/octet-stream";
}

/** @param {unknown} fault */
function known(fault) {
    return fault instanceof Fault ? fault : new Fault("unknown", { message: String(fault) });
}
