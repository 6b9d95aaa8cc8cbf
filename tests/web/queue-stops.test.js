// The queue: what is cancelled, removed or paused.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../web/faults.js";
import { Queue } from "../../web/queue.js";
import { settle } from "./clock.js";
import { fail, names, sending, upload, world } from "./queue-world.js";

test("cancelled while it waits, it is never signed", async () => {
    const { queue, asked } = world({ parallel: 1 });
    const [first, second] = [upload("a"), upload("b")];
    queue.add(first);
    queue.add(second);
    queue.cancel(second);
    assert.equal(second.state, "cancelled");
    asked[0].reject(new Fault("denied"));
    await settle();
    assert.equal(asked.length, 1);
});

test("cancelled while it is signed, it is not posted", async () => {
    const { queue, posted } = world();
    const file = upload();
    queue.add(file);
    queue.cancel(file);
    await settle();
    assert.deepEqual([file.state, file.fault, posted], ["cancelled", undefined, []]);
});

test("a form that comes after it was cancelled is not used", async () => {
    const posted = [];
    let sign = () => {};
    const queue = new Queue({
        sign: () => new Promise((resolve) => (sign = resolve)),
        post: async () => posted.push("posted"),
        onChange: () => {},
    });
    const file = upload();
    queue.add(file);
    queue.cancel(file);
    sign({ key: "late" });
    await settle();
    assert.deepEqual([file.state, posted], ["cancelled", []]);
});

test("cancelled while it is sent, the sending ends, and its progress is no longer reported", async () => {
    const all = world();
    const file = await sending(all);
    all.queue.cancel(file);
    all.posted[0].progress(5);
    await settle();
    assert.deepEqual([file.state, file.sent, file.fault, file.isOpen], ["cancelled", 0, undefined, false]);
});

test("cancelled while it waits for its next try, there is none", async () => {
    const all = world();
    const file = await sending(all);
    await fail(all, "storage_busy");
    all.queue.cancel(file);
    await all.time.pass(60_000);
    assert.deepEqual([file.state, all.asked.length, all.time.pending()], ["cancelled", 1, 0]);
});

test("cancelled and at once tried again, it is the new try that counts", async () => {
    const all = world();
    const file = await sending(all);
    all.queue.cancel(file);
    all.queue.add(file);
    await settle();
    assert.deepEqual([file.state, all.asked.length], ["signing", 2]);
});

test("what has ended cannot be cancelled", async () => {
    const all = world();
    const file = await sending(all);
    all.posted[0].resolve();
    await settle();
    all.queue.cancel(file);
    assert.equal(file.state, "done");
});

test("what is removed ends, and counts no longer", async () => {
    const all = world();
    const file = await sending(all);
    all.posted[0].progress(3);
    all.queue.remove(file);
    all.queue.remove(file);
    await settle();
    const { totals, uploads } = all.queue;
    assert.deepEqual([uploads.size, totals.open, totals.size, totals.sent, totals.moved], [0, 0, 0, 0, 0]);
});

test("what is cancelled, or has failed and is removed, is abandoned", async () => {
    const abandoned = [];
    const given = world({ onAbandon: ({ name }) => abandoned.push(name) });
    const cancelled = await sending(given, upload("cancelled"));
    given.queue.cancel(cancelled);
    given.queue.remove(cancelled);
    const failed = await sending(given, upload("failed"));
    await fail(given, "denied");
    given.queue.remove(failed);
    const done = await sending(given, upload("done"));
    given.posted.at(-1).resolve();
    await settle();
    given.queue.remove(done);
    assert.deepEqual(abandoned, ["folder/cancelled.txt", "folder/failed.txt"]);
});

for (const action of ["cancel", "pause", "remove"]) {
    test(`${action} does nothing to what was removed, or is another queue's`, async () => {
        const abandoned = [];
        const given = world({ onAbandon: ({ name }) => abandoned.push(name) });
        const removed = await sending(given, upload("removed"));
        await fail(given, "denied");
        given.queue.remove(removed);
        const foreign = await sending(world(), upload("foreign"));
        given.seen.length = 0;
        for (const file of [removed, foreign]) {
            given.queue[action](file);
        }
        const { totals, uploads } = given.queue;
        assert.deepEqual(
            [removed.state, foreign.state, given.seen, abandoned],
            ["failed", "sending", [], ["folder/removed.txt"]],
        );
        assert.deepEqual([uploads.size, totals.open, totals.of("failed")], [0, 0, 0]);
    });
}

test("paused it stops where it is, and makes room; added again it goes on", async () => {
    const given = world({ parallel: 1 });
    const file = await sending(given);
    given.posted[0].progress(3);
    given.queue.add(upload("b"));
    given.queue.pause(file);
    await settle();
    assert.deepEqual([file.state, file.sent, file.isOpen, given.queue.totals.open], ["paused", 3, true, 2]);
    assert.deepEqual(names(given), ["a", "b"]);
    given.asked[1].reject(new Fault("denied"));
    await settle();
    given.queue.add(file);
    assert.deepEqual([file.state, names(given)], ["signing", ["a", "b", "a"]]);
});

test("paused while it waits for another try, it waits no longer", async () => {
    const given = world();
    const file = await sending(given);
    await fail(given, "storage_busy");
    given.queue.pause(file);
    assert.deepEqual([file.state, given.time.pending()], ["paused", 0]);
});

test("paused, nothing begins, forms arrive and parts stop until all is resumed", async () => {
    const given = world({ parallel: 4, connections: ({ name }) => (name.includes("film") ? 3 : 1) });
    const [film, form, next] = ["film", "form", "next"].map((name) => upload(name));
    await sending(given, film);
    await sending(given, form);
    given.queue.add(next);
    given.queue.setPaused(true);
    given.posted[1].resolve();
    await settle();
    assert.deepEqual(
        [film, form, next].map(({ state }) => state),
        ["paused", "done", "waiting"],
    );
    const late = upload("late");
    given.queue.add(late);
    assert.equal(given.asked.length, 2);
    given.queue.setPaused(false);
    await settle();
    assert.deepEqual(
        [film, next, late].map(({ state }) => state),
        ["waiting", "signing", "signing"],
    );
});

test("a file in parts that is being finished is not paused with all: its answer would be lost", async () => {
    const given = world({ connections: () => 3 });
    const film = await sending(given);
    given.posted[0].progress(film.size);
    given.queue.setPaused(true);
    assert.equal(film.state, "finishing");
    given.posted[0].resolve({ answer: "received" });
    await settle();
    assert.deepEqual([film.state, film.answer], ["done", "received"]);
});

test("what ended is not paused", async () => {
    const given = world();
    const file = await sending(given);
    given.posted[0].resolve();
    await settle();
    given.queue.pause(file);
    assert.equal(file.state, "done");
});
