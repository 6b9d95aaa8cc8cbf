// Asks the function for signed forms, and queues uploads with them. For other pages, too: docs/frontend.md.

import { MIN_BYTES_PER_SECOND } from "./bandwidth.js";
import { MAX_COPY_SIZE, verifyUnchanged } from "./files.js";
import { postForm } from "./oss.js";
import { CONNECTIONS_PER_FILE, Queue } from "./queue.js";
import { Fault } from "./retry.js";

export { Upload } from "./files.js";

const MAX_FORMS_PER_REQUEST = 20;

export const MAX_FORM_LIFETIME_SECONDS = 3000;

/** Creates a queue that uploads what is added to it. @param {Signer} signer @param {(upload: Upload) => void} onChange @param {number} [parallel] */
export function createQueue(signer, onChange, parallel) {
    const isSmall = (/** @type {number} */ size) => size < signer.multipartThreshold;
    const queue = new Queue({
        sign: async (_, signal, upload, keepAlive) => {
            if (upload.size > MAX_COPY_SIZE) {
                await verifyUnchanged(upload, keepAlive, signal);
            }
            if (signer.token && !signer.hasLimits) {
                await signer.fetchLimits(); // does the link count?
            }
            const send = (/** @type {UploadRequest} */ request) => prepare(signer, request, signal, upload.id);
            return signer.slots ? signer.slots.sign(upload, send) : send(upload.request);
        },
        post: (form, upload, onProgress, signal) => {
            const send = () => transfer(signer, form, upload, onProgress, signal);
            return signer.slots ? signer.slots.post(upload, form, send) : send();
        },
        connections: ({ size }) => (isSmall(size) ? 1 : CONNECTIONS_PER_FILE),
        formLifetimeSeconds: ({ size }) => signer.formLifetimeSeconds(size),
        onAbandon: ({ size, id }) =>
            isSmall(size) ||
            signer.loadMultipart().then(
                (multipart) => multipart.abort(id),
                () => {},
            ),
        ...{ onChange, parallel },
    });
    queue.setOnline(navigator.onLine);
    addEventListener("online", () => queue.setOnline(true));
    addEventListener("offline", () => queue.setOnline(false));
    return queue;
}

/** @param {Signer} signer @param {UploadRequest} request @param {AbortSignal} signal @param {string} id */
async function prepare(signer, request, signal, id) {
    return request.size < signer.multipartThreshold
        ? signer.sign(request, signal)
        : (await signer.loadMultipart()).create(request, signal, id);
}

/** @param {Signer} signer @param {Form | MultipartUpload} form @param {Upload} upload @param {(bytes: number) => void} onProgress @param {AbortSignal} signal */
async function transfer(signer, form, upload, onProgress, signal) {
    return form.fields
        ? postForm(form, upload, onProgress, signal)
        : (await signer.loadMultipart()).upload(form, upload, onProgress, signal);
}

export class Signer {
    multipartThreshold = Infinity; // until the limits are known
    subject = ""; // until the limits are known
    hasLimits = false;
    /** Identifies a counted link. */
    link = "";
    /** Of a counted link. @type {Slots | undefined} */
    slots;
    #lifetimeSeconds = 600; // until the limits are known
    /** @type {PendingForm[]} */
    #pending = [];
    /** @type {Promise<MultipartUploader> | undefined} */
    #multipart;

    /** @param {string} address @param {string | null} [token] @param {string} [profile] */
    constructor(address, token, profile) {
        this.address = new URL(address).href.replace(/\/$/, "");
        this.token = token;
        this.profile = profile;
    }

    /** @returns {Promise<Limits>} */
    async fetchLimits() {
        const limits = await this.request(
            `/limits${this.profile ? `?profile=${encodeURIComponent(this.profile)}` : ""}`,
        );
        const name = this.storagePrefix;
        this.multipartThreshold = limits.multipart_threshold ?? Infinity;
        this.subject = limits.subject ?? "";
        this.#lifetimeSeconds = limits.expires_in ?? this.#lifetimeSeconds;
        if (limits.max_files || this.slots) {
            (await import("./slots.js").catch(unreachable)).countSlots(this, limits.max_files ?? 0);
        }
        this.hasLimits = true;
        if (this.storagePrefix !== name) {
            this.#multipart = undefined;
        }
        return limits;
    }

