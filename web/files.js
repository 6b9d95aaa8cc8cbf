// Chosen files: which are allowed, and how far each is.

import { Meter } from "./bandwidth.js";
import { Fault } from "./faults.js";
import { NOT_RETRIABLE } from "./retry.js";
import { OPEN, STORED } from "./states.js";

/** No change reaches a copy. Larger files are checked after they were sent. */
export const MAX_COPY_SIZE = 8 * 1024 ** 2;

const LEAVING_MS = 5000;

// WebKit ends running reads then.
let isLeaving = false;
for (const event of ["beforeunload", "pagehide"]) {
    globalThis.addEventListener?.(event, () => {
        isLeaving = true;
        setTimeout(() => {
            isLeaving = false;
        }, LEAVING_MS);
    });
}

/** @param {File} file @param {Limits | null} limits */
export function checkLimits(file, limits) {
    if (!limits) {
        return null;
    }
    if (file.size > limits.max_size) {
        return new Fault("too_large", { limit: limits.max_size });
    }
    return mayBeAllowed(file, limits) ? null : new Fault("type_not_allowed");
}

/** The function decides. @param {File} file @param {Limits} limits */
function mayBeAllowed(file, { accept, content_types: types }) {
    const extension = file.name.toLowerCase().match(/\.[^.]*$/)?.[0] ?? "";
    return types.includes("application/octet-stream") || accept.includes(typeOf(file)) || accept.includes(extension);
}

export function unreadableFault() {
    return new Fault(isLeaving ? "storage_unreachable" : "file_changed");
}

const UNMEASURED = new Meter();

const ignore = () => {};

export class Upload {
    /** @type {State} */
    state = "waiting";
    sent = 0;
    key = "";
    answer = ""; // a callback's
    /** @type {StoredObject | undefined} */
    object;
    /** @type {Download | undefined} */
    download;
    /** @type {Fault | undefined} */
    fault;
    retryAt = 0; // on the queue's clock
    tries = 0;
    damagedCopies = 0; // that were stored in these tries
    /** Of its bytes, in browsers that read on in a changed file. @type {string | undefined} */
    fingerprint;
    hasFormExpired = false;
    needsWholeLine = false; // its form expired while others shared the line
    arrivedBefore = 0; // when the last try began
    speed = UNMEASURED; // of the try
    /** Ends the try, or the pause before the next. @type {(reason?: Fault) => void} */
    stop = ignore;
    #id = "";

    /** @param {File} file @param {string} [name] with its folders */
    constructor(file, name = file.webkitRelativePath || file.name) {
        this.file = file;
        // As chosen: in some browsers the file's own values follow the disk.
        this.size = file.size;
        this.lastModified = file.lastModified;
        this.name = name.normalize("NFC");
    }

    /** Of all tries, so that none is stored twice. Made when it is needed: ten thousand take their time. */
    get id() {
        this.#id ||= createUuid();
        return this.#id;
    }

    set id(id) {
        this.#id = id;
    }

    get isOpen() {
        return OPEN.includes(this.state);
    }

    get isStored() {
        return STORED.includes(this.state);
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

/** Recognizes a file that is chosen again. @param {{ name: string, size: number, lastModified?: number }} file */
export function identityOf({ name, size, lastModified }) {
    return `${size} ${lastModified} ${name}`;
}

/** Returns the type that is signed. @param {Blob} file */
export function typeOf(file) {
    return file.type.split(";")[0].trim().toLowerCase() || "application/octet-stream";
}

/** Version 4. crypto.randomUUID is quicker, and exists on https only. */
export function createUuid() {
    return crypto.randomUUID?.() ?? createUuidFromDigits();
}

function createUuidFromDigits() {
    const digit = () => (crypto.getRandomValues(new Uint8Array(1))[0] % 16).toString(16);
    return "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".replaceAll("x", digit);
}
