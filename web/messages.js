// How things are worded. The words are in a file for each language.

/**
 * To add a language: a line here, and a file like en.json. Each URL is written out, so that bundlers find the file.
 *
 * @type {Record<string, Language>}
 */
export const LANGUAGES = {
    en: { name: "English", url: () => new URL("./en.json", import.meta.url) },
    "zh-CN": { name: "中文", url: () => new URL("./zh-CN.json", import.meta.url) },
    ja: { name: "日本語", url: () => new URL("./ja.json", import.meta.url) },
    ko: { name: "한국어", url: () => new URL("./ko.json", import.meta.url) },
    de: { name: "Deutsch", url: () => new URL("./de.json", import.meta.url) },
    es: { name: "Español", url: () => new URL("./es.json", import.meta.url) },
    fr: { name: "Français", url: () => new URL("./fr.json", import.meta.url) },
    ar: { name: "العربية", dir: "rtl", url: () => new URL("./ar.json", import.meta.url) },
};

const UNITS = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"];

const MAX_TYPES = 5;

/** Numbers and dates are written as in `preferred`, where that is the same language. @param {string} language one of LANGUAGES @param {readonly (string | null | undefined)[]} [preferred] @returns {Promise<Translator>} */
export async function loadTranslator(language, preferred = []) {
    const messages = await fetchJson(LANGUAGES[language].url());
    const locale = preferred.find((each) => each && each !== language && writingOf(each) === writingOf(language));
    return new Translator(language, messages, locale ?? language);
}

/** As it is now: its name stays when its content changes. @param {string | URL} url @returns {Promise<any>} */
export async function fetchJson(url) {
    return (await fetch(url, { cache: "no-cache", credentials: "omit" })).json();
}

/** Of two that fit a reader's language, that of the same region wins, then that of the same script. @param {readonly (string | null | undefined)[]} preferred best first */
export function chooseLanguage(preferred) {
    const available = Object.keys(LANGUAGES);
    const kinships = [(/** @type {string} */ tag) => tag.toLowerCase(), writingOf, baseOf];
    for (const tag of preferred) {
        for (const kin of kinships) {
            const found = available.find((name) => kin(name) === kin(tag ?? ""));
            if (found) {
                return found;
            }
        }
    }
    return available[0];
}

/** @param {string} tag */
function baseOf(tag) {
    return tag.split("-")[0].toLowerCase();
}

/** Returns a tag's language and script: `zh-TW` is zh-Hant. @param {string} tag */
function writingOf(tag) {
    try {
        const { language, script } = new Intl.Locale(tag).maximize();
        return `${language}-${script}`;
    } catch {
        return "";
    }
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
    /** @type {Map<string, Intl.NumberFormat>} */
    #formats = new Map();

    /** @param {string} [language] @param {Messages} [messages] as in en.json @param {string} [locale] of numbers and dates */
    constructor(language = "en", messages = {}, locale = language) {
        this.language = language;
        /** Without what objects have by themselves: a function may answer any code. @type {Messages} */
        this.messages = Object.assign(Object.create(null), messages);
        this.locale = locale;
        this.dir = LANGUAGES[language]?.dir ?? "ltr";
        this.plurals = new Intl.PluralRules(language);
        this.times = new Intl.RelativeTimeFormat(locale);
    }

    /** `count` chooses the plural form. @param {string} key @param {Record<string, string | number>} [values] */
    formatMessage(key, values = {}) {
        const message = this.messages[key] ?? this.messages.unknown ?? "";
        const text =
            typeof message === "string"
                ? message
                : (message[this.plurals.select(Number(values.count))] ?? message.other);
        return text.replace(/{(\w+)}/g, (_, name) => {
            const value = values[name];
            return typeof value === "number" ? this.formatNumber(value) : `${value}`;
        });
    }

    /** @param {number} value @param {Intl.NumberFormatOptions} [options] */
    formatNumber(value, options = {}) {
        const key = Object.values(options).join();
        const format = this.#formats.get(key) ?? new Intl.NumberFormat(this.locale, options);
        this.#formats.set(key, format);
        // No line breaks between a number and its unit.
        return format.format(value).replaceAll(" ", "\xa0");
    }

    /** @param {number} size @param {"" | "-per-second"} [rate] */
    formatBytes(size, rate = "") {
        // 999,500 bytes would be rounded to 1000 kB: they are 1 MB.
        const power = UNITS.findIndex((_, at) => size < 999.5 * 1000 ** at || at === UNITS.length - 1);
        const value = size / 1000 ** power;
        return this.formatNumber(value, {
            style: "unit",
            unit: UNITS[power] + rate,
            unitDisplay: power === 0 && !rate ? "long" : "short",
            maximumFractionDigits: power === 0 || value >= 99.95 ? 0 : 1,
        });
    }

    /** @param {(string | false | undefined)[]} sentences */
    joinSentences(...sentences) {
        return sentences.filter(Boolean).join(this.formatMessage("sentence_space"));
    }

    /** @param {Fault} fault */
    describeFault({ code, detail: { limit } }) {
        const size = limit ? this.formatMessage("in_parentheses", { text: this.formatBytes(limit) }) : "";
        return this.formatMessage(code, { limit: size, count: limit ?? "" });
    }

    /** @param {Limits} limits @param {number} [maxFiles] @param {string} [only] as an input's `accept` */
    describeLimits({ max_size, content_types, accept }, maxFiles, only = "") {
        const kinds = only.toLowerCase().match(/[^\s,]+/g) ?? content_types;
        // People know types by their extensions, which follow a type there. Where any file may come, there are none.
        const found = kinds.flatMap((kind) =>
            isExtension(kind)
                ? kind
                : content_types
                      .filter((type) => type.startsWith(kind.replace("*", "")))
                      .flatMap((type) => accept.slice(accept.indexOf(type)).find(isExtension) ?? []),
        );
        const extensions = [...new Set(found)];
        const areAll = extensions.length <= MAX_TYPES && (accept.length > 0 || kinds.every(isExtension));
        return join(
            areAll && extensions.join(", ").replaceAll(".", "").toUpperCase(),
            this.formatMessage("limit", { size: this.formatBytes(max_size) }),
            maxFiles !== undefined && this.formatMessage("most_files", { count: maxFiles }),
        );
    }
}

/** @param {string} text */
function isExtension(text) {
    return text.startsWith(".");
}
