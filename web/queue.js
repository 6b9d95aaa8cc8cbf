// Which file is uploaded when, and when it is tried again. Knows neither the page nor the network.

/** @import { Detail, Fact, QueueOptions, State, Wanted } from "./types" */

/** How often a file is tried, where what went wrong may pass. */
const TRIES = 6;

/** Milliseconds. */
const LONGEST_PAUSE = 60_000;

/** Milliseconds without a byte gone or an answer come, after which a try is given up. */
const SILENCE = 60_000;

/** Browsers open six connections to a host. */
const MOST_PARALLEL = 6;

/** Connections of a file that is sent in parts: it counts as so many files. */
export const LANES = 3;

/** What being offline looks like. */
const CUT_OFF = ["function_unreachable", "storage_unreachable", "stalled"];

/** What may pass by itself. */
const PASSING = [
    ...CUT_OFF,
    ...["function_down", "function_busy", "internal", "credentials_unavailable", "storage_busy", "storage_unavailable"],
];

/** The function's word for it, and the storage's. */
const THERE_ALREADY = ["already_stored", "exists"];

const ENDED = ["done", "unreported", "failed", "cancelled"];

/**
 * Milliseconds before the next try. By chance, so that many who failed together do not come back together.
 *
 * @param {number} tries made so far
 * @param {number} retryAfter seconds that the server asked for
 * @param {() => number} random
 */
export function retryDelay(tries, retryAfter, random) {
    return retryAfter * 1000 + random() * Math.min(LONGEST_PAUSE, 1000 * 2 ** tries);
}

/** Whether there is another try. @param {Fault} fault @param {number} tries made so far */
export function isWorthATry({ code }, tries) {
    return tries < TRIES && PASSING.includes(code);
}

/** Why something went wrong. */
export class Fault extends Error {
    /** @param {string} code what the words go by @param {Detail} [detail] */
    constructor(code, detail = {}) {
        super(code);
        this.code = code;
        this.detail = detail;
    }
}

/** One file on its way. */
export class Upload {
    /** @type {State} */
    state = "waiting";
    sent = 0; // bytes handed over
    key = ""; // where it is stored, once a form has been signed
    answer = ""; // a callback's
    /** What our own callback function has found. @type {Fact | undefined} */
    fact;
    /** Why it has failed, or is tried again. @type {Fault | undefined} */
    fault;
    retryAt = 0; // on the queue's clock
    tries = 0; // that have failed
    /** What its bytes came to at the first look, where a browser has to read them. @type {number | undefined} */
    print;
    expired = false; // whether the last try failed because its form had run out
    speed = new Meter();
    /** Ends a try, or the pause before the next. @type {(reason?: Fault) => void} */
    stop = () => {};

    /** @param {File} file @param {string} [name] with its folders */
    constructor(file, name = file.webkitRelativePath || file.name) {
        this.file = file;
        // As chosen: in some browsers the file's own figures are those of the disk, at any time.
        this.size = file.size;
        this.lastModified = file.lastModified;
        this.name = name.normalize("NFC");
        this.id = uuid(); // of every try, so that none is stored twice; another, once the file is another
    }

    get isOpen() {
        return !ENDED.includes(this.state);
    }
}

export class Queue {
    /** @type {Set<Upload>} */
    uploads = new Set();
    totals = new Totals();
    isOnline = true;
    /** @type {Upload[]} */
    #waiting = [];
    #running = 0;

    /** @param {QueueOptions} options */
    constructor({
        sign,
        post,
        changed,
        lanes,
        dropped,
        parallel = 4,
        random = Math.random,
        now = Date.now,
        after = timer,
    }) {
        this.sign = sign;
        this.post = post;
        this.changed = changed;
        this.lanes = lanes ?? (() => 1);
        this.dropped = dropped ?? (() => {});
        this.parallel = Math.min(parallel, MOST_PARALLEL);
        this.random = random;
        this.now = now;
        this.after = after;
    }

