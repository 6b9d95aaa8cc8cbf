// CRC-64 as the storage computes it (ECMA-182, x-oss-hash-crc64ecma).
//
// A sum is a bigint. 64 bits are two 32-bit halves while bytes are read: bigints are far too slow for that.

/** The polynomial, its highest power in the lowest bit. */
const POLYNOMIAL = 0xc96c5795d7870f42n;

const ALL_ONES = 0xffff_ffff_ffff_ffffn;

/** Of each byte: the low and the high half of its sum. */
const LOW = new Int32Array(256);
const HIGH = new Int32Array(256);

for (let byte = 0; byte < 256; byte += 1) {
    let sum = BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) {
        sum = multiplyByX(sum);
    }
    [LOW[byte], HIGH[byte]] = toHalves(sum);
}

/**
 * A word of 32 bits has the sum of seven words that come so much later: these powers of x³², and 1, are a multiple of the
 * polynomial. Found by search (two pairs of pairs of powers that are the same). Adding words is much quicker than tables.
 */
const LATER = [2414, 2250, 2169, 2061, 2043, 1825, 470];
const [TAIL] = LATER;

/** Words that are added at once. */
const BLOCK = 4096;
const BLOCK_SIZE = 4 * BLOCK;

/** Below, the tables are quicker than to take the tail of the last block. */
const BLOCKS_PAY = 4 * BLOCK_SIZE;

/** A block, after the end of the one before. All of this is constant, so that each access is proven to be within it. */
const words = new Int32Array(TAIL + BLOCK);
const wordBytes = new Uint8Array(words.buffer);

/** @param {Uint8Array} bytes @param {bigint} before the sum of the bytes before */
export function crc64(bytes, before = 0n) {
    let [low, high] = toHalves(before ^ ALL_ONES);
    let at = 0;
    words.fill(0);
    const end = bytes.length < BLOCKS_PAY ? 0 : bytes.length;
    for (; at + BLOCK_SIZE <= end; at += BLOCK_SIZE) {
        words.copyWithin(0, BLOCK);
        wordBytes.set(bytes.subarray(at, at + BLOCK_SIZE), 4 * TAIL);
        words[TAIL] ^= low;
        words[TAIL + 1] ^= high;
        [low, high] = [0, 0];
        addWords();
    }
    if (at > 0) {
        [low, high] = addBytes(takeTail(), low, high);
    }
    [low, high] = addBytes(bytes.subarray(at), low, high);
    return toSum(low, high) ^ ALL_ONES;
}

/** To each word of the block the earlier ones whose sum it has to bear. */
function addWords() {
    for (let at = TAIL; at < TAIL + BLOCK; at += 1) {
        words[at] ^=
            words[at - LATER[0]] ^
            words[at - LATER[1]] ^
            words[at - LATER[2]] ^
            words[at - LATER[3]] ^
            words[at - LATER[4]] ^
            words[at - LATER[5]] ^
            words[at - LATER[6]];
    }
}

/** The last words bear what those before them have left, and not each other's. */
function takeTail() {
    for (let at = TAIL + BLOCK - 1; at >= BLOCK; at -= 1) {
        for (const later of LATER) {
            words[at] ^= at - later >= BLOCK ? words[at - later] : 0;
        }
    }
    return wordBytes.subarray(4 * BLOCK);
}

/** @param {Uint8Array} bytes @param {number} low @param {number} high */
function addBytes(bytes, low, high) {
    for (let at = 0; at < bytes.length; at += 1) {
        const index = (low ^ bytes[at]) & 0xff;
        low = ((low >>> 8) | (high << 24)) ^ LOW[index];
        high = (high >>> 8) ^ HIGH[index];
    }
    return [low, high];
}

/** The sum of two pieces in a row. @param {bigint} first @param {bigint} second @param {number} size of the second, in bytes */
export function combine(first, second, size) {
    let power = 1n << 62n; // x
    let factor = 1n << 63n; // 1
    for (let bits = BigInt(size) * 8n; bits > 0n; bits >>= 1n) {
        factor = bits & 1n ? multiply(power, factor) : factor;
        power = multiply(power, power);
    }
    return multiply(factor, first) ^ second;
}

/** Modulo the polynomial. @param {bigint} a @param {bigint} b */
function multiply(a, b) {
    let product = 0n;
    for (let left = a; left > 0n; left = (left << 1n) & ALL_ONES) {
        product ^= left >> 63n ? b : 0n;
        b = multiplyByX(b);
    }
    return product;
}

/** @param {bigint} a */
function multiplyByX(a) {
    return a & 1n ? (a >> 1n) ^ POLYNOMIAL : a >> 1n;
}

/** The low one first, as in the memory of all machines that browsers run on. @param {bigint} sum */
function toHalves(sum) {
    return new Int32Array(BigUint64Array.of(sum).buffer);
}

/** @param {number[]} halves */
function toSum(...halves) {
    return new BigUint64Array(Int32Array.from(halves).buffer)[0];
}