    /** What the browser stores belongs to one person, profile and counted link: encoded, none has a slash in it. */
    get scope() {
        const names = [this.subject, this.profile ?? "", this.link].map(encodeURIComponent).join("/");
        return `${this.address} ${names.replace(/\/+$/, "")} `;
    }

    /** The browser stores unfinished uploads under names that begin with it. */
    get storagePrefix() {
        return `previous-upload ${this.scope}`;
    }

    /** Needs the limits: the subject is in the prefix. */
    loadMultipart() {
        this.#multipart ??= import("./multipart.js").then(
            ({ MultipartUploader }) =>
                new MultipartUploader({
                    storagePrefix: this.storagePrefix,
                    profile: this.profile,
                    request: (...request) => this.request(...request),
                }),
            () => {
                this.#multipart = undefined;
                throw new Fault("storage_unreachable");
            },
        );
        return this.#multipart;
    }

    /** @param {number} size */
    formLifetimeSeconds(size) {
        return Math.min(
            Math.max(this.#lifetimeSeconds, Math.floor(size / MIN_BYTES_PER_SECOND)),
            MAX_FORM_LIFETIME_SECONDS,
        );
    }

    /** Calls of the same moment share a request. @type {Sign} */
    sign = (request, signal) =>
        new Promise((resolve, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason));
            if (this.#pending.push({ request, signal, resolve, reject }) === 1) {
                queueMicrotask(() => this.#signPending());
            }
        });

    #signPending() {
        while (this.#pending.length > 0) {
            this.#signBatch(this.#pending.splice(0, MAX_FORMS_PER_REQUEST));
        }
    }

    /** @param {PendingForm[]} batch */
    async #signBatch(batch) {
        const controller = new AbortController();
        for (const { signal } of batch) {
            signal.addEventListener("abort", () => batch.every((each) => each.signal.aborted) && controller.abort());
        }
        try {
            const files = batch.map(({ request }) => request);
            const { uploads } = await this.request("/sign", { profile: this.profile, files }, controller.signal);
            batch.forEach(({ resolve, reject }, at) => {
                const form = uploads[at];
                form.error
                    ? reject(functionFault(form.error))
                    : resolve({ ...form, lifetimeSeconds: lifetimeOf(form) });
            });
        } catch (fault) {
            for (const { reject } of batch) {
                reject(fault);
            }
        }
    }

    /** Posts a body, or gets without one. @param {string} path @param {object} [body] @param {AbortSignal} [signal] @returns {Promise<any>} */
    async request(path, body, signal) {
        const response = await fetch(this.address + path, {
            method: body ? "POST" : "GET",
            headers: {
                ...(body && { "Content-Type": "application/json" }),
                ...(this.token && { Authorization: `Bearer ${this.token}` }),
            },
            body: body && JSON.stringify(body),
            signal,
            credentials: "omit",
            cache: "no-store",
            referrerPolicy: "no-referrer",
        }).catch(unreachable);
        // A gateway may answer with plain text, whatever its Content-Type says.
        const answer = await response.json().catch(() => null);
        if (!response.ok || !answer) {
            throw functionFault(answer?.error ?? {}, response.status);
        }
        return answer;
    }
}

/** @returns {never} */
function unreachable() {
    throw new Fault("function_unreachable");
}

/** @param {{ code?: string, message?: string, request_id?: string, retry_after?: number }} error @param {number} [status] */
function functionFault({ code, message, request_id: requestId, retry_after: retryAfter }, status = 0) {
    const fallback = status === 401 || status === 403 ? "not_allowed" : "function_down";
    return new Fault(code ?? (status === 429 ? "function_busy" : fallback), {
        ...{ status, code, message, requestId, retryAfter },
    });
}

/** By the function's clock alone: the browser's may be wrong. @param {Form & { expires_at: string }} form */
function lifetimeOf({ fields, expires_at: end }) {
    const begin = fields["x-oss-date"]?.replace(/(\d{4})(\d\d)(\d\dT\d\d)(\d\d)/, "$1-$2-$3:$4:");
    return (Date.parse(end) - Date.parse(begin)) / 1000;
}
