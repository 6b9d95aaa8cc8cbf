// Files and folders, out of what a browser hands over.

import assert from "node:assert/strict";
import { File } from "node:buffer";
import { test } from "node:test";
import { chosen, dropped, misfit } from "../../web/files.js";

globalThis.File ??= File; // Node 18 has it in node:buffer alone

const file = (name) => new File(["x"], name);

const fileEntry = (path) => ({ isFile: true, fullPath: path, file: (resolve) => resolve(file(path)) });

/** A folder as browsers give it: so many entries at a time, then none. */
function folderEntry(entries, atATime) {
    const createReader = () => {
        const left = [...entries];
        return { readEntries: (resolve) => resolve(left.splice(0, atATime)) };
    };
    return { isFile: false, fullPath: "/", createReader };
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

test("what is dropped and is no file is left alone", async () => {
    assert.deepEqual(await dropped({ items: [{ kind: "string" }] }), []);
});

test("where a browser gives no entry it gives the file", async () => {
    const item = { kind: "file", webkitGetAsEntry: () => null, getAsFile: () => file("a.txt") };
    assert.deepEqual(names(await dropped({ items: [item, { ...item, getAsFile: () => null }] })), ["a.txt"]);
});

const LIMITS = { max_size: 10, content_types: ["text/plain"], auth: "none" };

for (const [content, type, limits, code] of [
    ["", "text/plain", LIMITS, "empty"],
    ["", "text/plain", null, "empty"],
    ["x".repeat(11), "text/plain", LIMITS, "too_large"],
    ["x".repeat(11), "text/html", null, undefined],
    ["x".repeat(10), "text/plain", LIMITS, undefined],
    ["x", "text/html", LIMITS, "type_not_allowed"],
    ["x", "", LIMITS, "type_not_allowed"],
]) {
    test(`${content.length} bytes of ${type || "no type"} are ${code ?? "worth trying"}${limits ? "" : " while nothing is known"}`, () => {
        assert.equal(misfit(new File([content], "a", { type }), limits)?.code, code);
    });
}

test("what cannot be read is told, and the rest of the drop is not lost with it", async () => {
    const broken = {
        isFile: true,
        name: "b.txt",
        fullPath: "/t/b.txt",
        file: (_, reject) => reject(new Error("gone")),
    };
    const shut = {
        isFile: false,
        name: "u",
        fullPath: "/u",
        createReader: () => ({ readEntries: (_, reject) => reject(new Error("shut")) }),
    };
    const found = await dropped(transfer(fileEntry("/a.txt"), folderEntry([broken], 9), shut));
    assert.deepEqual(
        found.map(({ name, unreadable }) => [name, unreadable ?? false]),
        [
            ["a.txt", false],
            ["t/b.txt", true],
            ["u", true],
        ],
    );
});
