// Whether two files have the same bytes. Loaded when their names, sizes and dates are the same.

const CHUNK_SIZE = 1_000_000;

/** Undefined if one of them can no longer be read. @param {Blob} one @param {Blob} other */
export async function haveSameBytes(one, other) {
    if (one.size !== other.size) {
        return false;
    }
    try {
        for (let at = 0; at < one.size; at += CHUNK_SIZE) {
            const [left, right] = await Promise.all([readChunk(one, at), readChunk(other, at)]);
            if (left.some((byte, index) => byte !== right[index])) {
                return false;
            }
        }
        return true;
    } catch {
        return undefined;
    }
}

/** @param {Blob} file @param {number} at */
async function readChunk(file, at) {
    return new Uint8Array(await file.slice(at, at + CHUNK_SIZE).arrayBuffer());
}
