// The queue with a signer and a poster of our own: no page, no network, no clock.

import assert from "node:assert/strict";
import { File } from "node:buffer";
import { test } from "node:test";
import { Fault } from "../../web/fault.js";
import { Queue, typeOf, Upload } from "../../web/queue.js";

/** Lets everything that can go on go on. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A queue whose forms and posts end when the test says so. */
function world(parallel) {
    const asked = [];
    const posted = [];
    const seen = [];
    const queue = new Queue({
        parallel,
        sign: (wanted, signal) =>
            new Promise((resolve, reject) => {
                asked.push({ wanted, signal, resolve: () => resolve({ key: `k/${wanted.id}` }), reject });
                signal.addEventListener("abort", () => reject(signal.reason));
            }),
        post: (form, file, progress, signal) =>
            new Promise((resolve, reject) => {
                posted.push({ form, file, progress, resolve, reject });
                signal.addEventListener("abort", () => reject(new Fault("cancelled")));
            }),
        changed: (upload) => seen.push([upload.id, upload.state, upload.sent]),
    });
    return { queue, asked, posted, seen };
}

const upload = (id, content = "seven b", type = "text/plain") =>
    new Upload(new File([content], "a.txt", { type }), `folder/${id}.txt`, id);

test("a file is signed, posted and done, and every step is told", async () => {
    const { queue, asked, posted, seen } = world();
    const file = upload("one");
    queue.add(file);
    assert.deepEqual(asked[0].wanted, {
        filename: "folder/one.txt",
        size: 7,
        content_type: "text/plain",
        id: "one",
    });
    asked[0].resolve();
    await settled();
    assert.equal(posted[0].form.key, "k/one");
    assert.equal(posted[0].file, file.file);
    posted[0].progress(3);
    posted[0].progress(7);
    posted[0].resolve();
    await settled();
    assert.deepEqual(seen, [
        ["one", "waiting", 0],
        ["one", "signing", 0],
        ["one", "sending", 0],
        ["one", "sending", 3],
        ["one", "finishing", 7],
        ["one", "done", 7],
    ]);
    assert.equal(file.key, "k/one");
});

test("so many are on their way at once, and the others are not even signed", async () => {
    const { queue, asked, posted } = world(2);
    for (const id of ["a", "b", "c"]) {
        queue.add(upload(id));
    }
    assert.deepEqual(
        asked.map(({ wanted }) => wanted.id),
        ["a", "b"],
    );
    asked[0].resolve();
    await settled();
    posted[0].resolve();
    await settled();
    assert.deepEqual(
        asked.map(({ wanted }) => wanted.id),
        ["a", "b", "c"],
    );
});

test("one that fails makes room, and keeps its reason", async () => {
    const { queue, asked } = world(1);
    const [first, second] = [upload("a"), upload("b")];
    queue.add(first);
    queue.add(second);
    const fault = new Fault("denied");
    asked[0].reject(fault);
    await settled();
    assert.deepEqual([first.state, first.fault, second.state], ["failed", fault, "signing"]);
});

test("what is no fault of ours is told as unknown", async () => {
    const { queue, asked } = world();
    const file = upload("a");
    queue.add(file);
    asked[0].reject(new TypeError("odd"));
    await settled();
    assert.deepEqual([file.fault.code, file.fault.detail.message], ["unknown", "TypeError: odd"]);
});

test("another attempt is signed anew, under the same id", async () => {
    const { queue, asked } = world();
    const file = upload("a");
    queue.add(file);
    asked[0].reject(new Fault("storage_busy"));
    await settled();
    queue.add(file);
    assert.deepEqual([file.state, file.fault, asked.map(({ wanted }) => wanted.id)], ["signing", null, ["a", "a"]]);
});

test("cancelled while it waits, it is never signed", async () => {
    const { queue, asked } = world(1);
    const [first, second] = [upload("a"), upload("b")];
    queue.add(first);
    queue.add(second);
    queue.cancel(second);
    assert.equal(second.state, "cancelled");
    asked[0].reject(new Fault("denied"));
    await settled();
    assert.equal(asked.length, 1);
});

test("cancelled while it is signed, it is not posted", async () => {
    const { queue, posted } = world();
    const file = upload("a");
    queue.add(file);
    queue.cancel(file);
    await settled();
    assert.deepEqual([file.state, file.fault, posted], ["cancelled", null, []]);
});

test("a form that comes after it was cancelled is not used", async () => {
    const posted = [];
    let sign = () => {};
    const queue = new Queue({
        sign: () => new Promise((resolve) => (sign = resolve)),
        post: async () => posted.push("posted"),
        changed: () => {},
    });
    const file = upload("a");
    queue.add(file);
    queue.cancel(file);
    sign({ key: "late" });
    await settled();
    assert.deepEqual([file.state, posted], ["cancelled", []]);
});

test("cancelled while it is sent, the sending ends", async () => {
    const { queue, asked } = world();
    const file = upload("a");
    queue.add(file);
    asked[0].resolve();
    await settled();
    queue.cancel(file);
    await settled();
    assert.deepEqual([file.state, file.fault, file.isOpen], ["cancelled", null, false]);
});

for (const [said, signed] of [
    ["", "application/octet-stream"],
    ["image/PNG", "image/png"],
    ["text/plain;charset=utf-8", "text/plain"],
]) {
    test(`the type ${JSON.stringify(said)} is signed as ${signed}`, () => {
        assert.equal(typeOf({ type: said }), signed);
    });
}
