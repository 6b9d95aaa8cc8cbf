// The link at which a stored file can be downloaded: in a document of a few lines, and on a clock of its own.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, test } from "node:test";
import { isDownloadable, showDownload } from "../../web/download.js";
import { Translator } from "../../web/messages.js";

const messages = JSON.parse(await readFile(new URL("../../web/en.json", import.meta.url), "utf-8"));
const texts = new Translator("en", messages, "en-GB");

const NOW = new Date(2026, 10, 29, 14, 5).getTime();
const DOWNLOAD = { url: "https://oss/a?x-oss-expires=600", expiresAt: NOW + 600_000 };

class FakeElement {
    attributes = {};
    style = {};
    children = [];
    textContent = "";
    setAttribute(name, value) {
        this.attributes[name] = value;
    }
    append(...children) {
        this.children.push(...children);
    }
    matches = () => false;
    remove() {
        this.isRemoved = true;
    }
}

/** A row, and the lines below its status. */
function createRow() {
    const lines = [];
    const remove = { focus: () => lines.push("focus") };
    return { lines, status: { after: (line) => lines.push(line) }, buttons: new Map([["remove", remove]]) };
}

const { document, setTimeout } = globalThis;
const { now } = Date;
let timers;

beforeEach(() => {
    timers = [];
    globalThis.document = { createElement: () => new FakeElement() };
    globalThis.setTimeout = (end, milliseconds) => timers.push({ end, milliseconds });
    Date.now = () => NOW;
});

afterEach(() => {
    Object.assign(globalThis, { document, setTimeout });
    Date.now = now;
});

test("the link opens the address in a tab of its own, and says until when", () => {
    const row = createRow();
    showDownload(row, { name: "cat.png", download: DOWNLOAD }, texts);
    const [{ children }] = row.lines;
    assert.equal(children[0].textContent, "Download until 14:15");
    assert.deepEqual(children[0].attributes, {
        href: DOWNLOAD.url,
        target: "_blank",
        rel: "noopener noreferrer",
        download: "",
        part: "download",
        "aria-label": "Download until 14:15: cat.png",
    });
});

test("a row that is painted again has the same link, in the words that are in use", () => {
    const row = createRow();
    const upload = { name: "cat.png", download: DOWNLOAD };
    showDownload(row, upload, texts);
    showDownload(row, upload, new Translator("de", { download: "Herunterladen (bis {time})" }));
    const labels = row.lines.map(({ children }) => children[0].textContent);
    assert.deepEqual([labels, timers.length], [["Herunterladen (bis 14:15)"], 1]);
});

test("at its end the link goes, and the focus that was on it is on the row's button", () => {
    const row = createRow();
    showDownload(row, { name: "cat.png", download: DOWNLOAD }, texts);
    const [line] = row.lines;
    line.children[0].matches = (selector) => selector === ":focus";
    timers[0].end();
    assert.deepEqual([timers[0].milliseconds, line.isRemoved, row.lines[1]], [600_000, true, "focus"]);
});

for (const [download, isOne] of [
    [undefined, false],
    [{ ...DOWNLOAD, expiresAt: NOW }, false],
    [{ ...DOWNLOAD, expiresAt: NOW + 1 }, true],
]) {
    test(`${JSON.stringify(download)} is ${isOne ? "a link" : "no link"}`, () => {
        const row = createRow();
        showDownload(row, { name: "cat.png", download }, texts);
        assert.deepEqual([isDownloadable(download), row.lines.length], [isOne, Number(isOne)]);
    });
}
