// What is sent is compared with what the storage has: with a simulated storage, and files that change on a simulated disk.

import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import { beforeEach, test } from "node:test";
import { MAX_COPY_SIZE, Upload } from "../../web/files.js";
import { postForm, putPart } from "../../web/oss.js";

globalThis.crypto ??= webcrypto; // Node 18 has it in node:crypto alone

/** Of "123456789" (reveng.sourceforge.io: CRC-64/XZ). */
const SUM = 0x995dc9bbdf1939fan;

const { signal } = new AbortController();
const never = () => {};

/** Node's, which writes them as browsers do. */
const { FormData, Response } = globalThis;

/** What the storage answers to the next request: a status and its headers. */
let answer;

class FakeXhr {
    upload = {};
    responseXML = null;
    responseText = "";
    type = "";
    open() {}
    setRequestHeader(_, value) {
        this.type = value;
    }
    getAllResponseHeaders() {
        return answer.headers;
    }
    async send(body) {
        answer.sent = { body, type: this.type };
        await answer.before?.();
        if (answer.fails) {
            this.onerror();
            this.onloadend();
            answer.fails();
            return;
        }
        this.status = answer.status ?? 200;
        this.responseText = answer.text ?? "";
        for (const loaded of answer.reports ?? []) {
            this.upload.onprogress({ loaded, total: 1000 });
        }
        this.upload.onload();
        this.onload();
        this.onloadend();
    }
}

beforeEach(() => {
    const form = class extends Map {
        append = (name, value) => this.set(name, value);
    };
    Object.assign(globalThis, { XMLHttpRequest: FakeXhr, FormData: form, setInterval: never });
});

const header = (sum) => ({ headers: `etag: "E"\r\nx-oss-hash-crc64ecma: ${sum}\r\n` });

/** A file whose bytes are those on a disk; `size` may be more than it has, so that it counts as a large one. */
function chooseFile(size) {
    const disk = { content: "123456789" };
    const blob = (read, length) => ({
        size: length,
        type: "",
        arrayBuffer: async () => new TextEncoder().encode(read()).buffer,
        stream: () => new Blob([read(), new Uint8Array(Math.max(0, size - 9))]).stream(),
        slice: (begin) => (begin === -1 ? blob(() => "9", 1) : blob(read, size)),
    });
    const file = Object.assign(
        blob(() => disk.content, size),
        { name: "a.txt", lastModified: 7 },
    );
    return { disk, upload: new Upload(file, "a.txt") };
}

const FORM = { url: "https://oss", fields: {}, key: "k" };

const FACT = { filename: "a.txt", size: 9 };

const small = () => new Upload(Object.assign(new Blob(["123456789"]), { name: "a.txt", lastModified: 7 }), "a.txt");

test("a form whose sum the storage has as well is stored", async () => {
    answer = header(SUM);
    assert.deepEqual(await postForm(FORM, small(), never, signal), { answer: "" });
});

test("what the callback function found is what is known of the file", async () => {
    const object = { filename: "a.txt", size: 9, content_type: "text/csv", type_matches: false };
    answer = { ...header(SUM), text: JSON.stringify({ stored: object }) };
    assert.deepEqual(await postForm(FORM, small(), never, signal), { object });
});

test("where the site allows it, a stored file has an address to download from", async (context) => {
    const { now } = Date;
    Date.now = () => 1_000;
    context.after(() => {
        Date.now = now;
    });
    const url =
        "https://files.example/a.png?response-content-disposition=attachment&x-oss-expires=600&x-oss-signature=0";
    answer = { ...header(SUM), text: JSON.stringify({ stored: FACT, download_url: url, webhook_delivered: false }) };
    const { download, state } = await postForm(FORM, small(), never, signal);
    assert.deepEqual([download, state], [{ url, expiresAt: 601_000 }, "unreported"]);
});

for (const url of [
    "javascript:alert(1)//?x-oss-expires=600",
    "data:text/html,?x-oss-expires=600",
    "//evil.example/?x-oss-expires=600",
    " https://files.example/?x-oss-expires=600",
    "https://files.example/a.png",
    "https://files.example/?x-oss-expires=0",
    600,
    {},
    null,
]) {
    test(`${JSON.stringify(url)} is no address to download from`, async () => {
        answer = { ...header(SUM), text: JSON.stringify({ stored: FACT, download_url: url }) };
        assert.deepEqual(await postForm(FORM, small(), never, signal), { object: FACT });
    });
}

for (const text of [
    '{"stored":true}',
    '{"stored":{"filename":7}}',
    '{"stored":"a.txt","deleted":[]}',
    '{"deleted":"none"}',
]) {
    test(`${text} is another callback's answer, and shown as it is`, async () => {
        answer = { ...header(SUM), text };
        assert.deepEqual(await postForm(FORM, small(), never, signal), { answer: text });
    });
}

test("a file that the callback function deleted is not stored", async () => {
    const text = JSON.stringify({ error: { code: "type_mismatch", message: "m", request_id: "r" }, deleted: FACT });
    answer = { ...header(SUM), text };
    await assert.rejects(postForm(FORM, small(), never, signal), {
        code: "type_mismatch",
        detail: { code: "type_mismatch", message: "m", requestId: "r" },
    });
});

test("a form that arrived with other bytes is damaged, and stored nevertheless", async () => {
    answer = header(SUM + 1n);
    await assert.rejects(postForm(FORM, small(), never, signal), { code: "damaged", detail: { isStored: true } });
});

