// Forms signed ahead: the queue with the function's client, a simulated function, storage and clock.

import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { beforeEach, test } from "node:test";
import { Upload } from "../../web/files.js";
import { Forms } from "../../web/forms.js";
import "../../web/reader.js"; // what is loaded later takes more than a moment
import { createQueue, Signer } from "../../web/uploader.js";
import { clock, settle } from "./clock.js";

globalThis.crypto ??= webcrypto; // Node 18 has it in node:crypto alone
globalThis.addEventListener ??= () => {};
globalThis.removeEventListener ??= () => {};
globalThis.navigator ??= { onLine: true };

const BEGIN = Date.UTC(2024, 10, 24, 12);

const ids = (files) => files.map(({ filename }) => filename);

class MemoryForm extends Map {
    append = (name, value) => this.set(name, value);
}

/** Each post waits until the test ends it. */
class FakeXhr {
    static all = [];
    upload = {};
    responseXML = null;
    responseText = "";
    open() {}
    setRequestHeader() {}
    getAllResponseHeaders() {
        return this.headers ?? "";
    }
    send(data) {
        this.data = data;
        FakeXhr.all.push(this);
    }
    abort() {
        this.onabort();
        this.onloadend();
    }
    async end(status = 200, error = undefined) {
        const xml = error && { querySelector: (name) => ({ textContent: error[name.replace("Error > ", "")] ?? "" }) };
        Object.assign(this, { status, responseXML: xml });
        this.upload.onload();
        this.onload();
        this.onloadend();
        await idle();
    }
}

/** Lets what awaits several things in turn go on. */
async function idle() {
    for (let turn = 0; turn < 5; turn += 1) {
        await settle();
    }
}

class MemoryStorage extends Map {
    getItem = (name) => this.get(name) ?? null;
    setItem = (name, value) => this.set(name, value);
    removeItem = (name) => this.delete(name);
}

Math.random = () => 0.5;

const waitForAbort = (signal) =>
    new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));

beforeEach(() => {
    FakeXhr.all = [];
    const fakes = { XMLHttpRequest: FakeXhr, FormData: MemoryForm, setInterval: () => 0 };
    Object.assign(globalThis, fakes, { localStorage: new MemoryStorage() });
});

const tokenOf = (claims) => `h.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.s`;

/** A page, its function and its storage. `refusals`: codes by the name of the file; `answers`: of the next requests. */
function world({ token, limits = {}, expiresIn = 600 } = {}) {
    const time = clock();
    let later = 0;
    const now = () => time.now() + later;
    performance.now = now;
    globalThis.setTimeout = (act, milliseconds) => time.setTimer(milliseconds, act);
    globalThis.clearTimeout = (stop) => stop();
    const requests = [];
    const refusals = {};
    const answers = [];
    const sign = ({ filename, slot, id }) => {
        const date = new Date(BEGIN + now()).toISOString();
        const fields = { "x-oss-date": date.replace(/[-:]|\.\d+/g, "") };
        const end = new Date(BEGIN + now() + expiresIn * 1000).toISOString();
        const error = refusals[filename] && { code: refusals[filename] };
        return error ? { error } : { url: "https://oss", fields, key: `k/${slot ?? id}`, expires_at: end };
    };
    const page = { hold: null, limits: null };
    globalThis.fetch = async (address, { body, headers, signal }) => {
        if (address.endsWith("/limits")) {
            await Promise.race([page.limits, waitForAbort(signal)]);
            const whole = { max_size: 1, content_types: [], accept: [], expires_in: expiresIn, ...limits };
            return new Response(JSON.stringify(whole));
        }
        const { files, profile } = JSON.parse(body);
        requests.push({
            files,
            profile,
            token: headers.Authorization?.replace("Bearer ", ""),
            bytes: body.length,
            signal,
        });
        await page.hold;
        const [status, answer] = answers.shift()?.(files) ?? [200, { uploads: files.map(sign) }];
        return new Response(JSON.stringify(answer), { status });
    };
    const signer = new Signer("https://sign", token);
    const queue = createQueue(signer, () => {});
    const add = async (uploads) => {
        for (const upload of uploads) {
            queue.add(upload);
        }
        await idle();
    };
    return Object.assign(page, {
        ...{ signer, queue, requests, refusals, answers, add },
        names: () => requests.map(({ files }) => ids(files)),
        /** No timer goes off. */
        pass: (milliseconds) => {
            later += milliseconds;
        },
        /** Ends all posts on their way, and those that follow. */
        finish: async () => {
            for (const xhr of FakeXhr.all) {
                await (xhr.hasEnded || xhr.end());
                xhr.hasEnded = true;
            }
        },
    });
}