    /** Uploads it at its turn; what has failed or was cancelled, once more. @param {Upload} upload */
    add(upload) {
        upload.stop();
        Object.assign(upload, { tries: 0, expired: false });
        this.#wait(upload);
    }

    /** Lists what need not be tried, or not again. @param {Upload} upload @param {Fault} fault */
    refuse(upload, fault) {
        this.#tell(upload, { state: "failed", fault });
    }

    /** @param {Upload} upload */
    cancel(upload) {
        if (upload.isOpen) {
            this.#halt(upload, "cancelled");
            this.dropped(upload);
        }
    }

    /** Until it is added again. What is stored of it stays there. @param {Upload} upload */
    pause(upload) {
        if (upload.isOpen) {
            this.#halt(upload, "paused");
        }
    }

    /** Takes it off the list. @param {Upload} upload */
    remove(upload) {
        this.cancel(upload);
        if (upload.state === "failed") {
            this.dropped(upload);
        }
        if (this.uploads.delete(upload)) {
            this.totals.count(upload, -1);
        }
    }

    /** Without a connection nothing begins, and no try is used up. @param {boolean} isOnline */
    setOnline(isOnline) {
        this.isOnline = isOnline;
        for (const upload of this.uploads) {
            if (upload.state === "retrying") {
                this.add(upload);
            }
        }
        this.#next();
    }

    /** @param {Upload} upload @param {boolean} [first] before all others */
    #wait(upload, first) {
        first ? this.#waiting.unshift(upload) : this.#waiting.push(upload);
        this.#tell(upload, { state: "waiting", sent: 0, fault: undefined });
        this.#next();
    }

    /** @param {Upload} upload @param {"paused" | "cancelled"} state */
    #halt(upload, state) {
        const { stop } = upload;
        this.#waiting = this.#waiting.filter((other) => other !== upload);
        upload.stop = () => {};
        this.#tell(upload, { state, fault: undefined });
        stop();
    }

    #next() {
        while (this.isOnline && this.#waiting.length > 0) {
            const lanes = this.lanes(this.#waiting[0]);
            if (this.#running > 0 && this.#running + lanes > this.parallel) {
                return;
            }
            this.#running += lanes;
            this.#try(/** @type {Upload} */ (this.#waiting.shift())).finally(() => {
                this.#running -= lanes;
                this.#next();
            });
        }
    }

    /** One try. It is signed now and not before: a form does not live long. @param {Upload} upload */
    async #try(upload) {
        const controller = new AbortController();
        const { signal } = controller;
        const stop = (/** @type {Fault} */ reason) => controller.abort(reason);
        const listen = () => this.after(SILENCE, () => stop(new Fault("stalled")));
        let deaf = listen();
        const alive = () => {
            deaf();
            deaf = listen();
        };
        const progress = (/** @type {number} */ sent) => {
            alive();
            this.#progress(upload, sent);
        };
        Object.assign(upload, { stop, speed: new Meter() });
        try {
            this.#tell(upload, { state: "signing" });
            const form = await this.sign(wanted(upload), signal, upload, alive);
            signal.throwIfAborted();
            this.#tell(upload, { state: "sending", key: form.key, sent: "sent" in form ? form.sent : 0 });
            const stored = await this.post(form, upload, (sent) => signal.aborted || progress(sent), signal);
            signal.throwIfAborted();
            this.#tell(upload, { state: "done", sent: upload.size, ...stored });
        } catch (error) {
            // Whoever cancels or pauses it has said so already; it may even be on its way again.
            if (upload.stop === stop) {
                this.#failed(upload, known(signal.aborted ? signal.reason : error));
            }
        } finally {
            deaf();
        }
    }

    /** @param {Upload} upload @param {number} sent */
    #progress(upload, sent) {
        upload.speed.add(this.now(), sent);
        this.totals.moved += Math.max(0, sent - upload.sent);
        this.#tell(upload, { sent, state: sent < upload.size ? "sending" : "finishing" });
    }

    /** Decides whether there is another try. @param {Upload} upload @param {Fault} fault */
    #failed(upload, fault) {
        const { code, detail } = fault;
        const expiredBefore = upload.expired;
        upload.expired = code === "form_expired";
        if (THERE_ALREADY.includes(code) && upload.key.includes(upload.id)) {
            // The key is this file's own: an earlier try got through, and only its answer was lost.
            this.#tell(upload, { state: "done", sent: upload.size });
        } else if (upload.expired) {
            expiredBefore ? this.refuse(upload, new Fault("clock", detail)) : this.#wait(upload, true);
        } else if (!this.isOnline && CUT_OFF.includes(code)) {
            this.#wait(upload, true);
        } else if (code === "file_changed") {
            // What is stored under its id, or in parts, is of a file that is no more.
            this.dropped(upload);
            Object.assign(upload, { id: uuid(), tries: 0, print: undefined });
            this.refuse(upload, fault);
        } else if (isWorthATry(fault, ++upload.tries)) {
            const delay = retryDelay(upload.tries, detail.retryAfter ?? 0, this.random);
            upload.stop = this.after(delay, () => this.#wait(upload, true));
            this.#tell(upload, { state: "retrying", sent: 0, fault, retryAt: this.now() + delay });
        } else {
            this.refuse(upload, fault);
        }
    }

    /** @param {Upload} upload @param {Partial<Upload>} change */
    #tell(upload, change) {
        if (this.uploads.has(upload)) {
            this.totals.count(upload, -1);
        }
        Object.assign(upload, change);
        this.uploads.add(upload);
        this.totals.count(upload, 1);
        this.changed(upload);
    }
}

