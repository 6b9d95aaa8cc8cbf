// How the state of files is worded, one by one and in sum.

import assert from "node:assert/strict";
import { File } from "node:buffer";
import { webcrypto } from "node:crypto";
import { beforeEach, test } from "node:test";
import { Totals } from "../../web/bandwidth.js";
import { Fault } from "../../web/faults.js";
import { Upload } from "../../web/files.js";
import { Translator } from "../../web/messages.js";
import { describeAnswer, describeOutage, describeStatus, describeTotals, formatDuration } from "../../web/wording.js";
import { copy, plain } from "./copy.js";

globalThis.crypto ??= webcrypto; // Node 18 has it in node:crypto alone

let messages;
beforeEach(() => {
    messages = new Translator("en", copy.en);
});

for (const [seconds, text] of [
    [0.2, "1 sec"],
    [89, "89 sec"],
    [90, "2 min"],
    [5399, "90 min"],
    [5400, "2 hr"],
    [7201, "3 hr"],
]) {
    test(`${seconds} seconds are ${text}`, () => assert.equal(plain(formatDuration(messages, seconds)), text));
}

for (const [found, text] of [
    [{}, "Received by the site"],
    [{ type_matches: true, detected_type: "image/png" }, "Received by the site"],
    [
        { type_matches: false, detected_type: "text/html" },
        "Received by the site · Its content looks like text/html, not image/png.",
    ],
    [{ type_matches: false }, "Received by the site · Its content does not look like image/png."],
]) {
    test(`what the site found of a file: ${JSON.stringify(found)}`, () => {
        const object = { filename: "a.png", size: 5, content_type: "image/png", ...found };
        assert.equal(describeAnswer(messages, { object }), text);
    });
}

const upload = (change, size = 10_248) => Object.assign(new Upload(new File([new Uint8Array(size)], "a.txt")), change);

for (const [change, text] of [
    [{ state: "waiting" }, "10.2 kB · Waiting"],
    [{ state: "signing" }, "10.2 kB · Preparing"],
    [{ state: "sending", sent: 5_000 }, "5 kB of 10.2 kB"],
    [{ state: "sending", sent: 5_000, speed: { rateAt: (now) => now * 2.5 } }, "5 kB of 10.2 kB · 2.5 kB/s"],
    [{ state: "finishing", sent: 10_248 }, "10.2 kB · Finishing"],
    [{ state: "done" }, "10.2 kB · Uploaded"],
    [{ state: "cancelled" }, "10.2 kB · Cancelled"],
    [
        { state: "retrying", fault: new Fault("storage_busy"), tries: 1, retryAt: 4_100 },
        "10.2 kB · The storage is busy. Trying again in 4 seconds.",
    ],
    [
        { state: "retrying", fault: new Fault("storage_busy"), tries: 1, retryAt: 900 },
        "10.2 kB · The storage is busy. Trying again in 1 second.",
    ],
    [
        { state: "failed", fault: new Fault("storage_busy"), tries: 6 },
        "10.2 kB · The storage is busy. Try again later.",
    ],
    [
        { state: "failed", fault: new Fault("type_not_allowed"), tries: 0 },
        "10.2 kB · Files of this type are not allowed. Choose another file.",
    ],
    [
        { state: "unreported", fault: new Fault("not_reported", { code: "CallbackFailed", requestId: "5C3D" }) },
        "10.2 kB · The file is stored, but the site was not notified. Contact the site's owner.",
    ],
]) {
    test(`${change.state}${change.fault ? ` for ${change.fault.code}` : ""} is shown as ${text}`, () =>
        assert.equal(plain(describeStatus(messages, upload(change), 1_000)), text));
}

test("Chinese sentences have no blank between them", () => {
    messages = new Translator("zh-CN", copy["zh-CN"]);
    assert.equal(
        describeStatus(
            messages,
            upload({ state: "retrying", fault: new Fault("storage_busy"), tries: 1, retryAt: 4_000 }),
            1_000,
        ),
        "10.2\xa0kB · 存储服务繁忙。3秒钟后重试。",
    );
});

function totals(states, sent = 0, size = 1000) {
    return Object.assign(new Totals(), { states, sent, size });
}

for (const [sum, rate, text] of [
    [totals({}), 0, ""],
    [totals({ done: 0, cancelled: 2 }), 0, "0 of 2 files uploaded · 2 cancelled"],
    [totals({ done: 2 }), 0, "All 2 files uploaded"],
    [totals({ done: 1, unreported: 1, failed: 1, cancelled: 1 }), 5, "2 of 4 files uploaded · 1 failed · 1 cancelled"],
    [totals({ sending: 1, cancelled: 2 }, 400), 0, "0 of 1 file · 400 bytes of 1 kB"],
    [totals({ done: 1, sending: 2, failed: 1 }, 400), 0, "1 of 4 files · 400 bytes of 1 kB · 1 failed"],
    [totals({ sending: 1 }, 400), 20, "0 of 1 file · 400 bytes of 1 kB · 20 byte/s · 30 sec left"],
    [totals({ finishing: 1 }, 1000), 20, "0 of 1 file · 1 kB of 1 kB · Finishing"],
]) {
    test(`the summary of ${JSON.stringify(sum.states)} at ${rate} B/s is ${JSON.stringify(text)}`, () =>
        assert.equal(plain(describeTotals(messages, sum, rate)), text));
}

test("what is paused is not waited for: the time left is that of the others", () => {
    const sum = Object.assign(totals({ sending: 1, paused: 1 }, 400), { resting: 300 });
    assert.equal(
        plain(describeTotals(messages, sum, 10)),
        "0 of 2 files · 400 bytes of 1 kB · 10 byte/s · 30 sec left",
    );
});

test("while all are paused, no time is left", () => {
    const sum = totals({ sending: 1, waiting: 4 }, 400);
    assert.equal(
        plain(describeTotals(messages, sum, 10, true)),
        "Paused · 0 of 5 files · 400 bytes of 1 kB · 10 byte/s",
    );
});

test("where all rest, nothing is about to finish", () => {
    const sum = Object.assign(totals({ paused: 1 }, 400), { resting: 600 });
    assert.equal(plain(describeTotals(messages, sum, 0)), "0 of 1 file · 400 bytes of 1 kB");
});

for (const [code, text] of [
    ["storage_busy", "The storage is busy. Uploads continue automatically."],
    ["credentials_unavailable", "The upload service is not ready. Uploads continue automatically."],
    [
        "token_expired",
        "Your upload link has expired. Ask the site's owner for a new one. Your files stay in the list. Open the new link in this tab to continue.",
    ],
    [
        "clock",
        "The clocks of the upload service and the storage do not agree. Contact the site's owner. Your files stay in the list. Try again to continue.",
    ],
]) {
    test(`what holds all up, ${code}, is shown with what comes next`, () =>
        assert.equal(describeOutage(messages, { fault: new Fault(code) }), text));
}