const upload = (name, size = 3) =>
    new Upload(
        Object.assign(new Blob(["x".repeat(size)]), { name: `${name}`, lastModified: 7, webkitRelativePath: "" }),
    );

const uploads = (count, size) => Array.from({ length: count }, (_, at) => upload(`${at}`, size));

const names = (begin, end) => Array.from({ length: end - begin }, (_, at) => `${begin + at}`);

const states = (files) => files.map(({ state, fault }) => (fault ? `${state}: ${fault.code}` : state));

test("200 files are signed in 10 requests of 20 each, each file once", async () => {
    const { add, requests, finish } = world();
    const files = uploads(200);
    await add(files);
    await finish();
    assert.deepEqual(new Set(states(files)), new Set(["done"]));
    assert.deepEqual(
        requests.map((request) => request.files.length),
        Array(10).fill(20),
    );
    assert.equal(new Set(requests.flatMap((request) => ids(request.files))).size, 200);
});

test("the life of a form is between two instants of the function's own clock", async () => {
    const form = { fields: { "x-oss-date": "20241124T235930Z" }, expires_at: "2024-11-25T00:09:30Z", key: "k" };
    const forms = new Forms({ request: async () => ({ uploads: [form] }), maxFilesPerRequest: 20 });
    const signed = await forms.sign({}, {}, new AbortController().signal, { next: () => [] });
    assert.equal(signed.lifetimeSeconds, 600);
});

test("no form is signed for a file that is more than six and a request's files ahead", async () => {
    const all = world();
    await all.add(uploads(100));
    assert.deepEqual(all.names(), [names(0, 20)]);
    assert.equal(FakeXhr.all.length, 4);
    for (let ended = 0; ended < 10; ended += 1) {
        await FakeXhr.all[ended].end();
    }
    // 14 have begun, and 6 forms are left.
    assert.deepEqual(all.names(), [names(0, 20), names(20, 40)]);
});

test("of a counted link, no slot is reserved for a file that the request has no room for", async () => {
    const all = world();
    let reserved = 0;
    const reserve = () => (reserved += 1);
    const send = (upload, act) => act(upload.request);
    all.signer.slots = { reserve, sign: send, post: (_, __, act) => act() };
    await all.add(uploads(40));
    assert.deepEqual([all.requests.length, all.requests[0].files.length, reserved], [1, 20, 16]);
});

test("the next forms are signed while there are some left: no file waits for them", async () => {
    const all = world();
    await all.add(uploads(40));
    all.hold = new Promise(() => {});
    for (let ended = 0; ended < 16; ended += 1) {
        await FakeXhr.all[ended].end();
    }
    assert.deepEqual([all.requests.length, FakeXhr.all.length], [2, 20]);
});

test("the function's own limit of files in a request is kept", async () => {
    const all = world({ limits: { max_files_per_request: 5 } });
    await all.signer.fetchLimits();
    await all.add(uploads(12));
    await all.finish();
    assert.deepEqual(Math.max(...all.requests.map(({ files }) => files.length)), 5);
});

test("no request is larger than the function reads, whatever the names", async () => {
    const all = world();
    const long = "名".repeat(1300); // 3,900 bytes each
    const files = names(0, 40).map((name) => upload(`${long}${name}`));
    await all.add(files);
    await all.finish();
    assert.deepEqual(new Set(states(files)), new Set(["done"]));
    assert.ok(Math.max(...all.requests.map(({ files }) => Buffer.byteLength(JSON.stringify({ files })))) < 65_536);
});

test("one refused file of a batch fails alone, when its turn comes", async () => {
    const all = world();
    const files = uploads(24);
    Object.assign(all.refusals, { 1: "type_not_allowed", 15: "invalid_filename" });
    await all.add(files);
    assert.deepEqual(states([files[1], files[2], files[15]]), ["failed: type_not_allowed", "sending", "waiting"]);
    await all.finish();
    const failed = files.filter(({ state }) => state === "failed");
    assert.deepEqual(
        [states(failed), failed],
        [
            ["failed: type_not_allowed", "failed: invalid_filename"],
            [files[1], files[15]],
        ],
    );
    assert.deepEqual(new Set(states(files.filter((each) => !failed.includes(each)))), new Set(["done"]));
});

test("where a request is refused for one of its files, the others are asked for without it", async () => {
    const all = world();
    const files = uploads(40);
    const refuse = (batch) => (ids(batch).includes("2") ? [400, { error: { code: "bad_request" } }] : undefined);
    all.answers.push(...Array(60).fill(refuse));
    await all.add(files);
    await all.finish();
    assert.deepEqual(
        files.filter(({ state }) => state !== "done").map(({ name, fault }) => [name, fault.code]),
        [["2", "bad_request"]],
    );
    assert.ok(all.requests.length <= 1 + 20 + 2, `${all.requests.length}`);
});

