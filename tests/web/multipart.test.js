// A file in parts: what is sent, tried again and completed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../web/faults.js";
import { FACT, ID, idle, letters, SIZE, sumOf, world } from "./multipart-world.js";

test("a file is begun, sent in parts without a type, and completed", async () => {
    const given = world();
    assert.deepEqual(await given.run(), { object: FACT });
    assert.ok(given.whole());
    assert.deepEqual(new Set(given.puts.map(({ type }) => type)), new Set([""]));
    assert.deepEqual(given.asked[0], [
        "/multipart",
        { filename: "trip/film.mp4", size: 95, content_type: "video/mp4", id: ID },
    ]);
    assert.deepEqual(given.steps(), ["", "/parts", "/complete"]);
    assert.deepEqual(given.asked[1][1], { ticket: "t0", parts: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] });
    assert.deepEqual([given.seen.at(-1), given.previousUploads.size], [95, 0]);
});

test("of a long file ten URLs are asked for at a time, each time with the newest ticket", async () => {
    const given = world({ size: 250 });
    await given.run();
    assert.deepEqual(
        given.asked.slice(1, -1).map(([, { ticket, parts }]) => [ticket, parts.length]),
        [
            ["t0", 10],
            ["t1", 10],
            ["t2", 5],
        ],
    );
    assert.deepEqual(given.asked.at(-1)[1], { ticket: "t3" });
});

test("three parts are on their way at a time, and their bytes are summed", async () => {
    const given = world({ byHand: true });
    given.run().catch(() => {});
    await idle();
    assert.deepEqual(
        given.puts.map(({ url }) => url),
        ["1/1", "1/2", "1/3"],
    );
    given.puts[0].progress(4);
    given.puts[1].progress(5);
    assert.equal(given.seen.at(-1), 9);
    given.puts[0].resolve();
    await idle();
    assert.deepEqual([given.puts.at(-1).url, given.seen.at(-1)], ["1/4", 15]);
});

test("what is kept is the ticket, what it is for, and by what the file is known again", async () => {
    const given = world({ byHand: true });
    given.upload.fingerprint = 5;
    given.run().catch(() => {});
    await idle();
    assert.deepEqual(
        [...given.previousUploads],
        [
            [
                ID,
                {
                    id: ID,
                    ticket: "t1",
                    key: FACT.key,
                    part_size: SIZE,
                    parts: 10,
                    name: "trip/film.mp4",
                    size: 95,
                    lastModified: 7,
                    fingerprint: 5,
                },
            ],
        ],
    );
});

test("one part that fails is sent again alone, after a pause", async () => {
    const given = world();
    given.fail.push([5, new Fault("storage_busy")]);
    const run = given.run();
    await idle();
    assert.deepEqual([given.there.size, given.puts.length, given.time.pending()], [9, 10, 1]);
    await given.time.pass(2000);
    assert.deepEqual(await run, { object: FACT });
    assert.deepEqual([given.whole(), given.puts.length, given.steps()], [true, 11, ["", "/parts", "/complete"]]);
});

test("a part that fails again while nothing else gets through is left to the queue, which may try it for all", async () => {
    const given = world({ size: 10 });
    given.fail.push(...Array.from({ length: 6 }, () => [1, new Fault("storage_busy")]));
    const failed = assert.rejects(given.run(), { code: "storage_busy" });
    await idle();
    await given.time.pass(60_000);
    await failed;
    assert.deepEqual([given.puts.length, given.time.pending()], [2, 0]);
    assert.deepEqual([...given.previousUploads.keys()], [ID]);
});

test("a storage that takes nothing has few parts put to it", async () => {
    const given = world();
    given.fail.push(...Array.from({ length: 10 }, (_, at) => [at + 1, new Fault("storage_busy")]));
    given.fail.push(...Array.from({ length: 10 }, (_, at) => [at + 1, new Fault("storage_busy")]));
    const failed = assert.rejects(given.run(), { code: "storage_busy" });
    await idle();
    await given.time.pass(60_000);
    await failed;
    assert.equal(given.puts.length, 6);
});

test("when one is left to the queue, what is on its way arrives, and no other begins", async () => {
    const given = world({ byHand: true });
    const failed = assert.rejects(given.run(), { code: "storage_busy" });
    await idle();
    given.puts[1].reject(new Fault("storage_busy", { retryAfter: 30 }));
    await idle();
    given.puts[0].resolve();
    given.puts[2].resolve();
    await idle();
    await failed;
    assert.deepEqual([given.puts.length, [...given.there.keys()].sort()], [3, [1, 3]]);
});

