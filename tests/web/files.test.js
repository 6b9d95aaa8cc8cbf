// Files and folders, out of what a browser hands over.

import assert from "node:assert/strict";
import { File } from "node:buffer";
import { test } from "node:test";
import { chosen, dropped } from "../../web/files.js";

globalThis.File ??= File; // Node 18 has it in node:buffer alone

const file = (name) => new File(["x"], name);

const fileEntry = (path) => ({ isFile: true, fullPath: path, file: (resolve) => resolve(file(path)) });

/** A folder as browsers give it: so many entries at a time, then none. */
function folderEntry(entries, atATime) {
    const createReader = () => {
        const left = [...entries];
        return { readEntries: (resolve) => resolve(left.splice(0, atATime)) };
    };
    return { isFile: false, fullPath: "/t", createReader };
}

const transfer = (...entries) => ({ items: entries.map((entry) => ({ kind: "file", webkitGetAsEntry: () => entry })) });

const names = (found) => found.map(({ name }) => name);

test("chosen files have their names, and those of a chosen folder its path", () => {
    const inFolder = file("c.txt");
    Object.defineProperty(inFolder, "webkitRelativePath", { value: "trip/day 1/c.txt" });
    assert.deepEqual(names(chosen([file("a.txt"), inFolder])), ["a.txt", "trip/day 1/c.txt"]);
    assert.deepEqual(chosen(null), []);
});

test("a folder is read to its end, however few entries come at a time", async () => {
    const entries = Array.from({ length: 250 }, (_, number) => fileEntry(`/trip/${number}.txt`));
    const found = await dropped(transfer(folderEntry(entries, 100)));
    assert.deepEqual(
        names(found),
        entries.map(({ fullPath }) => fullPath.slice(1)),
    );
});

test("folders within folders keep their paths", async () => {
    const found = await dropped(
        transfer(fileEntry("/a.txt"), folderEntry([folderEntry([fileEntry("/t/u/b.txt")], 9)], 9)),
    );
    assert.deepEqual(names(found), ["a.txt", "t/u/b.txt"]);
});

test("what cannot be read is named with its fault, and takes nothing else with it", async () => {
    const refuse = (_resolve, reject) => reject(new DOMException("gone", "NotFoundError"));
    const gone = { isFile: true, fullPath: "/t/gone.txt", file: refuse };
    const locked = { isFile: false, fullPath: "/t/locked", createReader: () => ({ readEntries: refuse }) };
    const found = await dropped(transfer(folderEntry([gone, locked, fileEntry("/t/a.txt")], 9)));
    assert.deepEqual(
        found.map(({ name, fault }) => [name, fault?.code]),
        [
            ["t/gone.txt", "file_changed"],
            ["t/locked", "file_changed"],
            ["t/a.txt", undefined],
        ],
    );
});

test("names are composed, as the function wants them", () => {
    assert.deepEqual(names(chosen([file("u\u0308.txt")])), ["\u00fc.txt"]);
});

test("what is dropped and is no file is left alone", async () => {
    assert.deepEqual(await dropped({ items: [{ kind: "string" }] }), []);
});

test("where a browser gives no entry it gives the file", async () => {
    const item = { kind: "file", webkitGetAsEntry: () => null, getAsFile: () => file("a.txt") };
    assert.deepEqual(names(await dropped({ items: [item, { ...item, getAsFile: () => null }] })), ["a.txt"]);
});