test("a batch that nobody answers is one outage, and its files keep their places", async () => {
    const all = world();
    const files = uploads(30);
    all.answers.push(() => [429, { error: { code: "function_busy", retry_after: 5 } }]);
    await all.add(files);
    assert.deepEqual(
        [all.requests.length, all.queue.outage.tries, all.queue.outage.fault.code],
        [1, 1, "function_busy"],
    );
    assert.deepEqual(states(files).slice(3, 6), ["retrying: function_busy", "waiting", "waiting"]);
});

test("in an outage a file that tries the function asks for itself alone; then all are signed together", async () => {
    const all = world();
    all.answers.push(
        () => [503, {}],
        () => [503, {}],
    );
    await all.add(uploads(30));
    all.queue.resume();
    await settle();
    assert.deepEqual(all.names(), [names(0, 20), ["4"]]);
    all.pass(60_000);
    all.queue.resume();
    await idle();
    assert.deepEqual(
        all.requests.map(({ files }) => files.length),
        [20, 1, 1, 20],
    );
});

test("a form that is signed ahead and whose function fails is asked for again by its own file", async () => {
    const all = world();
    const files = uploads(26);
    await all.add(files);
    all.answers.push(() => [503, {}]);
    await all.finish();
    assert.deepEqual(all.names(), [names(0, 20), names(20, 26), names(20, 26)]);
    assert.deepEqual(new Set(states(files)), new Set(["done"]));
});

test("a function that fails is not asked again for forms ahead, but by the file that needs one", async () => {
    const all = world();
    await all.add(uploads(60));
    all.answers.push(...Array(2).fill(() => [503, {}]));
    for (let ended = 0; ended < 15; ended += 1) {
        await FakeXhr.all[ended].end();
    }
    assert.equal(all.requests.length, 2);
});

for (const [elapsed, requests] of [
    [500_000, [names(0, 8)]],
    [594_000, [names(0, 8)]],
    [596_000, [names(0, 8), names(4, 8)]],
    [700_000, [names(0, 8), names(4, 8)]],
]) {
    test(`after ${elapsed / 1000} of 600 s the forms are ${requests.length > 1 ? "signed anew" : "used"}`, async () => {
        const all = world();
        await all.add(uploads(8));
        all.pass(elapsed);
        await all.finish();
        assert.deepEqual(all.names(), requests);
    });
}

test("a form without enough life for its file's size on this line is not used", async () => {
    const all = world({ expiresIn: 60 });
    const files = [upload("long", 1), ...[1, 2, 3, 4].map((at) => upload(`${at}`, 200_000))];
    all.queue.parallel = 1;
    await all.add(files);
    assert.deepEqual(all.names(), [["long", "1", "2", "3", "4"]]);
    all.pass(52_000); // 200 KB at 50 KB/s, half as much again, and 5 s
    await FakeXhr.all[0].end();
    assert.deepEqual(all.names()[1], ["1", "2", "3", "4"]);
});

test("forms are signed for as many files as arrive before they expire, on the slowest line", async () => {
    const all = world({ expiresIn: 60 });
    await all.signer.fetchLimits();
    await all.add(uploads(20, 400_000)); // 2 MB in two thirds of 60 s
    assert.deepEqual(all.names(), [names(0, 5)]);
});

test("cancelled and removed files are not signed any more, and what is added again uses its form", async () => {
    const all = world();
    const files = uploads(60);
    await all.add(files);
    for (const file of files.slice(10, 50)) {
        all.queue.cancel(file);
    }
    all.queue.remove(files[50]);
    all.queue.pause(files[51]);
    await all.add([files[10]]);
    await all.finish();
    assert.deepEqual(all.names(), [names(0, 20), names(52, 60)]);
    assert.deepEqual([files[10].state, files[51].state], ["done", "paused"]);
});

test("a request is given up when all that wait for it are cancelled, and not before", async () => {
    const all = world();
    all.hold = new Promise(() => {});
    const files = uploads(10);
    await all.add(files);
    const [{ signal }] = all.requests;
    for (const file of files.slice(0, 3)) {
        all.queue.cancel(file);
    }
    assert.equal(signal.aborted, false);
    for (const file of files) {
        all.queue.cancel(file);
    }
    assert.equal(signal.aborted, true);
});

