// How the page says things. What it says is in a file for each language.

import { HALTING } from "./queue.js";

/** @import { Fault, Totals, Upload } from "./queue.js" */
/** @import { Config, Detail, Limits, Outage } from "./types" */

/** To add a language: add it here, and a file like en.json. @type {Record<string, string>} */
export const LANGUAGES = { en: "English", "zh-CN": "中文" };

/** @type {Record<string, string>} */
let copy = {};

/** @param {Record<string, string>} table what en.json has, in the language to speak */
export function speak(table) {
    copy = table;
}

/** The first language of the reader's that there is. @param {readonly (string | null)[]} wanted best first */
export function choose(wanted) {
    const main = (/** @type {string} */ language) => language.split("-")[0].toLowerCase();
    const known = Object.keys(LANGUAGES);
    return wanted.flatMap((want) => known.filter((each) => main(each) === main(want ?? "")))[0] ?? known[0];
}

/** @param {string} what a name in en.json @param {Record<string, string | number>} [values] */
export function say(what, values = {}) {
    return (copy[what] ?? copy.unknown ?? "").replace(/{(\w+)}/g, (_, name) => `${values[name]}`);
}

/** A person's name within a text, of which it can turn round nothing. @param {string} name */
export function person(name) {
    return `\u2068${name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd")}\u2069`;
}

/** @param {(string | number | false)[]} parts */
export function joined(...parts) {
    return parts.filter(Boolean).join(" · ");
}

/** @param {Fault} fault */
export function reason({ code, detail }) {
    const limit = detail.limit ? ` (${bytes(detail.limit)})` : "";
    return say(code, { limit, count: detail.limit ?? "" });
}

/** What the site's owner will ask for. @param {Detail} detail */
export function clues({ code = "", ec = "", status = 0 }) {
    return joined(code, ec, status > 0 && `HTTP ${status}`);
}

/** Why it has failed, and what to do. @param {Upload} upload */
export function outcome({ fault, tries }) {
    return [fault && reason(fault), tries > 1 && say("later")].filter(Boolean).join(" ");
}

/** @param {Upload} upload @param {number} now on the queue's clock */
export function status(upload, now) {
    const { state, fault, speed } = upload;
    const size = bytes(upload.size);
    const rate = speed.rateAt(now);
    if (state === "sending") {
        return joined(say(state, { sent: bytes(upload.sent), size }), rate > 0 && say("speed", { size: bytes(rate) }));
    }
    if (state === "paused") {
        return joined(say(state), say("sending", { sent: bytes(upload.sent), size }));
    }
    if (!fault) {
        return joined(size, say(state));
    }
    const seconds = Math.max(1, Math.ceil((upload.retryAt - now) / 1000));
    return joined(size, state === "retrying" ? `${reason(fault)} ${say("again_in", { seconds })}` : outcome(upload));
}

/** Why nothing begins, and what comes next. @param {Outage} outage */
export function outage({ fault }) {
    const next = fault.code.startsWith("token_") ? "new_link" : "halted";
    return `${reason(fault)} ${say(HALTING.includes(fault.code) ? next : "all_wait")}`;
}

/** @param {number | null} sent bytes, if it is known @param {number} size */
export function interrupted(sent, size) {
    return joined(sent !== null && say("sending", { sent: bytes(sent), size: bytes(size) }), say("interrupted"));
}

/** What a callback said. @param {Upload} upload */
export function answer({ answer, fact }) {
    return fact ? say("received", { name: fact.filename, size: bytes(fact.size) }) : answer;
}

/** @param {Totals} totals @param {number} rate bytes per second */
export function summary(totals, rate) {
    const done = totals.of("done", "unreported");
    const failed = totals.of("failed");
    const files = done + failed + totals.open;
    const complaint = failed > 0 && say("failed", { count: failed });
    if (totals.open === 0) {
        return files > 0 ? joined(say("finished", { done, files }), complaint) : "";
    }
    const left = totals.size - totals.sent - totals.resting;
    return joined(
        say("moving", { done, files }),
        say("sending", { sent: bytes(totals.sent), size: bytes(totals.size) }),
        rate > 0 && left > 0 && say("speed", { size: bytes(rate) }),
        left > 0
            ? rate > 0 && say("left", { time: duration(left / rate) })
            : totals.of("finishing") > 0 && say("finishing"),
        complaint,
    );
}

/** @param {Limits} limits @param {Config} config */
export function rules({ max_size, content_types }, { max_files }) {
    const types = content_types.map((type) => type.replace(/^\w+\//, "").toUpperCase());
    return joined(
        types.length <= 5 && types.join(", "),
        say("limit", { size: bytes(max_size) }),
        max_files !== undefined && say("most_files", { count: max_files }),
    );
}

/** @param {number} size */
export function bytes(size) {
    const units = ["B", "KB", "MB", "GB"];
    // What would be rounded to 1000 KB is 1 MB.
    const power = units.findIndex((_, at) => size < 999.5 * 1000 ** at || at === units.length - 1);
    const value = size / 1000 ** power;
    return `${power === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1).replace(/\.0$/, "")} ${units[power]}`;
}

/** @param {number} seconds */
export function duration(seconds) {
    const steps = /** @type {const} */ ([
        ["seconds", 1, 90],
        ["minutes", 60, 90 * 60],
    ]);
    const [unit, length] = steps.find(([, , most]) => seconds < most) ?? ["hours", 3600];
    return say(unit, { n: Math.ceil(seconds / length) });
}
