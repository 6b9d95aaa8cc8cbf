// How fast the line is, and which files arrive before their forms expire.

/** The function signs forms for no slower line. */
export const MIN_BYTES_PER_SECOND = 50_000;

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

    /** Assumes that all share the line evenly. @param {Attempt} attempt @param {Iterable<Attempt>} all */
    #durationMs(attempt, all) {
        const left = leftOf(attempt);
        let before = 0;
        for (const other of all) {
            before += other === attempt ? left : Math.min(leftOf(other), left * other.connections);
        }
        const rate = Math.max(this.#floor, this.#measured, this.#observe());
        return (before / rate) * 1000;
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
