// When a service that fails is tried again.

import { retryDelay } from "./retry.js";

/** While a service does not work, one file at a time tries it for all. */
export class Outages {
    /** Why nothing begins. @type {Outage | undefined} */
    current;
    /** Finds out whether the outage is over. @type {Attempt | undefined} */
    probe;
    /** @type {Record<Service, number>} */
    successes = { function: 0, storage: 0 };
    #cancelTimer = () => {};

    /** @param {Required<Pick<QueueOptions, "random" | "now" | "setTimer">>} options @param {() => void} onPauseEnd */
    constructor({ random, now, setTimer }, onPauseEnd) {
        this.random = random;
        this.now = now;
        this.setTimer = setTimer;
        this.onPauseEnd = onPauseEnd;
    }

    /** Whether a file may try the service now. During an outage only. */
    canProbe() {
        const pause = (this.current?.until ?? 0) - this.now();
        if (pause > 0) {
            this.#cancelTimer();
            this.#cancelTimer = Number.isFinite(pause) ? this.setTimer(pause, this.onPauseEnd) : () => {};
        }
        return pause <= 0 && !this.probe;
    }

    allowProbe() {
        const now = this.now();
        this.current = this.current && { ...this.current, earliest: now, until: now };
    }

    /** Returns the milliseconds to wait. @param {Attempt} attempt @param {Fault} fault @param {number} [waitSeconds] at least */
    start(attempt, fault, waitSeconds = fault.detail.retryAfter ?? 0) {
        const { service } = attempt;
        const { current } = this;
        const now = this.now();
        const earliest = now + waitSeconds * 1000;
        if (!current || this.probe === attempt) {
            const tries = (current?.tries ?? 0) + 1;
            const until = now + retryDelay(tries, waitSeconds, this.random);
            this.current = { fault, service, tries, earliest, until };
        } else if (Number.isFinite(waitSeconds)) {
            // An attempt from before it began may ask for a longer wait.
            const later = { earliest: Math.max(current.earliest, earliest), until: Math.max(current.until, earliest) };
            this.current = { ...current, ...later };
        }
        return /** @type {Outage} */ (this.current).until - now;
    }

    /** Returns whether an outage is over with it. @param {Service} service */
    noteSuccess(service) {
        this.successes[service] += 1;
        const isOver = this.current?.service === service && this.now() >= this.current.earliest;
        if (isOver) {
            this.end();
        }
        return isOver;
    }

    end() {
        this.current = undefined;
        this.probe = undefined;
        this.#cancelTimer();
    }
}
