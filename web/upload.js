// One file on its way, and its faults: what can go wrong, and what of it is tried again.

const MAX_TRIES = 6;

const MAX_PAUSE_MS = 60_000;

/** What a lost connection looks like. */
export const OFFLINE_LIKE = ["function_unreachable", "storage_unreachable", "stalled"];

/** Faults that may pass by themselves. */
const RETRIABLE = [
    ...OFFLINE_LIKE,
    ...["function_down", "function_busy", "internal", "credentials_unavailable", "storage_busy", "storage_unavailable"],
];

/** Faults of the file itself: another try would fail, too. */
const NOT_RETRIABLE = [...["too_large", "too_small", "type_not_allowed", "invalid_filename", "file_changed", "count"]];

/** Another upload link fixes them. */
export const LINK_NEEDED = ["token_missing", "token_expired", "token_invalid"];

/** With these the page accepts no files. */
export const BLOCKING = ["config", ...LINK_NEEDED, "not_allowed", "origin_not_allowed"];

/** They concern every file: the user has to act. */
export const HALTS_QUEUE = [...LINK_NEEDED, "not_allowed", "origin_not_allowed", "misconfigured", "clock"];

export class Fault extends Error {
    /** @param {string} code a message's key @param {Detail} [detail] */
    constructor(code, detail = {}) {
        super(code);
        this.code = code;
        this.detail = detail;
    }
}

/** @param {unknown} error */
export function toFault(error) {
    return error instanceof Fault ? error : new Fault("unknown", { message: String(error) });
}

/** @param {Fault} fault @param {number} tries */
export function canRetry({ code }, tries) {
    return tries < MAX_TRIES && RETRIABLE.includes(code);
}

/** Random, so that clients that failed together do not return together. @param {number} tries @param {number} retryAfter seconds @param {() => number} random */
export function retryDelay(tries, retryAfter, random) {
    return retryAfter * 1000 + random() * Math.min(MAX_PAUSE_MS, 1000 * 2 ** tries);
}

const CLOSED = ["done", "unreported", "failed", "cancelled"];

export class Upload {
    /** @type {State} */
    state = "waiting";
    sent = 0;
    key = "";
    answer = ""; // a callback's
    /** @type {StoredObject | undefined} */
    object;
    /** @type {Fault | undefined} */
    fault;
    retryAt = 0; // on the queue's clock
    tries = 0;
    /** @type {number | undefined} */
    fingerprint;
    hasFormExpired = false;
    needsWholeLine = false; // its form expired while others shared the line
    arrivedBefore = 0; // when the last try began
    speed = new Meter();
    /** Ends the try, or the pause before the next. @type {(reason?: Fault) => void} */
    stop = () => {};

    /** @param {File} file @param {string} [name] with its folders */
    constructor(file, name = file.webkitRelativePath || file.name) {
        this.file = file;
        // As chosen: in some browsers the file's own values follow the disk.
        this.size = file.size;
        this.lastModified = file.lastModified;
        this.name = name.normalize("NFC");
        this.id = createUuid(); // of all tries, so that none is stored twice
    }

    get isOpen() {
        return !CLOSED.includes(this.state);
    }

    get isRetriable() {
        return this.state === "failed" && !NOT_RETRIABLE.includes(this.fault?.code ?? "");
    }

    get canRestart() {
        return this.state === "cancelled" || this.isRetriable;
    }

    get request() {
        return { filename: this.name, size: this.size, content_type: typeOf(this.file), id: this.id };
    }
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
        return this.of("waiting", "signing", "sending", "finishing", "retrying", "paused");
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

/** Returns the type that is signed. @param {Blob} file */
export function typeOf(file) {
    return file.type.split(";")[0].trim().toLowerCase() || "application/octet-stream";
}

/** Version 4. crypto.randomUUID exists on https only. */
export function createUuid() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