/** Sums over all uploads, kept up as they change: a thousand files are not added up ten times a second. */
export class Totals {
    /** How many there are. @type {Partial<Record<State, number>>} */
    states = {};
    size = 0; // bytes of what is stored or still to come
    sent = 0; // bytes of these handed over
    moved = 0; // bytes handed over in all, those of lost tries among them

    /** @param {Upload} upload @param {1 | -1} by */
    count({ state, size, sent }, by) {
        this.states[state] = this.of(state) + by;
        if (state !== "failed" && state !== "cancelled") {
            this.size += by * size;
            this.sent += by * sent;
        }
    }

    /** How many are in one of these. @param {State[]} states */
    of(...states) {
        return states.reduce((sum, state) => sum + (this.states[state] ?? 0), 0);
    }

    get open() {
        return this.of("waiting", "signing", "sending", "finishing", "retrying", "paused");
    }
}

/** Speed over the last seconds. */
export class Meter {
    /** @type {[now: number, bytes: number][]} */
    #seen = [];

    /** @param {number} now milliseconds @param {number} bytes in all, so far */
    add(now, bytes) {
        const seen = this.#seen;
        // Some browsers report every 8 KB.
        if (seen.length > 1 && now - seen[seen.length - 2][0] < 100) {
            seen.pop();
        }
        seen.push([now, bytes]);
        while (seen.length > 2 && now - seen[0][0] > 8000) {
            seen.shift();
        }
    }

    /** Bytes per second; 0 while it is not known. */
    get rate() {
        const [[begin, first], [end, last]] = [this.#seen[0] ?? [0, 0], this.#seen[this.#seen.length - 1] ?? [0, 0]];
        return end > begin ? (Math.max(0, last - first) / (end - begin)) * 1000 : 0;
    }
}

/** @param {Upload} upload @returns {Wanted} */
function wanted({ file, size, name, id }) {
    return { filename: name, size, content_type: typeOf(file), id };
}

/** A file's type as it is signed; a browser that knows none says nothing. @param {Blob} file */
export function typeOf(file) {
    return file.type.split(";")[0].trim().toLowerCase() || "application/octet-stream";
}

/** Version 4; browsers have one of their own on https only. */
function uuid() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** @param {unknown} error */
function known(error) {
    return error instanceof Fault ? error : new Fault("unknown", { message: String(error) });
}

/** @param {number} milliseconds @param {() => void} then */
export function timer(milliseconds, then) {
    const id = setTimeout(then, milliseconds);
    return () => clearTimeout(id);
}
