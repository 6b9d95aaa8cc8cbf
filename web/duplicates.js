// Whether two files hold the same bytes. Loaded where their names, sizes and dates are the same.

/** Bytes read at a time. */
const SLICE = 1_000_000;

/** Undefined, if one of them cannot be read any more. @param {Blob} one @param {Blob} other */
export async function areSame(one, other) {
    if (one.size !== other.size) {
        return false;
    }
    try {
        for (let at = 0; at < one.size; at += SLICE) {
            const [left, right] = await Promise.all([bytes(one, at), bytes(other, at)]);
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
async function bytes(file, at) {
    return new Uint8Array(await file.slice(at, at + SLICE).arrayBuffer());
}
