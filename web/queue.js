// Which file is uploaded when, and when it is tried again. Knows neither the page nor the network.

import { arrivedOf, Bandwidth, Meter, sumConnections, Totals } from "./bandwidth.js";
import { Fault } from "./faults.js";
import { createUuid } from "./files.js";
import { Outages } from "./outages.js";
import { canRetry, HALTS_QUEUE, OFFLINE_LIKE, retryDelay, toFault } from "./retry.js";
import { WaitingList } from "./waiting.js";

/** Browsers open six connections to a host. */
const MAX_PARALLEL = 6;

/** Connections that a file in parts takes. */
export const CONNECTIONS_PER_FILE = 3;

const FORM_TRANSIT_MS = 5000;

/** Of one file. Each stays in the bucket, under a key of its own. */
const MAX_DAMAGED_COPIES = 2;

const ALREADY_STORED = ["already_stored", "exists"];

export class Queue {
    /** @type {Set<Upload>} */
    uploads = new Set();
    totals = new Totals();
    isOnline = true;
    isPaused = false; // then nothing begins
    #waiting = new WaitingList();
    /** @type {Set<Attempt>} */
    #running = new Set();
    #outages;

    /** @param {QueueOptions} options */
    constructor({
        sign,
        post,
        onChange,
        connections,
        formLifetimeSeconds,
        onAbandon,
        parallel = 4,
        random = Math.random,
        now = () => performance.now(), // never set back
        setTimer = startTimer,
    }) {
        this.sign = sign;
        this.post = post;
        this.onChange = onChange;
        this.connections = connections ?? (() => 1);
        this.formLifetimeSeconds = formLifetimeSeconds ?? (() => Infinity);
        this.onAbandon = onAbandon ?? (() => {});
        this.parallel = Math.min(parallel, MAX_PARALLEL);
        this.random = random;
        this.now = now;
        this.setTimer = setTimer;
        this.bandwidth = new Bandwidth(this.#running, now);
        this.#outages = new Outages(this, () => this.#startNext());
    }

    /** Why nothing begins. */
    get outage() {
        return this.#outages.current;
    }

    /** @param {Upload} upload */
    add(upload) {
        const isRetryByUser = this.outage !== undefined && this.uploads.has(upload);
        upload.stop();
        Object.assign(upload, { tries: 0, damagedCopies: 0, hasFormExpired: false, needsWholeLine: false });
        if (isRetryByUser) {
            this.#outages.allowProbe();
        }
        this.#enqueue(upload, isRetryByUser);
    }

    resume() {
        this.#outages.allowProbe();
        this.#startNext();
    }

    /** @param {Upload} upload @param {Fault} fault */
    refuse(upload, fault) {
        this.#update(upload, { state: "failed", fault });
    }

    /** @param {Upload} upload */
    cancel(upload) {
        this.#stop(upload, "cancelled") && this.onAbandon(upload);
    }

    /** Until it is added again. @param {Upload} upload */
    pause(upload) {
        this.#stop(upload, "paused");
    }

    /** Paused, nothing begins, and parts stop. Forms on their way arrive: they could only begin anew. @param {boolean} isPaused */
    setPaused(isPaused) {
        this.isPaused = isPaused;
        for (const upload of this.uploads) {
            const isPart = !["waiting", "finishing"].includes(upload.state) && this.connections(upload) > 1;
            if (isPaused ? isPart : upload.state === "paused") {
                isPaused ? this.pause(upload) : this.add(upload);
            }
        }
        this.#startNext();
    }

    /** @param {Upload} upload */
    remove(upload) {
        this.cancel(upload);
        if (this.uploads.delete(upload)) {
            this.totals.count(upload, -1);
            if (upload.state === "failed") {
                this.onAbandon(upload);
            }
        }
    }

    /** Offline nothing begins, and no try is used up. @param {boolean} isOnline */
    setOnline(isOnline) {
        this.isOnline = isOnline;
        this.#outages.end();
        this.bandwidth.reset();
        for (const upload of this.uploads) {
            if (upload.state === "retrying") {
                this.add(upload);
            }
        }
        this.#startNext();
    }

    /** @param {Upload} upload @param {boolean} [isFirst] */
    #enqueue(upload, isFirst) {
        this.#waiting.add(upload, isFirst);
        this.#update(upload, { state: "waiting", sent: 0, fault: undefined });
        this.#running.size < this.parallel && this.#startNext();
    }

