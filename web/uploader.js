// Asks the function for signed forms, and posts files to the storage with them. For pages of your own, too: docs/page.md.

import { copy, isReadable, look, unreadable } from "./integrity.js";
import { Fault, LANES, Queue, SLOWEST_LINE } from "./queue.js";

export { Upload } from "./queue.js";

/** @import { Fact, Form, Limits, Post, Sign, Stored, Wanted } from "./types" */
/** @typedef {{ wanted: Wanted, signal: AbortSignal, resolve: (form: Form) => void, reject: (reason: unknown) => void }} Asked */

/** Forms that the function signs at a time. */
const MOST_FORMS = 20;

/** Seconds that a form lives at most. */
export const LONGEST_LIFE = 3000;

/**
 * Bytes up to which a file is copied into memory before it is posted: no change reaches the copy. What is larger is looked
 * at once more after it was sent.
 */
const COPIED = 8 * 1024 ** 2;

/** Milliseconds between two looks at what is being sent. A browser may wait for ever for bytes that are no more. */
const LOOKS = 5000;

/**
 * A queue that uploads what is added to it.
 *
 * @param {Signer} signer
 * @param {(upload: import("./queue.js").Upload) => void} changed is called whenever something of an upload has changed
 * @param {number} [parallel]
 */
export function uploader(signer, changed, parallel) {
    const queue = new Queue({
        sign: async (wanted, signal, upload, alive) => {
            if (wanted.size > COPIED) {
                await look(upload, alive, signal);
            }
            return wanted.size < signer.partsFrom
                ? signer.form(wanted, signal)
                : (await signer.parts()).begin(wanted, signal);
        },
        post: async (form, upload, progress, signal) =>
            form.fields
                ? post(form, upload, progress, signal)
                : (await signer.parts()).send(form, upload, progress, signal),
        lanes: ({ size }) => (size < signer.partsFrom ? 1 : LANES),
        life: ({ size }) => signer.life(size),
        dropped: ({ size, id }) =>
            size < signer.partsFrom ||
            signer.parts().then(
                (parts) => parts.drop(id),
                () => {},
            ),
        ...{ changed, parallel },
    });
    queue.setOnline(navigator.onLine);
    addEventListener("online", () => queue.setOnline(true));
    addEventListener("offline", () => queue.setOnline(false));
    return queue;
}

export class Signer {
    /** Bytes from which a file is sent in parts; known once the limits are. */
    partsFrom = Infinity;
    /** As whom the token uploads, as the function has told with the limits; nobody, with AUTH=none. */
    subject = "";
    /** Seconds that a small file's form lives, until the limits say it. */
    #expiresIn = 600;
    /** @type {Asked[]} */
    #asked = [];
    /** @type {Promise<import("./multipart.js").Parts> | undefined} */
    #parts;

    /**
     * @param {string} address the function's
     * @param {string | null} [token] of an upload link
     */
    constructor(address, token) {
        this.address = new URL(address).href.replace(/\/$/, "");
        this.token = token;
    }

    /** @returns {Promise<Limits>} */
    async limits() {
        const limits = await this.#fetch("/limits", {});
        this.partsFrom = limits.multipart_threshold ?? Infinity;
        this.subject = limits.subject ?? "";
        this.#expiresIn = limits.expires_in ?? this.#expiresIn;
        return limits;
    }

    /** What the names begin with under which the browser keeps this person's unfinished uploads at this function. */
    get shelf() {
        return `unfinished ${this.address} ${encodeURIComponent(this.subject)} `;
    }

    /** Sends files in parts; loaded when there is one, once the limits are known. */
    parts() {
        this.#parts ??= import("./multipart.js").then(
            ({ Parts }) => new Parts({ shelf: this.shelf, ask: (...asked) => this.ask(...asked) }),
            () => {
                this.#parts = undefined;
                throw new Fault("storage_unreachable");
            },
        );
        return this.#parts;
    }

    /** Seconds that the function will let a form live. @param {number} size of the file */
    life(size) {
        return Math.min(Math.max(this.#expiresIn, Math.floor(size / SLOWEST_LINE)), LONGEST_LIFE);
    }

    /** A form. Those wanted at the same moment are asked for together. @type {Sign} */
    form = (wanted, signal) =>
        new Promise((resolve, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason));
            if (this.#asked.push({ wanted, signal, resolve, reject }) === 1) {
                queueMicrotask(() => this.#signAll());
            }
        });

    #signAll() {
        while (this.#asked.length > 0) {
            this.#sign(this.#asked.splice(0, MOST_FORMS));
        }
    }

    /** @param {Asked[]} asked */
    async #sign(asked) {
        const controller = new AbortController();
        for (const { signal } of asked) {
            signal.addEventListener("abort", () => asked.every((each) => each.signal.aborted) && controller.abort());
        }
        try {
            const files = asked.map(({ wanted }) => wanted);
            const { uploads } = await this.ask("/sign", { files }, controller.signal);
            asked.forEach(({ resolve, reject }, at) => {
                const form = uploads[at];
                form.error ? reject(told(form.error)) : resolve({ ...form, life: lifeOf(form) });
            });
        } catch (fault) {
            for (const { reject } of asked) {
                reject(fault);
            }
        }
    }

    /** @param {string} path @param {object} body @param {AbortSignal} [signal] @returns {Promise<any>} */
    ask(path, body, signal) {
        const headers = { "Content-Type": "application/json" };
        return this.#fetch(path, { method: "POST", headers, body: JSON.stringify(body), signal });
    }

    /**
     * @param {string} path
     * @param {RequestInit & { headers?: Record<string, string> }} request
     * @returns {Promise<any>}
     */
    async #fetch(path, request) {
        /** @type {Record<string, string>} */
        const authorization = this.token ? { Authorization: `Bearer ${this.token}` } : {};
        /** @type {Response} */
        let response;
        try {
            response = await fetch(this.address + path, {
                ...request,
                headers: { ...request.headers, ...authorization },
                credentials: "omit",
                cache: "no-store",
                referrerPolicy: "no-referrer",
            });
        } catch {
            throw new Fault("function_unreachable");
        }
        // A gateway in front of the function answers with text of its own, whatever it says that it is.
        const answer = await response.json().catch(() => null);
        if (!response.ok || !answer) {
            throw told(answer?.error ?? {}, response.status);
        }
        return answer;
    }
}

