// What the function answers, and what the gateway in front of it answers in its place.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Signer } from "../../web/sign.js";

const WANTED = { filename: "a.txt", size: 1, content_type: "text/plain", id: "one" };

/** Asks for a form, and gives what was fetched and what came of it. */
async function asked(t, answer, token = null) {
    const fetched = [];
    t.mock.method(globalThis, "fetch", async (...request) => {
        fetched.push(request);
        return answer();
    });
    const signer = new Signer("https://sign.example", token);
    const outcome = await signer.form(WANTED, new AbortController().signal).catch((fault) => fault);
    return { fetched, outcome };
}

const FORM = { url: "https://upload.example", fields: { key: "k" }, key: "k" };

test("a form is asked for with the token, and with no cookies", async (t) => {
    const { fetched, outcome } = await asked(t, () => Response.json({ uploads: [FORM] }), "abc");
    const [[address, { signal, ...request }]] = fetched;
    assert.deepEqual([address, outcome], ["https://sign.example/sign", FORM]);
    assert.deepEqual(request, {
        method: "POST",
        headers: { "Content-Type": "application/json", Authorization: "Bearer abc" },
        body: JSON.stringify({ files: [WANTED] }),
        credentials: "omit",
        cache: "no-store",
    });
});

const gateway = (Code) => ({ RequestId: "1-a", Code, Message: "m" });
const refused = { code: "too_large", message: "m", request_id: "7" };

for (const [what, answer, code, detail] of [
    [
        "a refused file",
        () => Response.json({ uploads: [{ error: { code: "too_large", message: "m" } }] }),
        "too_large",
        { message: "m", code: "too_large" },
    ],
    [
        "a refused request",
        () => Response.json({ error: refused }, { status: 413 }),
        "too_large",
        { status: 413, code: "too_large", message: "m", requestId: "7" },
    ],
    [
        "a gateway with too much to do",
        () => Response.json(gateway("ResourceExhausted"), { status: 429 }),
        "function_busy",
        { status: 429, code: "ResourceExhausted", requestId: "1-a" },
    ],
    ["the same in plain text", () => new Response("busy", { status: 429 }), "function_busy", { status: 429 }],
    [
        "a gateway that refuses",
        () => Response.json(gateway("FCCommonError"), { status: 403 }),
        "function_down",
        { status: 403, code: "FCCommonError", requestId: "1-a" },
    ],
    [
        "a function that has crashed",
        () => new Response("Internal Server Error", { status: 502, headers: { "Content-Type": "application/json" } }),
        "function_down",
        { status: 502 },
    ],
    ["an answer of somebody else", () => Response.json({}), "function_down", { status: 200 }],
    ["an answer of nothing", () => Response.json(null), "function_down", { status: 200 }],
    ["no answer", () => Promise.reject(new TypeError("Failed to fetch")), "function_unreachable", {}],
]) {
    test(`${what} is the fault ${code}`, async (t) => {
        const { outcome } = await asked(t, answer);
        const said = Object.entries(outcome.detail).filter(([, value]) => value !== undefined);
        assert.deepEqual([outcome.code, Object.fromEntries(said)], [code, detail]);
    });
}
