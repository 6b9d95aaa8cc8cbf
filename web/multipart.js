// Sends a file in parts. A part that fails is sent again alone; after an interruption, only what is missing.

import { untilAborted } from "./abort.js";
import { combine } from "./crc64.js";
import { Fault } from "./faults.js";
import { unreadableFault } from "./files.js";
import { putPart, toUploadResult } from "./oss.js";
import { CONNECTIONS_PER_FILE, startTimer } from "./queue.js";
import { isReadable, sumOf, verifyUnchanged } from "./reader.js";
import { PreviousUploads } from "./resume.js";
import { canRetry, retryDelay } from "./retry.js";

/** More at a time would be fewer requests, but on a slow line the last URLs would expire unused. */
const URLS_PER_REQUEST = 10;

const MAX_COMPLETIONS = 3;

/** With these the upload is over, and another one is created. */
const TICKET_DEAD = ["ticket_expired", "upload_gone"];

export class MultipartUploader {
    /** @param {MultipartOptions} options */
    constructor({
        request,
        put,
        storagePrefix,
        previousUploads,
        profile,
        isOnline,
        random = Math.random,
        setTimer = startTimer,
    }) {
        this.request = request;
        this.put = put ?? putPart;
        this.previousUploads = previousUploads ?? new PreviousUploads(storagePrefix ?? "");
        this.profile = profile;
        this.isOnline = isOnline ?? (() => navigator.onLine);
        this.random = random;
        this.setTimer = setTimer;
    }

    /** Creates an upload, or continues the one of this id. @param {UploadRequest} file @param {AbortSignal} signal @param {string} [id] @returns {Promise<MultipartUpload>} */
    create = async (file, signal, id = file.id ?? "") => {
        const previous = await this.find(id, signal).catch((fault) => {
            // The function's secret for tickets was replaced: the file is sent again.
            if (codeOf(fault) !== "ticket_invalid") {
                throw fault;
            }
        });
        if (previous) {
            return previous;
        }
        const profile = this.profile && { profile: this.profile };
        const response = await this.request("/multipart", { ...profile, ...file }, signal);
        signal.throwIfAborted();
        const { ticket, key, part_size, parts } = response;
        const { filename: name, size, slot } = file;
        return toMultipartUpload({ id, ticket, key, part_size, parts, name, size, ...(slot && { slot }) }, []);
    };

    /**
     * What has arrived of an upload; null if there is none, or none any more.
     *
     * @param {string} id @param {AbortSignal} [signal] @returns {Promise<MultipartUpload | null>}
     */
    async find(id, signal) {
        const record = this.previousUploads.get(id);
        if (!record) {
            return null;
        }
        try {
            const { parts, ticket } = await this.request("/multipart/list", { ticket: record.ticket }, signal);
            return toMultipartUpload({ ...record, ticket }, parts);
        } catch (fault) {
            if (!isTicketDead(fault)) {
                throw fault;
            }
            if (isStored(record, fault)) {
                return { ...toMultipartUpload(record, []), sent: record.size, missing: [], isStored: true };
            }
            this.previousUploads.delete(id);
            return null;
        }
    }

    /** @type {Post<MultipartUpload>} */
    upload = async (multipartUpload, upload, onProgress, signal) => {
        const { record, isStored: isStoredBefore } = multipartUpload;
        const { id } = record;
        try {
            const transfer = new Transfer(this, multipartUpload, upload, onProgress, signal);
            const result = isStoredBefore ? {} : await transfer.run();
            this.previousUploads.delete(id);
            return result;
        } catch (fault) {
            if (codeOf(fault) === "type_mismatch") {
                this.previousUploads.delete(id);
            }
            if (record.slot && (codeOf(fault) === "already_stored" || isStored(record, fault))) {
                return this.#resolveSlot(record, /** @type {Fault} */ (fault), signal);
            }
            if (!isTicketDead(fault)) {
                throw fault;
            }
            this.previousUploads.delete(id);
            // The queue tries again, and learns then whether an earlier completion succeeded.
            throw new Fault("form_expired", fault.detail);
        }
    };

    /** An upload that has become the object in its slot is gone. @param {PreviousUpload} record @param {Fault} fault @param {AbortSignal} signal @returns {Promise<UploadResult>} */
    async #resolveSlot(record, fault, signal) {
        const found = await this.find(record.id, signal);
        if (!found) {
            throw fault;
        }
        if (!found.isStored) {
            await this.abort(record.id);
            throw new Fault("slot_taken", fault.detail);
        }
        this.previousUploads.delete(record.id);
        return {};
    }

    /** If the request fails, the bucket's lifecycle rule deletes the parts. @param {string} id */
    async abort(id) {
        const record = this.previousUploads.get(id);
        if (record) {
            this.previousUploads.delete(id);
            await this.request("/multipart/abort", { ticket: record.ticket }).catch(() => {});
        }
    }
}

