// When the screen stays on.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { settle } from "./clock.js";

const page = new EventTarget();
let log;
let refuses;

globalThis.document = page;
Object.defineProperty(globalThis, "navigator", {
    configurable: true,
    value: {
        wakeLock: {
            request: async (type) => {
                log.push(`request ${type}`);
                if (refuses) {
                    throw new Error("the battery is low");
                }
                return { release: async () => log.push("release") };
            },
        },
    },
});

const { keepAwake } = await import("../../web/wake-lock.js");

async function see(state) {
    page.visibilityState = state;
    page.dispatchEvent(new Event("visibilitychange"));
    await settle();
}

const [one, other] = [{}, {}];

beforeEach(async () => {
    log = [];
    refuses = false;
    keepAwake(one, false);
    keepAwake(other, false);
    await see("visible");
    log = [];
});

test("the screen stays on while something moves and the page is seen", async () => {
    keepAwake(one, true);
    keepAwake(one, true);
    await settle();
    assert.deepEqual(log, ["request screen"]);
    await see("hidden");
    await see("visible");
    keepAwake(one, false);
    await settle();
    // Browsers release it themselves once the page is hidden: a second release does nothing.
    assert.deepEqual(log, ["request screen", "release", "request screen", "release"]);
});

test("of two elements, the last one lets the screen go off", async () => {
    keepAwake(one, true);
    keepAwake(other, true);
    keepAwake(one, false);
    await settle();
    assert.deepEqual(log, ["request screen"]);
    keepAwake(other, false);
    await settle();
    assert.deepEqual(log, ["request screen", "release"]);
});

test("where nothing moves, nothing is asked of the browser", async () => {
    keepAwake(one, false);
    await see("hidden");
    await see("visible");
    assert.deepEqual(log, []);
});

test("a refusal is silent, and asked about again when the page is seen again", async () => {
    refuses = true;
    keepAwake(one, true);
    await see("hidden");
    await see("visible");
    keepAwake(one, false);
    await settle();
    assert.deepEqual(log, ["request screen", "request screen"]);
});
