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
