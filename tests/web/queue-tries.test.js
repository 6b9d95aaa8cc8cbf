// The queue: what is tried again, when, how often, and under which id.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../web/faults.js";
import { Queue } from "../../web/queue.js";
import { retryDelay } from "../../web/retry.js";
import { settle } from "./clock.js";
import { fail, sending, upload, world } from "./queue-world.js";

for (const [tries, retryAfter, chance, delay] of [
    [1, 0, 0, 0],
    [1, 0, 1, 2_000],
    [3, 0, 0.5, 4_000],
    [5, 0, 1, 32_000],
    [9, 0, 1, 60_000],
    [1, 30, 0, 30_000],
    [1, 30, 1, 32_000],
]) {
    test(`after ${tries} tries, a server's wish of ${retryAfter} s and a chance of ${chance} it waits ${delay} ms`, () => {
        assert.equal(
            retryDelay(tries, retryAfter, () => chance),
            delay,
        );
    });
}

for (const code of [
    ...["function_unreachable", "function_down", "function_busy", "internal", "credentials_unavailable"],
    ...["identity_provider_unavailable", "storage_unreachable", "storage_busy"],
]) {
    test(`${code} may pass: it is tried six times in all, signed each time, under one id`, async () => {
        const all = world({ random: () => 1 });
        const file = await sending(all);
        for (const pause of [2_000, 4_000, 8_000, 16_000, 32_000]) {
            await fail(all, code);
            assert.deepEqual([file.state, file.sent, file.retryAt - all.time.now()], ["retrying", 0, pause]);
            await all.time.pass(pause - 1);
            assert.equal(file.state, "retrying");
            await all.time.pass(1);
            all.asked.at(-1).resolve();
            await settle();
        }
        await fail(all, code);
        assert.deepEqual([file.state, file.fault.code, all.asked.length, all.posted.length], ["failed", code, 6, 6]);
        assert.equal(new Set(all.asked.map(({ request }) => request.id)).size, 1);
        assert.equal(all.time.pending(), 0);
    });
}

for (const code of [
    ...["denied", "setup", "too_large", "too_small", "type_not_allowed", "file_changed", "invalid_filename"],
]) {
    test(`${code} will not pass: it is not tried again`, async () => {
        const all = world();
        const file = await sending(all);
        await fail(all, code);
        assert.deepEqual([file.state, file.fault.code, all.asked.length], ["failed", code, 1]);
    });
}

test("the server's wish to wait is honoured", async () => {
    const all = world({ random: () => 0 });
    const file = await sending(all);
    await fail(all, "credentials_unavailable", { retryAfter: 30 });
    await all.time.pass(29_999);
    assert.equal(file.state, "retrying");
    await all.time.pass(1);
    assert.equal(file.state, "signing");
});

test("one that waits for its next try, while others get through, holds nobody up, and goes before all others then", async () => {
    const all = world({ parallel: 2 });
    const [first, second, third, fourth] = ["a", "b", "c", "d"].map((name) => upload(name));
    for (const each of [first, second, third, fourth]) {
        all.queue.add(each);
    }
    all.asked[1].resolve();
    await settle();
    all.asked[0].reject(new Fault("function_down"));
    await settle();
    assert.deepEqual([first.state, second.state, third.state], ["retrying", "sending", "signing"]);
    await all.time.pass(2_000);
    assert.equal(first.state, "waiting");
    all.asked[2].reject(new Fault("denied"));
    await settle();
    assert.deepEqual([first.state, fourth.state], ["signing", "waiting"]);
});

test("a form that has run out is replaced at once, and no try is used up", async () => {
    const all = world();
    const file = await sending(all);
    await fail(all, "form_expired");
    assert.deepEqual([file.state, file.tries, all.asked.length], ["signing", 0, 2]);
});

test("two forms in a row that had run out before their time are a matter of clocks, and hold all up", async () => {
    const all = world();
    const file = await sending(all);
    const other = upload("b");
    await fail(all, "form_expired");
    all.asked[1].resolve();
    await settle();
    await fail(all, "form_expired", { requestId: "5C3D" });
    all.queue.add(other);
    const { fault, until } = all.queue.outage;
    assert.deepEqual([fault.code, fault.detail.requestId, until], ["clock", "5C3D", Infinity]);
    assert.deepEqual([file.state, other.state, all.asked.length], ["waiting", "waiting", 2]);
});

test("two uploads in parts whose forms expired in a row are not a matter of clocks", async () => {
    const all = world({ connections: () => 3 });
    const file = await sending(all);
    await fail(all, "form_expired");
    all.asked[1].resolve();
    await settle();
    await fail(all, "form_expired");
    assert.deepEqual([file.state, file.fault.code, all.queue.outage], ["failed", "form_expired", undefined]);
});

test("two forms that had run out, but not in a row, are each replaced", async () => {
    const all = world({ random: () => 0 });
    const file = await sending(all);
    for (const code of ["form_expired", "storage_busy", "form_expired"]) {
        await fail(all, code);
        await all.time.pass(0);
        all.asked.at(-1).resolve();
        await settle();
    }
    assert.deepEqual([file.state, all.posted.length], ["sending", 4]);
});

test("what lies under this file's own key already was stored by an earlier try", async () => {
    const all = world();
    const file = await sending(all);
    await fail(all, "exists");
    assert.deepEqual([file.state, file.sent, file.fault], ["done", 7, undefined]);
});

test("what lies under another key is not this file", async () => {
    const all = world();
    const file = await sending(all);
    file.key = "k/another";
    await fail(all, "exists");
    assert.deepEqual([file.state, file.fault.code], ["failed", "exists"]);
});

