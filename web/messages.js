// How things are worded. The words are in a file for each language.

import { HALTS_QUEUE, LINK_NEEDED } from "./retry.js";

/** To add a language: add it here and below, and a file like en.json. @type {Record<string, string>} */
export const LANGUAGES = { en: "English", "zh-CN": "中文" };

/** Written out, so that bundlers find them. @type {Record<string, () => URL>} */
const FILES = {
    en: () => new URL("./en.json", import.meta.url),
    "zh-CN": () => new URL("./zh-CN.json", import.meta.url),
};

const MAX_TYPES = 5;

/** @param {string} language one of LANGUAGES @returns {Promise<Translator>} */
export async function loadTranslator(language) {
    const response = await fetch(FILES[language](), { cache: "no-cache", credentials: "omit" });
    return new Translator(language, await response.json());
}

/** @param {readonly (string | null | undefined)[]} preferred best first */
export function chooseLanguage(preferred) {
    const base = (/** @type {string} */ language) => language.split("-")[0].toLowerCase();
    const available = Object.keys(LANGUAGES);
    return preferred.flatMap((each) => available.filter((name) => base(name) === base(each ?? "")))[0] ?? available[0];
}

/** A name's control characters cannot reorder the text around it. @param {string} name */
export function isolateName(name) {
    return `\u2068${name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\ufffd")}\u2069`;
}

/** @param {(string | number | false)[]} items */
export function join(...items) {
    return items.filter(Boolean).join(" · ");
}

/** Words things in one language. */
export class Translator {
    /** @param {string} [language] @param {Messages} [messages] as in en.json */
    constructor(language = "en", messages = {}) {
        this.language = language;
        this.messages = messages;
        this.plurals = new Intl.PluralRules(language);
    }

    /** `count` chooses the plural form. @param {string} key @param {Record<string, string | number>} [values] */
    formatMessage(key, values = {}) {
        const message = this.messages[key] ?? this.messages.unknown ?? "";
        const text = typeof message === "string" ? message : message[this.plurals.select(Number(values.count))];
        return text.replace(/{(\w+)}/g, (_, name) => `${values[name]}`);
    }

    /** @param {(string | false | undefined)[]} sentences */
    joinSentences(...sentences) {
        return sentences.filter(Boolean).join(this.formatMessage("sentence_space"));
    }

    /** @param {Fault} fault */
    describeFault({ code, detail: { limit } }) {
        const size = limit ? this.formatMessage("in_parentheses", { text: formatBytes(limit) }) : "";
        return this.formatMessage(code, { limit: size, count: limit ?? "" });
    }

    /** @param {Upload} upload */
    describeFailure({ fault, tries }) {
        return this.joinSentences(fault && this.describeFault(fault), tries > 1 && this.formatMessage("later"));
    }

    /** @param {Upload} upload @param {number} now on the queue's clock */
    describeStatus(upload, now) {
        const { state, fault, speed } = upload;
        const size = formatBytes(upload.size);
        const progress = () => this.formatMessage("sending", { sent: formatBytes(upload.sent), size });
        if (state === "sending") {
            return join(progress(), this.describeSpeed(speed.rateAt(now)));
        }
        if (state === "paused") {
            return join(this.formatMessage(state), progress());
        }
        if (!fault) {
            return join(size, this.formatMessage(state));
        }
        if (state !== "retrying") {
            return join(size, this.describeFailure(upload));
        }
        const seconds = Math.max(1, Math.ceil((upload.retryAt - now) / 1000));
        return join(size, this.joinSentences(this.describeFault(fault), this.formatMessage("again_in", { seconds })));
    }

    /** @param {number} rate bytes per second; 0 while unknown */
    describeSpeed(rate) {
        return rate > 0 && this.formatMessage("speed", { size: formatBytes(rate) });
    }

    /** @param {Outage} outage */
    describeOutage({ fault }) {
        const next = LINK_NEEDED.includes(fault.code) ? "new_link" : "halted";
        return this.joinSentences(
            this.describeFault(fault),
            this.formatMessage(HALTS_QUEUE.includes(fault.code) ? next : "wait_for_service"),
        );
    }

    /** @param {Upload} upload */
    describeAnswer({ answer, object }) {
        return object
            ? this.formatMessage("received", { name: object.filename, size: formatBytes(object.size) })
            : answer;
    }

    /** @param {Totals} totals @param {number} rate */
    describeTotals(totals, rate) {
        const done = totals.of("done", "unreported");
        const failed = totals.of("failed");
        const unconfirmed = totals.of("unconfirmed");
        const count = done + failed + unconfirmed + totals.open;
        const failures = join(
            failed > 0 && this.formatMessage("failed", { count: failed }),
            unconfirmed > 0 && this.formatMessage("not_confirmed", { count: unconfirmed }),
        );
        if (totals.open === 0) {
            return count > 0 ? join(this.formatMessage("finished", { done, count }), failures) : "";
        }
        const left = totals.size - totals.sent - totals.resting;
        return join(
            this.formatMessage("moving", { done, count }),
            this.formatMessage("sending", { sent: formatBytes(totals.sent), size: formatBytes(totals.size) }),
            left > 0 && this.describeSpeed(rate),
            left > 0
                ? rate > 0 && this.formatMessage("left", { time: this.formatDuration(left / rate) })
                : totals.of("finishing") > 0 && this.formatMessage("finishing"),
            failures,
        );
    }

    /** @param {Limits} limits @param {number} [maxFiles] */
    describeLimits({ max_size, content_types }, maxFiles) {
        const types = content_types.map((type) => type.replace(/^\w+\//, "").toUpperCase());
        return join(
            types.length <= MAX_TYPES && types.join(", "),
            this.formatMessage("limit", { size: formatBytes(max_size) }),
            maxFiles !== undefined && this.formatMessage("most_files", { count: maxFiles }),
        );
    }

    /** @param {number} seconds */
    formatDuration(seconds) {
        const steps = /** @type {const} */ ([
            ["seconds", 1, 90],
            ["minutes", 60, 90 * 60],
        ]);
        const [unit, length] = steps.find(([, , limit]) => seconds < limit) ?? ["hours", 3600];
        return this.formatMessage(unit, { n: Math.ceil(seconds / length) });
    }
}

/** @param {number} size */
export function formatBytes(size) {
    const units = ["B", "KB", "MB", "GB"];
    // 999,500 bytes would be rounded to 1000 KB: they are 1 MB.
    const power = units.findIndex((_, at) => size < 999.5 * 1000 ** at || at === units.length - 1);
    const value = size / 1000 ** power;
    return `${power === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1).replace(/\.0$/, "")} ${units[power]}`;
}
