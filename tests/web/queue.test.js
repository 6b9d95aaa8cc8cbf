// The queue: whose turn it is, how many go at once, what it reports and counts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../web/faults.js";
import { Upload } from "../../web/files.js";
import { Queue } from "../../web/queue.js";
import { settle } from "./clock.js";
import { fail, names, sending, upload, world } from "./queue-world.js";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test("a file is signed, posted and done, and every step is reported", async () => {
    const { queue, asked, posted, seen, time } = world();
    const file = upload();
    queue.add(file);
    assert.match(file.id, UUID);
    assert.deepEqual(asked[0].request, {
        filename: "folder/a.txt",
        size: 7,
        content_type: "text/plain",
        id: file.id,
    });
    asked[0].resolve();
    await settle();
    assert.equal(posted[0].form.key, `k/${file.id}`);
    assert.equal(posted[0].upload, file);
    posted[0].progress(3);
    posted[0].progress(7);
    posted[0].resolve();
    await settle();
    assert.deepEqual(seen, [
        ["waiting", 0],
        ["signing", 0],
        ["sending", 0],
        ["sending", 3],
        ["finishing", 7],
        ["done", 7],
    ]);
    assert.deepEqual([file.key, time.pending()], [`k/${file.id}`, 0]);
});

for (const [parallel, atOnce] of [
    [undefined, 4],
    [2, 2],
    [6, 6],
    [9, 6],
]) {
    test(`asked for ${parallel} at once, ${atOnce} are, and the others are not even signed`, async () => {
        const { queue, asked, posted } = world({ parallel });
        for (let number = 0; number < 8; number += 1) {
            queue.add(upload(`${number}`));
        }
        assert.equal(asked.length, atOnce);
        asked[0].resolve();
        await settle();
        posted[0].resolve();
        await settle();
        assert.equal(asked.length, atOnce + 1);
    });
}

test("one that fails makes room, and keeps its reason", async () => {
    const { queue, asked } = world({ parallel: 1 });
    const [first, second] = [upload("a"), upload("b")];
    queue.add(first);
    queue.add(second);
    const fault = new Fault("denied");
    asked[0].reject(fault);
    await settle();
    assert.deepEqual([first.state, first.fault, second.state], ["failed", fault, "signing"]);
});

test("one that has failed stays so, whatever its post still reports", async () => {
    const here = world();
    const file = await sending(here);
    await fail(here, "denied");
    // Its bytes are still summed.
    here.posted[0].progress(7);
    assert.equal(file.state, "failed");
});

test("another error than a Fault is unknown, and not tried again", async () => {
    const { queue, asked } = world();
    const file = upload();
    queue.add(file);
    asked[0].reject(new TypeError("odd"));
    await settle();
    assert.deepEqual([file.state, file.fault.code, file.fault.detail.message], ["failed", "unknown", "TypeError: odd"]);
});

test("what is stored but was not reported has a state of its own", async () => {
    const all = world();
    const file = await sending(all);
    const fault = new Fault("not_reported");
    all.posted[0].resolve({ state: "unreported", fault });
    await settle();
    assert.deepEqual([file.state, file.fault, file.isOpen], ["unreported", fault, false]);
});

test("a callback's answer is kept", async () => {
    const all = world();
    const file = await sending(all);
    all.posted[0].resolve({ answer: '{"seen":true}' });
    await settle();
    assert.deepEqual([file.state, file.answer], ["done", '{"seen":true}']);
});

test("the totals are of what is stored or still to come", async () => {
    const all = world({ parallel: 1 });
    const file = await sending(all);
    all.queue.add(upload("b", "three"));
    all.queue.refuse(upload("c"), new Fault("too_large"));
    const { totals } = all.queue;
    assert.deepEqual([totals.open, totals.of("failed"), totals.size, totals.sent], [2, 1, 12, 0]);
    all.posted[0].progress(3);
    assert.deepEqual([totals.sent, totals.moved], [3, 3]);
    await fail(all, "storage_busy");
    all.queue.cancel(file);
    assert.deepEqual([totals.open, totals.of("failed", "cancelled"), totals.size], [1, 2, 5]);
    assert.deepEqual([totals.sent, totals.moved], [0, 0]);
});

test("a file in parts counts as several, and the next ones wait until they fit", async () => {
    const given = world({ connections: ({ name }) => (name === "folder/big.txt" ? 3 : 1) });
    for (const name of ["a", "big", "b", "c"]) {
        given.queue.add(upload(name));
    }
    assert.deepEqual(names(given), ["a", "big"]);
    given.asked[0].reject(new Fault("denied"));
    await settle();
    assert.deepEqual(names(given), ["a", "big", "b"]);
});

test("one that counts for more than there may be goes alone", () => {
    const given = world({ parallel: 1, connections: () => 3 });
    given.queue.add(upload("a"));
    given.queue.add(upload("b"));
    assert.deepEqual(names(given), ["a"]);
});

test("bytes that are there already count as sent, and not as moved", async () => {
    const given = world({ sent: 4 });
    const file = await sending(given);
    assert.deepEqual([file.sent, given.queue.totals.moved], [4, 0]);
    given.posted[0].progress(6);
    assert.deepEqual([file.sent, given.queue.totals.moved], [6, 2]);
});

test("a file's size is the one that it had when it was chosen", async () => {
    const all = world();
    const disk = { size: 7, name: "a.txt", type: "text/plain", lastModified: 1 };
    const file = new Upload(disk);
    disk.size = 0;
    await sending(all, file);
    all.posted[0].resolve();
    await settle();
    assert.deepEqual([all.asked[0].request.size, file.sent, all.queue.totals.size], [7, 7, 7]);
});

test("the queue's clock is one that nobody sets", () => {
    const { now } = new Queue({ sign: async () => ({}), post: async () => ({}), onChange: () => {} });
    assert.ok(Math.abs(now() - performance.now()) < 1000);
});
