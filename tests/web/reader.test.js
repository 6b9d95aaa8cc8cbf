// Files that are read piece by piece, and that change on a simulated disk: as Firefox reads them, and other browsers.

import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { test } from "node:test";
import { crc64 } from "../../web/crc64.js";
import { Upload } from "../../web/files.js";
import { copyToMemory, isReadable, readAhead, readPieces, sumOf, verifyUnchanged } from "../../web/reader.js";

globalThis.crypto ??= webcrypto; // Node 18 has it in node:crypto alone

const signal = new AbortController().signal;
const never = () => {};

/** Reads when it is read. */
const streamOf = (read) => {
    const pull = (controller) => {
        const bytes = new Uint8Array(read());
        bytes.length > 0 && controller.enqueue(bytes);
        controller.close();
        controller.byobRequest?.respond(0);
    };
    return new ReadableStream({ type: "bytes", pull });
};

/** A chosen file whose disk the test may write to. Firefox reads what is there now; the others refuse once it is another. */
function chooseFile(content, { readsOn = false, isLive = false } = {}) {
    const disk = { content, reads: 0, afterRead: never };
    const first = content;
    const read = (begin, end) => {
        if (disk.content === null || (!readsOn && disk.content !== first)) {
            throw new Error("NotReadableError");
        }
        const bytes = Buffer.from(disk.content.slice(begin, end));
        disk.reads += 1;
        disk.afterRead();
        return new Uint8Array(bytes).buffer;
    };
    const file = {
        ...{ name: "a.txt", type: "text/plain", lastModified: 7 },
        get size() {
            return isLive ? (disk.content ?? "").length : first.length;
        },
        arrayBuffer: async () => read(0),
        slice: (at) => {
            assert.equal(at, -1);
            return { size: 1, arrayBuffer: async () => read(first.length - 1, first.length) };
        },
        stream: () => streamOf(() => read(0)),
    };
    return { disk, upload: new Upload(file) };
}

const CHANGES = [
    ["grown", (content) => `${content}, and more`],
    ["shrunk", (content) => content.slice(0, -4)],
    ["replaced", (content) => content.replace("was", "is!")],
    ["deleted", () => null],
];

/** The first is read at once, the second as a stream. */
const CASES = ["as it was", `${"long ".repeat(60_000)}as it was`].flatMap((content) => [
    { content, readsOn: true, browser: `in Firefox${content.length > 9 ? ", large," : ""}` },
    { content, readsOn: false, browser: `elsewhere${content.length > 9 ? ", large," : ""}` },
]);

for (const { content, readsOn, browser } of CASES) {
    test(`${browser} a file that is as it was may be looked at as often as one likes`, async () => {
        const { upload } = chooseFile(content, { readsOn });
        await verifyUnchanged(upload, never, signal, readsOn);
        await verifyUnchanged(upload, never, signal, readsOn);
    });

    for (const [kind, change] of CHANGES) {
        test(`${browser} a file that is ${kind} after the first look has changed`, async () => {
            const { disk, upload } = chooseFile(content, { readsOn });
            await verifyUnchanged(upload, never, signal, readsOn);
            disk.content = change(content);
            await assert.rejects(verifyUnchanged(upload, never, signal, readsOn), { code: "file_changed" });
        });
    }

    test(`${browser} a copy is the file, and stays so`, async () => {
        const { disk, upload } = chooseFile(content, { readsOn });
        const { copy, sum } = await copyToMemory(upload, signal, readsOn);
        disk.content = null;
        assert.deepEqual([await new Blob([copy]).text(), sum], [content, crc64(Buffer.from(content))]);
    });

    for (const [kind, change] of CHANGES) {
        test(`${browser} a file that is ${kind} as it is copied has changed`, async () => {
            const { disk, upload } = chooseFile(content, { readsOn });
            disk.afterRead = () => {
                disk.content = change(content);
            };
            await assert.rejects(copyToMemory(upload, signal, readsOn), { code: "file_changed" });
        });
    }

    for (const [kind, change] of CHANGES.filter(([kind]) => kind !== "replaced")) {
        test(`${browser} a file that is ${kind} before it is copied has changed`, async () => {
            const { disk, upload } = chooseFile(content, { readsOn });
            disk.content = change(content);
            await assert.rejects(copyToMemory(upload, signal, readsOn), { code: "file_changed" });
        });
    }
}

const uploadOf = (blob) => new Upload(Object.assign(blob, { name: "a.txt", lastModified: 7 }));

