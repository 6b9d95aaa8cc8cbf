// Reads what is sent: piece by piece, or as a copy, and finds out whether it has changed.

import { untilAborted } from "./abort.js";
import { crc64 } from "./crc64.js";
import { unreadableFault } from "./files.js";

/** Small enough that the page stays quick between two of them. Chromium's streams bring 64 KB at a time. */
const PIECE_SIZE = 1024 ** 2;

/** Of bytes for which a stream, a slice or a blob costs the browser more than they do. */
const SMALL_SIZE = 256 * 1024;

/** Firefox reads on in a file that has changed, and reports its old size and date. Others refuse to read it. */
const READS_CHANGED_FILES = "mozInnerScreenX" in globalThis;

/** Known where that is: on https. */
export const isChromium = () => "userAgentData" in (globalThis.navigator ?? {});

/** Files that are read together with the one whose turn it is. */
const TOGETHER = 8;

/** What was read longer ago may have changed on the disk. */
const FRESH_MS = 1000;

/** Of files that were read together: what each holds, while that is fresh. @type {WeakMap<Upload, Promise<(upload: Upload) => Uint8Array<ArrayBuffer> | undefined>>} */
const early = new WeakMap();

/** Those that no reader has. New ones would fill the memory before the browser collects them. @type {ArrayBuffer[]} */
const buffers = [];

/**
 * Yields pieces, each of which the next one overwrites. Rejects with a Fault if the blob can no longer be read, or has more
 * or fewer bytes than `size`.
 *
 * @param {Blob} blob @param {AbortSignal} signal @returns {AsyncGenerator<Uint8Array<ArrayBuffer>>}
 */
export async function* readPieces(blob, signal, size = blob.size) {
    let left = size;
    for await (const bytes of openPieces(blob, signal, size)) {
        left -= bytes.length;
        if (left < 0) {
            break;
        }
        yield bytes;
    }
    if (left !== 0) {
        throw unreadableFault();
    }
}

/** @param {Blob} blob @param {AbortSignal} signal @param {number} size as chosen: the blob's own may follow the disk */
function openPieces(blob, signal, size) {
    let reader;
    try {
        reader = size > SMALL_SIZE ? blob.stream().getReader({ mode: "byob" }) : undefined;
    } catch {
        // Safari's fill no buffers.
    }
    return reader ? readStream(reader, signal) : readSlices(blob, signal);
}

/** Fills a piece before it is used: each has its price. @param {ReadableStreamBYOBReader} reader @param {AbortSignal} signal */
async function* readStream(reader, signal) {
    let buffer = buffers.pop() ?? new ArrayBuffer(PIECE_SIZE);
    const channel = new MessageChannel(); // one for each piece would fill the memory, too
    const cancel = () => reader.cancel().catch(() => {});
    signal.addEventListener("abort", cancel); // ends a read that is never answered
    try {
        signal.throwIfAborted();
        for (let filled = 0, isOver = false; !isOver; ) {
            // Without `min`: Chromium never answers such a read if it collects garbage meanwhile.
            const { value, done } = await reader.read(new Uint8Array(buffer, filled)).catch(rejectUnreadable);
            signal.throwIfAborted();
            buffer = value?.buffer ?? buffer;
            filled += value?.length ?? 0;
            isOver = done;
            if (filled === PIECE_SIZE || (isOver && filled > 0)) {
                yield new Uint8Array(buffer, 0, filled);
                await nextTask(channel); // a stream that is never empty would leave the page no time
                filled = 0;
            }
        }
    } finally {
        // One that is being read into is detached, and has no bytes.
        if (buffer.byteLength > 0) {
            buffers.push(buffer);
        }
        signal.removeEventListener("abort", cancel);
        cancel();
        channel.port1.close();
    }
}

/** Not a timer's: those are slow in tabs that nobody looks at. @param {MessageChannel} channel @returns {Promise<unknown>} */
function nextTask({ port1, port2 }) {
    return new Promise((resolve) => {
        port1.onmessage = resolve;
        port2.postMessage(null);
    });
}

/** @param {Blob} blob @param {AbortSignal} signal */
async function* readSlices(blob, signal) {
    for (let at = 0; at < blob.size; at += PIECE_SIZE) {
        yield new Uint8Array(await waitFor(cut(blob, at, at + PIECE_SIZE).arrayBuffer(), signal));
    }
}

