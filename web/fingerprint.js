// A checksum of a file's bytes. Loaded in Firefox alone, which reads on in a file that has changed.

/**
 * Reads a file to its end, or to the first byte that it did not have.
 *
 * @param {File} file @param {number} size when it was chosen @param {() => void} keepAlive @param {AbortSignal} signal
 */
export async function readFingerprint(file, size, keepAlive, signal) {
    const reader = file.stream().getReader();
    let fingerprint = hash();
    let length = 0;
    while (length <= size) {
        const { value } = await reader.read().catch(() => ({ value: undefined }));
        signal.throwIfAborted();
        if (!value) {
            break;
        }
        keepAlive();
        fingerprint = hash(value, fingerprint);
        length += value.length;
    }
    reader.cancel().catch(() => {});
    return { length, fingerprint };
}

/** FNV-1a, which notices accidental changes. @param {ArrayLike<number>} bytes @param {number} start of the bytes before */
export function hash(bytes = [], start = 0x811c9dc5) {
    let sum = start;
    for (let at = 0; at < bytes.length; at += 1) {
        sum = Math.imul(sum ^ bytes[at], 0x01000193);
    }
    return sum;
}
