// A file in parts that was begun before, stopped or abandoned: what is kept of it, and what goes on from there.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../web/faults.js";
import { FACT, ID, idle, SIZE, world } from "./multipart-world.js";

const GONE = new Fault("upload_gone", { status: 410 });

test("begun before, only what is missing is sent", async () => {
    const given = world();
    given.fail.push([2, new Fault("denied")]);
    await assert.rejects(given.run());
    await idle();
    const left = 10 - given.there.size;
    const puts = given.puts.length;
    const begun = await given.begin();
    assert.equal(begun.sent, [...given.there.values()].join("").length);
    await given.send(begun);
    assert.deepEqual([given.whole(), given.puts.length - puts], [true, left]);
    assert.deepEqual(given.steps(), ["", "/parts", "/list", "/parts", "/complete"]);
});

test("a part that arrived short is missing", async () => {
    const given = world({ size: 20 });
    given.fail.push([2, new Fault("denied")]);
    await assert.rejects(given.run());
    given.there.set(1, "short");
    assert.deepEqual((await given.begin()).missing, [1, 2]);
});

for (const code of ["upload_gone", "ticket_expired"]) {
    test(`${code} while it is sent: it is forgotten, and the queue begins again`, async () => {
        const given = world();
        given.fail.push(["/multipart/complete", new Fault(code)]);
        await assert.rejects(given.run(), { code: "form_expired" });
        assert.equal(given.previousUploads.size, 0);
    });
}

test("a part that the storage has no upload for: it is forgotten, and the queue begins again", async () => {
    const given = world();
    given.fail.push([2, new Fault("setup", { status: 404, code: "NoSuchUpload" })]);
    await assert.rejects(given.run(), { code: "form_expired" });
    assert.equal(given.previousUploads.size, 0);
});

test("a ticket that is not taken while it is sent ends the try, and what is kept stays", async () => {
    const given = world();
    given.fail.push(["/multipart/complete", new Fault("ticket_invalid")]);
    await assert.rejects(given.run(), { code: "ticket_invalid" });
    assert.deepEqual([...given.previousUploads.keys()], [ID]);
});

test("a ticket that is not taken where it is looked at leaves what is kept", async () => {
    const given = world();
    given.previousUploads.set(ID, { id: ID, ticket: "old" });
    given.fail.push(["/multipart/list", new Fault("ticket_invalid")]);
    await assert.rejects(given.multipart.find(ID), { code: "ticket_invalid" });
    assert.deepEqual([...given.previousUploads.keys()], [ID]);
});

for (const code of ["upload_gone", "ticket_expired", "ticket_invalid"]) {
    test(`${code} where it should go on: it begins again under the same id`, async () => {
        const given = world();
        given.previousUploads.set(ID, { id: ID, ticket: "old", key: "k", part_size: SIZE, parts: 10, size: 95 });
        given.fail.push(["/multipart/list", new Fault(code)]);
        assert.equal((await given.begin()).record.ticket, "t0");
        assert.deepEqual(
            given.asked.map(([path, body]) => [path, body.id ?? body.ticket]),
            [
                ["/multipart/list", "old"],
                ["/multipart", ID],
            ],
        );
    });
}

test("a list that is not available now leaves what is stored", async () => {
    const given = world();
    given.previousUploads.set(ID, { id: ID, ticket: "old" });
    given.fail.push(["/multipart/list", new Fault("function_down")]);
    await assert.rejects(given.begin(), { code: "function_down" });
    assert.equal(given.previousUploads.size, 1);
});

test("stopped, the parts on their way end, and what is there is kept", async () => {
    const given = world({ byHand: true });
    const run = given.run();
    await idle();
    given.controller.abort(new Fault("stalled"));
    await assert.rejects(run, { code: "stalled" });
    assert.deepEqual([...given.previousUploads.keys()], [ID]);
});

test("abandoned, it is aborted and forgotten, whether or not the function answers", async () => {
    const given = world({ byHand: true });
    given.run().catch(() => {});
    await idle();
    given.controller.abort();
    given.fail.push(["/multipart/abort", new Fault("function_down")]);
    await given.multipart.abort(ID);
    await given.multipart.abort(ID);
    assert.deepEqual(given.asked.at(-1), ["/multipart/abort", { ticket: "t1" }]);
    assert.deepEqual([given.previousUploads.size, given.steps().filter((step) => step === "/abort").length], [0, 1]);
});

test("a counted link's upload that was being completed when the page was closed is stored if it is gone", async () => {
    const given = world({ slot: 2 });
    given.fail.push(["/multipart/complete", new Fault("denied")]);
    assert.equal(await given.run().catch(({ code }) => code), "denied");
    given.fail.push(["/multipart/list", GONE]);
    const found = await given.begin();
    assert.deepEqual([found.isStored, found.sent, found.missing], [true, 95, []]);
    assert.deepEqual([await given.send(found), given.previousUploads.size], [{}, 0]);
});

test("a part that is there already counts only if it is what is in the file", async () => {
    const given = world({ sums: true });
    await given.begin();
    given.previousUploads.set(ID, { id: ID, ticket: "t0", key: FACT.key, part_size: SIZE, parts: 10, size: 95 });
    given.there.set(1, "aaaaaaaaaa").set(2, "xxxxxxxxxx").set(3, "cccccccccc");
    await given.send(await given.begin());
    assert.deepEqual(given.puts.map(({ text }) => text[0]).sort(), ["b", "d", "e", "f", "g", "h", "i", "j"]);
    assert.ok(given.whole());
});

test("where an older function names no sums, a part that is there counts by its size", async () => {
    const given = world();
    given.previousUploads.set(ID, { id: ID, ticket: "t0", key: FACT.key, part_size: SIZE, parts: 10, size: 95 });
    given.there.set(1, "xxxxxxxxxx");
    await given.send(await given.begin());
    assert.equal(given.puts.length, 9);
});
