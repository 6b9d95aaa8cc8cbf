// The attributes of <oss-upload> as properties, without a document.

import assert from "node:assert/strict";
import { test } from "node:test";
import { AttributesElement } from "../../web/attributes.js";

for (const [text, count] of [
    ["5", 5],
    ["0", 0],
    [null, undefined],
    ["", undefined],
    ["-1", undefined],
    ["1.5", undefined],
    ["5 files", undefined],
    ["many", undefined],
]) {
    test(`max-files ${JSON.stringify(text)} lists ${count ?? "any number of"} files`, () => {
        const element = Object.assign(new AttributesElement(), { getAttribute: () => text });
        assert.equal(element.maxFiles, count);
    });
}

test("what a script has set before the element was defined counts, and what is set afterwards, too", () => {
    const attributes = new Map();
    class Element extends AttributesElement {
        limits = "its own";
        getAttribute = (/** @type {string} */ name) => attributes.get(name) ?? null;
        setAttribute = (/** @type {string} */ name, /** @type {string} */ value) => attributes.set(name, value);
    }
    const element = new Element();
    const early = { value: "photos", configurable: true, enumerable: true, writable: true };
    Object.defineProperty(element, "profile", early);
    element.connectedCallback();
    assert.deepEqual([...attributes], [["profile", "photos"]]);
    element.profile = "films";
    assert.deepEqual([...attributes], [["profile", "films"]]);
    assert.equal(element.limits, "its own");
});