test("where the page may not read the sum, the upload counts, and that is said once", async () => {
    answer = { headers: 'etag: "E"\r\n' };
    const said = [];
    console.info = (text) => said.push(text);
    for (let count = 0; count < 2; count += 1) {
        assert.deepEqual(await postForm(FORM, small(), never, signal), { answer: "" });
    }
    assert.deepEqual(said, ["No checksums are compared: the bucket's CORS rule does not expose x-oss-hash-crc64ecma."]);
});

test("a refused form is not called damaged", async () => {
    answer = { ...header(SUM + 1n), status: 503 };
    await assert.rejects(postForm(FORM, small(), never, signal), { code: "storage_busy" });
});

test("a large form whose file is as it was is damaged on its way", async () => {
    const { upload } = chooseFile(MAX_COPY_SIZE + 1);
    answer = header(SUM + 1n);
    await assert.rejects(postForm(FORM, upload, never, signal), { code: "damaged" });
});

test("a large form whose file has other bytes now has changed", async () => {
    const { upload, disk } = chooseFile(MAX_COPY_SIZE + 1);
    answer = header(SUM + 1n);
    let pieces = 0;
    answer.before = async () => {
        while (pieces < (MAX_COPY_SIZE + 1) / 1_048_576) {
            await new Promise(setImmediate);
        }
        disk.content = "987654321";
    };
    await assert.rejects(
        postForm(FORM, upload, () => (pieces += 1), signal),
        { code: "file_changed" },
    );
});

for (const [signed, type] of [
    ["text/plain", "text/plain"],
    [undefined, "application/octet-stream"],
]) {
    test(`the bytes of a small file, signed as ${signed}, are sent as a FormData would be`, async () => {
        const fields = { key: "uploads/ü €.txt", policy: "e30=", ...(signed && { "x-oss-content-type": signed }) };
        const form = new FormData();
        Object.entries(fields).forEach(([name, value]) => {
            form.append(name, value);
        });
        form.append("file", new Blob(["123456789"], { type }), "file");
        answer = header(SUM);
        await postForm({ ...FORM, fields }, small(), never, signal);
        const { body, type: contentType } = answer.sent;
        const [ours, theirs] = [new Response(body), new Response(form)];
        const [, boundary] = theirs.headers.get("content-type").split("boundary=");
        const expected = (await theirs.text()).replaceAll(boundary, contentType.split("boundary=")[1]);
        assert.equal((await ours.text()).trimEnd(), expected.trimEnd());
    });
}

test("no two forms have the same boundary", async () => {
    answer = header(SUM);
    const types = [];
    for (let count = 0; count < 2; count += 1) {
        await postForm(FORM, small(), never, signal);
        types.push(answer.sent.type);
    }
    assert.notEqual(types[0], types[1]);
});

for (const [browser, type, signed, sent] of [
    ["Chromium", "image/png", "image/png", "the file"],
    ["Chromium", "", "application/octet-stream", "the file"],
    ["Chromium", "image/png; q=1", "image/png", "a slice of type image/png"],
    ["Chromium", "image/png", undefined, "a slice of type "],
    ["Firefox", "image/png", "image/png", "a slice of type image/png"],
]) {
    test(`${browser} sends of a large file of type "${type}", signed as ${signed}, ${sent}`, async () => {
        const file = new Blob([new Uint8Array(MAX_COPY_SIZE + 1)], { type });
        const upload = new Upload(Object.assign(file, { name: "a.png", lastModified: 7 }));
        answer = { headers: "" };
        let content;
        globalThis.FormData = class {
            append(name, value) {
                content = name === "file" ? value : content;
            }
        };
        const value = browser === "Chromium" ? { userAgentData: {} } : {};
        Object.defineProperty(globalThis, "navigator", { value, configurable: true });
        await postForm({ ...FORM, fields: signed ? { "x-oss-content-type": signed } : {} }, upload, never, signal);
        assert.equal(content === upload.file ? "the file" : `a slice of type ${content.type}`, sent);
    });
}

test("progress is reported up to the size of the file, and that once the whole form has gone out", async () => {
    answer = { ...header(SUM), reports: [4, 990, 1000] };
    const reported = [];
    await postForm(FORM, small(), (bytes) => reported.push(bytes), signal);
    assert.deepEqual(reported, [4, 9, 9]);
});

test("a part resolves with the sum of what has arrived", async () => {
    answer = header(SUM);
    assert.equal(await putPart("https://oss/1", new Blob(["123456789"]), never, signal), SUM);
});

test("a part that arrived with other bytes is damaged, and no object", async () => {
    answer = header(7);
    await assert.rejects(putPart("https://oss/1", new Blob(["123456789"]), never, signal), {
        code: "damaged",
        detail: {},
    });
});

test("a part that cannot be read to its end has changed, whatever was sent", async () => {
    const stream = () => new ReadableStream({ type: "bytes", pull: () => Promise.reject(new TypeError()) });
    answer = header(SUM);
    await assert.rejects(putPart("https://oss/1", { size: 2 ** 20, stream }, never, signal), { code: "file_changed" });
});

test("a request that failed ends when it is cancelled, though the browser never answers whether the file is there", async () => {
    const part = new Blob(["123456789"]);
    part.arrayBuffer = () => new Promise(never);
    const controller = new AbortController();
    const reason = new Error("cancelled");
    answer = { fails: () => setImmediate(() => controller.abort(reason)) };
    await assert.rejects(putPart("https://oss/1", part, never, controller.signal), reason);
});
