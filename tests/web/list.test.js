// The list of files, without a document.

import assert from "node:assert/strict";
import { test } from "node:test";
import { UploadList } from "../../web/list.js";
import { names, upload, world } from "./queue-world.js";

test("what was removed from the list is not retried", () => {
    const given = world();
    const [listed, removed] = [upload("listed"), upload("removed")];
    const list = { rows: new Map([[listed, {}]]), queue: given.queue };
    for (const file of [removed, listed]) {
        UploadList.prototype.retry.call(list, file);
    }
    assert.deepEqual([names(given), removed.state], [["listed"], "waiting"]);
});
