// What the function's answer says of a form, without a browser.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { afterEach, test } from "node:test";
import { MIN_BYTES_PER_SECOND } from "../../web/bandwidth.js";
import { MAX_FORM_LIFETIME_SECONDS, Signer } from "../../web/uploader.js";

const usual = globalThis.fetch;

afterEach(() => {
    globalThis.fetch = usual;
});

/** A signer whose function answers so. */
function signer(answers) {
    globalThis.fetch = async (address) => new Response(JSON.stringify(answers[new URL(address).pathname]));
    return new Signer("https://sign.example.com");
}

test("the life of a form is between two instants of the function's own clock", async () => {
    const form = { fields: { "x-oss-date": "20241124T235930Z" }, expires_at: "2024-11-25T00:09:30Z", key: "k" };
    const signed = await signer({ "/sign": { uploads: [form] } }).sign({}, new AbortController().signal);
    assert.equal(signed.lifetimeSeconds, 600);
});

for (const [limits, size, life] of [
    [{ expires_in: 60 }, 1, 60],
    [{ expires_in: 60 }, 3_000_000, 60],
    [{ expires_in: 60 }, 20_000_000, 400],
    [{ expires_in: 600 }, 20_000_000, 600],
    [{ expires_in: 600 }, 5_000_000_000, 3000],
    [{}, 1, 600],
]) {
    test(`with ${JSON.stringify(limits)} the form of ${size} bytes is thought to live ${life} s`, async () => {
        const asked = signer({ "/limits": limits });
        await asked.fetchLimits();
        assert.equal(asked.formLifetimeSeconds(size), life);
    });
}

test("the page reckons with the slowest line and the longest life that the function has", async () => {
    const settings = await readFile(
        new URL("../../functions/sign/direct_upload/settings.py", import.meta.url),
        "utf-8",
    );
    const number = (name) => Number(new RegExp(`^${name} = ([\\d_]+)$`, "m").exec(settings)[1].replaceAll("_", ""));
    assert.deepEqual(
        [MIN_BYTES_PER_SECOND, MAX_FORM_LIFETIME_SECONDS],
        [number("MIN_BYTES_PER_SECOND"), number("MAX_FORM_LIFETIME_SECONDS")],
    );
});
