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

for (const [waiting, milliseconds] of [
    [20, 100],
    [21, 400],
]) {
    test(`while ${waiting} files wait, a change is painted after ${milliseconds} ms`, (t) => {
        const element = () => ({ before: () => {}, style: {}, append: () => {}, setAttribute: () => {} });
        globalThis.document = { createElement: element };
        const page = { rows: {}, cancel: element(), clear: element(), retry: {} };
        const queue = { totals: { of: (state) => (state === "waiting" ? waiting : 0) } };
        const list = new UploadList({ addStyle: () => {}, page }, queue, () => {});
        const changed = upload("changed");
        list.rows.set(changed, {});
        const timer = t.mock.method(globalThis, "setTimeout", () => 0);
        list.showChange(changed);
        assert.equal(timer.mock.calls[0].arguments[1], milliseconds);
    });
}
