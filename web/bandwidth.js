// How fast the line is, which files arrive before their forms expire, and how much of all has been sent.

import { MIN_BYTES_PER_SECOND } from "./form-lifetime.js";
import { OPEN } from "./states.js";

/** Bytes that may have been handed over without having arrived. */
const BUFFER_SIZE = 16_000_000;

const MARGIN = 1.5;

/** A shorter try measures the distance to the storage rather than the line. */
const MEASURABLE_MS = 5000;

const STALLED_MS = 60_000;

export class Bandwidth {
    /** Bytes per second, unmeasured and as measured last. */
    #floor = MIN_BYTES_PER_SECOND;
    #measured = 0;

    /** @param {ReadonlySet<Attempt>} running @param {() => number} now milliseconds */
    constructor(running, now) {
        this.running = running;
        this.now = now;
    }

    reset() {
        this.#floor = MIN_BYTES_PER_SECOND;
        this.#measured = 0;
    }

    /** Whether each arrives before its form expires, with all of them on the line. @param {Attempt[]} all */
    carries(all) {
        return all.every((attempt) => {
            const end = this.now() + MARGIN * this.#durationMs(attempt, all);
            return !attempt.upload.needsWholeLine && end <= attempt.begin + attempt.lifetimeMs;
        });
    }

    /** How long its form must live, with all that run on the line. @param {Attempt} attempt */
    neededMs(attempt) {
        return MARGIN * this.#durationMs(attempt, this.running);
    }

    /** Those of the files that follow each other that arrive before a form expires that is signed now. @param {Upload[]} next @param {(upload: Upload) => number} lifetimeMs */
    selectInTime(next, lifetimeMs) {
        let size = 0;
        return next.filter((upload) => {
            size += upload.size;
            return !upload.needsWholeLine && MARGIN * this.#sendingMs(size, [...this.running]) <= lifetimeMs(upload);
        });
    }

    /** How long a try may be silent: the last bytes need their time on a slow line. @param {Attempt} attempt */
    silenceMs(attempt) {
        const isMoving = attempt.connections > 1 || attempt.upload.sent < attempt.upload.size;
        return isMoving ? STALLED_MS : Math.max(STALLED_MS, MARGIN * this.#durationMs(attempt, this.running));
    }

    /** @param {Attempt} attempt */
    measure(attempt) {
        const rate = this.#observe(attempt);
        if (rate > this.#measured || this.now() - attempt.sending >= MEASURABLE_MS) {
            this.#measured = rate;
        }
    }

    /** Learns from an expired form. @param {Attempt} attempt that runs no longer */
    lower({ upload, sending }) {
        const rate = (upload.size / (this.now() - sending)) * 1000;
        this.#measured = 0;
        this.#floor = Math.min(this.#floor, rate * (1 + sumConnections(this.running)));
    }

    /** @param {Attempt} attempt @param {Iterable<Attempt>} all */
    #durationMs(attempt, all) {
        const others = [...all].filter((other) => other !== attempt);
        return this.#sendingMs(leftOf(attempt), others);
    }

    /** Assumes that all share the line evenly. @param {number} size in bytes @param {Attempt[]} others */
    #sendingMs(size, others) {
        const before = others.reduce((sum, other) => sum + Math.min(leftOf(other), size * other.connections), size);
        return (before / Math.max(this.#floor, this.#measured, this.#observe())) * 1000;
    }

    /** Returns the bytes per second of all that run. @param {Attempt} [finished] */
    #observe(finished) {
        const now = this.now();
        let rate = 0;
        for (const attempt of this.running) {
            const bytes = attempt === finished ? attempt.upload.size - attempt.sentBefore : arrivedOf(attempt);
            rate += (Math.max(0, bytes) / Math.max(1, now - attempt.sending)) * 1000;
        }
        return rate;
    }
}

/** @param {Iterable<Attempt>} attempts */
export function sumConnections(attempts) {
    return [...attempts].reduce((sum, { connections }) => sum + connections, 0);
}

/** Returns the bytes that have arrived for certain. @param {Attempt} attempt */
export function arrivedOf({ upload, sentBefore, connections }) {
    return Math.max(0, upload.sent - sentBefore - BUFFER_SIZE * connections);
}

/** @param {Attempt} attempt */
function leftOf(attempt) {
    return attempt.upload.size - attempt.sentBefore - arrivedOf(attempt);
}

/** Changes with each upload: adding up a thousand files ten times a second is slow. */
export class Totals {
    /** @type {Partial<Record<State, number>>} */
    states = {};
    size = 0; // stored or still to come
    sent = 0;
    resting = 0; // still to come of paused files
    moved = 0; // sent, except by failed tries

    /** @param {Upload} upload @param {1 | -1} by */
    count({ state, size, sent }, by) {
        this.states[state] = this.of(state) + by;
        if (state !== "failed" && state !== "cancelled") {
            this.size += by * size;
            this.sent += by * sent;
            this.resting += state === "paused" ? by * (size - sent) : 0;
        }
    }

    /** @param {State[]} states */
    of(...states) {
        return states.reduce((sum, state) => sum + (this.states[state] ?? 0), 0);
    }

    get open() {
        return this.of(...OPEN);
    }
}

/** After so long nothing moves any more, or the machine was asleep. */
const IDLE_MS = 10_000;

/** Too short: what is handed over at once has not arrived. */
const INSTANT_MS = 500;

const WINDOW_MS = 8000;

/** Some browsers report every 8 KB. */
const MIN_INTERVAL_MS = 100;

/** Measures the speed over the last seconds. */
export class Meter {
    /** @type {[now: number, bytes: number][]} */
    #samples = [];

    /** @param {number} now @param {number} bytes in all */
    add(now, bytes) {
        const [time, before] = this.#samples[this.#samples.length - 1] ?? [now, bytes];
        if (now - time > IDLE_MS || now < time || bytes < before) {
            this.#samples = [];
        }
        const samples = this.#samples;
        if (samples.length > 1 && now - samples[samples.length - 2][0] < MIN_INTERVAL_MS) {
            samples.pop();
        }
        samples.push([now, bytes]);
        while (samples.length > 2 && now - samples[0][0] > WINDOW_MS) {
            samples.shift();
        }
    }

    /** Bytes per second; 0 while unknown. @param {number} now */
    rateAt(now) {
        const samples = this.#samples;
        const [[begin, first], [end, last]] = [samples[0] ?? [0, 0], samples[samples.length - 1] ?? [0, 0]];
        const isKnown = end - begin >= INSTANT_MS && now - end <= IDLE_MS;
        return isKnown ? ((last - first) / (end - begin)) * 1000 : 0;
    }
}
