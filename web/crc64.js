// CRC-64 as the storage computes it (ECMA-182, x-oss-hash-crc64ecma). Loaded with the first file.
//
// A sum is a bigint. 64 bits are two 32-bit halves while bytes are read: bigints are far too slow for that.

/** The polynomial, its highest power in the lowest bit. */
const POLYNOMIAL = 0xc96c5795d7870f42n;

const ALL_ONES = 0xffff_ffff_ffff_ffffn;

/** By the number of zero bytes that follow, 0 to 7, and the byte: the low and the high half of its sum. */
const LOW = new Int32Array(8 * 256);
const HIGH = new Int32Array(8 * 256);

for (let byte = 0; byte < 256; byte += 1) {
    let sum = BigInt(byte);
    for (let bit = 0; bit < 8; bit += 1) {
        sum = multiplyByX(sum);
    }
    [LOW[byte], HIGH[byte]] = toHalves(sum);
}
for (let at = 256; at < LOW.length; at += 1) {
    const before = at - 256;
    const next = LOW[before] & 0xff;
    LOW[at] = ((LOW[before] >>> 8) | (HIGH[before] << 24)) ^ LOW[next];
    HIGH[at] = (HIGH[before] >>> 8) ^ HIGH[next];
}

/** @param {Uint8Array} bytes @param {bigint} before the sum of the bytes before */
export function crc64(bytes, before = 0n) {
    let [low, high] = toHalves(before ^ ALL_ONES);
    let at = 0;
    const step = () => {
        const index = (low ^ bytes[at]) & 0xff;
        low = ((low >>> 8) | (high << 24)) ^ LOW[index];
        high = (high >>> 8) ^ HIGH[index];
        at += 1;
    };
    while (at < bytes.length && (bytes.byteOffset + at) % 4 > 0) {
        step();
    }
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + at, Math.floor((bytes.length - at) / 8) * 2);
    [low, high] = addWords(words, low, high);
    at += words.byteLength;
    while (at < bytes.length) {
        step();
    }
    return toSum(low, high) ^ ALL_ONES;
}

/** Eight bytes at a time, each with a table of its own. @param {Int32Array} words @param {number} low @param {number} high */
function addWords(words, low, high) {
    const { length } = words;
    for (let at = 0; at < length; at += 2) {
        const a = low ^ words[at];
        const b = high ^ words[at + 1];
        const i0 = 1792 + (a & 255);
        const i1 = 1536 + ((a >>> 8) & 255);
        const i2 = 1280 + ((a >>> 16) & 255);
        const i3 = 1024 + (a >>> 24);
        const i4 = 768 + (b & 255);
        const i5 = 512 + ((b >>> 8) & 255);
        const i6 = 256 + ((b >>> 16) & 255);
        const i7 = b >>> 24;
        low = LOW[i0] ^ LOW[i1] ^ LOW[i2] ^ LOW[i3] ^ LOW[i4] ^ LOW[i5] ^ LOW[i6] ^ LOW[i7];
        high = HIGH[i0] ^ HIGH[i1] ^ HIGH[i2] ^ HIGH[i3] ^ HIGH[i4] ^ HIGH[i5] ^ HIGH[i6] ^ HIGH[i7];
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

/** @param {bigint} sum */
function toHalves(sum) {
    return [Number(BigInt.asIntN(32, sum)), Number(BigInt.asIntN(32, sum >> 32n))];
}

/** @param {number} low @param {number} high */
function toSum(low, high) {
    return (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
}
