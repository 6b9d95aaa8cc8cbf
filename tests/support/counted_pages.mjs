// Pages of a counted link, without a browser: the page's own modules, with a network, a clock and chance that a test
// decides on. One JSON command a line in, one JSON answer a line out: what the pages show, and their new requests.

import { AsyncLocalStorage } from "node:async_hooks";
import { webcrypto } from "node:crypto";
import { createInterface } from "node:readline";

globalThis.crypto ??= webcrypto; // Node 18 has it in node:crypto alone

/** A file or a part of one: its bytes are there at once, so that no answer comes before they were read. */
class MemoryBlob {
    constructor([content] = [""], { type = "" } = {}) {
        this.bytes = content instanceof Uint8Array ? content : new Uint8Array(content ?? []);
        this.size = this.bytes.length;
        this.type = type;
    }
    slice(begin, end, type) {
        return new MemoryBlob([this.bytes.slice(begin, end)], { type });
    }
    async arrayBuffer() {
        return this.bytes.buffer.slice(this.bytes.byteOffset, this.bytes.byteOffset + this.size);
    }
}

class MemoryForm {
    fields = {};
    append(name, value) {
        this.fields[name] = value;
    }
}

/** What is in a form that is sent as bytes. @param {Uint8Array} bytes @param {string} type with the boundary */
function parseForm(bytes, type) {
    const [, boundary] = type.split("boundary=");
    const parts = Buffer.from(bytes).toString("latin1").split(`--${boundary}`).slice(1, -1);
    const read = (part) => {
        const [head] = part.split("\r\n\r\n", 1);
        const content = Buffer.from(part.slice(head.length + 4, -2), "latin1");
        const [, name] = /name="(.*?)"/.exec(head);
        const [, of] = /^Content-Type: (.*)/m.exec(head) ?? [];
        return [name, of ? new MemoryBlob([content], { type: of }) : content.toString()];
    };
    return Object.fromEntries(parts.map(read));
}

/** Of one browser; the names are its own properties, as a browser has them. */
class MemoryStorage {
    getItem = (name) => (Object.hasOwn(this, name) ? this[name] : null);
    setItem = (name, value) => {
        this[name] = value;
    };
    removeItem = (name) => delete this[name];
    constructor() {
        for (const name of Object.keys(this)) {
            Object.defineProperty(this, name, { enumerable: false });
        }
    }
}

/** Which page's code runs: timers and requests of a page that was closed come to nothing. */
const running = new AsyncLocalStorage();

let now = 0;
let timers = [];
let seed = 1;
let requests = [];
let pages = new Map();
let storages = new Map();
const pending = new Map();
let numberOfRequests = 0;

/** mulberry32: the same chances for the same seed. */
function random() {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

/** Announces a request to the test. @param {object} request @param {(answer: object) => void} settle */
function announce(request, settle) {
    const page = running.getStore();
    numberOfRequests += 1;
    const id = numberOfRequests;
    pending.set(id, (answer) => page.isClosed || running.run(page, () => settle(answer)));
    requests.push({ id, page: page.name, ...request });
    return id;
}

async function fakeFetch(address, { method, headers, body, signal }) {
    const { pathname, search } = new URL(address);
    return new Promise((resolve, reject) => {
        const request = { kind: "function", method, path: pathname + search, headers, body: body ?? null };
        announce(request, ({ status, text }) =>
            status ? resolve(new Response(text, { status })) : reject(new TypeError("no answer")),
        );
        signal?.addEventListener("abort", () => reject(signal.reason));
    });
}

class FakeXhr {
    upload = {};
    status = 0;
    responseText = "";
    responseXML = null;
    getAllResponseHeaders = () => `x-oss-hash-crc64ecma: ${this.checksum}`;
    open(method, url) {
        Object.assign(this, { method, url });
    }
    setRequestHeader(_, type) {
        this.type = type;
    }
    send(body) {
        const { file, ...fields } = this.type ? parseForm(body, this.type) : (body.fields ?? { file: body });
        const content = Buffer.from(file.bytes).toString("base64");
        const request = { kind: this.method, url: this.url, fields, type: file.type, content };
        announce(request, (answer) => this.#end(answer));
    }
    abort() {
        this.#end = () => {};
        this.onabort();
        this.onloadend();
    }
    #end = ({ status, text, error, checksum }) => {
        if (status) {
            const elements = (selector) => ({ textContent: error?.[selector.replace("Error > ", "")] ?? "" });
            Object.assign(this, {
                status,
                checksum,
                responseText: text,
                responseXML: error && { querySelector: elements },
            });
            this.upload.onload();
            this.onload();
        } else {
            this.onerror();
        }
        this.onloadend();
    };
}

Object.assign(globalThis, {
    Blob: MemoryBlob,
    FormData: MemoryForm,
    XMLHttpRequest: FakeXhr,
    fetch: fakeFetch,
    addEventListener: () => {},
    removeEventListener: () => {},
    setInterval: () => 0,
    setTimeout: (act, milliseconds) => {
        const timer = { at: now + milliseconds, act, page: running.getStore() };
        timers.push(timer);
        return timer;
    },
    clearTimeout: (timer) => {
        timers = timers.filter((other) => other !== timer);
    },
});
Math.random = random;
performance.now = () => now;
const locks = {
    request: (name) => running.getStore().locks.add(name),
    query: () => {
        const { storage } = running.getStore();
        const others = [...pages.values()].filter((page) => page.storage === storage);
        return { held: others.flatMap((page) => [...page.locks].map((name) => ({ name }))) };
    },
};
Object.defineProperty(globalThis, "navigator", { value: { onLine: true, locks } });
Object.defineProperty(globalThis, "localStorage", { get: () => running.getStore().storage });

globalThis.document = { querySelectorAll: () => [] };

const { createQueue, Signer, Upload } = await import("../../web/uploader.js");
const { ResumeOffers } = await import("../../web/resume-offers.js");
await Promise.all(["counted-link", "multipart", "crc64"].map((name) => import(`../../web/${name}.js`)));

/** Lets everything that can go on go on. */
async function settle() {
    for (let turn = 0; turn < 12; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve));
    }
}

