// Files that change on a simulated disk, read as Firefox reads them and as other browsers do.

import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { test } from "node:test";
import { copyToMemory, isReadable, Upload, verifyUnchanged } from "../../web/files.js";

globalThis.crypto ??= webcrypto; // Node 18 has it in node:crypto alone

const signal = new AbortController().signal;
const never = () => {};

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
        slice: (at) => {
            assert.equal(at, -1);
            return { arrayBuffer: async () => read(first.length - 1, first.length) };
        },
        arrayBuffer: async () => read(0),
        stream: () => new Blob([new Uint8Array(read(0))]).stream(),
    };
    return { disk, upload: new Upload(file) };
}

const CHANGES = {
    grown: "as it was, and more",
    shrunk: "as it",
    replaced: "as it is!",
    deleted: null,
};

for (const readsOn of [true, false]) {
    const browser = readsOn ? "in Firefox" : "elsewhere";

    test(`${browser} a file that is as it was may be looked at as often as one likes`, async () => {
        const { upload } = chooseFile("as it was", { readsOn });
        await verifyUnchanged(upload, never, signal, readsOn);
        await verifyUnchanged(upload, never, signal, readsOn);
    });

    for (const [kind, content] of Object.entries(CHANGES)) {
        test(`${browser} a file that is ${kind} after the first look has changed`, async () => {
            const { disk, upload } = chooseFile("as it was", { readsOn });
            await verifyUnchanged(upload, never, signal, readsOn);
            disk.content = content;
            await assert.rejects(verifyUnchanged(upload, never, signal, readsOn), { code: "file_changed" });
        });
    }

    test(`${browser} a copy is the file, and stays so`, async () => {
        const { disk, upload } = chooseFile("as it was", { readsOn });
        const copied = await copyToMemory(upload, signal, readsOn);
        disk.content = "as it is!";
        assert.equal(await copied.text(), "as it was");
    });

    for (const [kind, content] of Object.entries(CHANGES)) {
        test(`${browser} a file that is ${kind} as it is copied has changed`, async () => {
            const { disk, upload } = chooseFile("as it was", { readsOn });
            disk.afterRead = () => {
                disk.content = content;
            };
            await assert.rejects(copyToMemory(upload, signal, readsOn), { code: "file_changed" });
        });
    }

    for (const kind of ["grown", "shrunk", "deleted"]) {
        test(`${browser} a file that is ${kind} before it is copied has changed`, async () => {
            const { disk, upload } = chooseFile("as it was", { readsOn });
            disk.content = CHANGES[kind];
            await assert.rejects(copyToMemory(upload, signal, readsOn), { code: "file_changed" });
        });
    }
}

test("Chromium says of a deleted file that it is empty: it has changed", async () => {
    const { disk, upload } = chooseFile("as it was", { isLive: true });
    disk.content = "";
    await assert.rejects(verifyUnchanged(upload, never, signal), { code: "file_changed" });
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
    assert.ok(await isReadable(new Blob([])));
});