/** Sends the missing parts of one file, and completes it. */
class Transfer {
    #missing;
    #arrived; // before this try
    #uploadedBytes; // of parts that have arrived
    /** Of parts that have arrived, by number. @type {Map<number, bigint>} */
    #sums = new Map();
    #successes = 0;
    /** Bytes handed over of parts on their way. @type {Map<number, number>} */
    #inFlight = new Map();
    /** The responses that have the parts' URLs. @type {Map<number, Promise<any>>} */
    #urls = new Map();
    #controller = new AbortController();

    /** @param {MultipartUploader} uploader @param {MultipartUpload} multipartUpload @param {Upload} upload @param {(bytes: number) => void} onProgress @param {AbortSignal} signal */
    constructor(uploader, { record, sent, missing, arrived }, upload, onProgress, signal) {
        this.uploader = uploader;
        this.record = record;
        this.upload = upload;
        this.onProgress = onProgress;
        this.signal = this.#controller.signal;
        this.#uploadedBytes = sent;
        this.#missing = missing;
        this.#arrived = arrived;
        signal.addEventListener("abort", () => this.#controller.abort(signal.reason));
        this.#save({ lastModified: upload.lastModified, fingerprint: upload.fingerprint });
    }

    /** @returns {Promise<UploadResult>} */
    async run() {
        await this.#verifyArrived();
        for (let completion = 1; ; completion += 1) {
            const workers = Array.from({ length: CONNECTIONS_PER_FILE }, () => this.#worker());
            try {
                await Promise.all(workers);
                // Parts of two states of a file make no file.
                await verifyUnchanged(this.upload, () => this.onProgress(this.#uploadedBytes), this.signal);
                this.record.slot && this.#save({ isCompleting: true });
                const answer = await this.#retrying(() => this.#request("/complete"));
                this.#verifyObject(answer.stored?.crc64);
                return toUploadResult(answer);
            } catch (fault) {
                if (codeOf(fault) !== "parts_missing" || completion === MAX_COMPLETIONS) {
                    await this.#end(fault, workers);
                    throw fault;
                }
                const { missing, sent } = toMultipartUpload(this.record, (await this.#request("/list")).parts);
                this.#missing = missing;
                this.#uploadedBytes = sent;
            }
        }
    }

    /** What is in the storage is not sent again if it is what is in the file. */
    async #verifyArrived() {
        for (const { number, crc64 } of this.#arrived.filter((part) => part.crc64)) {
            const part = this.#slice(number);
            const keepAlive = () => this.onProgress(this.#uploadedBytes);
            const sum = await sumOf(part, keepAlive, this.signal);
            if (crc64 === `${sum}`) {
                this.#sums.set(number, sum);
            } else {
                this.#missing.push(number);
                this.#uploadedBytes -= part.size;
            }
        }
    }

    /** @param {string} [stored] the sum of the whole object */
    #verifyObject(stored) {
        const { parts } = this.record;
        if (!stored || this.#sums.size < parts) {
            return;
        }
        let whole = 0n;
        for (let number = 1; number <= parts; number += 1) {
            whole = combine(whole, this.#sums.get(number) ?? 0n, sizeOf(this.record, number));
        }
        if (stored !== `${whole}`) {
            throw new Fault("damaged", { isStored: true });
        }
    }

    /** A slice has no type: one that is sent would have to be signed. @param {number} number from 1 */
    #slice(number) {
        const begin = (number - 1) * this.record.part_size;
        return this.upload.file.slice(begin, begin + sizeOf(this.record, number));
    }

    /** @param {unknown} fault @param {Promise<void>[]} workers */
    async #end(fault, workers) {
        if (fault instanceof Fault && canRetry(fault, 0)) {
            // The queue tries again later. Parts that arrive until then need not be sent again.
            this.#missing = [];
            await Promise.allSettled(workers);
        }
        this.#controller.abort(fault);
    }

    async #worker() {
        for (let number = this.#missing.shift(); number; number = this.#missing.shift()) {
            await this.#sendPart(number);
        }
    }

    /** @param {number} number from 1 */
    async #sendPart(number) {
        const part = this.#slice(number);
        await this.#retrying(async () => {
            try {
                await this.#put(number, part);
            } catch (fault) {
                if (codeOf(fault) !== "form_expired") {
                    throw fault;
                }
                this.#urls.clear();
                await this.#put(number, part);
            }
        });
        this.#inFlight.delete(number);
        this.#uploadedBytes += part.size;
    }