/** Reads ahead the first of these files, and copies all. Returns what the copies hold, and how often anything was read. */
async function copyThose(
    t,
    uploads,
    { browser = { userAgentData: {} }, waits = 0, ring = () => {}, canRead = () => true } = {},
) {
    Object.defineProperty(globalThis, "navigator", { value: browser, configurable: true });
    t.mock.method(globalThis, "setTimeout", ring);
    const { arrayBuffer } = Blob.prototype;
    const read = t.mock.method(Blob.prototype, "arrayBuffer", function () {
        return canRead(this) ? arrayBuffer.call(this) : Promise.reject(new Error("NotReadableError"));
    });
    const [first, ...others] = uploads;
    readAhead(first, (count) => others.slice(0, count));
    for (const each of others) {
        readAhead(each, () => []);
    }
    await new Promise((resolve) => setImmediate(resolve));
    const now = performance.now() + waits;
    t.mock.method(performance, "now", () => now);
    const contents = [];
    for (const each of uploads) {
        const { copy, sum } = await copyToMemory(each, signal).catch(({ code }) => ({ copy: code, sum: 0n }));
        assert.equal(sum, crc64(copy instanceof Uint8Array ? copy : new Uint8Array()));
        contents.push(await new Blob([copy]).text());
    }
    return { contents, reads: read.mock.callCount() - uploads.length };
}

const LETTERS = ["a", "bc", "", "def", "g", "h", "i", "j", "k", "l"];

for (const [where, options, reads] of [
    ["in Chromium small files are read together, nine at a time, and once more to see that they are the same", {}, 4],
    ["what was read a second ago is read anew", { waits: 1000 }, 23],
    ["what was read a second ago has left the memory", { ring: (act) => act() }, 23],
    ["in other browsers each file is read by itself", { browser: {} }, 19],
]) {
    test(where, async (t) => {
        const uploads = LETTERS.map((text) => uploadOf(new Blob([text])));
        assert.deepEqual(await copyThose(t, uploads, options), { contents: LETTERS, reads });
    });
}

test("where files cannot be read together, those that can be read alone are", async (t) => {
    const uploads = ["a", "b", "c"].map((text) => uploadOf(new Blob([text])));
    const { contents } = await copyThose(t, uploads, { canRead: ({ size }) => size === 1 });
    assert.deepEqual(contents, ["a", "b", "c"]);
});

test("of files read together that are longer than chosen, none gets another's bytes", async (t) => {
    const uploads = ["ab", "cd", "ef"].map((text) => uploadOf(new Blob([text])));
    uploads[1].size = 1;
    const { contents } = await copyThose(t, uploads);
    assert.deepEqual(contents, ["ab", "file_changed", "ef"]);
});

test("a large file is not read ahead", async (t) => {
    Object.defineProperty(globalThis, "navigator", { value: { userAgentData: {} }, configurable: true });
    const read = t.mock.method(Blob.prototype, "arrayBuffer");
    readAhead(uploadOf(new Blob(["x".repeat(300_000)])), () => []);
    assert.equal(read.mock.callCount(), 0);
});

test("Chromium says of a deleted file that it is empty: it has changed", async () => {
    const { disk, upload } = chooseFile("as it was", { isLive: true });
    disk.content = "";
    await assert.rejects(verifyUnchanged(upload, never, signal), { code: "file_changed" });
});

test("a small file's copy is its own, even if the file was large for a moment", async () => {
    const read = () => {
        file.size = 9;
        return Uint8Array.from(Buffer.from("as it was")).buffer;
    };
    const file = {
        ...{ name: "a.txt", size: 9, arrayBuffer: async () => read(), stream: () => streamOf(read) },
        slice: () => file,
    };
    const upload = new Upload(file);
    file.size = 300_000;
    const { copy } = await copyToMemory(upload, signal);
    await sumOf(new Blob([BYTES]), never, signal); // in the buffer that the last reader has left
    assert.equal(await new Blob([copy]).text(), "as it was");
});

test("a file is not read through where the browser refuses to read what has changed", async () => {
    const { disk, upload } = chooseFile("as it was");
    await verifyUnchanged(upload, never, signal);
    assert.deepEqual([disk.reads, upload.fingerprint], [1, undefined]);
});

test("a file that was looked at on another visit is known by what it came to", async () => {
    const before = chooseFile("as it was", { readsOn: true });
    await verifyUnchanged(before.upload, never, signal, true);
    const now = chooseFile("as it is!", { readsOn: true });
    now.upload.fingerprint = before.upload.fingerprint;
    await assert.rejects(verifyUnchanged(now.upload, never, signal, true), { code: "file_changed" });
});

test("while a long file is read, it says that it goes on", async () => {
    const { upload } = chooseFile("as it was", { readsOn: true });
    let turns = 0;
    await verifyUnchanged(upload, () => (turns += 1), signal, true);
    assert.equal(turns, 1);
});

