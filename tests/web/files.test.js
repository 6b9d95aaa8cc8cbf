// Files and folders, as browsers hand them over.

import assert from "node:assert/strict";
import { File } from "node:buffer";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { listItems } from "../../web/drop.js";
import { checkLimits, typeOf, Upload } from "../../web/files.js";
import { readChosen, sift } from "../../web/found-files.js";

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

const readDrop = (transfer) => readChosen(listItems(transfer));

const names = (found) => found.map(({ name }) => name);

test("chosen files have their names, and those of a chosen folder its path", async () => {
    const inFolder = file("c.txt");
    Object.defineProperty(inFolder, "webkitRelativePath", { value: "trip/day 1/c.txt" });
    assert.deepEqual(names(await readChosen([file("a.txt"), inFolder])), ["a.txt", "trip/day 1/c.txt"]);
    assert.deepEqual(await readChosen([]), []);
});

test("a folder is read to its end, however few entries come at a time", async () => {
    const entries = Array.from({ length: 250 }, (_, number) => fileEntry(`/trip/${number}.txt`));
    const found = await readDrop(transfer(folderEntry(entries, 100)));
    assert.deepEqual(
        names(found),
        entries.map(({ fullPath }) => fullPath.slice(1)),
    );
});

test("folders within folders keep their paths", async () => {
    const found = await readDrop(
        transfer(fileEntry("/a.txt"), folderEntry([folderEntry([fileEntry("/t/u/b.txt")], 9)], 9)),
    );
    assert.deepEqual(names(found), ["a.txt", "t/u/b.txt"]);
});

test("what is dropped and is no file is ignored", async () => {
    assert.deepEqual(await readDrop({ items: [{ kind: "string" }] }), []);
});

test("where a browser gives no entry it gives the file", async () => {
    const item = { kind: "file", webkitGetAsEntry: () => null, getAsFile: () => file("a.txt") };
    assert.deepEqual(names(await readDrop({ items: [item, { ...item, getAsFile: () => null }] })), ["a.txt"]);
});

const LIMITS = {
    max_size: 10,
    content_types: ["text/plain"],
    accept: ["text/plain", "text/x-log", ".txt", ".log"],
    auth: "none",
};

/** What the function refuses on every way to upload (tests/sign/test_limits.py). */
const REFUSED = JSON.parse(await readFile(new URL("../sign/limits.json", import.meta.url), "utf-8"));
delete REFUSED.max_files; // of one file nobody can say it: counted-link.js

for (const [name, { limits, file, refusal }] of Object.entries(REFUSED)) {
    test(`a file that breaks ${name} is refused before anybody is asked`, () => {
        const { filename = "a.txt", content_type = "text/plain", size = 1 } = file;
        const chosen = new File(["x".repeat(size)], filename, { type: content_type });
        assert.equal(checkLimits(chosen, { ...LIMITS, max_size: size, ...limits })?.code, refusal);
    });
}

for (const [content, type, limits, code] of [
    ["", "text/plain", LIMITS, undefined],
    ["x".repeat(11), "text/plain", LIMITS, "too_large"],
    ["x".repeat(11), "text/html", null, undefined],
    ["x".repeat(10), "text/plain", LIMITS, undefined],
    ["x", "text/html", LIMITS, "type_not_allowed"],
    ["x", "", LIMITS, "type_not_allowed"],
]) {
    test(`${content.length} bytes of ${type || "no type"} are ${code ?? "worth trying"}${limits ? "" : " while nothing is known"}`, () => {
        assert.equal(checkLimits(new File([content], "a", { type }), limits)?.code, code);
    });
}

for (const [name, type, code] of [
    ["a.txt", "", undefined],
    ["SYS.LOG", "text/x-unheard-of", undefined],
    ["a", "text/x-log", undefined],
    ["a", "Text/Plain; charset=utf-8", undefined],
    ["a.stl", "", "type_not_allowed"],
    [".stl", "model/stl", "type_not_allowed"],
    ["txt", "", "type_not_allowed"],
    ["a.txt.exe", "", "type_not_allowed"],
]) {
    test(`${name} of ${type || "no type"} is ${code ?? "left to the function"}`, () =>
        assert.equal(checkLimits(new File(["x"], name, { type }), LIMITS)?.code, code));
}

test("where bytes are allowed every file is left to the function", () => {
    const limits = { ...LIMITS, content_types: ["application/octet-stream"], accept: [] };
    assert.equal(checkLimits(new File(["x"], "a.nobody-knows-it"), limits), null);
});

