// The slots of a counted link, with the queue, a simulated storage and a clock. tests/chain/test_counted_links.py has both
// in random order, with the real function and the stand-in for the storage.

import assert from "node:assert/strict";
import { File } from "node:buffer";
import { webcrypto } from "node:crypto";
import { beforeEach, test } from "node:test";
import { readLink } from "../../web/claims.js";
import { Slots } from "../../web/counted-link.js";
import { Fault } from "../../web/faults.js";
import { Upload } from "../../web/files.js";
import { Queue } from "../../web/queue.js";
import { clock, settle } from "./clock.js";

globalThis.crypto ??= webcrypto; // Node 18 has it in node:crypto alone

class FakeStorage extends Map {
    getItem = (name) => this.get(name) ?? null;
    setItem = (name, value) => this.set(name, value);
    removeItem = (name) => this.delete(name);
}

beforeEach(() => {
    globalThis.localStorage = new FakeStorage();
});

/** Chance takes them in turn: the first free slot. */
const FIRST = () => 0;

const upload = (name) => new Upload(new File([name], `${name}.txt`, { lastModified: 7 }));

/** What the storage does with a file, if its slot is free: the answer, and whether it is stored. */
const OUTCOMES = {
    stored: [null, true],
    "its answer is lost": [new Fault("storage_unreachable"), true],
    "cut off": [new Fault("storage_unreachable"), false],
    busy: [new Fault("storage_busy", { status: 503 }), false],
    refused: [new Fault("form_expired", { status: 403 }), false],
    denied: [new Fault("denied", { status: 403 }), false],
    "deleted for its content": [new Fault("type_mismatch"), false],
    "stored damaged": [new Fault("damaged", { isStored: true }), true],
};

/** A page with a counted link, and the storage behind it: by slot, whose file is there. */
function world({ count = 3, objects = new Map(), prefix = "slot link " } = {}) {
    const time = clock();
    const slots = new Slots(count, prefix, FIRST);
    const requests = [];
    const outcomes = []; // of the next posts; then all is stored
    let hold = null;
    const store = async ({ slot, owner }) => {
        await hold;
        const [fault, isStored] = OUTCOMES[outcomes.shift() ?? "stored"];
        if (objects.has(slot) && !fault) {
            throw new Fault("exists", { status: 409 });
        }
        if (isStored && !objects.has(slot)) {
            objects.set(slot, owner);
        }
        if (fault) {
            throw fault;
        }
        return {};
    };
    const queue = new Queue({
        sign: (_request, _signal, each) =>
            slots.sign(each, async (request) => {
                requests.push(request);
                return { fields: {}, key: `link/${request.slot}`, slot: request.slot, owner: each.name };
            }),
        post: (form, each) => slots.post(each, form, () => store(form)),
        onChange: () => {},
        random: FIRST,
        now: time.now,
        setTimer: time.setTimer,
    });
    const add = async (...files) => {
        for (const each of files) {
            queue.add(each);
        }
        for (let turn = 0; turn < 20; turn += 1) {
            await settle();
        }
    };
    return {
        ...{ queue, slots, requests, outcomes, objects, time, add },
        holdPosts: () => {
            let release;
            hold = new Promise((resolve) => {
                release = resolve;
            });
            return release;
        },
        retry: async () => {
            await time.pass(60_000);
            await add();
        },
    };
}

const outcome = ({ state, fault }) => (fault ? `${state}: ${fault.code}` : state);

test("files take different slots, at random, and are asked for without an id", async () => {
    const all = world();
    all.slots.random = () => 0.99;
    const files = [upload("a"), upload("b")];
    await all.add(...files);
    assert.deepEqual(files.map(outcome), ["done", "done"]);
    assert.deepEqual(
        [...all.objects],
        [
            [3, "a.txt"],
            [2, "b.txt"],
        ],
    );
    const { id, ...request } = all.requests[0];
    assert.deepEqual(
        [id, request],
        [undefined, { filename: "a.txt", size: 1, content_type: "application/octet-stream", slot: 3 }],
    );
});

test("a slot that somebody else has taken costs no try: the file takes another one", async () => {
    const all = world({ objects: new Map([[1, "somebody's"]]) });
    const file = upload("a");
    await all.add(file);
    assert.deepEqual([outcome(file), file.key, file.tries], ["done", "link/2", 0]);
    assert.equal(all.slots.left, 1);
});

test("what does not fit into a link that has been used is not called uploaded", async () => {
    const others = [1, 2, 3].map((slot) => [slot, "somebody's"]);
    const all = world({ objects: new Map(others) });
    const files = [upload("a"), upload("b")];
    await all.add(...files);
    assert.deepEqual(files.map(outcome), ["failed: link_used", "failed: link_full"]);
    assert.deepEqual([files[0].fault.detail.limit, files[0].isRetriable, all.slots.left], [3, true, 0]);
    assert.deepEqual([...all.objects], others);
});

test("where others of the list take all slots, a file says so, and takes that of one that is cancelled", async () => {
    const all = world({ count: 2 });
    all.outcomes.push("cut off");
    const release = all.holdPosts();
    const [first, second, third] = ["a", "b", "c"].map(upload);
    await all.add(first, second, third);
    assert.equal(outcome(third), "failed: link_full");
    all.queue.cancel(first);
    await all.add(third);
    assert.equal(third.state, "sending");
    release();
    await all.add();
    assert.deepEqual([second, third].map(outcome), ["done", "done"]);
});

