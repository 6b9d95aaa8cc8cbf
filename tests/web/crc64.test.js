// CRC-64 against sums that others have made: the catalogue's check value, the vendor's Python SDK and crcmod.

import assert from "node:assert/strict";
import { test } from "node:test";
import { combine, crc64 } from "../../web/crc64.js";

const bytes = (text) => new TextEncoder().encode(text);

const ALL_BYTES = Uint8Array.from({ length: 1280 }, (_, at) => at);

/** More than some blocks, and no multiple of them. */
const LONG = Uint8Array.from({ length: 100_001 }, (_, at) => at % 251);

/** Of CRC-64/XZ, "123456789" is the check value (reveng.sourceforge.io). The others: alibabacloud_oss_v2 1.4.1, crcmod 1.7, xz 5.4. */
const SUMS = [
    ["nothing", bytes(""), 0n],
    ["a", bytes("a"), 3675645893302102789n],
    ["123456789", bytes("123456789"), 0x995dc9bbdf1939fan],
    ["a thousand zeros", new Uint8Array(1000), 3975238299387831631n],
    ["all bytes, five times", ALL_BYTES, 15767240883999044858n],
    ["文件.txt", bytes("文件.txt"), 6207805968193777606n],
    ["a hundred thousand bytes", LONG, 16592587720782070722n],
];

for (const [name, content, sum] of SUMS) {
    test(`the sum of ${name} is ${sum}`, () => assert.equal(crc64(content), sum));
}

test("a sum goes on where another has ended, wherever that was", () => {
    for (let at = 0; at <= 24; at += 1) {
        assert.equal(crc64(ALL_BYTES.subarray(at), crc64(ALL_BYTES.subarray(0, at))), 15767240883999044858n);
    }
});

test("a sum of many blocks goes on where another has ended", () => {
    for (const at of [1, 16_383, 16_384, 50_001, 83_617, 100_000]) {
        assert.equal(crc64(LONG.subarray(at), crc64(LONG.subarray(0, at))), 16592587720782070722n);
    }
});

test("the sums of two pieces make that of both", () => {
    for (const at of [0, 1, 8, 500, 1279, 1280]) {
        const [first, second] = [ALL_BYTES.subarray(0, at), ALL_BYTES.subarray(at)];
        assert.equal(combine(crc64(first), crc64(second), second.length), 15767240883999044858n);
    }
});
