// Posts a file to the storage with a signed form.

import { Fault } from "./fault.js";

/** @typedef {import("./sign.js").Form} Form */

/**
 * Resolves when the file is stored. Rejects with a Fault.
 *
 * @param {Form} form
 * @param {Blob} file
 * @param {(sent: number) => void} progress bytes handed over so far
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function post(form, file, progress, signal) {
    return new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        request.open("POST", form.url);
        request.upload.onprogress = (event) => progress(Math.min(event.loaded, file.size));
        request.upload.onload = () => progress(file.size);
        request.onload = () => {
            const fault = faultOf(request);
            fault ? reject(fault) : resolve();
        };
        request.onerror = async () =>
            reject(new Fault((await isReadable(file)) ? "storage_unreachable" : "file_changed"));
        request.onabort = () => reject(new Fault("cancelled"));
        signal.addEventListener("abort", () => request.abort());
        request.send(multipart(form, file));
    });
}

/**
 * The storage reads nothing that comes after the file. The file's own type must be the one that was signed: it counts too.
 *
 * @param {Form} form
 * @param {Blob} file
 */
function multipart(form, file) {
    const data = new FormData();
    for (const [name, value] of Object.entries(form.fields)) {
        data.append(name, value);
    }
    data.append("file", file.slice(0, file.size, form.fields["x-oss-content-type"]), "file");
    return data;
}

/**
 * A request ends in the same way when the connection is lost and when the file has been changed or removed.
 *
 * @param {Blob} file
 */
async function isReadable(file) {
    try {
        await file.slice(0, 1).arrayBuffer();
        return true;
    } catch {
        return false;
    }
}

/** @param {XMLHttpRequest} request */
function faultOf(request) {
    if (request.status >= 200 && request.status < 300) {
        return null;
    }
    // The browser has parsed it; DOMParser is shut to us by Trusted Types.
    const said = (/** @type {string} */ name) =>
        request.responseXML?.querySelector(`Error > ${name}`)?.textContent?.trim().slice(0, 200);
    const code = said("Code");
    if (code === "FileAlreadyExists") {
        // The key is this file's own: an earlier attempt got through.
        return null;
    }
    const detail = { status: request.status, code, message: said("Message"), requestId: said("RequestId") };
    return new Fault(kindOf(request.status, code, detail.message), detail);
}

/** What the storage's code means to a person. @type {Record<string, string>} */
const KINDS = {
    EntityTooLarge: "too_large",
    EntityTooSmall: "file_changed",
    SecurityTokenExpired: "form_expired",
    RequestTimeTooSkewed: "clock",
    AccessDenied: "denied",
};

/**
 * @param {number} status
 * @param {string} [code]
 * @param {string} [message]
 */
function kindOf(status, code, message) {
    if (code === "AccessDenied" && message?.includes("expired")) {
        return "form_expired";
    }
    return KINDS[code ?? ""] ?? (status >= 500 ? "storage_busy" : "setup");
}