for (const [way, states] of [
    ["busy", ["done"]],
    ["cut off", ["done"]],
    ["refused", ["done"]],
    // Somebody else's file and one's own cannot be distinguished.
    ["its answer is lost", ["unconfirmed: unconfirmed"]],
]) {
    test(`a file whose first try is ${way} keeps its slot, and ends as ${states}`, async () => {
        const all = world();
        const file = upload("a");
        all.outcomes.push(way);
        await all.add(file);
        await all.retry();
        assert.deepEqual([outcome(file)], states);
        assert.deepEqual([all.requests.map(({ slot }) => slot), [...all.objects]], [[1, 1], [[1, "a.txt"]]]);
    });
}

for (const [way, state, key] of [
    ["cut off", "unconfirmed: unconfirmed", "link/1"],
    ["busy", "unconfirmed: unconfirmed", "link/1"],
    ["denied", "done", "link/2"],
]) {
    test(`where another holder takes the slot of a file that was ${way}, the file is ${state}`, async () => {
        const all = world();
        const file = upload("a");
        all.outcomes.push(way, "stored");
        const release = all.holdPosts();
        all.queue.add(file);
        await settle();
        release();
        await settle();
        all.objects.set(1, "somebody's");
        await (file.isOpen ? all.retry() : all.add(file));
        assert.deepEqual([outcome(file), file.key, all.objects.get(1)], [state, key, "somebody's"]);
    });
}

test("a file that the site deleted leaves its slot to another, and is not sent again", async () => {
    const all = world({ count: 1 });
    const [file, next] = [upload("a"), upload("b")];
    all.outcomes.push("deleted for its content");
    await all.add(file);
    assert.deepEqual([outcome(file), file.canRestart, all.slots.left], ["failed: type_mismatch", false, 1]);
    await all.add(next);
    assert.deepEqual([outcome(next), next.key], ["done", "link/1"]);
});

test("a file that is stored damaged takes another slot", async () => {
    const all = world();
    const file = upload("a");
    all.outcomes.push("stored damaged");
    await all.add(file);
    await all.retry();
    assert.deepEqual([outcome(file), file.key, all.slots.left], ["done", "link/2", 1]);
});

test("one that is not confirmed is sent again only if the user says so, to another slot", async () => {
    const all = world();
    const file = upload("a");
    all.outcomes.push("its answer is lost");
    await all.add(file);
    await all.retry();
    assert.deepEqual([file.isOpen, file.canRestart, all.slots.left], [false, false, 2]);
    await all.add(file);
    assert.deepEqual([outcome(file), file.key], ["done", "link/2"]);
});

test("one that was cancelled on its way keeps its slot, where it may be stored", async () => {
    const all = world();
    const file = upload("a");
    all.outcomes.push("its answer is lost");
    const release = all.holdPosts();
    await all.add(file);
    all.queue.cancel(file);
    release();
    await settle();
    await all.add(file);
    assert.deepEqual([outcome(file), [...all.objects]], ["unconfirmed: unconfirmed", [[1, "a.txt"]]]);
});

test("after a reload no own slot is offered again, and a file that was on its way has its slot", async () => {
    const before = world({ count: 4 });
    before.outcomes.push("stored", "its answer is lost");
    await before.add(upload("a"), upload("b"));
    const after = world({ count: 4, objects: before.objects });
    assert.equal(after.slots.left, 3);
    const [again, other] = [upload("b"), upload("c")];
    await after.add(other, again);
    assert.deepEqual([outcome(again), again.key], ["unconfirmed: unconfirmed", "link/2"]);
    assert.deepEqual([outcome(other), other.key], ["done", "link/3"]);
});

test("another tab's slots are tried last, and a link is used up only if each slot was found taken", async () => {
    const one = world({ count: 2 });
    const release = one.holdPosts();
    const first = upload("a");
    await one.add(first);
    const other = world({ count: 2, objects: one.objects });
    const files = ["b", "c", "d"].map(upload);
    await other.add(...files);
    assert.deepEqual(files.map(outcome), ["done", "done", "failed: link_full"]);
    release();
    await one.add();
    assert.deepEqual([outcome(first), first.fault.detail.limit], ["failed: link_used", 2]);
    assert.deepEqual([...one.objects.values()].sort(), ["b.txt", "c.txt"]);
});

test("another link's slots, another person's and another profile's are others", async () => {
    const one = world({ count: 1 });
    await one.add(upload("a"));
    assert.deepEqual([new Slots(1, "slot link ").left, new Slots(1, "slot other ").left], [0, 1]);
});

test("tried again by hand after the owner has deleted a file, the link takes another", async () => {
    const all = world({ count: 1 });
    await all.add(upload("a"));
    const file = upload("b");
    await all.add(file);
    assert.equal(outcome(file), "failed: link_used");
    await all.add(file);
    assert.equal(outcome(file), "failed: link_used");
    all.objects.clear();
    await all.add(file);
    assert.deepEqual([outcome(file), [...all.objects]], ["done", [[1, "b.txt"]]]);
});

test("where the browser stores nothing, the page still knows its own", async () => {
    globalThis.localStorage = {
        getItem: () => null,
        setItem: () => {
            throw new DOMException("full", "QuotaExceededError");
        },
    };
    const all = world({ count: 1 });
    const files = [upload("a"), upload("b")];
    await all.add(...files);
    assert.deepEqual([files.map(outcome), all.slots.left], [["done", "failed: link_full"], 0]);
});

const encode = (claims) => Buffer.from(JSON.stringify(claims)).toString("base64url");

for (const [token, link] of [
    [`h.${encode({ sub: "alice", jti: "märz ü?>", max_files: 5 })}.s`, "märz ü?>"],
    [`h.${encode({ sub: "alice", jti: "j" })}.s`, ""],
    [`h.${encode(null)}.s`, ""],
    ["h.!.s", ""],
    ["nonsense", ""],
    [null, ""],
]) {
    test(`the counted link of ${token} is "${link}"`, () => assert.equal(readLink(token), link));
}