/** @param {Blob} blob @param {number} begin @param {number} [end] */
function cut(blob, begin, end) {
    return blob.size > SMALL_SIZE ? blob.slice(begin, end) : blob;
}

/** The browser may never answer. @template T @param {Promise<T>} reading @param {AbortSignal} signal */
function waitFor(reading, signal) {
    return untilAborted(reading.catch(rejectUnreadable), signal);
}

/** @returns {never} */
function rejectUnreadable() {
    throw unreadableFault();
}

/** The CRC-64 of its bytes. Rejects with a Fault if they can no longer be read. @param {Blob} blob @param {() => void} keepAlive @param {AbortSignal} signal */
export async function sumOf(blob, keepAlive, signal) {
    let sum = 0n;
    for await (const bytes of readPieces(blob, signal)) {
        sum = crc64(bytes, sum);
        keepAlive();
    }
    return sum;
}

/** @param {Upload} upload @param {() => void} keepAlive @param {AbortSignal} signal */
export async function verifyUnchanged(upload, keepAlive, signal, readsChanged = READS_CHANGED_FILES) {
    const { file, size } = upload;
    // In some browsers it follows the disk: 0 for a deleted file.
    if (file.size !== size || !(await isReadable(file, signal))) {
        throw unreadableFault();
    }
    if (readsChanged) {
        compareFingerprint(upload, await sumOf(file, keepAlive, signal));
    }
}

/** @param {Upload} upload */
const canReadAhead = (upload) => upload.size <= SMALL_SIZE && !early.has(upload);

/** Chromium reads several small files for little more than one costs, and none of them if one has changed. @param {Upload} upload whose turn it is @param {(count: number) => Upload[]} next those that follow */
export function readAhead(upload, next) {
    if (isChromium() && canReadAhead(upload)) {
        const uploads = [upload, ...next(TOGETHER).filter(canReadAhead)];
        const reading = readTogether(uploads).catch(() => () => undefined);
        for (const each of uploads) {
            early.set(each, reading);
        }
    }
}

/** @param {Upload[]} uploads */
async function readTogether(uploads) {
    const blob = new Blob(uploads.map(({ file }) => file));
    const bytes = await blob.arrayBuffer();
    await blob.arrayBuffer(); // one may have changed while they were read
    const end = performance.now() + FRESH_MS;
    let at = 0;
    const copies = new Map();
    for (const upload of uploads) {
        copies.set(upload, new Uint8Array(bytes, at, upload.size));
        at += upload.size;
    }
    const isWhole = at === bytes.byteLength;
    setTimeout(() => copies.clear(), FRESH_MS); // those of files that are refused would stay as long as the list
    return (/** @type {Upload} */ upload) => (isWhole && performance.now() < end ? copies.get(upload) : undefined);
}

/** A copy that no change reaches, and its CRC-64. @param {Upload} upload @param {AbortSignal} signal */
export async function copyToMemory(upload, signal, readsChanged = READS_CHANGED_FILES) {
    const { file, size } = upload;
    const reading = early.get(upload);
    early.delete(upload);
    const copy = reading && (await untilAborted(reading, signal))(upload);
    if (copy) {
        return { copy, sum: crc64(copy) };
    }
    const isSmall = size <= SMALL_SIZE;
    const pieces = [];
    let sum = 0n;
    for await (const bytes of readPieces(file, signal, size)) {
        pieces.push(isSmall ? bytes : new Blob([bytes]));
        sum = crc64(bytes, sum);
    }
    readsChanged && compareFingerprint(upload, sum);
    // It may have changed while it was read.
    await verifyUnchanged(upload, () => {}, signal, readsChanged);
    return { copy: isSmall ? (pieces[0] ?? new Uint8Array()) : new Blob(pieces), sum };
}

/** Tells by the last byte. @param {Blob} blob @param {AbortSignal} signal */
export async function isReadable(blob, signal) {
    const end = cut(blob, -1);
    const { size } = end;
    const bytes = await waitFor(end.arrayBuffer(), signal).catch(() => null);
    signal.throwIfAborted();
    return bytes?.byteLength === size;
}

/** @param {Upload} upload @param {bigint} sum */
function compareFingerprint(upload, sum) {
    upload.fingerprint ??= `${sum}`;
    if (upload.fingerprint !== `${sum}`) {
        throw unreadableFault();
    }
}
