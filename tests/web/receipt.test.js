// What is copied by "Copy list".

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { Totals } from "../../web/bandwidth.js";
import { Fault } from "../../web/faults.js";
import { Translator } from "../../web/messages.js";
import { describeList } from "../../web/receipt.js";

const messages = JSON.parse(await readFile(new URL("../../web/en.json", import.meta.url), "utf-8"));

const upload = (name, state, change = {}) => ({
    name,
    state,
    size: 3,
    sent: 3,
    key: "",
    speed: {},
    tries: 0,
    ...change,
});

const download = (hour, minute) => ({
    url: `https://oss/${minute}`,
    expiresAt: new Date(2026, 10, 29, hour, minute).getTime(),
});

test("what was uploaded is copied as text", () => {
    const uploads = [
        upload("=1+1.txt", "done", { isStored: true, key: "uploads/a/1.txt" }),
        upload("b.txt", "done", { isStored: true, key: "k", download: download(14, 6) }),
        upload("c.txt", "done", { isStored: true, key: "k", download: download(14, 5) }),
        upload("a\nb\u202etxt.exe", "failed", { fault: new Fault("invalid_filename") }),
    ];
    const totals = new Totals();
    for (const each of uploads) {
        totals.count(each, 1);
    }
    const text = describeList(
        {
            rows: new Map(uploads.map((each) => [each, {}])),
            queue: { totals, now: () => 0 },
            view: { texts: new Translator("en", messages, "en-GB") },
        },
        new Date(2026, 10, 29, 14, 5),
    );
    assert.deepEqual(text.split("\n"), [
        "3 of 4 files uploaded · 1\u00a0failed · 29 November 2026 at 14:05",
        "✓ \u2068=1+1.txt\u2069 · 3\u00a0bytes · Uploaded · uploads/a/1.txt",
        "✓ \u2068b.txt\u2069 · 3\u00a0bytes · Uploaded · k · https://oss/6",
        "✓ \u2068c.txt\u2069 · 3\u00a0bytes · Uploaded · k",
        "✕ \u2068a\ufffdb\ufffdtxt.exe\u2069 · 3\u00a0bytes · The file's name cannot be used. Rename the file and choose it again.",
        "",
    ]);
});
