// What the function's answer says of a form, and when a queue follows the connection, without a browser.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { afterEach, test } from "node:test";
import { MAX_FORM_LIFETIME_SECONDS, MIN_BYTES_PER_SECOND } from "../../web/form-lifetime.js";
import { createQueue, Signer } from "../../web/uploader.js";
import { settle } from "./clock.js";
import { upload } from "./queue-world.js";

const { addEventListener, fetch, removeEventListener } = globalThis;

afterEach(() => {
    Object.assign(globalThis, { addEventListener, fetch, removeEventListener });
});

/** What is always in the function's limits. */
const LIMITS = { max_size: 1, content_types: [], accept: [] };

/** A signer whose function answers so. */
function signer(answers) {
    globalThis.fetch = async (address) => new Response(JSON.stringify(answers[new URL(address).pathname]));
    return new Signer("https://sign.example.com");
}

for (const [limits, size, life] of [
    [{ expires_in: 60 }, 1, 60],
    [{ expires_in: 60 }, 3_000_000, 60],
    [{ expires_in: 60 }, 20_000_000, 400],
    [{ expires_in: 600 }, 20_000_000, 600],
    [{ expires_in: 600 }, 5_000_000_000, 3000],
    [{}, 1, 600],
]) {
    test(`with ${JSON.stringify(limits)} the form of ${size} bytes is thought to live ${life} s`, async () => {
        const asked = signer({ "/limits": { ...LIMITS, ...limits } });
        await asked.fetchLimits();
        assert.equal(asked.formLifetimeSeconds(size), life);
    });
}

for (const limits of [{ max_files: 1e12 }, { max_size: 0 }, { accept: "image/png" }]) {
    test(`with ${JSON.stringify(limits)} it is not the function that answers`, async () => {
        const asked = signer({ "/limits": { ...LIMITS, ...limits } });
        await assert.rejects(asked.fetchLimits(), { code: "function_down" });
    });
}

/** A signer whose requests are recorded: path with query, and body. */
function recorder(answers, ...link) {
    const asked = [];
    globalThis.fetch = async (address, { body }) => {
        const { pathname, search } = new URL(address);
        asked.push([pathname + search, JSON.parse(body ?? "null")]);
        return new Response(JSON.stringify(answers[pathname]));
    };
    return { signer: new Signer("https://sign.example.com", ...link), asked };
}

for (const [profile, limits] of [
    ["photos & more", "/limits?profile=photos%20%26%20more"],
    [undefined, "/limits"],
]) {
    test(`with the profile ${profile} the limits are asked for at ${limits}`, async () => {
        const { signer, asked } = recorder({ "/limits": LIMITS }, null, profile);
        await signer.fetchLimits();
        assert.deepEqual(asked, [[limits, null]]);
    });
}

test("no request forbids the browser to remember the function's permission for all of them", async () => {
    let options;
    globalThis.fetch = async (_, given) => {
        options = given;
        return new Response("{}");
    };
    await new Signer("https://sign.example.com").request("/sign", {});
    assert.deepEqual([options.cache, options.credentials], [undefined, "omit"]);
});

const tokenOf = (claims) => `h.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.s`;

for (const [token, profile, limits, prefix] of [
    [null, undefined, {}, ""],
    ["h.p.s", undefined, { subject: "alice" }, "alice"],
    ["h.p.s", "photos", { subject: "alice" }, "alice/photos"],
    [tokenOf({ jti: "j 1/2", max_files: 5 }), "photos", { subject: "alice", max_files: 5 }, "alice/photos/j%201%2F2"],
    [tokenOf({ jti: "j", max_files: 5 }), undefined, { subject: "a/b", max_files: 5 }, "a%2Fb//j"],
]) {
    test(`what the browser stores of ${JSON.stringify(limits)} and ${profile} is ${prefix}'s alone`, async () => {
        const { signer } = recorder({ "/limits": { ...LIMITS, ...limits } }, token, profile);
        await signer.fetchLimits();
        assert.equal(signer.storagePrefix, `previous-upload https://sign.example.com ${prefix} `);
        assert.equal(signer.slots?.prefix, limits.max_files && `slot https://sign.example.com ${prefix} `);
    });
}

test("a counted link that is replaced by another one has other slots; asked for its limits again, the same", async () => {
    const limits = { ...LIMITS, subject: "alice", max_files: 5 };
    const { signer } = recorder({ "/limits": limits }, tokenOf({ jti: "one", max_files: 5 }));
    await signer.fetchLimits();
    const { slots } = signer;
    limits.max_files = 7;
    await signer.fetchLimits();
    assert.deepEqual([signer.slots === slots, slots.count], [true, 7]);
    signer.token = tokenOf({ jti: "two", max_files: 5 });
    await signer.fetchLimits();
    assert.equal(signer.slots === slots, false);
    limits.max_files = undefined;
    await signer.fetchLimits();
    assert.deepEqual([signer.slots, signer.link], [undefined, ""]);
});

/** A number that a module of the signing function has. */
async function constantOf(module, name) {
    const url = new URL(`../../functions/sign/direct_upload/${module}`, import.meta.url);
    const [, number] = new RegExp(`^${name} = ([\\d_]+)$`, "m").exec(await readFile(url, "utf-8"));
    return Number(number.replaceAll("_", ""));
}