for (const code of ["denied", "file_changed", "setup"]) {
    test(`${code} ends all at once`, async () => {
        const given = world();
        given.fail.push([2, new Fault(code)]);
        await assert.rejects(given.run(), { code });
        assert.equal(given.time.pending(), 0);
    });
}

test("what one part fails of ends those on their way, and no other begins", async () => {
    const given = world({ byHand: true });
    const failed = assert.rejects(given.run(), { code: "denied" });
    await idle();
    given.puts[1].reject(new Fault("denied"));
    await failed;
    given.puts[0].resolve();
    await idle();
    assert.deepEqual([given.puts.length, given.there.size], [3, 0]);
});

test("without a connection a part is not tried again here: the queue waits for it", async () => {
    const given = world({ isOnline: () => false });
    given.fail.push([2, new Fault("storage_unreachable")]);
    await assert.rejects(given.run(), { code: "storage_unreachable" });
    assert.equal(given.time.pending(), 0);
});

test("a URL that has run out is asked for anew, at once, and with it those that are left", async () => {
    const given = world();
    given.fail.push([2, new Fault("form_expired")]);
    await given.run();
    assert.deepEqual([given.whole(), given.time.pending()], [true, 0]);
    assert.equal(given.asked.filter(([path]) => path === "/multipart/parts").length, 2);
});

test("one that has run out twice in a row is for the queue to judge", async () => {
    const given = world();
    given.fail.push([2, new Fault("form_expired")], [2, new Fault("form_expired")]);
    await assert.rejects(given.run(), { code: "form_expired" });
    assert.deepEqual([...given.previousUploads.keys()], [ID]);
});

test("a function's wish to wait is left to the queue: it holds for all", async () => {
    const given = world({ size: 10 });
    given.fail.push(["/multipart/parts", new Fault("function_busy", { retryAfter: 3 })]);
    await assert.rejects(given.run(), { code: "function_busy", detail: { retryAfter: 3 } });
    assert.equal(given.time.pending(), 0);
});

test("a function that fails once is asked again for the URLs", async () => {
    const given = world({ size: 10 });
    given.fail.push(["/multipart/parts", new Fault("function_busy")]);
    const run = given.run();
    await idle();
    await given.time.pass(1999);
    assert.equal(given.puts.length, 0);
    await given.time.pass(1);
    assert.deepEqual(await run, { object: FACT });
});

test("a completion that fails is asked for again, and no part is sent for it", async () => {
    const given = world();
    given.fail.push(["/multipart/complete", new Fault("storage_unavailable")]);
    const run = given.run();
    await idle();
    await given.time.pass(2000);
    await run;
    assert.deepEqual([given.puts.length, given.steps()], [10, ["", "/parts", "/complete", "/complete"]]);
});

test("parts that turn out to be missing are sent again", async () => {
    const given = world({ size: 20 });
    given.fail.push(["/multipart/complete", new Fault("parts_missing"), () => given.there.delete(2)]);
    assert.deepEqual(await given.run(), { object: FACT });
    assert.deepEqual([given.whole(), given.puts.map(({ url }) => url)], [true, ["1/1", "1/2", "1/2"]]);
    assert.deepEqual(given.seen.slice(-2), [10, 20]);
    assert.deepEqual(given.steps(), ["", "/parts", "/complete", "/list", "/complete"]);
});

test("what is never complete is given up", async () => {
    const given = world({ size: 20 });
    given.fail.push(...Array.from({ length: 3 }, () => ["/multipart/complete", new Fault("parts_missing")]));
    await assert.rejects(given.run(), { code: "parts_missing" });
});

test("stopped in the pause before another try, nothing is tried again", async () => {
    const given = world({ size: 10 });
    given.fail.push([1, new Fault("storage_busy")]);
    const run = given.run();
    await idle();
    given.controller.abort(new Fault("stalled"));
    await assert.rejects(run, { code: "stalled" });
    assert.deepEqual([given.puts.length, given.time.pending()], [1, 0]);
});

test("a site that was not notified makes the upload unreported", async () => {
    const stored = await world({ said: { stored: FACT, webhook_delivered: false } }).run();
    assert.deepEqual([stored.state, stored.object, stored.fault.code], ["unreported", FACT, "not_reported"]);
});

/** The film, of which the disk reads each part, or the whole, as the test says. */
function onDisk(given, read) {
    const { file } = given.upload;
    const readable = (blob, begin) => {
        const bytes = Blob.prototype.arrayBuffer.call(blob);
        return Object.assign(blob, { arrayBuffer: async () => read(await bytes, begin) });
    };
    given.upload.file = {
        ...{ size: file.size, lastModified: 7 },
        arrayBuffer: readable(file.slice(), "all").arrayBuffer,
        slice: (begin, end) => readable(file.slice(begin, end), begin),
    };
    return given;
}

