// Everything the page says.

/** @typedef {import("./queue.js").Upload} Upload */
/** @typedef {import("./sign.js").Limits} Limits */
/** @typedef {import("./fault.js").Fault} Fault */

/** Why it failed and what to do, by a fault's code. @type {Record<string, string>} */
const REASONS = {
    config: "This page is not set up yet: its config.json is missing. Tell the site's owner.",
    function_unreachable: "The upload service did not answer. Check your connection and try again.",
    function_down: "The upload service is not working at the moment. Try again later.",
    function_busy: "Too many uploads right now. Try again in a minute.",
    credentials_unavailable: "The upload service is not ready. Try again in a minute.",
    misconfigured: "The upload service is set up wrongly. Tell the site's owner.",
    origin_not_allowed: "The upload service does not know this page. Tell the site's owner.",
    token_missing: "You need an upload link to upload here. Ask the site's owner for one.",
    token_expired: "Your upload link has ended. Ask the site's owner for a new one.",
    token_invalid: "Your upload link is not valid. Open it again, whole, or ask for a new one.",
    too_large: "The file is larger than allowed.",
    empty: "The file is empty.",
    type_not_allowed: "Files of this type are not allowed.",
    invalid_filename: "The file's name cannot be used. Rename it and choose it again.",
    file_changed: "The file was changed or moved, or cannot be read. Choose it again.",
    storage_unreachable: "The connection was lost, or the storage refused this page. Try again.",
    storage_busy: "The storage is not working at the moment. Try again later.",
    form_expired: "The upload took too long to begin. Try again.",
    clock: "The clocks do not agree. Tell the site's owner.",
    denied: "The storage refused this upload. Tell the site's owner.",
    setup: "The upload is set up wrongly. Tell the site's owner.",
};

const OURS = new Set([
    "too_large",
    "empty",
    "type_not_allowed",
    "storage_unreachable",
    "function_unreachable",
    "config",
]);

/**
 * The reason, and behind it what the site's owner will ask for.
 *
 * @param {Fault} fault
 */
export function reason({ code, detail }) {
    const words = REASONS[code] ?? "Something went wrong. Try again, or tell the site's owner.";
    if (OURS.has(code)) {
        return words;
    }
    const clues = [detail.code ?? detail.status, detail.requestId].filter(Boolean).join(", ");
    return clues ? `${words} (${clues})` : words;
}

/** @param {Upload} upload */
export function status(upload) {
    const size = bytes(upload.file.size);
    switch (upload.state) {
        case "waiting":
            return `${size} · Waiting`;
        case "signing":
            return `${size} · Preparing`;
        case "sending":
            return `${bytes(upload.sent)} of ${size}`;
        case "finishing":
            return `${size} · Finishing`;
        case "done":
            return `${size} · Uploaded as ${upload.key}`;
        case "cancelled":
            return `${size} · Cancelled`;
        case "failed":
            // Of a file that could not be read the size is not known.
            return [upload.file.size && size, upload.fault && reason(upload.fault)].filter(Boolean).join(" · ");
    }
}

/** @param {Upload[]} uploads */
export function summary(uploads) {
    const count = (/** @type {string} */ state) => uploads.filter((upload) => upload.state === state).length;
    const failed = count("failed");
    return uploads.length === 0
        ? ""
        : `${count("done")} of ${uploads.length} files uploaded${failed ? `, ${failed} failed` : ""}`;
}

/** @param {Limits} limits */
export function rules(limits) {
    return `Up to ${bytes(limits.max_size)} each`;
}

/** @param {Upload} upload @returns {{ sign: string, label: string }} */
export function action(upload) {
    return upload.isOpen
        ? { sign: "✕", label: `Cancel ${upload.name}` }
        : { sign: "↻", label: `Try again: ${upload.name}` };
}

/** @param {number} size */
export function bytes(size) {
    const units = ["B", "KB", "MB", "GB"];
    const power = Math.min(Math.floor(Math.log10(Math.max(size, 1)) / 3), units.length - 1);
    const value = size / 1000 ** power;
    return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1).replace(/\.0$/, "")} ${units[power]}`;
}
