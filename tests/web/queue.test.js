// The queue with a simulated signer, storage, clock and chance: no page, no network, no waiting.

import assert from "node:assert/strict";
import { File } from "node:buffer";
import { webcrypto } from "node:crypto";
import { test } from "node:test";
import { Meter } from "../../web/bandwidth.js";
import { typeOf, Upload } from "../../web/files.js";
import { Queue } from "../../web/queue.js";
import { Fault, retryDelay } from "../../web/retry.js";
import { clock, settle } from "./clock.js";

globalThis.crypto ??= webcrypto; // Node 18 has it in node:crypto alone

/** A queue whose forms and posts end when the test says so. */
function world({ parallel, connections, onAbandon, sent = 0, random = () => 0.5 } = {}) {
    const asked = [];
    const posted = [];
    const seen = [];
    const time = clock();
    const queue = new Queue({
        parallel,
        connections,
        onAbandon,
        random,
        now: time.now,
        setTimer: time.setTimer,
        sign: (request, signal, _, keepAlive) =>
            new Promise((resolve, reject) => {
                asked.push({ request, keepAlive, resolve: () => resolve({ key: `k/${request.id}`, sent }), reject });
                signal.addEventListener("abort", () => reject(signal.reason));
            }),
        post: (form, upload, progress, signal) =>
            new Promise((resolve, reject) => {
                posted.push({ form, upload, progress, resolve, reject });
                signal.addEventListener("abort", () => reject(signal.reason));
            }),
        onChange: (upload) => seen.push([upload.state, upload.sent]),
    });
    return { queue, asked, posted, seen, time };
}

const upload = (name = "a", content = "seven b") =>
    new Upload(new File([content], `${name}.txt`, { type: "text/plain" }), `folder/${name}.txt`);

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** As far as being posted. */
async function sending(world, file = upload()) {
    world.queue.add(file);
    world.asked.at(-1).resolve();
    await settle();
    return file;
}

/** Fails the post of a file that is being posted. */
async function fail(world, code, detail) {
    world.posted.at(-1).reject(new Fault(code, detail));
    await settle();
}

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

test("a name is composed, as the function wants it, and has the folders in it", () => {
    const file = new File(["x"], "c.txt");
    Object.defineProperty(file, "webkitRelativePath", { value: "u\u0308/c.txt" });
    assert.equal(new Upload(file).name, "\u00fc/c.txt");
    assert.equal(new Upload(new File(["x"], "c.txt")).name, "c.txt");
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

for (const [seen, now, rate] of [
    [[], 0, 0],
    [[[0, 100]], 0, 0],
    [
        [
            [0, 0],
            [1000, 500],
        ],
        1000,
        500,
    ],
    [
        [
            [0, 0],
            [1, 5],
            [2, 10],
            [2000, 1000],
        ],
        2000,
        500,
    ],
    [
        [
            [0, 0],
            [5000, 9000],
            [14_000, 18_000],
        ],
        14_000,
        1000,
    ],
    [
        [
            [0, 0],
            [9000, 0],
            [10_000, 500],
        ],
        10_000,
        500,
    ],
    // Nothing has come for a while: nothing moves.
    [
        [
            [0, 0],
            [1000, 500],
        ],
        11_000,
        500,
    ],
    [
        [
            [0, 0],
            [1000, 500],
        ],
        11_001,
        0,
    ],
    // What is handed over at once tells nothing of the line.
    [
        [
            [0, 0],
            [499, 400_000],
        ],
        499,
        0,
    ],
    // The machine was asleep, and what had piled up goes out when it wakes.
    [
        [
            [0, 0],
            [1000, 500],
            [100_000, 600],
            [100_001, 200_600],
        ],
        100_001,
        0,
    ],
    [
        [
            [0, 0],
            [1000, 500],
            [100_000, 600],
            [101_000, 1100],
        ],
        101_000,
        500,
    ],
    // The clock was set back.
    [
        [
            [50_000, 0],
            [51_000, 500],
            [1000, 600],
            [2000, 1600],
        ],
        2000,
        1000,
    ],
    // What a failed try had handed over was lost.
    [
        [
            [0, 0],
            [1000, 9000],
            [2000, 3000],
            [3000, 4000],
        ],
        3000,
        1000,
    ],
]) {
    test(`bytes seen at ${JSON.stringify(seen)} are ${rate} a second at ${now}`, () => {
        const meter = new Meter();
        for (const [at, bytes] of seen) {
            meter.add(at, bytes);
        }
        assert.equal(meter.rateAt(now), rate);
    });
}

test("the queue's clock is one that nobody sets", () => {
    const { now } = new Queue({ sign: async () => ({}), post: async () => ({}), onChange: () => {} });
    assert.ok(Math.abs(now() - performance.now()) < 1000);
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

const names = ({ asked }) => asked.map(({ request }) => request.filename.slice("folder/".length, -".txt".length));

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

test("bytes that are there already count as sent, and not as moved", async () => {
    const given = world({ sent: 4 });
    const file = await sending(given);
    assert.deepEqual([file.sent, given.queue.totals.moved], [4, 0]);
    given.posted[0].progress(6);
    assert.deepEqual([file.sent, given.queue.totals.moved], [6, 2]);
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

for (const code of ["exists", "already_stored"]) {
    test(`${code} of the file's own key is done`, async () => {
        const given = world();
        const file = await sending(given);
        await fail(given, code);
        assert.equal(file.state, "done");
    });
}

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
