// Requests to the storage, and what its answers mean.

import { Fault } from "./faults.js";
import { createUuid, MAX_COPY_SIZE, unreadableFault } from "./files.js";
import { copyToMemory, isChromium, isReadable, sumOf, verifyUnchanged } from "./reader.js";

const CHECKSUM = /^x-oss-hash-crc64ecma: *(\d+)/im;

let hasMissedChecksum = false;

/** A browser may wait forever for bytes of a file that no longer exists. */
const READ_CHECK_MS = 5000;

const UNKNOWN_TYPE = "application/octet-stream";

const MAX_ANSWER_LENGTH = 200;

/** An address to open, and for how many seconds the storage serves it. */
const DOWNLOAD_URL = /^https?:\/\/.+[?&]x-oss-expires=([1-9]\d*)/;

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
    const { copy, sum } = size <= MAX_COPY_SIZE ? await copyToMemory(upload, signal) : {};
    const original = file.size === size ? file : file.slice(0, size);
    const content = { ...encodeForm(form, copy ?? original), size, source: copy ? undefined : original, sum };
    const request = { method: "POST", url: form.url, ...content };
    const { response, verify } = await sendVerifiably(request, onProgress, signal);
    const isStored = response.status >= 200 && response.status < 300;
    if (isStored && !copy) {
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
    const request = { method: "PUT", url, body: part, size: part.size, source: part };
    const { response, verify } = await sendVerifiably(request, onProgress, signal);
    if (response.status !== 200) {
        throw storageFault(response);
    }
    return verify();
}

/**
 * Reads the content's sum while it is sent, unless it is known. `verify` compares it with the storage's, and returns it.
 *
 * @param {StorageRequest} request @param {(bytes: number) => void} onProgress @param {AbortSignal} signal
 */
async function sendVerifiably(request, onProgress, signal) {
    let sent = 0;
    const readSum = async () =>
        request.sum ?? sumOf(/** @type {Blob} */ (request.source), () => onProgress(sent), signal);
    const reading = readSum();
    reading.catch(() => {}); // if sending fails first
    const report = (/** @type {number} */ bytes) => {
        sent = bytes;
        onProgress(bytes);
    };
    const response = await sendXhr(request, report, signal);
    const verify = async (/** @type {Detail} */ detail = {}) => {
        const [ours, stored] = [await reading, readChecksum(response)];
        if (stored && stored !== `${ours}`) {
            throw ours === (await readSum()) ? new Fault("damaged", detail) : unreadableFault();
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

/** Throws a Fault if the callback function deleted the object. @param {CallbackAnswer} answer @returns {UploadResult} */
export function toUploadResult({ stored: object, deleted, error, webhook_delivered: isDelivered, download_url: url }) {
    if (isFact(deleted)) {
        throw new Fault("type_mismatch", { code: error?.code, message: error?.message, requestId: error?.request_id });
    }
    const result = { ...(isFact(object) && { object }), ...parseDownload(url) };
    return isDelivered === false ? { ...result, state: "unreported", fault: new Fault("not_reported") } : result;
}

/** Until when it serves, by this device's clock, which may be wrong. @param {string} [url] */
function parseDownload(url = "") {
    const [, seconds] = DOWNLOAD_URL.exec(url) ?? [];
    return seconds && { download: { url, expiresAt: Date.now() + Number(seconds) * 1000 } };
}

/** fetch reports no progress of what it sends. @param {StorageRequest} options @param {(bytes: number) => void} onProgress @param {AbortSignal} signal */
function sendXhr({ method, url, body, type, size, source }, onProgress, signal) {
    signal.throwIfAborted();
    return new Promise((/** @type {(request: XMLHttpRequest) => void} */ resolve, reject) => {
        const request = new XMLHttpRequest();
        const abort = () => request.abort();
        const rejectUnreadable = async () => {
            if (source && !(await isReadable(source, signal))) {
                reject(unreadableFault());
                abort();
            }
        };
        const readCheck = source && setInterval(() => rejectUnreadable().catch(() => {}), READ_CHECK_MS);
        request.open(method, url);
        type && request.setRequestHeader("Content-Type", type);
        // The last one is followed by "load".
        request.upload.onprogress = ({ loaded, total }) => loaded === total || onProgress(Math.min(loaded, size));
        request.upload.onload = () => onProgress(size);
        request.onload = () => resolve(request);
        request.onerror = () => rejectUnreadable().then(() => reject(new Fault("storage_unreachable")), reject);
        request.onabort = () => reject(signal.reason);
        request.onloadend = () => {
            clearInterval(readCheck);
            signal.removeEventListener("abort", abort);
        };
        signal.addEventListener("abort", abort);
        request.send(body);
    });
}

/** The storage ignores fields after the file, and checks its type as well. @param {Form} form @param {Blob | Uint8Array} file @returns {Pick<StorageRequest, "body" | "type">} */
function encodeForm({ fields }, file) {
    const type = fields["x-oss-content-type"];
    if (file instanceof Uint8Array) {
        return encodeBytes(fields, file, type || UNKNOWN_TYPE);
    }
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) {
        body.append(name, value);
    }
    // Chromium reads a whole file where it sends it, for half of what a slice costs. Of one that grows meanwhile, others
    // would send more bytes than they have announced.
    const isSentWhole = (file.type || UNKNOWN_TYPE) === type && isChromium();
    body.append("file", isSentWhole ? file : file.slice(0, file.size, type), "file");
    return { body };
}

/** As a FormData is sent, without a blob. @param {Record<string, string>} fields @param {Uint8Array} file @param {string} fileType */
function encodeBytes(fields, file, fileType) {
    const boundary = createUuid();
    const begin = `--${boundary}\r\nContent-Disposition: form-data; name=`;
    const texts = Object.entries(fields).map(([name, value]) => `${begin}"${name}"\r\n\r\n${value}\r\n`);
    texts.push(`${begin}"file"; filename="file"\r\nContent-Type: ${fileType}\r\n\r\n`);
    const head = new TextEncoder().encode(texts.join(""));
    const end = new TextEncoder().encode(`\r\n--${boundary}--\r\n`);
    const body = new Uint8Array(head.length + file.length + end.length);
    body.set(head);
    body.set(file, head.length);
    body.set(end, head.length + file.length);
    return { body, type: `multipart/form-data; boundary=${boundary}` };
}

/** @param {XMLHttpRequest} response @returns {UploadResult} */
function parseCallbackAnswer({ responseXML, responseText }) {
    const answer = responseText && tryToParse(responseText);
    if (answer && (isFact(answer.stored) || isFact(answer.deleted))) {
        return toUploadResult(answer);
    }
    return { answer: responseXML ? "" : responseText.trim().slice(0, MAX_ANSWER_LENGTH) };
}

/** Whether the callback function says it: other callbacks may have members of the same names. @param {StoredObject} [object] */
function isFact(object) {
    return typeof object?.filename === "string";
}

/** Other callbacks may answer anything. @param {string} text @returns {CallbackAnswer | null} */
function tryToParse(text) {
    try {
        return JSON.parse(text);
    } catch {
        return null;
    }
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
