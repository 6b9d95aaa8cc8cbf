// Which file is uploaded when, and when it is tried again. Knows neither the page nor the network.

/** @import { Attempt, Detail, Fact, Outage, QueueOptions, Service, State, Wanted } from "./types" */

/** How often a file is tried, where what went wrong may pass. */
const TRIES = 6;

/** Milliseconds. */
const LONGEST_PAUSE = 60_000;

/** Milliseconds without a byte gone or an answer come, after which a try is given up. */
const SILENCE = 60_000;

/** Bytes per second: the slowest line for which forms are made (functions/sign), and what is taken for the line's speed until more is seen. */
export const SLOWEST_LINE = 50_000;

/** Bytes of a file that a browser may have handed over while they still lie between it and the storage. */
const BUFFER = 16_000_000;

/** How much sooner than its form ends a file should have arrived. */
const MARGIN = 1.5;

/** Milliseconds after which a try tells how fast the line is, and not only how far away the storage is. */
const TELLING = 5000;

/** Browsers open six connections to a host. */
const MOST_PARALLEL = 6;

/** Connections of a file that is sent in parts: it counts as so many files. */
export const LANES = 3;

/** Milliseconds that a form may have been on its way to the page. */
const TRANSIT = 5000;

/** What being offline looks like. */
const CUT_OFF = ["function_unreachable", "storage_unreachable", "stalled"];

/** What may pass by itself. */
const PASSING = [
    ...CUT_OFF,
    ...["function_down", "function_busy", "internal", "credentials_unavailable", "storage_busy", "storage_unavailable"],
];

/** The function's word for it, and the storage's. */
const THERE_ALREADY = ["already_stored", "exists"];

