// What holds all files up: a service that does not work, or that may not be used any more.

import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { test } from "node:test";
import { Fault } from "../../web/faults.js";
import { Upload } from "../../web/files.js";
import { Queue } from "../../web/queue.js";
import { clock, settle } from "./clock.js";

globalThis.crypto ??= webcrypto; // Node 18 has it in node:crypto alone

/** A queue of so many files whose signer and poster do what the test says, in a moment. */
function world({ count = 10, random = () => 0.5, size = 7 } = {}) {
    const time = clock();
    const service = {
        sign: async ({ id }) => ({ key: `k/${id}` }),
        post: async () => ({}),
    };
    const calls = { sign: 0, post: 0 };
    const queue = new Queue({
        ...{ random, now: time.now, setTimer: time.setTimer, onChange: () => {} },
        sign: (wanted, signal) => {
            calls.sign += 1;
            return service.sign(wanted, signal);
        },
        post: (form, file, progress, signal) => {
            calls.post += 1;
            return service.post(form, file, progress, signal);
        },
    });
    const uploads = Array.from({ length: count }, (_, at) => new Upload({ name: `${at}`, size, type: "" }));
    const given = { queue, service, calls, time, uploads };
    return {
        ...given,
        addAll: async () => {
            for (const upload of uploads) {
                queue.add(upload);
            }
            await settle();
        },
        /** In steps, so that what goes off in one sets timers for the next. */
        pass: async (milliseconds, step = 100) => {
            for (let passed = 0; passed < milliseconds; passed += step) {
                await time.pass(step);
                await settle();
            }
        },
        /** How many are in which state. */
        states: () => Object.fromEntries(Object.entries(queue.totals.states).filter(([, each]) => each > 0)),
    };
}

const failing = (code, detail) => async () => {
    throw new Fault(code, detail);
};

/** Does nothing until the test says so. */
function byHand() {
    const calls = [];
    const act = (...[first, second, third, fourth]) =>
        new Promise((resolve, reject) => {
            const signal = fourth ?? second;
            calls.push({ first, progress: third, resolve, reject });
            signal.addEventListener("abort", () => reject(signal.reason));
        });
    return [act, calls];
}

for (const code of ["storage_busy", "storage_unreachable"]) {
    test(`300 files whose posts all fail of ${code} make few, none gives up, and all arrive once it is over`, async () => {
        const given = world({ count: 300, random: () => 0.5 });
        given.service.post = failing(code);
        await given.addAll();
        assert.equal(given.calls.post, 4);
        await given.pass(20_000);
        // The first four, and after 1, 2, 4 and 8 s one.
        assert.deepEqual([given.calls.post, given.states().failed ?? 0], [8, 0]);
        given.service.post = async () => ({});
        await given.pass(60_000);
        assert.deepEqual(given.states(), { done: 300 });
        assert.equal(given.calls.post, 8 + 300);
    });
}

test("whatever chance says, 300 files whose posts all fail make few posts, and none gives up in 20 s", async () => {
    for (let round = 0; round < 10; round += 1) {
        const given = world({ count: 300, random: Math.random });
        given.service.post = failing("storage_busy");
        await given.addAll();
        await given.pass(20_000);
        assert.ok(given.calls.post <= 25, `${given.calls.post}`);
        assert.equal(given.states().failed ?? 0, 0);
    }
});

test("a wish to wait holds for all: nobody asks before it is over, and then one", async () => {
    const given = world({ count: 300, random: () => 0 });
    given.service.sign = failing("credentials_unavailable", { retryAfter: 30 });
    await given.addAll();
    assert.equal(given.calls.sign, 4);
    await given.pass(29_900);
    given.queue.add(new Upload({ name: "new", size: 1, type: "" }));
    assert.equal(given.calls.sign, 4);
    await given.pass(100);
    assert.equal(given.calls.sign, 5);
});

test("a wish to wait holds for all, even where others got through", async () => {
    const given = world();
    const [sign, asked] = byHand();
    given.service.sign = sign;
    await given.addAll();
    asked[0].resolve({ key: "k" });
    await settle();
    asked[1].reject(new Fault("function_busy", { retryAfter: 10 }));
    await settle();
    const before = asked.length;
    asked[2].resolve({ key: "k" });
    await settle();
    await given.pass(9_900);
    assert.equal(asked.length, before);
});

test("one tries whether it is over, another one each time, and nobody else until that is known", async () => {
    const given = world({ count: 6 });
    given.service.post = failing("storage_busy");
    await given.addAll();
    const [post, posted] = byHand();
    given.service.post = post;
    await given.pass(1_000);
    assert.deepEqual(
        [posted.length, given.uploads[4].state, given.states()],
        [1, "sending", { sending: 1, waiting: 5 }],
    );
    await given.pass(30_000);
    posted[0].reject(new Fault("storage_busy"));
    await settle();
    await given.pass(2_000);
    assert.deepEqual([posted.length, given.uploads[5].state], [2, "sending"]);
    posted[1].resolve({});
    await settle();
    assert.deepEqual([posted.length, given.queue.outage], [2 + 4, undefined]);
});

test("those that wait have all their tries when it is over", async () => {
    const given = world({ count: 300 });
    given.service.sign = failing("function_down");
    await given.addAll();
    await given.pass(600_000, 5_000);
    const tries = given.uploads.map((upload) => upload.tries);
    assert.deepEqual([Math.max(...tries), tries.filter((each) => each === 0).length > 200], [1, true]);
});

