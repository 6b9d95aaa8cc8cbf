// Sends a file in parts, some at a time. One that fails is sent again alone; after a break, only what is missing.

import { isReadable, look, unreadable } from "./integrity.js";
import { Fault, isWorthATry, LANES, retryDelay, timer } from "./queue.js";
import { UnfinishedUploads } from "./resume.js";
import { faultOf, sent, storedAs } from "./uploader.js";

/** @import { Upload } from "./queue.js" */
/** @import { Begun, PartsOptions, Post, Put, Sign, Stored, Unfinished } from "./types" */

/** URLs asked for at a time. More would be fewer requests, but on a slow line the last ones would end unused. */
const URLS = 10;

/** How often is completed what turns out not to be complete. */
const ROUNDS = 3;

/** With these an upload is over, and begins anew. */
const OVER = ["ticket_expired", "upload_gone"];

export class Parts {
    /** @param {PartsOptions} options */
    constructor({ ask, put, shelf = "unfinished ", unfinished, isOnline, random = Math.random, after = timer }) {
        this.ask = ask;
        this.put = put ?? putPart;
        this.unfinished = unfinished ?? new UnfinishedUploads(shelf);
        this.isOnline = isOnline ?? (() => navigator.onLine);
        this.random = random;
        this.after = after;
    }

    /** Begins an upload, or goes on with the one of this id. @type {Sign<Begun>} */
    begin = async (wanted, signal) => {
        const begun = await this.look(wanted.id, signal).catch((fault) => {
            // The function's secret for tickets has been replaced: the file is sent anew.
            if (codeOf(fault) !== "ticket_invalid") {
                throw fault;
            }
        });
        if (begun) {
            return begun;
        }
        const answer = await this.ask("/multipart", wanted, signal);
        signal.throwIfAborted();
        const { ticket, key, part_size, parts } = answer;
        const { id, filename: name, size } = wanted;
        return missingOf({ id, ticket, key, part_size, parts, name, size }, []);
    };

    /**
     * What there is of an upload that was begun; nothing, if it is over or was never begun.
     *
     * @param {string} id @param {AbortSignal} [signal] @returns {Promise<Begun | null>}
     */
    async look(id, signal) {
        const record = this.unfinished.get(id);
        if (!record) {
            return null;
        }
        try {
            const { parts, ticket } = await this.ask("/multipart/list", { ticket: record.ticket }, signal);
            return missingOf({ ...record, ticket }, parts);
        } catch (fault) {
            if (!isOver(fault)) {
                throw fault;
            }
            this.unfinished.delete(id);
            return null;
        }
    }

    /** @type {Post<Begun>} */
    send = async (begun, upload, progress, signal) => {
        const { id } = begun.record;
        try {
            const stored = await new Transfer(this, begun, upload, progress, signal).run();
            this.unfinished.delete(id);
            return stored;
        } catch (fault) {
            if (!isOver(fault)) {
                throw fault;
            }
            this.unfinished.delete(id);
            // The queue begins again. If an earlier completion got through, it is told so then.
            throw new Fault("form_expired", fault.detail);
        }
    };

    /** Gives up an upload. What lies in the storage goes; if not now, by the bucket's own rule. @param {string} id */
    async drop(id) {
        const record = this.unfinished.get(id);
        if (record) {
            this.unfinished.delete(id);
            await this.ask("/multipart/abort", { ticket: record.ticket }).catch(() => {});
        }
    }
}

/** A file on its way, from the parts that are missing to its completion. */
class Transfer {
    #missing;
    #there; // bytes of the parts that have arrived
    #done = 0; // how much has got through
    /** Bytes handed over of parts on their way. @type {Map<number, number>} */
    #moving = new Map();
    /** The answers in which parts have their URLs. @type {Map<number, Promise<any>>} */
    #urls = new Map();
    #controller = new AbortController();