/** What concerns the whole page: nothing more is asked for until somebody has done something about it. */
export const HALTING = [
    ...["token_missing", "token_expired", "token_invalid", "not_allowed", "origin_not_allowed"],
    ...["misconfigured", "clock"],
];

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
    expired = false; // whether the last try failed because its form had run out before its time
    alone = false; // whether its form ran out while others shared the line: the next try shares it with none
    there = 0; // bytes that had arrived when the last try began
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
    /** Why nothing begins. @type {Outage | undefined} */
    outage;
    /** @type {Upload[]} */
    #waiting = [];
    /** @type {Set<Attempt>} */
    #running = new Set();
    /** Tries whether the outage is over. @type {Attempt | undefined} */
    #probe;
    #wake = () => {};
    /** How often each has done what it was asked. @type {Record<Service, number>} */
    #worked = { function: 0, storage: 0 };
    /** Bytes per second that the line carries at least: without a sight of it, and as it was seen last. */
    #floor = SLOWEST_LINE;
    #measured = 0;

    /** @param {QueueOptions} options */
    constructor({
        sign,
        post,
        changed,
        lanes,
        life,
        dropped,
        parallel = 4,
        random = Math.random,
        now = () => performance.now(), // jumps for no clock that is set
        after = timer,
    }) {
        this.sign = sign;
        this.post = post;
        this.changed = changed;
        this.lanes = lanes ?? (() => 1);
        this.life = life ?? (() => Infinity);
        this.dropped = dropped ?? (() => {});
        this.parallel = Math.min(parallel, MOST_PARALLEL);
        this.random = random;
        this.now = now;
        this.after = after;
    }

    /** Uploads it at its turn; what has failed or was cancelled, once more. @param {Upload} upload */
    add(upload) {
        const isByHand = this.outage !== undefined && this.uploads.has(upload);
        upload.stop();
        Object.assign(upload, { tries: 0, expired: false, alone: false });
        if (isByHand) {
            this.#allow();
        }
        this.#wait(upload, isByHand);
    }

    /** Tries again whether what concerned the whole page is over: there is another token, or somebody asks for it. */
    resume() {
        this.#allow();
        this.#next();
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
        this.#end();
        // Another line, perhaps.
        this.#floor = SLOWEST_LINE;
        this.#measured = 0;
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
            const upload = this.outage ? this.#choose(this.outage) : this.#waiting[0];
            const attempt = upload && this.#attempt(upload);
            if (!attempt || !this.#hasRoom(attempt)) {
                return;
            }
            this.#waiting.splice(this.#waiting.indexOf(upload), 1);
            this.#probe = this.outage && attempt;
            for (const other of this.#running) {
                other.isAlone = false;
            }
            this.#running.add(attempt);
            this.#try(attempt).finally(() => {
                this.#running.delete(attempt);
                this.#probe = this.#probe === attempt ? undefined : this.#probe;
                this.#next();
            });
        }
    }

    /** Who tries whether it is over: who has tried least; nobody, while the pause lasts or another one does. @param {Outage} outage */
    #choose({ until }) {
        const pause = until - this.now();
        if (pause > 0) {
            this.#wake();
            this.#wake = Number.isFinite(pause) ? this.after(pause, () => this.#next()) : () => {};
        }
        if (pause > 0 || this.#probe) {
            return undefined;
        }
        return this.#waiting.reduce((least, each) => (each.tries < least.tries ? each : least));
    }

    /** @param {Upload} upload @returns {Attempt} */
    #attempt(upload) {
        const lanes = this.lanes(upload);
        const life = lanes > 1 ? Infinity : this.life(upload) * 1000;
        return {
            upload,
            lanes,
            life,
            begin: this.now(),
            isAlone: this.#running.size === 0,
            sending: Infinity,
            sent: 0,
            moved: 0,
        };
    }

    /** @param {Attempt} attempt */
    #hasRoom(attempt) {
        const all = [...this.#running, attempt];
        const lanes = all.reduce((sum, each) => sum + each.lanes, 0);
        return all.length === 1 || (lanes <= this.parallel && all.every((each) => this.#isInTime(each, all)));
    }

    /** Whether it will have arrived, with these on the same line, before its form ends. @param {Attempt} attempt @param {Attempt[]} all */
    #isInTime(attempt, all) {
        const end = this.now() + MARGIN * this.#duration(attempt, all);
        return !attempt.upload.alone && end <= attempt.begin + attempt.life;
    }

    /** Milliseconds until it has arrived, if they share the line evenly. @param {Attempt} attempt @param {Iterable<Attempt>} all */
    #duration(attempt, all) {
        const left = leftOf(attempt);
        let before = 0;
        for (const other of all) {
            before += other === attempt ? left : Math.min(leftOf(other), left * other.lanes);
        }
        return (before / this.#rate) * 1000;
    }

    /** Bytes per second that the line is known to carry. */
    get #rate() {
        return Math.max(this.#floor, this.#measured, this.#inSight());
    }

    /** Of those on their way, together. @param {Attempt} [but] of this one the whole file has arrived */
    #inSight(but) {
        const now = this.now();
        let rate = 0;
        for (const each of this.#running) {
            const bytes = each === but ? each.upload.size - each.sent : arrived(each);
            rate += (Math.max(0, bytes) / Math.max(1, now - each.sending)) * 1000;
        }
        return rate;
    }

    /** One try. It is signed now and not before: a form does not live long. @param {Attempt} attempt */
    async #try(attempt) {
        const { upload } = attempt;
        const controller = new AbortController();
        const { signal } = controller;
        const stop = (/** @type {Fault} */ reason) => controller.abort(reason);
        const listen = () => this.after(this.#silence(attempt), () => stop(new Fault("stalled")));
        let deaf = listen();
        const alive = () => {
            deaf();
            deaf = listen();
        };
        const progress = (/** @type {number} */ sent) => {
            this.#progress(attempt, sent);
            alive();
        };
        /** @type {Service} */
        let service = "function";
        let worked = this.#worked[service];
        Object.assign(upload, { stop, speed: new Meter() });
        try {
            this.#tell(upload, { state: "signing" });
            const form = await this.sign(wanted(upload), signal, upload, alive);
            signal.throwIfAborted();
            this.#works(service);
            service = "storage";
            worked = this.#worked[service];
            const sent = "sent" in form ? form.sent : 0;
            if (sent > upload.there) {
                upload.tries = 0;
            }
            upload.there = sent;
            const begin = this.now();
            Object.assign(attempt, { begin, sent, sending: begin, life: form.life ? form.life * 1000 : attempt.life });
            this.#tell(upload, { state: "sending", key: form.key, sent });
            const stored = await this.post(form, upload, (sent) => signal.aborted || progress(sent), signal);
            signal.throwIfAborted();
            this.#measure(attempt);
            this.#tell(upload, { state: "done", sent: upload.size, ...stored });
            this.#works(service);
        } catch (error) {
            this.totals.moved -= attempt.moved;
            this.#running.delete(attempt);
            // Whoever cancels or pauses it has said so already; it may even be on its way again.
            if (upload.stop === stop) {
                this.#failed(attempt, known(signal.aborted ? signal.reason : error), service, worked);
            }
        } finally {
            deaf();
        }
    }
    /** @param {Attempt} attempt @param {number} sent */
    #progress(attempt, sent) {
        const { upload } = attempt;
        const moved = Math.max(0, sent - upload.sent);
        upload.speed.add(this.now(), sent);
        attempt.moved += moved;
        this.totals.moved += moved;
        this.#tell(upload, { sent, state: sent < upload.size ? "sending" : "finishing" });
        if (arrived(attempt) > 0) {
            this.#works("storage");
        }
        // The line may be seen to carry more.
        this.#next();
    }

    /** Milliseconds without a sign of life that are too many. What is handed over needs its time on a slow line. @param {Attempt} attempt */
    #silence(attempt) {
        const isMoving = attempt.lanes > 1 || attempt.upload.sent < attempt.upload.size;
        return isMoving ? SILENCE : Math.max(SILENCE, MARGIN * this.#duration(attempt, this.#running));
    }

    /** How fast the line is, now that a whole file has arrived. @param {Attempt} attempt */
    #measure(attempt) {
        const rate = this.#inSight(attempt);
        if (rate > this.#measured || this.now() - attempt.sending >= TELLING) {
            this.#measured = rate;
        }
    }

    /** Decides whether there is another try. @param {Attempt} attempt @param {Fault} fault @param {Service} service @param {number} worked how often that had worked before */
    #failed(attempt, fault, service, worked) {
        const { upload } = attempt;
        const { code } = fault;
        const expiredBefore = upload.expired;
        upload.expired = false;
        if (THERE_ALREADY.includes(code) && upload.key.includes(upload.id)) {
            // The key is this file's own: an earlier try got through, and only its answer was lost.
            this.#tell(upload, { state: "done", sent: upload.size });
        } else if (code === "form_expired") {
            this.#replaceForm(attempt, fault, expiredBefore);
        } else if (HALTING.includes(code)) {
            this.#suspend(attempt, fault, service, Infinity);
            this.#wait(upload, true);
        } else if (!this.isOnline && CUT_OFF.includes(code)) {
            this.#wait(upload, true);
        } else if (code === "file_changed") {
            // What is stored under its id, or in parts, is of a file that is no more.
            this.dropped(upload);
            Object.assign(upload, { id: uuid(), tries: 0, print: undefined });
            this.refuse(upload, fault);
        } else if (PASSING.includes(code)) {
            this.#retry(attempt, fault, service, this.#worked[service] > worked);
        } else {
            this.refuse(upload, fault);
        }
    }

    /** @param {Attempt} attempt @param {Fault} fault @param {Service} service @param {boolean} works for others */
    #retry(attempt, fault, service, works) {
        const { upload } = attempt;
        const isOwn = works && !fault.detail.retryAfter;
        upload.tries += 1;
        const delay = isOwn ? retryDelay(upload.tries, 0, this.random) : this.#suspend(attempt, fault, service);
        if (isWorthATry(fault, upload.tries)) {
            upload.stop = this.after(delay, () => this.#wait(upload, true));
            this.#tell(upload, { state: "retrying", sent: 0, fault, retryAt: this.now() + delay });
        } else {
            this.refuse(upload, fault);
        }
    }

    /** A form that has run out: the line is slow, or the clocks of those who make it and who take it differ. @param {Attempt} attempt @param {Fault} fault @param {boolean} before whether the last one had run out, too */
    #replaceForm(attempt, { detail }, before) {
        const { upload, life, begin, sending, isAlone } = attempt;
        const now = this.now();
        if (now - begin >= life - TRANSIT) {
            const others = [...this.#running].reduce((sum, { lanes }) => sum + lanes, 0);
            this.#measured = 0;
            this.#floor = Math.min(this.#floor, (upload.size / (now - sending)) * 1000 * (1 + others));
            upload.alone = true;
            isAlone ? this.refuse(upload, new Fault("slow_line", detail)) : this.#wait(upload, true);
        } else if (!before) {
            upload.expired = true;
            this.#wait(upload, true);
        } else if (attempt.lanes > 1) {
            this.refuse(upload, new Fault("form_expired", detail));
        } else {
            this.#failed(attempt, new Fault("clock", detail), "storage", 0);
        }
    }

    /**
     * Nobody asks for anything before the pause is over.
     *
     * @param {Attempt} attempt @param {Fault} fault @param {Service} service @param {number} [wish] seconds
     * @returns {number} milliseconds
     */
    #suspend(attempt, fault, service, wish = fault.detail.retryAfter ?? 0) {
        const now = this.now();
        const { outage } = this;
        const least = now + wish * 1000;
        if (!outage || this.#probe === attempt) {
            const tries = (outage?.tries ?? 0) + 1;
            const until = now + retryDelay(tries, wish, this.random);
            this.outage = { fault, service, tries, least, until };
        } else if (Number.isFinite(wish)) {
            // Those that were on their way when it began tell nothing new, but how long to wait.
            const later = { least: Math.max(outage.least, least), until: Math.max(outage.until, least) };
            this.outage = { ...outage, ...later };
        }
        return /** @type {Outage} */ (this.outage).until - now;
    }

    /** It has just done what it was asked. @param {Service} service */
    #works(service) {
        this.#worked[service] += 1;
        if (this.outage?.service === service && this.now() >= this.outage.least) {
            this.#end();
            this.#next();
        }
    }

    /** One file may try now whether it is over. */
    #allow() {
        const now = this.now();
        this.outage = this.outage && { ...this.outage, least: now, until: now };
    }

    /** Of an outage. */
    #end() {
        this.outage = undefined;
        this.#probe = undefined;
        this.#wake();
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
    resting = 0; // bytes of these still to come, once they are resumed
    moved = 0; // bytes handed over in all, without those of lost tries

    /** @param {Upload} upload @param {1 | -1} by */
    count({ state, size, sent }, by) {
        this.states[state] = this.of(state) + by;
        if (state !== "failed" && state !== "cancelled") {
            this.size += by * size;
            this.sent += by * sent;
            this.resting += state === "paused" ? by * (size - sent) : 0;
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

/** Milliseconds without news after which nothing moves any more, or the machine was asleep. */
const IDLE = 10_000;

/** Milliseconds that tell nothing of a speed: what is handed over at once has not arrived at once. */
const INSTANT = 500;

/** Speed over the last seconds. */
export class Meter {
    /** @type {[now: number, bytes: number][]} */
    #seen = [];

    /** @param {number} now milliseconds @param {number} bytes in all, so far */
    add(now, bytes) {
        const [latest, known] = this.#seen[this.#seen.length - 1] ?? [now, bytes];
        if (now - latest > IDLE || now < latest || bytes < known) {
            this.#seen = [];
        }
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

    /** Bytes per second; 0 while it is not known. @param {number} now milliseconds */
    rateAt(now) {
        const [[begin, first], [end, last]] = [this.#seen[0] ?? [0, 0], this.#seen[this.#seen.length - 1] ?? [0, 0]];
        const isKnown = end - begin >= INSTANT && now - end <= IDLE;
        return isKnown ? ((last - first) / (end - begin)) * 1000 : 0;
    }
}

/** Bytes of a try that have arrived for certain. @param {Attempt} attempt */
function arrived({ upload, sent, lanes }) {
    return Math.max(0, upload.sent - sent - BUFFER * lanes);
}

/** Bytes of a try that may still have to arrive. @param {Attempt} attempt */
function leftOf(attempt) {
    return attempt.upload.size - attempt.sent - arrived(attempt);
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