    /** @param {number} number @param {Blob} part */
    async #put(number, part) {
        this.#updateProgress(number, 0);
        const url = await this.#getUrl(number);
        if (part.size !== sizeOf(this.record, number) || !(await isReadable(part, this.signal))) {
            throw unreadableFault();
        }
        this.#sums.delete(number);
        const sum = await this.uploader.put(url, part, (bytes) => this.#updateProgress(number, bytes), this.signal);
        if (sum !== undefined) {
            this.#sums.set(number, sum);
        }
    }

    /** @param {number} number @param {number} bytes */
    #updateProgress(number, bytes) {
        if (!this.signal.aborted) {
            this.#inFlight.set(number, bytes);
            this.onProgress([...this.#inFlight.values()].reduce((sum, each) => sum + each, this.#uploadedBytes));
        }
    }

    /** Requests the URLs of the next parts with it. @param {number} number */
    async #getUrl(number) {
        if (!this.#urls.has(number)) {
            const parts = [number, ...this.#missing].slice(0, URLS_PER_REQUEST);
            const response = this.#request("/parts", { parts });
            response.catch(() => this.#urls.clear());
            for (const each of parts) {
                this.#urls.set(each, response);
            }
        }
        const { parts } = await this.#urls.get(number);
        return parts.find((/** @type {{ number: number }} */ part) => part.number === number).url;
    }

    /** @param {string} step @param {object} [body] */
    async #request(step, body) {
        const { ticket } = this.record;
        const response = await this.uploader.request(`/multipart${step}`, { ticket, ...body }, this.signal);
        this.signal.throwIfAborted();
        if (response.ticket) {
            this.#save({ ticket: response.ticket });
        }
        return response;
    }

    /** @param {Partial<PreviousUpload>} change */
    #save(change) {
        Object.assign(this.record, change);
        this.uploader.previousUploads.set(this.record.id, this.record);
    }

    /**
     * Repeats what may fail and pass. Where nothing else gets through either, or the server asks to wait, it is left to the
     * queue, which lets one file try for all.
     *
     * @template T @param {() => Promise<T>} act @returns {Promise<T>}
     */
    async #retrying(act) {
        let successes = -1;
        for (let tries = 1; ; tries += 1) {
            try {
                const result = await act();
                this.#successes += 1;
                return result;
            } catch (fault) {
                const isStuck = this.#successes === successes;
                const isLeftToQueue = this.signal.aborted || !this.uploader.isOnline() || isStuck;
                if (isLeftToQueue || !(fault instanceof Fault) || fault.detail.retryAfter || !canRetry(fault, tries)) {
                    throw fault;
                }
                successes = this.#successes;
                await this.#pause(retryDelay(tries, 0, this.uploader.random));
            }
        }
    }

    /** @param {number} milliseconds */
    #pause(milliseconds) {
        let stop = () => {};
        const pause = new Promise((resolve) => {
            stop = this.uploader.setTimer(milliseconds, () => resolve(undefined));
        });
        return untilAborted(pause, this.signal).finally(stop);
    }
}

/** @param {PreviousUpload} record @param {ArrivedPart[]} parts @returns {MultipartUpload} */
function toMultipartUpload(record, parts) {
    const { parts: count, key } = record;
    const whole = parts.filter(({ number, size }) => size === sizeOf(record, number));
    const numbers = new Set(whole.map(({ number }) => number));
    return {
        ...{ record, key, arrived: whole },
        sent: whole.reduce((sum, part) => sum + part.size, 0),
        missing: Array.from({ length: count }, (_, at) => at + 1).filter((number) => !numbers.has(number)),
    };
}

/** @param {PreviousUpload} record @param {number} number of a part, from 1 */
function sizeOf({ part_size: partSize, size }, number) {
    return Math.min(partSize, size - (number - 1) * partSize);
}

/** @param {unknown} fault */
function codeOf(fault) {
    return fault instanceof Fault ? fault.code : "";
}

/** @param {unknown} fault @returns {fault is Fault} */
function isTicketDead(fault) {
    return TICKET_DEAD.includes(codeOf(fault)) || isUploadGone(fault);
}

/** Whether an upload that was to be completed is gone because it has become the object. @param {PreviousUpload} record @param {unknown} fault */
function isStored({ slot, isCompleting }, fault) {
    return slot !== undefined && isCompleting === true && (codeOf(fault) === "upload_gone" || isUploadGone(fault));
}

/** Whether the storage itself no longer knows the upload: it was completed, aborted or cleared away. @param {unknown} fault */
function isUploadGone(fault) {
    return fault instanceof Fault && fault.detail.code === "NoSuchUpload";
}