for (const code of ["exists", "already_stored"]) {
    test(`${code} of the file's own key is done`, async () => {
        const given = world();
        const file = await sending(given);
        await fail(given, code);
        assert.equal(file.state, "done");
    });
}

test("after 60 s of silence a try is given up, and there is another", async () => {
    const all = world();
    const file = await sending(all);
    await all.time.pass(59_999);
    all.posted[0].progress(3);
    await all.time.pass(59_999);
    assert.equal(file.state, "sending");
    await all.time.pass(1);
    assert.deepEqual([file.state, file.fault.code], ["retrying", "stalled"]);
});

test("a function that says nothing for 60 s is given up too", async () => {
    const { queue, time } = world();
    const file = upload();
    queue.add(file);
    await time.pass(60_000);
    assert.deepEqual([file.state, file.fault.code], ["retrying", "stalled"]);
});

test("a browser that reads a file for long before it is sent is not given up", async () => {
    const all = world();
    const file = upload();
    all.queue.add(file);
    for (let minute = 0; minute < 3; minute += 1) {
        await all.time.pass(59_000);
        all.asked[0].keepAlive();
    }
    all.asked[0].resolve();
    await settle();
    assert.equal(file.state, "sending");
});

test("offline nothing begins, and what was cut off waits and uses up no try", async () => {
    const all = world();
    const file = await sending(all);
    const other = upload("b");
    all.queue.setOnline(false);
    all.queue.add(other);
    await fail(all, "storage_unreachable");
    assert.deepEqual([file.state, file.tries, other.state, all.asked.length], ["waiting", 0, "waiting", 1]);
    all.queue.setOnline(true);
    assert.deepEqual([file.state, other.state, all.asked.length], ["signing", "signing", 3]);
});

test("what failed a moment before the connection was known to be lost waits for it, with all its tries", async () => {
    const all = world();
    const file = await sending(all);
    await fail(all, "storage_unreachable");
    assert.deepEqual([file.state, file.tries], ["retrying", 1]);
    all.queue.setOnline(false);
    assert.deepEqual([file.state, file.tries, all.time.pending()], ["waiting", 0, 0]);
});

test("what the storage refuses while offline is refused all the same", async () => {
    const all = world();
    const file = await sending(all);
    all.queue.setOnline(false);
    await fail(all, "denied");
    assert.equal(file.state, "failed");
});

test("tried again by hand it has all its tries, and the same id", async () => {
    const all = world();
    const file = await sending(all);
    await fail(all, "denied");
    const { id } = file;
    all.queue.add(file);
    assert.deepEqual([file.state, file.fault, file.tries, file.id], ["signing", undefined, 0, id]);
});

test("one that waits for its next try can be sent on by hand, once", async () => {
    const all = world();
    const file = await sending(all);
    await fail(all, "storage_busy");
    all.queue.add(file);
    await all.time.pass(30_000);
    assert.deepEqual([file.state, all.asked.length], ["signing", 2]);
});

test("a file in parts that came further has all its tries again", async () => {
    const given = world({ connections: () => 3, sent: 4 });
    const file = await sending(given);
    await fail(given, "storage_busy");
    await given.time.pass(60_000);
    given.asked.at(-1).resolve();
    await settle();
    await fail(given, "storage_busy");
    assert.equal(file.tries, 2);
    file.arrivedBefore = 3; // as if one more byte had arrived since the try before
    await given.time.pass(60_000);
    given.asked.at(-1).resolve();
    await settle();
    assert.deepEqual([file.tries, file.arrivedBefore], [0, 4]);
});

test("a file that is stored damaged is sent again under another id, and what was stored is given up", async () => {
    const given = [];
    const all = world({ random: () => 0, onAbandon: ({ id }) => given.push(id) });
    const file = await sending(all);
    const { id } = file;
    await fail(all, "damaged", { isStored: true });
    assert.deepEqual([file.state, file.tries, given], ["retrying", 1, [id]]);
    await all.time.pass(0);
    assert.notEqual(all.asked[1].request.id, id);
});

test("a file that is stored damaged twice is not sent again unasked, and then twice at most", async () => {
    const all = world({ random: () => 0 });
    const file = await sending(all);
    const seen = [];
    for (let round = 0; round < 2; round += 1) {
        for (let copy = 0; copy < 2; copy += 1) {
            await fail(all, "damaged", { isStored: true });
            await all.time.pass(0);
            seen.push(file.state);
            all.asked.at(-1).resolve();
            await settle();
        }
        all.queue.add(file);
        all.asked.at(-1).resolve();
        await settle();
    }
    assert.deepEqual(seen, ["signing", "failed", "signing", "failed"]);
});

test("a file whose part arrived damaged goes on under its id", async () => {
    const all = world({ random: () => 0 });
    const file = await sending(all);
    await fail(all, "damaged");
    await all.time.pass(0);
    assert.deepEqual([all.asked[1].request.id, file.tries], [file.id, 1]);
});

test("a file that has changed is another: what was begun of it is abandoned, and its next try has an id of its own", async () => {
    const abandoned = [];
    const all = world({ onAbandon: ({ id }) => abandoned.push(id) });
    const file = await sending(all);
    const { id } = file;
    file.fingerprint = 5;
    await fail(all, "file_changed");
    assert.deepEqual([abandoned, file.fingerprint, file.tries], [[id], undefined, 0]);
    all.queue.add(file);
    assert.notEqual(all.asked.at(-1).request.id, id);
});

test("a file whose form has no key fails as any other does", async () => {
    const queue = new Queue({
        sign: async () => ({}),
        post: () => Promise.reject(new Fault("exists")),
        onChange: () => {},
    });
    const file = upload();
    queue.add(file);
    await settle();
    assert.deepEqual([file.state, file.fault.code], ["failed", "exists"]);
});
