// Files that share a line: how many go at once, and what is said where a line is too slow.

import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { test } from "node:test";
import { Meter } from "../../web/bandwidth.js";
import { Upload } from "../../web/files.js";
import { Queue } from "../../web/queue.js";
import { clock } from "./clock.js";
import { line } from "./line.js";

globalThis.crypto ??= webcrypto; // Node 18 has it in node:crypto alone

const MB = 1_000_000;

/** A queue on a line, with files of these sizes in it. */
function world({ sizes, ...about }) {
    const time = clock();
    const road = line({ time, ...about });
    const { sign, post, formLifetimeSeconds } = road;
    const queue = new Queue({
        sign,
        post,
        formLifetimeSeconds,
        now: time.now,
        setTimer: time.setTimer,
        random: () => 0.5,
        onChange: () => {},
    });
    const uploads = sizes.map((size, at) => new Upload({ name: `${at}`, size, type: "" }));
    for (const upload of uploads) {
        queue.add(upload);
    }
    return { queue, uploads, road, time };
}

const files = (count, size) => Array.from({ length: count }, () => size);

/** How often each byte went over the line, on average. */
const sentPerByte = ({ road, uploads }) => road.count.bytes / uploads.reduce((sum, { file }) => sum + file.size, 0);

const states = ({ uploads }) => [...new Set(uploads.map(({ state, fault }) => fault?.code ?? state))];

for (const judged of ["end", "begin"]) {
    for (const buffer of [0, 300_000, 12 * MB]) {
        for (const [count, size, speed, expiresIn] of [
            [1, 1 * MB, 50_000, 60],
            [4, 1 * MB, 50_000, 60],
            [20, 1 * MB, 50_000, 60],
            [4, 20 * MB, 125_000, 600],
            [4, 20 * MB, 60_000, 600],
            [3, 100 * MB, 125_000, 600],
        ]) {
            test(`${count} files of ${size / MB} MB arrive at ${speed / 1000} KB/s, with forms of ${expiresIn} s whose end is looked at at the ${judged} and ${buffer / MB} MB in buffers`, async () => {
                const given = world({ ...{ sizes: files(count, size), speed, expiresIn, buffer, judged } });
                await given.road.run(given.queue);
                const each = sentPerByte(given);
                assert.deepEqual([states(given), each <= 1.3], [["done"], true], `${each}`);
            });
        }
    }
}

test("on a line slower than any form is made for, one after the other arrives", async () => {
    const given = world({ sizes: files(6, 1 * MB), speed: 20_000, expiresIn: 60 });
    await given.road.run(given.queue);
    assert.deepEqual(states(given), ["done"]);
    // The first two learn it, and are sent once more.
    assert.equal(sentPerByte(given), 8 / 6);
});

test("a line that becomes slow is noticed, and what is on its way arrives at the second time", async () => {
    const given = world({ sizes: files(8, 20 * MB), speed: 10 * MB, expiresIn: 600 });
    await given.road.run(given.queue, 4);
    given.road.setSpeed(100_000);
    await given.road.run(given.queue);
    assert.deepEqual(states(given), ["done"]);
    assert.ok(sentPerByte(given) < 2);
});

test("a file for which no form lives long enough fails of the slow line, and not of clocks", async () => {
    const given = world({ sizes: [1 * MB], speed: 10_000, expiresIn: 60 });
    await given.road.run(given.queue);
    assert.deepEqual([states(given), given.road.count.posts, given.queue.outage], [["slow_line"], 1, undefined]);
});

test("several such files each fail of the slow line, once they have had it to themselves", async () => {
    const given = world({ sizes: files(3, 1 * MB), speed: 10_000, expiresIn: 60 });
    await given.road.run(given.queue);
    assert.deepEqual(states(given), ["slow_line"]);
    assert.ok(given.road.count.posts <= 5);
});

test("a small file still arrives beside one that is too big for the line", async () => {
    const given = world({ sizes: [1 * MB, 50_000, 50_000], speed: 10_000, expiresIn: 60 });
    await given.road.run(given.queue);
    assert.deepEqual(
        given.uploads.map(({ state, fault }) => fault?.code ?? state),
        ["slow_line", "done", "done"],
    );
});

for (const size of [1, 10_000, 5 * MB]) {
    test(`four files of ${size} bytes begin at once, before anything is known of the line`, async () => {
        const given = world({ sizes: files(8, size), speed: 10 * MB, expiresIn: 600 });
        assert.deepEqual(
            given.uploads.map(({ state }) => state),
            [...files(4, "signing"), ...files(4, "waiting")],
        );
    });
}

test("big files begin one after the other as the line is seen to carry them, and a fast line waits for none", async () => {
    const given = world({ sizes: files(4, 100 * MB), speed: 10 * MB, expiresIn: 600, buffer: 1 * MB });
    assert.equal(given.uploads.filter(({ state }) => state !== "waiting").length, 1);
    await given.road.run(given.queue, 3);
    assert.equal(given.road.count.most, 4);
    const seconds = await given.road.run(given.queue);
    assert.ok(seconds + 3 <= 41, `${seconds}`);
});

test("bytes that lie in buffers are no proof of a fast line", async () => {
    const given = world({ sizes: files(4, 14 * MB), speed: 50_000, expiresIn: 400, buffer: 14 * MB });
    await given.road.run(given.queue, 10);
    assert.equal(given.road.count.most, 1);
});

test("what is handed over whole has the time that a slow line needs, before it counts as silent", async () => {
    const given = world({ sizes: [8 * MB], speed: 50_000, expiresIn: 600, buffer: 8 * MB });
    await given.road.run(given.queue);
    assert.deepEqual([states(given), given.road.count.posts], [["done"], 1]);
});

test("a new connection may be another line: nothing is known of it", async () => {
    const given = world({ sizes: [5 * MB], speed: 10 * MB, expiresIn: 600 });
    await given.road.run(given.queue);
    given.queue.setOnline(false);
    given.queue.setOnline(true);
    const more = files(2, 20 * MB).map((size, at) => new Upload({ name: `more ${at}`, size, type: "" }));
    for (const upload of more) {
        given.queue.add(upload);
    }
    assert.deepEqual(
        more.map(({ state }) => state),
        ["signing", "waiting"],
    );
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