/**
 * @param {{ code?: string, message?: string, request_id?: string, retry_after?: number }} error
 * @param {number} [status]
 */
function told({ code, message, request_id: requestId, retry_after: retryAfter }, status = 0) {
    const refused = status === 401 || status === 403 ? "not_allowed" : "function_down";
    return new Fault(code ?? (status === 429 ? "function_busy" : refused), {
        ...{ status, code, message, requestId, retryAfter },
    });
}

/** Both ends are on the function's clock: the browser's may say anything. @param {Form & { expires_at: string }} form */
function lifeOf({ fields, expires_at: end }) {
    const begin = fields["x-oss-date"]?.replace(/(\d{4})(\d\d)(\d\dT\d\d)(\d\d)/, "$1-$2-$3:$4:");
    return (Date.parse(end) - Date.parse(begin)) / 1000;
}

/** @type {Post} */
export async function post(form, upload, progress, signal) {
    const { file, size } = upload;
    const isCopied = size <= COPIED;
    const body = isCopied ? await copy(upload, signal) : file.slice(0, size);
    const request = await sent("POST", form.url, multipart(form, body), body, progress, signal);
    if (!isCopied && request.status >= 200 && request.status < 300) {
        await look(upload, () => progress(size), signal);
    }
    if (request.status === 203) {
        return { state: "unreported", fault: faultOf(request, "not_reported") };
    }
    if (request.status < 200 || request.status >= 300) {
        throw faultOf(request);
    }
    return answered(request);
}

/**
 * A request that has been answered.
 *
 * @param {string} method @param {string} url @param {XMLHttpRequestBodyInit} body
 * @param {Blob} file whose bytes are in the body
 * @param {(bytes: number) => void} progress
 * @param {AbortSignal} signal
 * @returns {Promise<XMLHttpRequest>}
 */
export function sent(method, url, body, file, progress, signal) {
    return new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        const abort = () => request.abort();
        const watch = setInterval(async () => {
            if (!(await isReadable(file))) {
                reject(unreadable());
                abort();
            }
        }, LOOKS);
        request.open(method, url);
        request.upload.onprogress = (event) => progress(Math.min(event.loaded, file.size));
        request.upload.onload = () => progress(file.size);
        request.onload = () => resolve(request);
        request.onerror = async () =>
            reject((await isReadable(file)) ? new Fault("storage_unreachable") : unreadable());
        request.onabort = () => reject(signal.reason);
        request.onloadend = () => {
            clearInterval(watch);
            signal.removeEventListener("abort", abort);
        };
        signal.addEventListener("abort", abort);
        request.send(body);
    });
}

/**
 * The storage reads nothing that comes after the file. The file's own type must be the one that was signed: it counts too.
 *
 * @param {Form} form @param {Blob} file
 */
function multipart(form, file) {
    const data = new FormData();
    for (const [name, value] of Object.entries(form.fields)) {
        data.append(name, value);
    }
    data.append("file", file.slice(0, file.size, form.fields["x-oss-content-type"]), "file");
    return data;
}

/** What a callback said, if there is one; of our own callback function, the fact. @param {XMLHttpRequest} request @returns {Stored} */
function answered({ responseXML, responseText }) {
    try {
        const said = JSON.parse(responseText);
        if (said.stored) {
            return storedAs(said);
        }
    } catch {
        // Whoever answered may say what he likes.
    }
    return { answer: responseXML ? "" : responseText.trim().slice(0, 200) };
}

/** @param {{ stored?: Fact, webhook_delivered?: boolean }} said by the function that found it in the bucket @returns {Stored} */
export function storedAs({ stored: fact, webhook_delivered: delivered }) {
    return delivered === false ? { fact, state: "unreported", fault: new Fault("not_reported") } : { fact };
}

/** @param {XMLHttpRequest} request @param {string} [kind] */
export function faultOf({ responseXML, status }, kind) {
    // The browser has parsed it; DOMParser is shut to us by Trusted Types.
    const said = (/** @type {string} */ name) =>
        responseXML?.querySelector(`Error > ${name}`)?.textContent?.trim().slice(0, 200);
    const [code, ec, message, requestId] = ["Code", "EC", "Message", "RequestId"].map(said);
    return new Fault(kind ?? kindOf(status, code ?? "", message ?? ""), { status, code, ec, message, requestId });
}

/** What the storage's code means to a person. @type {Record<string, string>} */
const KINDS = {
    FileAlreadyExists: "exists",
    EntityTooLarge: "too_large",
    EntityTooSmall: "too_small",
    SecurityTokenExpired: "form_expired",
    RequestTimeTooSkewed: "clock",
    RequestTimeout: "storage_busy",
    AccessDenied: "denied",
    PublicEndpointForbidden: "domain_needed",
};

/** @param {number} status @param {string} code @param {string} message */
function kindOf(status, code, message) {
    if (code === "AccessDenied" && /expired/i.test(message)) {
        return "form_expired";
    }
    if (code === "AccessDenied" && /content-type/i.test(message)) {
        return "type_not_allowed";
    }
    return KINDS[code] ?? (status >= 500 || status === 429 ? "storage_busy" : "setup");
}
