// A line that all files share evenly, and a storage at its end. Nothing here knows how the queue goes about it.

import { Fault } from "../../web/faults.js";
import { settle } from "./clock.js";

/** Milliseconds of a step. */
const STEP = 250;

/** How long the function lets a form live, in seconds (docs/reference/http-api.md: "How long a form is valid"). */
const lifetimeOf = (size, expiresIn) => Math.min(Math.max(expiresIn, Math.floor(size / 50_000)), 3000);

/**
 * What a queue needs to send files over it.
 *
 * `speed` in bytes per second; `expiresIn` as of the function; `buffer` are the bytes of a connection that a browser has
 * handed over at once; `judged` is when the storage looks at a form's end: at the file's first or at its last byte.
 */
export function line({ time, speed, expiresIn, buffer = 0, judged = "end" }) {
    const posts = new Set();
    const count = { bytes: 0, posts: 0, most: 0 };
    const sign = async ({ size, id }) => {
        const lifetimeSeconds = lifetimeOf(size, expiresIn);
        return { key: `k/${id}`, lifetimeSeconds, end: time.now() + lifetimeSeconds * 1000 };
    };
    const post = (form, file, progress, signal) =>
        new Promise((resolve, reject) => {
            const each = { form, size: file.size, arrived: 0, handed: 0, progress, begin: time.now(), resolve, reject };
            posts.add(each);
            count.posts += 1;
            count.most = Math.max(count.most, posts.size);
            signal.addEventListener("abort", () => {
                posts.delete(each);
                reject(signal.reason);
            });
        });
    const step = async () => {
        const share = (speed * STEP) / 1000 / posts.size;
        for (const each of [...posts]) {
            const bytes = Math.min(share, each.size - each.arrived);
            each.arrived += bytes;
            count.bytes += bytes;
            const handed = Math.min(each.size, Math.floor(each.arrived) + buffer);
            if (handed > each.handed) {
                each.handed = handed;
                each.progress(handed);
            }
            if (each.arrived >= each.size - 0.5) {
                posts.delete(each);
                const looked = judged === "end" ? time.now() : each.begin;
                looked < each.form.end ? each.resolve({}) : each.reject(new Fault("form_expired", { status: 403 }));
            }
        }
        await settle();
        await time.pass(STEP);
    };
    return {
        ...{ sign, post, count },
        formLifetimeSeconds: ({ file }) => lifetimeOf(file.size, expiresIn),
        setSpeed: (bytes) => {
            speed = bytes;
        },
        /** Until nothing is open any more. @returns seconds */
        run: async (queue, most = 20_000) => {
            const begin = time.now();
            while (queue.totals.open > 0 && time.now() - begin < most * 1000) {
                await step();
            }
            return (time.now() - begin) / 1000;
        },
    };
}
