// Which faults are tried again and after how long, and which stop the queue.

import { Fault, LINK_NEEDED } from "./faults.js";

const MAX_TRIES = 6;

const MAX_PAUSE_MS = 60_000;

/** What a lost connection looks like. */
export const OFFLINE_LIKE = ["function_unreachable", "storage_unreachable", "stalled"];

/** Faults that may pass by themselves. */
const RETRIABLE = [
    ...OFFLINE_LIKE,
    ...["function_down", "function_busy", "internal", "credentials_unavailable"],
    ...["identity_provider_unavailable", "storage_busy", "storage_unavailable", "damaged"],
];

/** Faults of the file itself: another try would fail, too. */
export const NOT_RETRIABLE = [
    ...["too_large", "too_small", "type_not_allowed", "invalid_filename", "file_changed", "type_mismatch", "count"],
];

/** They concern every file: the user has to act. */
export const HALTS_QUEUE = [...LINK_NEEDED, "not_allowed", "origin_not_allowed", "misconfigured", "clock"];

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