for (const [what, change] of [
    ["token", { token: "another" }],
    ["profile", { profile: "photos" }],
]) {
    test(`forms of another ${what} are not used`, async () => {
        const all = world();
        await all.add(uploads(8));
        Object.assign(all.signer, change);
        await all.finish();
        assert.deepEqual(all.names(), [names(0, 8), names(4, 8)]);
        const { token, profile } = all.requests[1];
        assert.deepEqual({ token, profile }, { token: undefined, profile: undefined, ...change });
    });
}

test("a form that the storage says has expired takes the others with it: the machine was asleep", async () => {
    const all = world();
    const files = uploads(8);
    await all.add(files);
    await FakeXhr.all[0].end(403, { Code: "AccessDenied", Message: "Policy expired." });
    assert.deepEqual(all.names(), [names(0, 8), ["0", ...names(4, 8)]]);
});

test("a retry has a form of its own", async () => {
    const all = world();
    const [file] = uploads(1);
    await all.add([file]);
    await FakeXhr.all[0].end(403, { Code: "AccessDenied", Message: "Policy expired." });
    assert.deepEqual([all.names(), FakeXhr.all.length], [[["0"], ["0"]], 2]);
});

const linkFor = (count) => ({
    token: tokenOf({ jti: "j", max_files: count }),
    limits: { max_files: count, subject: "alice" },
});

const slotsOf = ({ requests }) => requests.flatMap(({ files }) => files.map(({ slot }) => slot));

test("files of a counted link are signed ahead, each for a slot of its own", async () => {
    const all = world(linkFor(10));
    await all.signer.fetchLimits();
    const files = uploads(10);
    await all.add(files);
    await all.finish();
    assert.deepEqual([all.requests.length, slotsOf(all).sort((a, b) => a - b)], [1, names(1, 11).map(Number)]);
    assert.deepEqual(new Set(states(files)), new Set(["done"]));
});

test("a file that finds its slot taken takes one that is kept for a file that has not begun", async () => {
    const all = world(linkFor(6));
    await all.signer.fetchLimits();
    const files = uploads(6);
    await all.add(files);
    assert.deepEqual([all.requests.length, slotsOf(all).length], [1, 6]);
    await FakeXhr.all[0].end(409, { Code: "FileAlreadyExists" });
    assert.equal(files[0].state, "sending");
    await all.finish();
    assert.deepEqual(states(files), [...Array(5).fill("done"), "failed: link_full"]);
});

test("a file of a counted link that is cancelled gives its slot to another", async () => {
    const all = world(linkFor(5));
    await all.signer.fetchLimits();
    const [first, ...files] = uploads(6);
    await all.add(files);
    all.queue.cancel(files[4]);
    await all.add([first]);
    await all.finish();
    assert.deepEqual(states([first, ...files]), [...Array(5).fill("done"), "cancelled"]);
});

/** How many times as long as adding so many files it takes to cancel them, in the processor's time. */
async function cancellingPerAdding(count) {
    const all = world();
    const files = uploads(count, 0);
    const spend = (act) => {
        const begin = process.cpuUsage();
        files.forEach(act);
        return process.cpuUsage(begin).user;
    };
    const adding = spend((file) => all.queue.add(file));
    const cancelling = spend((file) => all.queue.cancel(file));
    assert.equal(all.queue.totals.open, 0);
    await settle();
    return cancelling / adding;
}

test("to cancel 20,000 waiting files takes no longer than to add them", async () => {
    const tries = [];
    // Generous, and more than once: garbage is collected meanwhile. With a search of the list for each file it was thirty.
    while (tries.length < 3 && !(Math.min(...tries) < 5)) {
        tries.push(await cancellingPerAdding(20_000));
    }
    assert.ok(Math.min(...tries) < 5, `${tries} times as long`);
});

test("a form that is asked for when its file has been cancelled is not waited for", async () => {
    const forms = new Forms({ request: () => assert.fail("nobody wants it"), maxFilesPerRequest: 20 });
    const signal = AbortSignal.abort(new Error("cancelled"));
    await assert.rejects(forms.sign({}, {}, signal, { next: () => [] }), { message: "cancelled" });
});

test("files that are cancelled while the limits are on their way leave their place to others", async () => {
    const all = world({ token: tokenOf({ sub: "a" }) });
    all.limits = new Promise(() => {});
    const cancelled = uploads(4);
    await all.add(cancelled);
    cancelled.forEach(all.queue.cancel, all.queue);
    all.limits = null;
    const next = upload("next");
    await all.add([next]);
    await all.finish();
    assert.deepEqual(states([...cancelled, next]), [...Array(4).fill("cancelled"), "done"]);
});
