// How the page words things. The words are in a file for each language.

import { HALTS_QUEUE, LINK_NEEDED } from "./retry.js";

/** To add a language: add it here, and a file like en.json. @type {Record<string, string>} */
export const LANGUAGES = { en: "English", "zh-CN": "中文" };

const MAX_TYPES = 5;

/** @type {Messages} */
let messages = {};
let plurals = new Intl.PluralRules("en");

/** @param {string} language @param {Messages} table as in en.json */
export function setLanguage(language, table) {
    messages = table;
    plurals = new Intl.PluralRules(language);
}

/** @param {readonly (string | null)[]} preferred best first */
export function chooseLanguage(preferred) {
    const base = (/** @type {string} */ language) => language.split("-")[0].toLowerCase();
    const available = Object.keys(LANGUAGES);
    return preferred.flatMap((each) => available.filter((name) => base(name) === base(each ?? "")))[0] ?? available[0];
}

/** `count` chooses the plural form. @param {string} key @param {Record<string, string | number>} [values] */
export function formatMessage(key, values = {}) {
    const message = messages[key] ?? messages.unknown ?? "";
    const text = typeof message === "string" ? message : message[plurals.select(Number(values.count))];
    return text.replace(/{(\w+)}/g, (_, name) => `${values[name]}`);
}

/** A name's control characters cannot reorder the text around it. @param {string} name */
export function isolateName(name) {
    return `\u2068${name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd")}\u2069`;
}

/** @param {(string | number | false)[]} items */
export function join(...items) {
    return items.filter(Boolean).join(" · ");
}

/** @param {(string | false | undefined)[]} sentences */
export function joinSentences(...sentences) {
    return sentences.filter(Boolean).join(formatMessage("sentence_space"));
}

/** @param {Fault} fault */
export function describeFault({ code, detail: { limit } }) {
    const size = limit ? formatMessage("in_parentheses", { text: formatBytes(limit) }) : "";
    return formatMessage(code, { limit: size, count: limit ?? "" });
}

/** @param {Upload} upload */
export function describeFailure({ fault, tries }) {
    return joinSentences(fault && describeFault(fault), tries > 1 && formatMessage("later"));
}

/** @param {Upload} upload @param {number} now on the queue's clock */
export function describeStatus(upload, now) {
    const { state, fault, speed } = upload;
    const size = formatBytes(upload.size);
    const progress = () => formatMessage("sending", { sent: formatBytes(upload.sent), size });
    if (state === "sending") {
        return join(progress(), describeSpeed(speed.rateAt(now)));
    }
    if (state === "paused") {
        return join(formatMessage(state), progress());
    }
    if (!fault) {
        return join(size, formatMessage(state));
    }
    if (state !== "retrying") {
        return join(size, describeFailure(upload));
    }
    const seconds = Math.max(1, Math.ceil((upload.retryAt - now) / 1000));
    return join(size, joinSentences(describeFault(fault), formatMessage("again_in", { seconds })));
}

/** @param {number} rate bytes per second; 0 while unknown */
function describeSpeed(rate) {
    return rate > 0 && formatMessage("speed", { size: formatBytes(rate) });
}

/** @param {Outage} outage */
export function describeOutage({ fault }) {
    const next = LINK_NEEDED.includes(fault.code) ? "new_link" : "halted";
    return joinSentences(
        describeFault(fault),
        formatMessage(HALTS_QUEUE.includes(fault.code) ? next : "wait_for_service"),
    );
}

/** @param {Upload} upload */
export function describeAnswer({ answer, object }) {
    return object ? formatMessage("received", { name: object.filename, size: formatBytes(object.size) }) : answer;
}

/** @param {Totals} totals @param {number} rate */
export function describeTotals(totals, rate) {
    const done = totals.of("done", "unreported");
    const failed = totals.of("failed");
    const unconfirmed = totals.of("unconfirmed");
    const count = done + failed + unconfirmed + totals.open;
    const failures = join(
        failed > 0 && formatMessage("failed", { count: failed }),
        unconfirmed > 0 && formatMessage("not_confirmed", { count: unconfirmed }),
    );
    if (totals.open === 0) {
        return count > 0 ? join(formatMessage("finished", { done, count }), failures) : "";
    }
    const left = totals.size - totals.sent - totals.resting;
    return join(
        formatMessage("moving", { done, count }),
        formatMessage("sending", { sent: formatBytes(totals.sent), size: formatBytes(totals.size) }),
        left > 0 && describeSpeed(rate),
        left > 0
            ? rate > 0 && formatMessage("left", { time: formatDuration(left / rate) })
            : totals.of("finishing") > 0 && formatMessage("finishing"),
        failures,
    );
}

/** @param {Limits} limits @param {Config} config */
export function describeLimits({ max_size, content_types }, { max_files }) {
    const types = content_types.map((type) => type.replace(/^\w+\//, "").toUpperCase());
    return join(
        types.length <= MAX_TYPES && types.join(", "),
        formatMessage("limit", { size: formatBytes(max_size) }),
        max_files !== undefined && formatMessage("most_files", { count: max_files }),
    );
}

/** @param {number} size */
export function formatBytes(size) {
    const units = ["B", "KB", "MB", "GB"];
    // 999,500 bytes would be rounded to 1000 KB: they are 1 MB.
    const power = units.findIndex((_, at) => size < 999.5 * 1000 ** at || at === units.length - 1);
    const value = size / 1000 ** power;
    return `${power === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1).replace(/\.0$/, "")} ${units[power]}`;
}

/** @param {number} seconds */
export function formatDuration(seconds) {
    const steps = /** @type {const} */ ([
        ["seconds", 1, 90],
        ["minutes", 60, 90 * 60],
    ]);
    const [unit, length] = steps.find(([, , limit]) => seconds < limit) ?? ["hours", 3600];
    return formatMessage(unit, { n: Math.ceil(seconds / length) });
}