const COMMANDS = {
    reset(command) {
        [now, timers, seed, requests] = [0, [], command.seed, []];
        [pages, storages] = [new Map(), new Map()];
        pending.clear();
    },
    /** Opens a page, or loads it again. Pages of one browser share what it stores. */
    open({ page: name, browser, address, token }) {
        const closed = pages.get(name);
        if (closed) {
            closed.isClosed = true;
            timers = timers.filter(({ page }) => page !== closed);
        }
        const storage = storages.get(browser) ?? storages.set(browser, new MemoryStorage()).get(browser);
        const page = { name, storage, isClosed: false, uploads: new Map(), locks: new Set() };
        pages.set(name, page);
        running.run(page, () => {
            page.signer = new Signer(address, token);
            page.queue = createQueue(page.signer, () => {});
            page.signer.fetchLimits().then(
                () => offerResume(page),
                () => {},
            );
        });
    },
    /** Chooses a file: its name repeated. */
    choose({ page: name, file, size }) {
        const page = pages.get(name);
        const blob = new MemoryBlob([Buffer.alloc(size, file)], { type: "text/plain" });
        const upload = new Upload(Object.assign(blob, { name: file, lastModified: 7, webkitRelativePath: "" }));
        page.uploads.set(file, upload);
        running.run(page, () => {
            page.offers?.resumeFromPreviousUpload(upload);
            page.queue.add(upload);
        });
    },
    retry({ page: name, file }) {
        const page = pages.get(name);
        running.run(page, () => page.queue.add(page.uploads.get(file)));
    },
    cancel({ page: name, file }) {
        const page = pages.get(name);
        running.run(page, () => page.queue.cancel(page.uploads.get(file)));
    },
    answer({ id, ...answer }) {
        pending.get(id)?.(answer);
        pending.delete(id);
    },
    pass({ milliseconds }) {
        now += milliseconds;
        const due = timers.filter(({ at }) => at <= now);
        timers = timers.filter(({ at }) => at > now);
        for (const { act, page } of due) {
            running.run(page, act);
        }
    },
};

/** As web/app.js does. */
async function offerResume(page) {
    const offers = new ResumeOffers(await page.signer.loadMultipart(), () => ({ remove: () => {} }));
    await offers.show();
    page.offers = offers;
}

function describe({ uploads, signer, storage }) {
    const shown = [...uploads].map(([file, { state, key, fault, isRetriable, isOpen }]) => {
        return [file, { state, key, fault: fault?.code ?? null, isRetriable, isOpen }];
    });
    const left = running.run({ storage }, () => signer.slots?.left ?? null);
    return { uploads: Object.fromEntries(shown), left };
}

for await (const line of createInterface({ input: process.stdin })) {
    const { command, ...parameters } = JSON.parse(line);
    COMMANDS[command](parameters);
    await settle();
    const shown = Object.fromEntries([...pages].map(([name, page]) => [name, describe(page)]));
    process.stdout.write(`${JSON.stringify({ pages: shown, requests })}\n`);
    requests = [];
}