    /** @param {Parts} parts @param {Begun} begun @param {Upload} upload @param {(bytes: number) => void} progress @param {AbortSignal} signal */
    constructor(parts, { record, sent, missing }, upload, progress, signal) {
        this.parts = parts;
        this.record = record;
        this.upload = upload;
        this.progress = progress;
        this.signal = this.#controller.signal;
        this.#there = sent;
        this.#missing = missing;
        signal.addEventListener("abort", () => this.#controller.abort(signal.reason));
        this.#keep({ lastModified: upload.lastModified, print: upload.print });
    }

    /** @returns {Promise<Stored>} */
    async run() {
        for (let round = 1; ; round += 1) {
            const lanes = Array.from({ length: LANES }, () => this.#lane());
            try {
                await Promise.all(lanes);
                // Parts of two states of a file make no file.
                await look(this.upload, () => this.progress(this.#there), this.signal);
                return storedAs(await this.#patiently(() => this.#ask("/complete")));
            } catch (fault) {
                if (codeOf(fault) !== "parts_missing" || round === ROUNDS) {
                    if (fault instanceof Fault && isWorthATry(fault, 0)) {
                        // The queue waits until it has passed. What is on its way until then need not be sent again.
                        this.#missing = [];
                        await Promise.allSettled(lanes);
                    }
                    // What one part has failed of ends the others, too.
                    this.#controller.abort(fault);
                    throw fault;
                }
                const { missing, sent } = missingOf(this.record, (await this.#ask("/list")).parts);
                this.#missing = missing;
                this.#there = sent;
            }
        }
    }

    async #lane() {
        for (let number = this.#missing.shift(); number; number = this.#missing.shift()) {
            await this.#sendPart(number);
        }
    }

    /** @param {number} number from 1 */
    async #sendPart(number) {
        const begin = (number - 1) * this.record.part_size;
        // Without a type of its own, none is sent; it would have to be signed.
        const part = this.upload.file.slice(begin, begin + sizeOf(this.record, number));
        await this.#patiently(async () => {
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
        this.#moving.delete(number);
        this.#there += part.size;
    }

    /** @param {number} number @param {Blob} part */
    async #put(number, part) {
        this.#moved(number, 0);
        const url = await this.#url(number);
        if (part.size !== sizeOf(this.record, number) || !(await isReadable(part))) {
            throw unreadable();
        }
        await this.parts.put(url, part, (bytes) => this.#moved(number, bytes), this.signal);
    }

    /** @param {number} number @param {number} bytes */
    #moved(number, bytes) {
        if (!this.signal.aborted) {
            this.#moving.set(number, bytes);
            this.progress([...this.#moving.values()].reduce((sum, each) => sum + each, this.#there));
        }
    }

    /** Those of the parts that come next are asked for with it. @param {number} number */
    async #url(number) {
        if (!this.#urls.has(number)) {
            const parts = [number, ...this.#missing].slice(0, URLS);
            const asked = this.#ask("/parts", { parts });
            asked.catch(() => this.#urls.clear());
            for (const each of parts) {
                this.#urls.set(each, asked);
            }
        }
        const { parts } = await this.#urls.get(number);
        return parts.find((/** @type {{ number: number }} */ part) => part.number === number).url;
    }

    /** @param {string} step @param {object} [body] */
    async #ask(step, body) {
        const answer = await this.parts.ask(`/multipart${step}`, { ticket: this.record.ticket, ...body }, this.signal);
        this.signal.throwIfAborted();
        if (answer.ticket) {
            this.#keep({ ticket: answer.ticket });
        }
        return answer;
    }

    /** @param {Partial<Unfinished>} change */
    #keep(change) {
        Object.assign(this.record, change);
        this.parts.unfinished.set(this.record.id, this.record);
    }

    /**
     * Does what may fail and pass, until it has passed; where nothing else gets through either, or is to be asked for now,
     * it is left to the queue, which lets one file try for all.
     *
     * @template T @param {() => Promise<T>} act @returns {Promise<T>}
     */
    async #patiently(act) {
        let done = -1;
        for (let tries = 1; ; tries += 1) {
            try {
                const result = await act();
                this.#done += 1;
                return result;
            } catch (fault) {
                const isOut = this.signal.aborted || !this.parts.isOnline() || this.#done === done;
                if (isOut || !(fault instanceof Fault) || fault.detail.retryAfter || !isWorthATry(fault, tries)) {
                    throw fault;
                }
                done = this.#done;
                await this.#pause(retryDelay(tries, 0, this.parts.random));
            }
        }
    }

    /** @param {number} milliseconds @returns {Promise<void>} */
    #pause(milliseconds) {
        return new Promise((resolve, reject) => {
            const end = () => {
                stop();
                reject(this.signal.reason);
            };
            const stop = this.parts.after(milliseconds, () => {
                this.signal.removeEventListener("abort", end);
                resolve();
            });
            this.signal.addEventListener("abort", end);
        });
    }
}

/** @type {Put} */
async function putPart(url, part, progress, signal) {
    const request = await sent("PUT", url, part, part, progress, signal);
    if (request.status !== 200) {
        throw faultOf(request);
    }
}

/** @param {Unfinished} record @param {{ number: number, size: number }[]} there parts that have arrived @returns {Begun} */
function missingOf(record, there) {
    const { parts: last, key } = record;
    const whole = there.filter(({ number, size }) => size === sizeOf(record, number));
    const arrived = new Set(whole.map(({ number }) => number));
    return {
        ...{ record, key },
        sent: whole.reduce((sum, part) => sum + part.size, 0),
        missing: Array.from({ length: last }, (_, at) => at + 1).filter((number) => !arrived.has(number)),
    };
}

/** @param {Unfinished} record @param {number} number of a part, from 1 */
function sizeOf({ part_size: most, size }, number) {
    return Math.min(most, size - (number - 1) * most);
}

/** @param {unknown} fault */
function codeOf(fault) {
    return fault instanceof Fault ? fault.code : "";
}

/** @param {unknown} fault @returns {fault is Fault} */
function isOver(fault) {
    return OVER.includes(codeOf(fault));
}
