// The function's client.

import { Fault, functionFault } from "./faults.js";
import { MAX_FORM_LIFETIME_SECONDS, MIN_BYTES_PER_SECOND } from "./form-lifetime.js";

/** Of a counted link, as the function has it. The page looks at each of its slots. */
const MAX_LINK_FILES = 1000;

export class Signer {
    multipartThreshold = Infinity; // until the limits are known
    subject = ""; // until the limits are known
    maxFilesPerRequest = 20; // until the limits are known
    /** Identifies a counted link. */
    link = "";
    /** Of a counted link. @type {Slots | undefined} */
    slots;
    #lifetimeSeconds = 600; // until the limits are known
    /** Whose limits are known. */
    #limitsOf = "";
    /** @type {Promise<MultipartUploader> | undefined} */
    #multipart;

    /** @param {string} address @param {string | null} [token] @param {string} [profile] */
    constructor(address, token, profile) {
        this.address = new URL(address).href.replace(/\/$/, "");
        this.token = token;
        this.profile = profile || undefined;
    }

    /** Whether those of this token and profile are known. */
    get hasLimits() {
        return this.#limitsOf === this.#identity;
    }

    /** @param {AbortSignal} [signal] @returns {Promise<Limits>} */
    async fetchLimits(signal) {
        const identity = this.#identity;
        const query = this.profile ? `?profile=${encodeURIComponent(this.profile)}` : "";
        const limits = await this.request(`/limits${query}`, undefined, signal).catch((fault) => {
            if (identity === this.#identity) {
                throw fault;
            }
        });
        const isCounted = limits?.max_files || this.slots;
        const { countSlots } = isCounted ? await import("./counted-link.js").catch(unreachable) : {};
        if (identity !== this.#identity) {
            return this.fetchLimits(signal); // they are another person's, or another profile's
        }
        const { accept, content_types: types, max_files: count = 0, max_size: size } = limits;
        if (!(size > 0 && count <= MAX_LINK_FILES && [accept, types].every(Array.isArray))) {
            throw functionFault({}, 200); // something else is at the address
        }
        const name = this.storagePrefix;
        this.multipartThreshold = limits.multipart_threshold ?? Infinity;
        this.maxFilesPerRequest = limits.max_files_per_request ?? this.maxFilesPerRequest;
        this.subject = limits.subject ?? "";
        this.#lifetimeSeconds = limits.expires_in ?? this.#lifetimeSeconds;
        countSlots?.(this, count);
        this.#limitsOf = identity;
        if (this.storagePrefix !== name) {
            this.#multipart = undefined;
        }
        return limits;
    }

    get #identity() {
        return JSON.stringify([this.token ?? "", this.profile ?? ""]);
    }

    /** What the browser stores belongs to one person, profile and counted link. Encoded, these have no slash. */
    get scope() {
        const names = [this.subject, this.profile ?? "", this.link].map(encodeURIComponent).join("/");
        return `${this.address} ${names.replace(/\/+$/, "")} `;
    }

    /** The browser stores unfinished uploads under names that begin with it. */
    get storagePrefix() {
        return `previous-upload ${this.scope}`;
    }

    /** Call fetchLimits() first: the subject is in the prefix. */
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

    /** Sends a POST with a body, or a GET without one. @param {string} path @param {object} [body] @param {AbortSignal} [signal] @returns {Promise<any>} */
    async request(path, body, signal) {
        const response = await fetch(this.address + path, {
            method: body ? "POST" : "GET",
            headers: {
                ...(body && { "Content-Type": "application/json" }),
                ...(this.token && { Authorization: `Bearer ${this.token}` }),
            },
            body: body && JSON.stringify(body),
            signal,
            // Not `cache: "no-store"`: a preflight would precede each request. The function's answers are never cached.
            credentials: "omit",
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
