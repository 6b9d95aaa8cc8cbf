// A queue with a simulated signer, storage, clock and chance: no page, no network, no waiting.

import { File } from "node:buffer";
import { webcrypto } from "node:crypto";
import { Fault } from "../../web/faults.js";
import { Upload } from "../../web/files.js";
import { Queue } from "../../web/queue.js";
import { clock, settle } from "./clock.js";

globalThis.crypto ??= webcrypto; // Node 18 has it in node:crypto alone

/** A queue whose forms and posts end when the test says so. */
export function world({ parallel, connections, onAbandon, sent = 0, random = () => 0.5 } = {}) {
    const asked = [];
    const posted = [];
    const seen = [];
    const time = clock();
    const queue = new Queue({
        parallel,
        connections,
        onAbandon,
        random,
        now: time.now,
        setTimer: time.setTimer,
        sign: (request, signal, _, keepAlive) =>
            new Promise((resolve, reject) => {
                asked.push({ request, keepAlive, resolve: () => resolve({ key: `k/${request.id}`, sent }), reject });
                signal.addEventListener("abort", () => reject(signal.reason));
            }),
        post: (form, upload, progress, signal) =>
            new Promise((resolve, reject) => {
                posted.push({ form, upload, progress, resolve, reject });
                signal.addEventListener("abort", () => reject(signal.reason));
            }),
        onChange: (upload) => seen.push([upload.state, upload.sent]),
    });
    return { queue, asked, posted, seen, time };
}

export const upload = (name = "a", content = "seven b") =>
    new Upload(new File([content], `${name}.txt`, { type: "text/plain" }), `folder/${name}.txt`);

/** Brings a file as far as being posted. */
export async function sending(world, file = upload()) {
    world.queue.add(file);
    world.asked.at(-1).resolve();
    await settle();
    return file;
}

/** Fails the post of a file that is being posted. */
export async function fail(world, code, detail) {
    world.posted.at(-1).reject(new Fault(code, detail));
    await settle();
}

/** The names of the files for which a form was asked, in that order. */
export const names = ({ asked }) =>
    asked.map(({ request }) => request.filename.slice("folder/".length, -".txt".length));
