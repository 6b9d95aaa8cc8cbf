// Two files of one name, size and date: whether they are one.

import assert from "node:assert/strict";
import { File } from "node:buffer";
import { test } from "node:test";
import { haveSameBytes } from "../../web/duplicates.js";

const SIZE = 2_500_000; // more than is read at a time

/** A file of so many bytes, of which one is another than all others. */
function file(at = -1) {
    const bytes = new Uint8Array(SIZE);
    if (at >= 0) {
        bytes[at] = 1;
    }
    return new File([bytes], "a");
}

test("files of the same bytes are the same", async () => {
    assert.equal(await haveSameBytes(file(), file()), true);
});

for (const at of [0, 999_999, 1_000_000, SIZE - 1]) {
    test(`files that differ in byte ${at} are not`, async () => {
        assert.equal(await haveSameBytes(file(), file(at)), false);
    });
}

test("a file that is shorter by now is not the same, though all that is left of it is", async () => {
    assert.equal(await haveSameBytes(new File([], "a"), file()), false);
    assert.equal(await haveSameBytes(file(), new File([], "a")), false);
});

test("empty files are the same", async () => {
    assert.equal(await haveSameBytes(new File([], "a"), new File([], "a")), true);
});

test("of a file that cannot be read any more it is not known", async () => {
    const gone = { size: SIZE, slice: () => ({ arrayBuffer: () => Promise.reject(new Error("gone")) }) };
    assert.equal(await haveSameBytes(gone, file()), undefined);
    assert.equal(await haveSameBytes(file(), gone), undefined);
});