test("where no type is allowed no file is left to the function", () => {
    const limits = { ...LIMITS, content_types: [], accept: [] };
    assert.equal(checkLimits(new File(["x"], "a.txt", { type: "text/plain" }), limits)?.code, "type_not_allowed");
});

test("what cannot be read is reported, and the rest of the drop is not lost with it", async () => {
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
    const found = await readDrop(transfer(fileEntry("/a.txt"), folderEntry([broken], 9), shut));
    assert.deepEqual(
        found.map(({ name, isUnreadable }) => [name, isUnreadable ?? false]),
        [
            ["a.txt", false],
            ["t/b.txt", true],
            ["u", true],
        ],
    );
});

test("an empty folder is recognized, wherever it lies", async () => {
    const folder = (path, ...entries) => ({ ...folderEntry(entries, 9), fullPath: path, name: path.split("/").pop() });
    const found = await readDrop(
        transfer(folder("/trip", folder("/trip/day 1"), fileEntry("/trip/a.txt")), folder("/b")),
    );
    assert.deepEqual(
        found.map(({ name, isEmpty }) => [name, isEmpty ?? false]),
        [
            ["trip/a.txt", false],
            ["trip/day 1", true],
            ["b", true],
        ],
    );
});

const ORDERED = [
    "t/1.txt",
    "t/2.txt",
    "t/10.txt",
    "t/a/9.txt",
    "t/a/b/1.txt",
    "t/a 2/1.txt",
    "t/B.txt",
    "t/é.txt",
    "t/F.txt",
];

/** In another order, which is the same each time. */
const shuffled = ORDERED.map((name, at) => [name, (at * 5) % ORDERED.length])
    .sort(([, left], [, right]) => left - right)
    .map(([name]) => name);

test("a chosen folder is in the order in which people sort names", async () => {
    const files = shuffled.map((path) =>
        Object.defineProperty(file(path.split("/").pop()), "webkitRelativePath", { value: path }),
    );
    assert.deepEqual(names(await readChosen(files)), ORDERED);
});

test("so is a dropped one", async () => {
    const entry = folderEntry(
        shuffled.map((name) => fileEntry(`/${name}`)),
        4,
    );
    assert.deepEqual(names(await readDrop(transfer(entry))), ORDERED);
});

test("files chosen one by one stay in the order in which they were chosen", async () => {
    assert.deepEqual(names(await readChosen([file("b"), file("a")])), ["b", "a"]);
});

const siftNames = (...paths) => {
    const { files, systemFiles } = sift(paths.map((name) => ({ file: file(name), name })));
    return [names(files), names(systemFiles)];
};

for (const name of [".DS_Store", "Thumbs.db", "thumbs.DB", "desktop.ini", "._a.txt", "Icon\r"]) {
    test(`${JSON.stringify(name)} among others is the system's own, in folders and beside them`, () => {
        assert.deepEqual(siftNames("a.txt", name), [["a.txt"], [name]]);
        assert.deepEqual(siftNames(`t/u/${name}`), [[], [`t/u/${name}`]]);
    });

    test(`${JSON.stringify(name)} chosen alone is meant`, () => {
        assert.deepEqual(siftNames(name), [[name], []]);
    });
}

test("all that is in __MACOSX is the system's own", () => {
    assert.deepEqual(siftNames("__MACOSX/a.txt", "t/__MACOSX/u/b"), [[], ["__MACOSX/a.txt", "t/__MACOSX/u/b"]]);
});

for (const name of ["a.DS_Store", ".DS_Store.txt", "my desktop.ini", "_.txt", ".env", "Icon", "__MACOSX"]) {
    test(`${name} is somebody's`, () => {
        assert.deepEqual(siftNames("a.txt", `t/${name}`), [["a.txt", `t/${name}`], []]);
    });
}

test("a name is composed, as the function wants it, and has the folders in it", () => {
    const file = new File(["x"], "c.txt");
    Object.defineProperty(file, "webkitRelativePath", { value: "u\u0308/c.txt" });
    assert.equal(new Upload(file).name, "\u00fc/c.txt");
    assert.equal(new Upload(new File(["x"], "c.txt")).name, "c.txt");
});

for (const [said, signed] of [
    ["", "application/octet-stream"],
    ["image/PNG", "image/png"],
    ["text/plain;charset=utf-8", "text/plain"],
]) {
    test(`the type ${JSON.stringify(said)} is signed as ${signed}`, () => {
        assert.equal(typeOf({ type: said }), signed);
    });
}
