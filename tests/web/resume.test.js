// What a browser keeps of unfinished uploads: whose they are, and how they are offered.

import assert from "node:assert/strict";
import { File } from "node:buffer";
import { beforeEach, test } from "node:test";
import { Upload } from "../../web/files.js";
import { PreviousUploads } from "../../web/resume.js";
import { ResumeOffers } from "../../web/resume-offers.js";

const ALICE = "previous-upload https://sign.example alice ";
const BOB = "previous-upload https://sign.example bob ";

/** As a browser's: what is kept are its own properties. */
class FakeStorage {
    setItem(name, value) {
        this[name] = value;
    }
    getItem(name) {
        return this[name] ?? null;
    }
    removeItem(name) {
        delete this[name];
    }
}

const record = (id, more) => ({
    id,
    ticket: `t-${id}`,
    key: `k-${id}`,
    name: "film.mp4",
    size: 4,
    lastModified: 7,
    ...more,
});

beforeEach(() => {
    globalThis.localStorage = new FakeStorage();
    Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true, writable: true });
});

/** Everything that waits for nothing but its turn has been done. */
const settle = () => new Promise((resolve) => setImmediate(resolve));

/** What of some records is offered, and what becomes of them: `sent` by id, where the function answers. */
async function offer(records, sent) {
    const previousUploads = new PreviousUploads(ALICE);
    for (const each of records) {
        previousUploads.set(each.id, each);
    }
    const aborted = [];
    const lines = [];
    const multipart = {
        previousUploads,
        find: async (id) => {
            if (!(id in sent)) {
                throw new Error("no answer");
            }
            return sent[id] === null ? null : { sent: sent[id] };
        },
        abort: (id) => aborted.push(id),
    };
    const offers = new ResumeOffers(multipart, ({ id }, bytes, abort) => {
        const line = { id, bytes, abort, remove: () => lines.splice(lines.indexOf(line), 1) };
        lines.push(line);
        return line;
    });
    await offers.show();
    const choose = () => {
        const upload = new Upload(new File(["film"], "film.mp4", { lastModified: 7 }));
        offers.resumeFromPreviousUpload(upload);
        return upload;
    };
    return { lines, aborted, choose };
}

test("of one person's, another's are neither read nor changed nor taken away", () => {
    const alices = new PreviousUploads(ALICE);
    alices.set("1", record("1"));
    const kept = { ...localStorage };
    const bobs = new PreviousUploads(BOB);
    bobs.set("2", record("2"));
    bobs.delete("1");
    bobs.delete("2");
    assert.deepEqual([[...bobs.keys()], { ...localStorage }], [[], kept]);
    assert.deepEqual([...new PreviousUploads(ALICE)], [["1", record("1")]]);
});

test("a file that two tabs were sending is offered once, as far as it has come", async () => {
    const { lines } = await offer([record("1"), record("2"), record("3")], { 1: 1, 2: 3 });
    assert.deepEqual(
        lines.map(({ id, bytes }) => [id, bytes]),
        [["2", 3]],
    );
});

test("chosen again, the one that has come furthest goes on, and the others are given up", async () => {
    const { lines, aborted, choose } = await offer([record("1"), record("2")], { 1: 1, 2: 3 });
    const { id, key } = choose();
    await settle();
    assert.deepEqual([id, key, aborted, lines], ["2", "k-2", ["1"], []]);
});

test("given up, all that there is of the file goes", async () => {
    const { lines, aborted } = await offer([record("1"), record("2")], { 1: 1, 2: 3 });
    lines[0].abort();
    await settle();
    assert.deepEqual([aborted, lines], [["2", "1"], []]);
});

test("what another tab has gone on with since it was listed is not given up here", async () => {
    const { lines, aborted } = await offer([record("1")], { 1: 1 });
    navigator.locks = { query: async () => ({ held: [{ name: `${ALICE}1` }] }) };
    lines[0].abort();
    await settle();
    assert.deepEqual([aborted, lines], [[], []]);
});

test("files that differ in name, size or date are offered each", async () => {
    const records = [record("1"), record("2", { name: "a/film.mp4" }), record("3", { size: 5 })];
    const { lines } = await offer([...records, record("4", { lastModified: 8 })], { 1: 0, 2: 0, 3: 0, 4: 0 });
    assert.deepEqual(lines.map(({ id }) => id).sort(), ["1", "2", "3", "4"]);
});

test("what is over is not offered", async () => {
    assert.deepEqual((await offer([record("1")], { 1: null })).lines, []);
});
