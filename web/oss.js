// Requests to the storage, and what its answers mean.

import { copyToMemory, isReadable, MAX_COPY_SIZE, unreadableFault, verifyUnchanged } from "./files.js";
import { Fault } from "./retry.js";

const CHECKSUM = /^x-oss-hash-crc64ecma: *(\d+)/im;

let hasMissedChecksum = false;

/** A browser may wait forever for bytes of a file that no longer exists. */
const READ_CHECK_MS = 5000;

const MAX_ANSWER_LENGTH = 200;

/** What the storage's error codes mean for the user. @type {Record<string, string>} */
const FAULT_CODES = {
    FileAlreadyExists: "exists",
    EntityTooLarge: "too_large",
    EntityTooSmall: "too_small",
    SecurityTokenExpired: "form_expired",
    RequestTimeTooSkewed: "clock",
    RequestTimeout: "storage_busy",
    AccessDenied: "denied",
    PublicEndpointForbidden: "domain_needed",
};

/** @type {Post} */
export async function postForm(form, upload, onProgress, signal) {
    const { file, size } = upload;
    const isCopied = size <= MAX_COPY_SIZE;
    const body = isCopied ? await copyToMemory(upload, signal) : file.slice(0, size);
    const { response, verify } = await sendVerifiably(
        "POST",
        form.url,
        toFormData(form, body),
        body,
        onProgress,
        signal,
    );
    const isStored = response.status >= 200 && response.status < 300;
    if (isStored && !isCopied) {
        await verifyUnchanged(upload, () => onProgress(size), signal);
    }
    if (isStored) {
        await verify({ isStored });
    }
    if (response.status === 203) {
        return { state: "unreported", fault: storageFault(response, "not_reported") };
    }
    if (!isStored) {
        throw storageFault(response);
    }
    return parseCallbackAnswer(response);
}

/** @type {Put} */
export async function putPart(url, part, onProgress, signal) {
    const body = part.size <= MAX_COPY_SIZE ? new Blob([await readWhole(part)]) : part;
    const { response, verify } = await sendVerifiably("PUT", url, body, body, onProgress, signal);
    if (response.status !== 200) {
        throw storageFault(response);
    }
    return verify();
}

/** @param {Blob} blob */
function readWhole(blob) {
    return blob.arrayBuffer().catch(() => {
        throw unreadableFault();
    });
}

export function loadChecksums() {
    return import("./crc64.js").catch(() => {
        throw new Fault("storage_unreachable");
    });
}

/**
 * Sums what is sent while it is sent. `verify` compares the sum with the storage's, and returns it.
 *
 * @param {string} method @param {string} url @param {FormData | Blob} body @param {Blob} file of the body
 * @param {(bytes: number) => void} onProgress @param {AbortSignal} signal
 */
async function sendVerifiably(method, url, body, file, onProgress, signal) {
    const { sumOf } = await loadChecksums();
    let sent = 0;
    const sum = () => sumOf(file, () => onProgress(sent), signal);
    const summing = sum();
    summing.catch(() => {}); // if sending fails first
    const report = (/** @type {number} */ bytes) => {
        sent = bytes;
        onProgress(bytes);
    };
    const response = await sendXhr(method, url, body, file, report, signal);
    const verify = async (/** @type {Detail} */ detail = {}) => {
        const [ours, stored] = [await summing.catch(() => undefined), readChecksum(response)];
        if (ours === undefined || (stored && stored !== `${ours}`)) {
            signal.throwIfAborted();
            const isAsBefore = ours !== undefined && ours === (await sum().catch(() => undefined));
            throw isAsBefore ? new Fault("damaged", detail) : unreadableFault();
        }
        return ours;
    };
    return { response, verify };
}

/** Empty where the bucket's CORS rule does not expose it. @param {XMLHttpRequest} response */
function readChecksum(response) {
    // To ask for a header that is not exposed would be an error in the console each time.
    const checksum = CHECKSUM.exec(response.getAllResponseHeaders())?.[1] ?? "";
    if (!checksum && !hasMissedChecksum) {
        hasMissedChecksum = true;
        console.info("No checksums are compared: the bucket's CORS rule does not expose x-oss-hash-crc64ecma.");
    }
    return checksum;
}

/** @param {{ stored?: StoredObject, webhook_delivered?: boolean }} answer of the callback function @returns {UploadResult} */
export function toUploadResult({ stored: object, webhook_delivered: isDelivered }) {
    return isDelivered === false ? { object, state: "unreported", fault: new Fault("not_reported") } : { object };
}

/**
 * fetch reports no progress of what it sends.
 *
 * @param {string} method @param {string} url @param {FormData | Blob} body @param {Blob} file of the body
 * @param {(bytes: number) => void} onProgress @param {AbortSignal} signal @returns {Promise<XMLHttpRequest>}
 */
function sendXhr(method, url, body, file, onProgress, signal) {
    return new Promise((resolve, reject) => {
        const request = new XMLHttpRequest();
        const abort = () => request.abort();
        const readCheck = setInterval(async () => {
            if (!(await isReadable(file))) {
                reject(unreadableFault());
                abort();
            }
        }, READ_CHECK_MS);
        request.open(method, url);
        request.upload.onprogress = (event) => onProgress(Math.min(event.loaded, file.size));
        request.upload.onload = () => onProgress(file.size);
        request.onload = () => resolve(request);
        request.onerror = async () =>
            reject((await isReadable(file)) ? new Fault("storage_unreachable") : unreadableFault());
        request.onabort = () => reject(signal.reason);
        request.onloadend = () => {
            clearInterval(readCheck);
            signal.removeEventListener("abort", abort);
        };
        signal.addEventListener("abort", abort);
        request.send(body);
    });
}

/** The storage ignores fields after the file, and checks its type as well. @param {Form} form @param {Blob} file */
function toFormData(form, file) {
    const data = new FormData();
    for (const [name, value] of Object.entries(form.fields)) {
        data.append(name, value);
    }
    data.append("file", file.slice(0, file.size, form.fields["x-oss-content-type"]), "file");
    return data;
}

/** @param {XMLHttpRequest} response @returns {UploadResult} */
function parseCallbackAnswer({ responseXML, responseText }) {
    try {
        const answer = JSON.parse(responseText);
        if (answer.stored) {
            return toUploadResult(answer);
        }
    } catch {
        // Other callbacks may answer anything.
    }
    return { answer: responseXML ? "" : responseText.trim().slice(0, MAX_ANSWER_LENGTH) };
}

/** @param {XMLHttpRequest} response @param {string} [kind] */
function storageFault({ responseXML, status }, kind) {
    // The browser has parsed the XML: Trusted Types forbid DOMParser.
    const read = (/** @type {string} */ name) =>
        responseXML?.querySelector(`Error > ${name}`)?.textContent?.trim().slice(0, MAX_ANSWER_LENGTH);
    const [code, ec, message, requestId] = ["Code", "EC", "Message", "RequestId"].map(read);
    return new Fault(kind ?? faultCode(status, code ?? "", message ?? ""), { status, code, ec, message, requestId });
}

/** @param {number} status @param {string} code @param {string} message */
function faultCode(status, code, message) {
    if (code === "AccessDenied" && /expired/i.test(message)) {
        return "form_expired";
    }
    if (code === "AccessDenied" && /content-type/i.test(message)) {
        return "type_not_allowed";
    }
    return FAULT_CODES[code] ?? (status >= 500 || status === 429 ? "storage_busy" : "setup");
}
