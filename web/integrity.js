// Whether a file is still as it was when it was chosen. What each browser notices of that by itself: docs/page.md.

import { Fault } from "./queue.js";

/** @import { Upload } from "./queue.js" */

/** Firefox reads on in a file that is another by now, and says of its size and date what they were. Others refuse to read it. */
const READS_ON = "mozInnerScreenX" in globalThis;

/** Milliseconds within which a page that is being left has gone. */
const LEAVING = 5000;

// WebKit ends what is being read when a page is about to be left.
let isLeft = false;
for (const event of ["beforeunload", "pagehide"]) {
    globalThis.addEventListener?.(event, () => {
        isLeft = true;
        setTimeout(() => {
            isLeft = false;
        }, LEAVING);
    });
}

/** Why a file cannot be read. */
export function unreadable() {
    return new Fault(isLeft ? "storage_unreachable" : "file_changed");
}

/**
 * Rejects unless it is. Where a browser reads on, all is read, and compared with what was read first.
 *
 * @param {Upload} upload @param {() => void} alive is called while it is read @param {AbortSignal} signal
 */
export async function look(upload, alive, signal, readsOn = READS_ON) {
    const { file, size } = upload;
    // In some browsers a file's size is that of the disk at any time: of one that is gone, 0.
    compare(file.size, size);
    compare(await isReadable(file), true);
    if (readsOn) {
        await compareAll(upload, alive, signal);
    }
}

/** Its bytes at one moment: no change reaches them any more. @param {Upload} upload @param {AbortSignal} signal */
export async function copy(upload, signal, readsOn = READS_ON) {
    const bytes = await upload.file.arrayBuffer().catch(() => null);
    compare(bytes?.byteLength, upload.size);
    const copied = new Blob([/** @type {ArrayBuffer} */ (bytes)]);
    if (readsOn) {
        comparePrint(upload, printOf(new Uint8Array(/** @type {ArrayBuffer} */ (bytes))));
    }
    // So that it was not in the middle of a change while it was read.
    await look(upload, () => {}, signal, readsOn);
    signal.throwIfAborted();
    return copied;
}

/** Whether all its bytes can be read, by the last of them. @param {Blob} blob */
export async function isReadable(blob) {
    const end = await (blob.size > 0 ? blob.slice(-1) : blob).arrayBuffer().catch(() => null);
    return end?.byteLength === Math.min(1, blob.size);
}

/** @param {Upload} upload @param {() => void} alive @param {AbortSignal} signal */
async function compareAll(upload, alive, signal) {
    const reader = upload.file.stream().getReader();
    let print = printOf();
    let seen = 0;
    while (seen <= upload.size) {
        const { value } = await reader.read().catch(() => ({ value: undefined }));
        signal.throwIfAborted();
        if (!value) {
            break;
        }
        alive();
        print = printOf(value, print);
        seen += value.length;
    }
    reader.cancel().catch(() => {});
    compare(seen, upload.size);
    comparePrint(upload, print);
}

/** @param {Upload} upload @param {number} print */
function comparePrint(upload, print) {
    upload.print ??= print;
    compare(print, upload.print);
}

/** @param {unknown} now @param {unknown} before */
function compare(now, before) {
    if (now !== before) {
        throw unreadable();
    }
}

/** FNV-1a: what has been changed by accident comes to something else. @param {Iterable<number> & ArrayLike<number>} bytes @param {number} print of those before */
function printOf(bytes = [], print = 0x811c9dc5) {
    let all = print;
    for (let at = 0; at < bytes.length; at += 1) {
        all = Math.imul(all ^ bytes[at], 0x01000193);
    }
    return all;
}
