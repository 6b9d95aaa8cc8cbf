// Asks the function: what may be uploaded, and for the form of one file.

import { Fault } from "./fault.js";

/** @typedef {{ max_size: number, content_types: string[], auth: "none" | "jwt" }} Limits sizes in bytes */
/** @typedef {{ url: string, fields: Record<string, string>, key: string }} Form `fields` in the order in which to post them */
/** @typedef {{ filename: string, size: number, content_type: string, id: string }} Wanted */

export class Signer {
    /**
     * @param {string} address the function's, without a slash at its end
     * @param {string | null} token of an upload link
     */
    constructor(address, token) {
        this.address = address;
        this.token = token;
    }

    /** @returns {Promise<Limits>} */
    async limits() {
        return await this.#ask("/limits", "content_types", {});
    }

    /**
     * @param {Wanted} wanted
     * @param {AbortSignal} signal
     * @returns {Promise<Form>}
     */
    async form(wanted, signal) {
        const { uploads } = await this.#ask("/sign", "uploads", {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify({ files: [wanted] }),
            signal,
        });
        if (uploads[0].error) {
            throw told(uploads[0].error);
        }
        return uploads[0];
    }

    /**
     * @param {string} path
     * @param {string} member what an answer of the function has in it
     * @param {RequestInit & { headers?: Record<string, string> }} request
     * @returns {Promise<any>}
     */
    async #ask(path, member, request) {
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
            });
        } catch {
            throw new Fault("function_unreachable");
        }
        const answer = await json(response);
        if (!response.ok || !answer[member]) {
            throw refusal(answer, response.status);
        }
        return answer;
    }
}

/**
 * The gateway in front of the function may answer with plain text and say that it is JSON.
 *
 * @param {Response} response
 */
async function json(response) {
    return (await response.json().catch(() => null)) ?? {};
}

/**
 * Why the function refused, or the gateway, which has names of its own for it.
 *
 * @param {any} answer
 * @param {number} status
 */
function refusal({ error, Code: code, RequestId: requestId }, status) {
    return error
        ? told(error, status)
        : new Fault(status === 429 ? "function_busy" : "function_down", { status, code, requestId });
}

/**
 * @param {{ code?: string, message?: string, request_id?: string }} error
 * @param {number} [status]
 */
function told(error, status) {
    const { code, message, request_id: requestId } = error;
    return new Fault(code ?? "function_down", { status, code, message, requestId });
}
