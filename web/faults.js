// What can go wrong: what the function's errors mean, and which faults close the page.

/** Another upload link fixes them. */
export const LINK_NEEDED = [
    ...["token_missing", "token_expired", "token_invalid", "unknown_profile", "profile_not_allowed"],
];

/** With these the page accepts no files. */
export const BLOCKING = ["config", ...LINK_NEEDED, "not_allowed", "origin_not_allowed"];

export class Fault extends Error {
    /** @param {string} code a message's key @param {Detail} [detail] */
    constructor(code, detail = {}) {
        super(code);
        this.code = code;
        this.detail = detail;
    }
}

/** @param {{ code?: string, message?: string, request_id?: string, retry_after?: number }} error @param {number} [status] */
export function functionFault({ code, message, request_id: requestId, retry_after: retryAfter }, status = 0) {
    const fallback = status === 401 || status === 403 ? "not_allowed" : "function_down";
    return new Fault(code ?? (status === 429 ? "function_busy" : fallback), {
        ...{ status, code, message, requestId, retryAfter },
    });
}