    /** Returns whether it was open, and this queue's. @param {Upload} upload @param {"paused" | "cancelled"} state */
    #stop(upload, state) {
        if (!upload.isOpen || !this.uploads.has(upload)) {
            return false;
        }
        const { stop } = upload;
        this.#waiting.delete(upload);
        upload.stop = () => {};
        this.#update(upload, { state, fault: undefined });
        stop();
        return true;
    }

    #startNext() {
        for (;;) {
            const upload = this.isOnline && !this.isPaused ? this.#chooseNext() : undefined;
            const attempt = upload && this.#createAttempt(upload);
            if (!attempt || !this.#hasRoom(attempt)) {
                return;
            }
            this.#waiting.delete(upload);
            this.#outages.probe = this.outage && attempt;
            for (const other of this.#running) {
                other.isAlone = false;
            }
            this.#running.add(attempt);
            this.#run(attempt).finally(() => {
                this.#running.delete(attempt);
                if (this.#outages.probe === attempt) {
                    this.#outages.probe = undefined;
                }
                this.#startNext();
            });
        }
    }

    /** In an outage, it is the file with the fewest tries. */
    #chooseNext() {
        const { first } = this.#waiting;
        if (!this.outage || !first) {
            return first;
        }
        const all = this.#outages.canProbe() ? [...this.#waiting] : [];
        return all.reduce((least, each) => (each.tries < least.tries ? each : least), all[0]);
    }

    /** The files that follow, as long as a form that is signed now is still valid once each is sent. @param {number} count at most */
    #foresee(count) {
        const next = this.outage ? [] : this.#waiting.take(count);
        return this.bandwidth.selectInTime(next, (upload) =>
            this.connections(upload) > 1 ? 0 : this.formLifetimeSeconds(upload) * 1000,
        );
    }

    /** @param {Upload} upload @returns {Attempt} */
    #createAttempt(upload) {
        const connections = this.connections(upload);
        return {
            upload,
            connections,
            lifetimeMs: connections > 1 ? Infinity : this.formLifetimeSeconds(upload) * 1000,
            begin: this.now(),
            isAlone: this.#running.size === 0,
            isAhead: false,
            sending: Infinity,
            sentBefore: 0,
            moved: 0,
            service: "function",
            successes: 0,
        };
    }

    /** @param {Attempt} attempt */
    #hasRoom(attempt) {
        const all = [...this.#running, attempt];
        return all.length === 1 || (sumConnections(all) <= this.parallel && this.bandwidth.carries(all));
    }

    /** @param {Attempt} attempt */
    async #run(attempt) {
        const { upload } = attempt;
        const controller = new AbortController();
        const { signal } = controller;
        const stop = (/** @type {Fault} */ reason) => controller.abort(reason);
        const startWatchdog = () => this.setTimer(this.bandwidth.silenceMs(attempt), () => stop(new Fault("stalled")));
        let stopWatchdog = startWatchdog();
        const keepAlive = () => {
            stopWatchdog();
            stopWatchdog = startWatchdog();
        };
        Object.assign(upload, { stop, speed: new Meter() });
        try {
            const form = await this.#sign(attempt, signal, keepAlive);
            await this.#post(attempt, form, signal, keepAlive);
        } catch (error) {
            this.totals.moved -= attempt.moved;
            this.#running.delete(attempt);
            // Ignore the result of a superseded attempt: cancel() or pause() has set the state.
            if (upload.stop === stop) {
                this.#handleFailure(attempt, toFault(signal.aborted ? signal.reason : error));
            }
        } finally {
            stopWatchdog();
        }
    }

    /** @param {Attempt} attempt @param {AbortSignal} signal @param {() => void} keepAlive */
    async #sign(attempt, signal, keepAlive) {
        const { upload } = attempt;
        Object.assign(attempt, { service: "function", successes: this.#outages.successes.function });
        this.#update(upload, { state: "signing" });
        const outlook = {
            next: (/** @type {number} */ count) => this.#foresee(count),
            neededMs: () => this.bandwidth.neededMs(attempt) + FORM_TRANSIT_MS,
        };
        const form = await this.sign(upload.request, signal, upload, keepAlive, outlook);
        signal.throwIfAborted();
        this.#noteSuccess("function");
        return form;
    }

    /** @param {Attempt} attempt @param {Form | MultipartUpload} form @param {AbortSignal} signal @param {() => void} keepAlive */
    async #post(attempt, form, signal, keepAlive) {
        const { upload } = attempt;
        Object.assign(attempt, { service: "storage", successes: this.#outages.successes.storage });
        const sent = "sent" in form ? form.sent : 0;
        if (sent > upload.arrivedBefore) {
            upload.tries = 0;
        }
        upload.arrivedBefore = sent;
        const begin = this.now();
        const lifetimeMs = form.lifetimeSeconds ? form.lifetimeSeconds * 1000 : attempt.lifetimeMs;
        const isAhead = form.isAhead ?? false;
        Object.assign(attempt, { begin, sentBefore: sent, sending: begin, lifetimeMs, isAhead });
        this.#update(upload, { state: "sending", key: `${form.key}`, sent });
        const onProgress = (/** @type {number} */ bytes) => {
            if (!signal.aborted && this.#running.has(attempt)) {
                this.#updateProgress(attempt, bytes);
                keepAlive();
            }
        };
        const result = await this.post(form, upload, onProgress, signal);
        signal.throwIfAborted();
        this.bandwidth.measure(attempt);
        this.#update(upload, { state: "done", sent: upload.size, ...result });
        this.#noteSuccess("storage");
    }

    /** @param {Attempt} attempt @param {number} sent */
    #updateProgress(attempt, sent) {
        const { upload } = attempt;
        const moved = Math.max(0, sent - upload.sent);
        upload.speed.add(this.now(), sent);
        attempt.moved += moved;
        this.totals.moved += moved;
        this.#update(upload, { sent, state: sent < upload.size ? "sending" : "finishing" });
        if (arrivedOf(attempt) > 0) {
            this.#noteSuccess("storage");
        }
        this.#startNext();
    }

    /** @param {Attempt} attempt @param {Fault} fault */
    #handleFailure(attempt, fault) {
        const { upload } = attempt;
        const { code } = fault;
        const { hasFormExpired } = upload;
        upload.hasFormExpired = false;
        if (ALREADY_STORED.includes(code) && upload.key.includes(upload.id)) {
            // An earlier try succeeded, and its answer was lost.
            this.#update(upload, { state: "done", sent: upload.size });
        } else if (code === "unconfirmed") {
            this.#update(upload, { state: "unconfirmed", sent: upload.size, fault });
        } else if (code === "slot_taken") {
            this.#enqueue(upload, true);
        } else if (code === "form_expired") {
            this.#replaceForm(attempt, fault, hasFormExpired);
        } else if (HALTS_QUEUE.includes(code)) {
            this.#outages.start(attempt, fault, Infinity);
            this.#enqueue(upload, true);
        } else if (!this.isOnline && OFFLINE_LIKE.includes(code)) {
            this.#enqueue(upload, true);
        } else if (code === "file_changed") {
            this.#abandon(upload);
            upload.tries = 0;
            this.refuse(upload, fault);
        } else if (canRetry(fault, 0)) {
            this.#retry(attempt, fault);
        } else {
            this.refuse(upload, fault);
        }
    }

    /** What is stored under its id is not the file, and is not overwritten. @param {Upload} upload */
    #abandon(upload) {
        this.onAbandon(upload);
        Object.assign(upload, { id: createUuid(), fingerprint: undefined });
    }

    /** @param {Attempt} attempt @param {Fault} fault */
    #retry(attempt, fault) {
        const { upload, service, successes } = attempt;
        if (fault.detail.isStored) {
            this.#abandon(upload);
            upload.damagedCopies += 1;
        }
        // Others got through meanwhile.
        const isOwn = this.#outages.successes[service] > successes && !fault.detail.retryAfter;
        upload.tries += 1;
        const delay = isOwn ? retryDelay(upload.tries, 0, this.random) : this.#outages.start(attempt, fault);
        if (canRetry(fault, upload.tries) && upload.damagedCopies < MAX_DAMAGED_COPIES) {
            upload.stop = this.setTimer(delay, () => this.#enqueue(upload, true));
            this.#update(upload, { state: "retrying", sent: 0, fault, retryAt: this.now() + delay });
        } else {
            this.refuse(upload, fault);
        }
    }

    /** The line is slow, or the clocks of function and storage differ. @param {Attempt} attempt @param {Fault} fault @param {boolean} isSecond */
    #replaceForm(attempt, { detail }, isSecond) {
        const { upload, lifetimeMs, begin } = attempt;
        // A new form lives longer than what was left of one that was signed ahead.
        const isAlone = attempt.isAlone && !attempt.isAhead;
        if (this.now() - begin >= lifetimeMs - FORM_TRANSIT_MS) {
            this.bandwidth.lower(attempt);
            upload.needsWholeLine = true;
            isAlone ? this.refuse(upload, new Fault("slow_line", detail)) : this.#enqueue(upload, true);
        } else if (!isSecond) {
            upload.hasFormExpired = true;
            this.#enqueue(upload, true);
        } else if (attempt.connections > 1) {
            this.refuse(upload, new Fault("form_expired", detail));
        } else {
            this.#handleFailure(attempt, new Fault("clock", detail));
        }
    }

    /** @param {Service} service */
    #noteSuccess(service) {
        if (this.#outages.noteSuccess(service)) {
            this.#startNext();
        }
    }

    /** @param {Upload} upload @param {Partial<Upload>} change */
    #update(upload, change) {
        if (this.uploads.has(upload)) {
            this.totals.count(upload, -1);
        }
        Object.assign(upload, change);
        this.uploads.add(upload);
        this.totals.count(upload, 1);
        this.onChange(upload);
    }
}

/** @param {number} milliseconds @param {() => void} callback */
export function startTimer(milliseconds, callback) {
    const id = setTimeout(callback, milliseconds);
    return () => clearTimeout(id);
}
