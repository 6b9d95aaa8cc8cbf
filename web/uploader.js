// Asks the function for signed forms, and posts files to the storage with them. For pages of your own, too: docs/page.md.

import { Fault, Queue } from "./queue.js";

export { Upload } from "./queue.js";

/** @import { Form, Limits, Post, Sign, Stored, Wanted } from "./types" */
/** @typedef {{ wanted: Wanted, signal: AbortSignal, resolve: (form: Form) => void, reject: (reason: unknown) => void }} Asked */

/** Forms that the function signs at a time. */
const MOST_FORMS = 20;

/**
 * A queue that uploads what is added to it.
 *
 * @param {Signer} signer
 * @param {(upload: import("./queue.js").Upload) => void} changed is called whenever something of an upload has changed
 * @param {number} [parallel]
 */
export function uploader(signer, changed, parallel) {
    const queue = new Queue({ sign: signer.form, post, changed, parallel });
    queue.setOnline(navigator.onLine);
    addEventListener("online", () => queue.setOnline(true));
    addEventListener("offline", () => queue.setOnline(false));
    return queue;
}

export class Signer {
    /** @type {Asked[]} */
    #asked = [];

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
        return await this.#ask("/limits", {});
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
            const { uploads } = await this.#ask("/sign", {
                method: "POST",
                headers: { "Content-Type": "application/json" },
                body: JSON.stringify({ files: asked.map(({ wanted }) => wanted) }),
                signal: controller.signal,
            });
            asked.forEach(({ resolve, reject }, at) => {
                uploads[at].error ? reject(told(uploads[at].error)) : resolve(uploads[at]);
            });
        } catch (fault) {
            for (const { reject } of asked) {
                reject(fault);
            }
        }
    }

    /**
     * @param {string} path
     * @param {RequestInit & { headers?: Record<string, string> }} request
     * @returns {Promise<any>}
     */
    async #ask(path, request) {
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

/** @type {Post} */
export const post = (form, file, progress, signal) =>
    new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        request.open("POST", form.url);
        request.upload.onprogress = (event) => progress(Math.min(event.loaded, file.size));
        request.upload.onload = () => progress(file.size);
        request.onload = () => {
            const { status } = request;
            if (status === 203) {
                resolve({ state: "unreported", fault: faultOf(request, "not_reported") });
            } else if (status >= 200 && status < 300) {
                resolve(answered(request));
            } else {
                reject(faultOf(request));
            }
        };
        request.onerror = async () => {
            const isReadable = await file
                .slice(0, 1)
                .arrayBuffer()
                .catch(() => null);
            reject(new Fault(isReadable ? "storage_unreachable" : "file_changed"));
        };
        request.onabort = () => reject(signal.reason);
        signal.addEventListener("abort", () => request.abort());
        request.send(multipart(form, file));
    });

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
        const { stored, told } = JSON.parse(responseText);
        if (stored) {
            return told === false
                ? { fact: stored, state: "unreported", fault: new Fault("not_reported") }
                : { fact: stored };
        }
    } catch {
        // Whoever answered may say what he likes.
    }
    return { answer: responseXML ? "" : responseText.trim().slice(0, 200) };
}

/** @param {XMLHttpRequest} request @param {string} [kind] */
function faultOf({ responseXML, status }, kind) {
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
