// What the page says.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../web/fault.js";
import * as words from "../../web/words.js";

for (const [size, text] of [
    [0, "0 B"],
    [1, "1 B"],
    [999, "999 B"],
    [1000, "1 KB"],
    [10_248, "10.2 KB"],
    [100_000_000, "100 MB"],
    [1_500_000_000, "1.5 GB"],
    [5_000_000_000, "5 GB"],
    [999_999, "1000 KB"],
]) {
    test(`${size} bytes are ${text}`, () => assert.equal(words.bytes(size), text));
}

for (const [fault, text] of [
    [new Fault("empty"), "The file is empty."],
    [
        new Fault("function_down", { status: 502 }),
        "The upload service is not working at the moment. Try again later. (502)",
    ],
    [
        new Fault("denied", { status: 403, code: "AccessDenied", requestId: "5C3D" }),
        "The storage refused this upload. Tell the site's owner. (AccessDenied, 5C3D)",
    ],
    [new Fault("never_heard_of"), "Something went wrong. Try again, or tell the site's owner."],
]) {
    test(`a fault ${fault.code} is told in words`, () => assert.equal(words.reason(fault), text));
}

test("every code that the function may answer with is told in words, or is one of bad requests that the page never makes", async () => {
    const { readFile } = await import("node:fs/promises");
    const errors = await readFile(new URL("../../functions/sign/direct_upload/errors.py", import.meta.url), "utf-8");
    const codes = [...errors.matchAll(/status, code = \d+, "(\w+)"/g)].map(([, code]) => code);
    const general = words.reason(new Fault("never_heard_of"));
    const untold = codes.filter((code) => words.reason(new Fault(code)) === general);
    assert.deepEqual(untold, [
        "bad_request",
        "invalid_size",
        "invalid_id",
        "too_many_files",
        "not_found",
        "method_not_allowed",
        "body_too_large",
        "internal",
        "form_too_large",
    ]);
});

test("the summary counts what has arrived and what has not", () => {
    const uploads = ["done", "done", "sending", "failed", "cancelled"].map((state) => ({ state }));
    assert.equal(words.summary(uploads), "2 of 5 files uploaded, 1 failed");
    assert.equal(words.summary(uploads.slice(0, 3)), "2 of 3 files uploaded");
    assert.equal(words.summary([]), "");
});