test("a part that can no longer be read is not sent", async () => {
    const given = onDisk(world(), (bytes, begin) => {
        if (begin > 0) {
            throw new Error("NotReadableError");
        }
        return bytes;
    });
    await assert.rejects(given.run(), { code: "file_changed" });
    assert.ok(!given.steps().includes("/complete"));
    assert.deepEqual(new Set(given.puts.map(({ url }) => url)), new Set(["1/1"]));
});

test("a part of which the disk has less is not sent", async () => {
    const given = onDisk(world(), (bytes) => bytes);
    const { slice } = given.upload.file;
    given.upload.file.slice = (begin, end) => slice(begin, begin === 30 ? end - 1 : end);
    await assert.rejects(given.run(), { code: "file_changed" });
    assert.ok(!given.steps().includes("/complete"));
});

test("a file that has changed once all parts are there is not completed", async () => {
    const given = onDisk(world(), (bytes, begin) => (begin === "all" ? bytes.slice(1) : bytes));
    await assert.rejects(given.run(), { code: "file_changed" });
    assert.deepEqual([given.there.size, given.steps().includes("/complete")], [10, false]);
});

test("a counted link's file is begun in its slot, without an id, and kept with it", async () => {
    const given = world({ slot: 2, byHand: true });
    given.run().catch(() => {});
    await idle();
    assert.deepEqual(given.asked[0], [
        "/multipart",
        { filename: "trip/film.mp4", size: 95, content_type: "video/mp4", slot: 2 },
    ]);
    assert.deepEqual([given.previousUploads.get(ID).slot, given.previousUploads.get(ID).isCompleting], [2, undefined]);
});

test("an upload whose file the site deleted fails, and is not offered again", async () => {
    const given = world({ said: { error: { code: "type_mismatch" }, deleted: FACT } });
    await assert.rejects(given.run(), { code: "type_mismatch" });
    assert.equal(given.previousUploads.size, 0);
});

const GONE = new Fault("upload_gone", { status: 410 });
const STORED_ALREADY = new Fault("already_stored", { status: 409 });

/** What the function answers, in turn; what of it shows whose object is in the slot. */
for (const [way, faults, ends, steps] of [
    [
        "the answer to the completion is lost",
        [
            ["/complete", new Fault("function_unreachable")],
            ["/complete", GONE],
            ["/list", GONE],
        ],
        {},
        ["", "/parts", "/complete", "/complete", "/list"],
    ],
    [
        "two completions cross",
        [
            ["/complete", STORED_ALREADY],
            ["/list", GONE],
        ],
        {},
        ["", "/parts", "/complete", "/list"],
    ],
    [
        "somebody else's file is in the slot",
        [["/complete", STORED_ALREADY]],
        "slot_taken",
        ["", "/parts", "/complete", "/list", "/abort"],
    ],
    [
        "the ticket has expired by then",
        [
            ["/complete", STORED_ALREADY],
            ["/list", new Fault("ticket_expired", { status: 410 })],
        ],
        "already_stored",
        ["", "/parts", "/complete", "/list"],
    ],
    ["the parts were cleared away before", [["/parts", GONE]], "form_expired", ["", "/parts"]],
]) {
    test(`a counted link's upload in parts, where ${way}, ends as ${JSON.stringify(ends)}`, async () => {
        const given = world({ slot: 2 });
        given.fail.push(...faults.map(([step, fault]) => [`/multipart${step}`, fault]));
        const run = given.run().catch(({ code }) => code);
        await idle();
        await given.time.pass(60_000);
        assert.deepEqual([await run, given.steps(), given.previousUploads.size], [ends, steps, 0]);
    });
}

test("an upload of another profile is begun with its name", async () => {
    const given = world();
    given.multipart.profile = "films";
    await given.run();
    assert.equal(given.asked[0][1].profile, "films");
});

test("a part that arrives damaged is sent again alone", async () => {
    const given = world({ sums: true, size: 25 });
    given.fail.push([2, new Fault("damaged")]);
    const running = given.run();
    await idle();
    await given.time.pass(2000);
    await running;
    assert.deepEqual(given.puts.map(({ text }) => text[0]).sort(), ["a", "b", "b", "c"]);
});

for (const [sum, fault] of [
    [sumOf(letters(95)), null],
    ["7", "damaged"],
]) {
    test(`a completed upload of the sum ${sum} is ${fault ?? "done"}`, async () => {
        const given = world({ sums: true, said: { stored: { ...FACT, crc64: sum } } });
        const end = await given.run().catch(({ code, detail }) => ({ code, detail }));
        assert.deepEqual(
            end,
            fault ? { code: fault, detail: { isStored: true } } : { object: { ...FACT, crc64: sum } },
        );
    });
}