test("what fails of one file alone holds no other up", async () => {
    const given = world({ count: 40 });
    const bad = given.uploads[5].id;
    given.service.post = async ({ key }) => {
        if (key.includes(bad)) {
            throw new Fault("storage_unreachable");
        }
        return {};
    };
    // Another one gets through between.
    given.service.sign = async ({ id }) => {
        await settle();
        return { key: `k/${id}` };
    };
    await given.addAll();
    await given.pass(3_000);
    assert.deepEqual([given.queue.totals.of("done"), given.uploads[5].isOpen], [39, true]);
});

test("the fault of a single file is not the service's: its own pause grows, and it gives up", async () => {
    const given = world({ count: 1 });
    given.service.post = failing("storage_unreachable");
    await given.addAll();
    await given.pass(200_000, 1_000);
    assert.deepEqual([given.states(), given.calls.post], [{ failed: 1 }, 6]);
});

test("a file that is added in the pause waits, too", async () => {
    const given = world({ count: 1 });
    given.service.sign = failing("function_down");
    await given.addAll();
    const late = new Upload({ name: "late", size: 7, type: "" });
    given.queue.add(late);
    assert.deepEqual([late.state, given.calls.sign], ["waiting", 1]);
    given.service.sign = async () => ({ key: "k" });
    await given.pass(1_000);
    assert.deepEqual(given.states(), { done: 2 });
});

test("when the one that tries it is cancelled, another one does", async () => {
    const given = world({ count: 6 });
    given.service.sign = failing("function_down");
    await given.addAll();
    const [sign, asked] = byHand();
    given.service.sign = sign;
    await given.pass(1_000);
    assert.equal(asked.length, 1);
    given.queue.cancel(given.uploads.find(({ state }) => state === "signing"));
    await settle();
    assert.equal(asked.length, 2);
});

test("the function works again once it has signed, though nothing has arrived yet", async () => {
    const given = world({ count: 6 });
    given.service.sign = failing("function_down");
    await given.addAll();
    const [post] = byHand();
    Object.assign(given.service, { sign: async () => ({ key: "k" }), post });
    await given.pass(1_000);
    assert.deepEqual([given.states(), given.queue.outage], [{ sending: 4, waiting: 2 }, undefined]);
});

test("the storage works again when more of a big file is gone than buffers hold", async () => {
    const given = world({ count: 6, size: 40_000_000 });
    given.service.post = failing("storage_busy");
    await given.addAll();
    const [post, posted] = byHand();
    given.service.post = post;
    await given.pass(1_000);
    posted[0].progress(16_000_000);
    assert.notEqual(given.queue.outage, undefined);
    posted[0].progress(16_000_001);
    assert.equal(given.queue.outage, undefined);
});

test("by hand it is tried at once, by the file that was clicked", async () => {
    const given = world({ count: 6 });
    given.service.sign = failing("function_down", { retryAfter: 30 });
    await given.addAll();
    given.service.sign = byHand()[0];
    given.queue.add(given.uploads[2]);
    assert.deepEqual([given.uploads[2].state, given.states().signing], ["signing", 1]);
});

test("a new connection is a new beginning", async () => {
    const given = world({ count: 6 });
    given.service.sign = failing("function_unreachable");
    await given.addAll();
    given.service.sign = async () => ({ key: "k" });
    given.queue.setOnline(false);
    given.queue.setOnline(true);
    await settle();
    await given.pass(100);
    assert.deepEqual(given.states(), { done: 6 });
});

for (const code of [
    ...["token_missing", "token_expired", "token_invalid", "not_allowed", "origin_not_allowed", "misconfigured"],
    "clock",
]) {
    test(`${code} holds all up until somebody has done something about it, and no file is lost`, async () => {
        const given = world({ count: 20 });
        given.service.sign = failing(code);
        await given.addAll();
        await given.pass(600_000, 5_000);
        assert.deepEqual([given.states(), given.calls.sign], [{ waiting: 20 }, 4]);
        assert.deepEqual([given.queue.outage.fault.code, given.queue.outage.until], [code, Infinity]);
        given.queue.resume();
        await given.pass(600_000, 5_000);
        assert.deepEqual([given.states(), given.calls.sign], [{ waiting: 20 }, 5]);
        given.service.sign = async () => ({ key: "k" });
        given.queue.resume();
        await given.pass(100);
        assert.deepEqual([given.states(), given.queue.outage], [{ done: 20 }, undefined]);
    });
}

test("what was asked with the old token and is refused late does not hold up those with the new one", async () => {
    const given = world({ count: 4 });
    const [sign, asked] = byHand();
    given.service.sign = sign;
    await given.addAll();
    asked[0].reject(new Fault("token_expired"));
    await settle();
    given.queue.resume();
    assert.equal(asked.length, 5);
    asked[1].reject(new Fault("token_expired"));
    await settle();
    asked[4].resolve({ key: "k" });
    await settle();
    assert.equal(given.queue.outage, undefined);
});

test("files on their way go on while there is no token for others", async () => {
    const given = world({ count: 5 });
    const [post, posted] = byHand();
    given.service.post = post;
    await given.addAll();
    given.service.sign = failing("token_expired");
    posted[0].resolve({});
    await settle();
    posted[1].resolve({});
    await settle();
    assert.deepEqual(
        [given.states(), given.queue.outage.fault.code],
        [{ done: 2, sending: 2, waiting: 1 }, "token_expired"],
    );
});