test("reading ends when it is cancelled", async () => {
    const { upload } = chooseFile("as it was", { readsOn: true });
    const reason = new Error("cancelled");
    const controller = new AbortController();
    controller.abort(reason);
    await assert.rejects(verifyUnchanged(upload, never, controller.signal, true), reason);
});

test("an empty file can be read", async () => {
    assert.ok(await isReadable(new Blob([]), signal));
});

/** More than two pieces, no two bytes in a row alike. */
const BYTES = Uint8Array.from({ length: 2_400_000 }, (_, at) => at % 251);

/** As Safari gives it: no reader fills a buffer. */
function withoutByob(blob) {
    const getReader = () => {
        throw new TypeError();
    };
    return {
        size: blob.size,
        arrayBuffer: () => blob.arrayBuffer(),
        slice: (...ends) => blob.slice(...ends),
        stream: () => ({ getReader }),
    };
}

for (const [browser, adapt] of [
    ["", (blob) => blob],
    [" in Safari", withoutByob],
]) {
    test(`a file is read in pieces, and summed as a whole${browser}`, async () => {
        const sizes = [];
        for await (const { length } of readPieces(adapt(new Blob([BYTES])), signal)) {
            sizes.push(length);
        }
        let turns = 0;
        const sum = await sumOf(adapt(new Blob([BYTES])), () => (turns += 1), signal);
        assert.ok(Math.max(...sizes) <= 1_048_576);
        assert.deepEqual([sum, turns], [crc64(BYTES), sizes.length]);
    });

    test(`a file of no bytes has the sum 0${browser}`, async () => {
        assert.equal(await sumOf(adapt(new Blob([])), never, signal), 0n);
    });

    test(`summing ends when it is cancelled${browser}`, async () => {
        const reason = new Error("cancelled");
        await assert.rejects(sumOf(adapt(new Blob(["x"])), never, AbortSignal.abort(reason)), reason);
    });
}

test("files that are read one after another share a buffer, a cancelled one in between", async () => {
    await sumOf(new Blob([BYTES]), never, signal);
    const Buffer = globalThis.ArrayBuffer;
    let created = 0;
    globalThis.ArrayBuffer = class extends Buffer {
        constructor(size) {
            super(size);
            created += 1;
        }
    };
    try {
        const controller = new AbortController();
        const reading = sumOf(new Blob([BYTES]), never, controller.signal);
        controller.abort();
        await assert.rejects(reading);
        assert.equal(await sumOf(new Blob([BYTES]), never, signal), crc64(BYTES));
        assert.equal(await sumOf(new Blob([BYTES]), never, signal), crc64(BYTES));
    } finally {
        globalThis.ArrayBuffer = Buffer;
    }
    assert.equal(created, 1); // the cancelled read keeps its own
});

/** As in browsers. Node delivers a thousand. */
class OneMessagePerTurn {
    port1 = { close() {} };
    port2 = { postMessage: () => setImmediate(() => this.port1.onmessage()) };
}

test("a disk that is quicker than the sums leaves the page its turn after each piece", async () => {
    let left = 4;
    const pull = (controller) => {
        left -= 1;
        controller.byobRequest.respond(controller.byobRequest.view.byteLength);
        left || controller.close();
    };
    const stream = () => new ReadableStream({ type: "bytes", pull });
    let turns = 0;
    const takeTurn = () => {
        turns += 1;
        left && setImmediate(takeTurn);
    };
    setImmediate(takeTurn);
    const { MessageChannel } = globalThis;
    globalThis.MessageChannel = OneMessagePerTurn;
    try {
        await sumOf({ size: 4 * 1_048_576, stream }, never, signal);
    } finally {
        globalThis.MessageChannel = MessageChannel;
    }
    assert.ok(turns >= 3, `${turns}`);
});

for (const [name, read, size] of [
    ["a copy", (upload, ends) => copyToMemory(upload, ends)],
    ["a check", (upload, ends) => verifyUnchanged(upload, never, ends)],
    ["a sum", ({ file }, ends) => sumOf(file, never, ends)],
    ["a look", ({ file }, ends) => isReadable(file, ends)],
].flatMap((row) => [
    [...row, 9],
    [...row, 300_000],
])) {
    test(`${name} of ${size} bytes ends when it is cancelled, though the browser never answers`, async () => {
        const forever = new Promise(() => {});
        const stream = () => new ReadableStream({ type: "bytes", pull: () => forever });
        const arrayBuffer = () => forever;
        const file = { name: "a.txt", size, stream, arrayBuffer, slice: () => ({ size: 1, arrayBuffer }) };
        const controller = new AbortController();
        const reading = read(new Upload(file), controller.signal);
        const reason = new Error("cancelled");
        setImmediate(() => controller.abort(reason));
        await assert.rejects(reading, reason);
    });
}