test("the page reckons with the slowest line and the longest life that the function has", async () => {
    assert.deepEqual(
        [MIN_BYTES_PER_SECOND, MAX_FORM_LIFETIME_SECONDS],
        [
            await constantOf("profiles.py", "MIN_BYTES_PER_SECOND"),
            await constantOf("profiles.py", "MAX_FORM_LIFETIME_SECONDS"),
        ],
    );
});

test("a link is for as many files as the function allows, and no more", async () => {
    const most = await constantOf("authorize.py", "MAX_LINK_FILES");
    const signerOf = (count) => signer({ "/limits": { ...LIMITS, max_files: count } });
    const asked = signerOf(most);
    await asked.fetchLimits();
    assert.equal(asked.slots.count, most);
    await assert.rejects(signerOf(most + 1).fetchLimits(), { code: "function_down" });
});

/** A signer of one person whose token becomes another's while the limits are asked for. */
async function switchWhileAsked(status = 200) {
    const answers = [];
    globalThis.fetch = (_, { headers }) =>
        new Promise((resolve) => {
            const subject = headers.Authorization.replace("Bearer ", "");
            const answer = (status) => resolve(new Response(JSON.stringify({ ...LIMITS, subject }), { status }));
            answers.push(answer);
        });
    const signer = new Signer("https://sign.example.com", "alice");
    const first = signer.fetchLimits();
    signer.token = "bob";
    const second = signer.fetchLimits();
    answers[1](200);
    await second;
    answers[0](status);
    await new Promise((resolve) => setImmediate(resolve));
    answers[2]?.(200);
    return { signer, limits: await first };
}

for (const status of [200, 401]) {
    test(`an answer ${status} about the token of before says nothing of the next`, async () => {
        const { signer, limits } = await switchWhileAsked(status);
        assert.deepEqual([signer.subject, limits.subject], ["bob", "bob"]);
    });
}

test("the limits of one token are not known of another", async () => {
    const asked = signer({ "/limits": LIMITS });
    const known = [asked.hasLimits];
    await asked.fetchLimits();
    known.push(asked.hasLimits);
    asked.token = "another";
    known.push(asked.hasLimits);
    assert.deepEqual(known, [false, true, false]);
});

for (const answer of [
    ...[null, 0, "", [], {}, "limits", ["limits"], 5, true],
    ...[null, "many", {}, [], -1, 0].map((max_size) => ({ ...LIMITS, max_size })),
    ...[null, "image/png", {}, 5].flatMap((types) => [
        { ...LIMITS, content_types: types },
        { ...LIMITS, accept: types },
    ]),
]) {
    test(`limits ${JSON.stringify(answer)} are not those of the upload service`, async () => {
        const asked = signer({ "/limits": answer });
        const { code, detail } = await asked.fetchLimits().catch((fault) => fault);
        assert.deepEqual([code, detail.status, asked.hasLimits], ["function_down", 200, false]);
    });
}

test("no profile is no profile, whichever way it is written", () => {
    assert.equal(new Signer("https://sign.example.com", "token", "").profile, undefined);
});

/** A queue whose function never answers, what its window keeps of it, and what goes offline and online. */
function createQueueInWindow() {
    const listeners = new Set();
    let asked = 0;
    Object.defineProperty(globalThis, "navigator", { value: { onLine: true }, configurable: true });
    Object.assign(globalThis, {
        addEventListener: (name, act) => listeners.add({ name, act }),
        removeEventListener: (name, act) => {
            listeners.delete([...listeners].find((each) => each.name === name && each.act === act));
        },
        fetch: () => {
            asked += 1;
            return new Promise(() => {});
        },
    });
    const setOnline = (onLine) => {
        navigator.onLine = onLine;
        const meant = [...listeners].filter(({ name }) => name === (onLine ? "online" : "offline"));
        for (const { act } of meant) {
            act();
        }
    };
    const queue = createQueue(new Signer("https://sign.example.com"), () => {});
    return { queue, listeners, setOnline, asked: () => asked };
}

test("a window keeps a queue only as long as something of it is open", async () => {
    const { queue, listeners } = createQueueInWindow();
    const names = () => [...listeners].map(({ name }) => name);
    const kept = [names()];
    const [first, second] = [upload("a"), upload("b")];
    for (const act of [
        () => queue.add(first),
        () => queue.add(second),
        () => queue.cancel(first),
        () => queue.remove(second),
    ]) {
        act();
        kept.push(names());
    }
    await settle();
    const both = ["online", "offline"];
    assert.deepEqual(kept, [[], both, both, both, []]);
});

test("a queue waits for the connection that was lost while nothing of it was open", async () => {
    const { queue, setOnline, asked } = createQueueInWindow();
    setOnline(false);
    const file = upload();
    queue.add(file);
    await settle();
    const states = [[file.state, asked()]];
    setOnline(true);
    await settle();
    states.push([file.state, asked()]);
    queue.cancel(file);
    setOnline(false);
    setOnline(true);
    const next = upload("next");
    queue.add(next);
    await settle();
    states.push([next.state, asked()]);
    queue.cancel(next);
    assert.deepEqual(states, [
        ["waiting", 0],
        ["signing", 1],
        ["signing", 2],
    ]);
});
