// What the page says, in each of its languages.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { beforeEach, test } from "node:test";
import { describeDetail } from "../../web/failure-report.js";
import { Fault } from "../../web/faults.js";
import { chooseLanguage, LANGUAGES, loadTranslator, Translator } from "../../web/messages.js";
import { canRetry, HALTS_QUEUE, NOT_RETRIABLE } from "../../web/retry.js";
import { formatDuration } from "../../web/wording.js";
import { copy, plain } from "./copy.js";

const read = (path) => readFile(new URL(`../../${path}`, import.meta.url), "utf-8");

let messages;
beforeEach(() => {
    messages = new Translator("en", copy.en);
});

const parameters = (text) => [...text.matchAll(/{(\w+)}/g)].map(([, name]) => name).sort();

/** A message's texts by plural form: one under "other", or one for each. */
const formsOf = (message) => (typeof message === "string" ? { other: message } : message);

/** The numbers that a language's plural form is for, as far as they tell one form from another. */
function numbersOf(language, form, least = 0) {
    const rules = new Intl.PluralRules(language);
    const numbers = [...Array(200).keys(), 1e6].filter((number) => number >= least);
    return numbers.filter((number) => rules.select(number) === form);
}

/** Texts that count what there are several of. */
const SEVERAL = ["cause", "duplicates", "left_out_many", "folders_empty"];
/** Texts in which nothing follows the number that it would change. */
const UNCHANGED = [
    "failed",
    "not_confirmed",
    "were_cancelled",
    "count",
    "show_all",
    "show_open",
    "show_failed",
    "show_done",
];

/** What English and another language have in common. */
const ALIKE = {
    ...{ "zh-CN": [], ja: [], ko: ["sentence_space"] },
    ...Object.fromEntries(["de", "es", "fr", "ar"].map((language) => [language, ["sentence_space", "in_parentheses"]])),
};

test("every language that is offered has a file, and every file is offered", async () => {
    const files = (await readdir(new URL("../../web", import.meta.url))).filter((name) =>
        /^[a-z]{2}(-[A-Z]+)?\.json$/.test(name),
    );
    assert.deepEqual(
        files.sort(),
        Object.entries(LANGUAGES)
            .map(([name, { url }]) => {
                assert.equal(url().href, new URL(`../../web/${name}.json`, import.meta.url).href);
                return `${name}.json`;
            })
            .sort(),
    );
});

for (const language of Object.keys(LANGUAGES)) {
    test(`${language} says all that English says, with the same values in it`, () => {
        assert.deepEqual(Object.keys(copy[language]), Object.keys(copy.en));
        for (const [name, message] of Object.entries(copy[language])) {
            for (const [form, text] of Object.entries(formsOf(message))) {
                // A form for one number alone says it in words.
                const isNumberSaid = numbersOf(language, form).length === 1 && !text.includes("{count}");
                const values = parameters(formsOf(copy.en[name]).other);
                assert.deepEqual(
                    parameters(text),
                    isNumberSaid ? values.filter((each) => each !== "count") : values,
                    name,
                );
            }
        }
    });

    test(`what counts in ${language} has every plural form of the language that it needs, and no other`, () => {
        const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
        for (const [name, message] of Object.entries(copy[language])) {
            const isCounted = parameters(formsOf(copy.en[name]).other).includes("count") && !UNCHANGED.includes(name);
            const least = SEVERAL.includes(name) ? 2 : 0;
            const needed = isCounted ? forms.filter((form) => numbersOf(language, form, least).length > 0) : [];
            const present = Object.keys(formsOf(message));
            assert.deepEqual(needed.length > 1 ? needed.filter((form) => !present.includes(form)) : [], [], name);
            assert.deepEqual(
                present.filter((form) => !forms.includes(form)),
                [],
                name,
            );
        }
    });
}

for (const [language, alike] of Object.entries(ALIKE)) {
    test(`nothing in ${language} is left in English`, () => {
        const english = Object.values(copy.en).flatMap((message) => Object.values(formsOf(message)));
        const names = Object.entries(copy[language]).flatMap(([name, message]) =>
            Object.values(formsOf(message)).some((text) => english.includes(text)) ? [name] : [],
        );
        assert.deepEqual(names, alike);
    });
}

test("every other language is compared with English", () => {
    assert.deepEqual(["en", ...Object.keys(ALIKE)], Object.keys(LANGUAGES));
});

for (const [language, count, text] of [
    ["en", 0, "0 files added"],
    ["en", 1, "1 file added"],
    ["en", 2, "2 files added"],
    ["en", 10_000, "10,000 files added"],
    ["zh-CN", 1, "已添加 1 个文件"],
    ["ja", 10_000, "10,000 ファイルを追加しました"],
    ["de", 10_000, "10.000 Dateien hinzugefügt"],
    ["fr", 0, "0 fichier ajouté"],
    ["fr", 2_000_000, "2 000 000 de fichiers ajoutés"],
    ["es", 1, "Se ha añadido 1 archivo"],
    ["ar", 0, "لم يُضف أي ملف"],
    ["ar", 2, "أُضيف ملفان"],
    ["ar", 3, "أُضيفت 3 ملفات"],
    ["ar", 11, "أُضيف 11 ملفًا"],
    ["ar", 100, "أُضيف 100 ملف"],
]) {
    test(`${count} added is "${text}"`, () => {
        messages = new Translator(language, copy[language]);
        assert.equal(plain(messages.formatMessage("added", { count })), text);
    });
}

for (const [wanted, language] of [
    [[null, "zh-CN", "en"], "zh-CN"],
    [[null, "zh-TW"], "zh-CN"],
    [[null, "zh-Hans-SG"], "zh-CN"],
    [["en", "zh-CN"], "en"],
    [[null, "it", "zh"], "zh-CN"],
    [[null, "it"], "en"],
    [["ZH-cn"], "zh-CN"],
    [["de-CH", "fr"], "de"],
    [["ar-EG"], "ar"],
    [["not a tag", "ja-JP"], "ja"],
    [["nonsense", "en-GB"], "en"],
    [[], "en"],
]) {
    test(`a reader of ${JSON.stringify(wanted)} is spoken to in ${language}`, () => {
        assert.equal(chooseLanguage(wanted), language);
    });
}

for (const [size, text] of [
    [0, "0 bytes"],
    [1, "1 byte"],
    [999, "999 bytes"],
    [1000, "1 kB"],
    [10_248, "10.2 kB"],
    [99_949, "99.9 kB"],
    [99_950, "100 kB"],
    [999_499, "999 kB"],
    [999_500, "1 MB"],
    [100_000_000, "100 MB"],
    [1_500_000_000, "1.5 GB"],
    [5_000_000_000, "5 GB"],
    [5_000_000_000_000, "5 TB"],
    [5_000_000_000_000_000, "5,000 TB"],
]) {
    test(`${size} bytes are ${text}`, () => assert.equal(plain(messages.formatBytes(size)), text));
}

for (const [language, size, rate, time] of [
    ["en", "1.5 MB", "2.5 MB/s", "30 sec left"],
    ["zh-CN", "1.5 MB", "2.5 MB/秒", "剩余 30秒"],
    ["de", "1,5 MB", "2,5 MB/s", "noch 30 Sek."],
    ["fr", "1,5 Mo", "2,5 Mo/s", "reste 30 s"],
    ["ja", "1.5 MB", "2.5 MB/秒", "残り 30 秒"],
]) {
    test(`sizes, rates and times in ${language} are ${size}, ${rate} and ${time}`, () => {
        messages = new Translator(language, copy[language]);
        assert.deepEqual(
            [
                messages.formatBytes(1_500_000),
                messages.formatBytes(2_500_000, "-per-second"),
                messages.formatMessage("left", { time: formatDuration(messages, 30) }),
            ].map(plain),
            [size, rate, time],
        );
    });
}

test("what the page writes from right to left is Arabic", () => {
    const names = Object.keys(LANGUAGES);
    assert.deepEqual(
        names.filter((name) => new Translator(name).dir === "rtl"),
        ["ar"],
    );
});

for (const [language, preferred, locale] of [
    ["en", ["en", "en-GB", "de"], "en-GB"],
    ["de", [null, "en-GB", "de-CH"], "de-CH"],
    ["ar", ["ar-EG"], "ar-EG"],
    ["fr", ["fr"], "fr"],
    // Sentences in simplified characters have no words in traditional ones.
    ["zh-CN", ["zh-TW", "zh"], "zh"],
    ["zh-CN", ["zh-TW"], "zh-CN"],
]) {
    test(`${language} for a reader of ${JSON.stringify(preferred)} writes numbers as ${locale}`, async (context) => {
        context.mock.method(globalThis, "fetch", async (url) => new Response(await readFile(url)));
        const texts = await loadTranslator(language, preferred);
        assert.deepEqual([texts.language, texts.locale, { ...texts.messages }], [language, locale, copy[language]]);
    });
}

for (const [fault, text] of [
    [new Fault("type_not_allowed"), "Files of this type are not allowed. Choose another file."],
    [new Fault("too_large", { limit: 5e9 }), "The file is larger than allowed (5 GB). Choose a smaller file."],
    [
        new Fault("too_large", { status: 400, code: "EntityTooLarge", requestId: "5C3D" }),
        "The file is larger than allowed. Choose a smaller file.",
    ],
    [new Fault("count", { limit: 10 }), "Too many files. Choose at most 10 at a time."],
    [new Fault("function_down", { status: 502 }), "The upload service is not available."],
    [
        new Fault("denied", { status: 403, code: "AccessDenied", requestId: "5C3D" }),
        "The storage refused this upload. Contact the site's owner.",
    ],
    [new Fault("never_heard_of"), "Something went wrong. Try again, or contact the site's owner."],
]) {
    test(`a fault ${fault.code} of ${JSON.stringify(fault.detail)} has its message`, () =>
        assert.equal(plain(messages.describeFault(fault)), text));
}

for (const [detail, text] of [
    [{}, ""],
    [{ limit: 5 }, ""],
    [{ status: 502 }, "HTTP 502"],
    [{ status: 401, code: "token_expired" }, "token_expired · HTTP 401"],
    [{ status: 403, code: "AccessDenied", ec: "0003-00000001" }, "AccessDenied · 0003-00000001 · HTTP 403"],
]) {
    test(`the site's owner reads of ${JSON.stringify(detail)} "${text}"`, () =>
        assert.equal(describeDetail(detail), text));
}

const errors =
    (await read("functions/shared/fc_http/errors.py")) + (await read("functions/sign/direct_upload/errors.py"));
const CODES = [...errors.matchAll(/status, code = \d+, "(\w+)"/g)].map(([, code]) => code);

/** The page shows nothing of these: it never makes such requests, or it begins the upload again. */
const NEVER_SHOWN = [
    ...["bad_request", "not_found", "method_not_allowed", "body_too_large"],
    ...["invalid_size", "invalid_id", "invalid_slot", "too_many_files"],
    "folder_form_not_allowed",
    // With those about tickets the upload begins again.
    ...["ticket_invalid", "already_stored", "ticket_expired", "upload_gone", "form_too_large"],
];

/** The page sends these parts again; when that does not help, the user may try again. */
const LEFT_TO_USER = ["parts_missing"];

test("every code that the function may answer with has a message, or belongs to requests that the page never makes", () => {
    assert.deepEqual(
        CODES.filter((code) => !copy.en[code]),
        NEVER_SHOWN,
    );
});

test("of every code that the function may answer with, one list says whether the page tries again", () => {
    const lists = (code) => ({
        RETRIABLE: canRetry(new Fault(code), 0),
        NOT_RETRIABLE: NOT_RETRIABLE.includes(code),
        HALTS_QUEUE: HALTS_QUEUE.includes(code),
        NEVER_SHOWN: NEVER_SHOWN.includes(code),
        LEFT_TO_USER: LEFT_TO_USER.includes(code),
    });
    const namesOf = (code) => Object.entries(lists(code)).flatMap(([name, isIn]) => (isIn ? [name] : []));
    assert.deepEqual(
        CODES.filter((code) => namesOf(code).length !== 1).map((code) => [code, namesOf(code)]),
        [],
    );
});

const modules = await readdir(new URL("../../web", import.meta.url)).then((files) =>
    Promise.all(files.filter((file) => file.endsWith(".js")).map((file) => read(`web/${file}`))),
);
const script = modules.join("\n");
const template = await read("web/template.js");
/** Texts that have places in the element, as they are until a language is loaded. */
const defaults = [...template.matchAll(/createText\("[^"]+", "(\w+)", "([^"]+)"/g)].map(([, ...text]) => text);
const placed = defaults.map(([name]) => name);

test("every text is shown: its name is in a module, in the page or among the function's codes", () => {
    const literals = [...script.matchAll(/"(\w+)"/g)].map(([, literal]) => literal);
    const shown = new Set([...literals, ...placed, ...CODES]);
    assert.deepEqual(
        Object.keys(copy.en).filter((name) => !shown.has(name)),
        [],
    );
});

/** The calls in a module: the literal names of texts, if there are any, and the names of the values. */
const calls = script
    .split(/\bformatMessage\(/)
    .slice(1)
    .map((rest) => {
        let depth = 1;
        const end = [...rest.slice(0, 500)].findIndex((character) => {
            depth += { "(": 1, ")": -1 }[character] ?? 0;
            return depth === 0;
        });
        // What is within parentheses and brackets is neither.
        let argument = rest.slice(0, end);
        while (/[([][^()[\]]*[)\]]/.test(argument)) {
            argument = argument.replace(/[([][^()[\]]*[)\]]/g, "");
        }
        const [, key, values = ""] = /^([^{]*)(?:{([^}]*)})?/s.exec(argument);
        return {
            // What is compared is no name of a text.
            names: [...key.matchAll(/(?<!=== )"(\w+)"/g)].map(([, literal]) => literal),
            values: [...values.matchAll(/(?:^|,)\s*(\w+)/g)].map(([, name]) => name).sort(),
        };
    });

test("every name of a text in a module or in the page has a text", () => {
    const literals = calls.flatMap(({ names }) => names);
    assert.ok(literals.length > 0 && placed.length > 0);
    assert.deepEqual(
        [...literals, ...placed].filter((name) => !copy.en[name]),
        [],
    );
});

/** Texts with values whose names are computed: which values come with them. */
const COMPUTED = [
    { names: ["cancel", "copy", "pause", "remove", "remove_stored", "resume", "retry"], values: ["name"] },
    { names: ["show_all", "show_open", "show_failed", "show_done"], values: ["count"] },
    {
        names: ["duplicate", "duplicates", "folder_empty", "folders_empty", "left_out", "left_out_many"],
        values: ["count", "name"],
    },
    { names: ["count", "link_full", "link_used", "too_large"], values: ["count", "limit"] },
];

test("every value that a text has comes with it", () => {
    const passed = [...calls.filter(({ names }) => names.length > 0), ...COMPUTED];
    const lacking = Object.entries(copy.en).flatMap(([name, message]) => {
        const needed = parameters(formsOf(message).other);
        const ways = passed.filter(({ names }) => names.includes(name));
        const isWhole = ways.every(({ values }) => needed.every((value) => values.includes(value)));
        return isWhole && (ways.length > 0 || needed.length === 0) ? [] : [[name, needed]];
    });
    assert.deepEqual(lacking, []);
    const computed = calls.filter(({ names }) => names.length === 0).map(({ values }) => values.join());
    assert.deepEqual(
        COMPUTED.filter(({ values }) => !computed.includes(values.join())),
        [],
    );
});

test("every fault that the modules know of has a message", async () => {
    const code = (
        await Promise.all(
            [
                "app",
                "element",
                "files",
                "queue",
                "request",
                "selection",
                "counted-link",
                "oss",
                "retry",
                "uploader",
            ].map((name) => read(`web/${name}.js`)),
        )
    ).join();
    const faults = [...code.matchAll(/new Fault\("(\w+)"|"(\w+_\w+|exists|clock|denied|setup|stalled)"/g)];
    const known = faults.map(([, made, mentioned]) => made ?? mentioned);
    assert.deepEqual(
        // What is stored already is done, and another slot is tried.
        known.filter((name) => !copy.en[name] && !["already_stored", "slot_taken"].includes(name)),
        [],
    );
});

test("what the element shows until a language is loaded is English", () => {
    assert.deepEqual(
        defaults,
        placed.map((name) => [name, copy.en[name]]),
    );
});

for (const language of Object.keys(LANGUAGES)) {
    test(`a form, a token, a line and a clock have words of their own in ${language}`, () => {
        messages = new Translator(language, copy[language]);
        const shown = ["form_expired", "token_expired", "slow_line", "clock"].map((code) =>
            messages.describeFault(new Fault(code)),
        );
        assert.equal(new Set(shown).size, 4);
        assert.ok(shown.every((text) => text !== messages.formatMessage("unknown")));
    });
}

for (const code of ["constructor", "toString", "__proto__"]) {
    test(`a function's code ${code} has the words of one that nobody knows`, () =>
        assert.equal(messages.describeFault(new Fault(code)), messages.formatMessage("unknown")));
}

const DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document";
const JPEG = ["image/jpeg", "image/jpg", "image/pjpeg", ".jpg", ".jpeg"];
const TEXT = ["text/plain", "text/x-log", ".txt", ".log"];

for (const [types, accept, maxFiles, text] of [
    [["image/jpeg"], JPEG, undefined, "JPG · Up to 20 kB each"],
    [["text/plain", DOCX], [...TEXT, DOCX, ".docx"], 9, "TXT, DOCX · Up to 20 kB each · at most 9 files"],
    [["chemical/x-a", "b/c"], ["chemical/x-a", ".bin", "b/c"], undefined, "BIN · Up to 20 kB each"], // b/c=bin
    [["application/octet-stream", "image/jpeg"], [], undefined, "Up to 20 kB each"],
    [[..."123456"], [..."123456"].flatMap((type) => [type, `.${type}`]), undefined, "Up to 20 kB each"],
]) {
    const limits = { max_size: 20_000, content_types: types, accept };
    test(`the rules for ${types} and ${maxFiles} files are ${text}`, () =>
        assert.equal(plain(messages.describeLimits(limits, maxFiles)), text));
}

const THREE = { types: ["image/jpeg", "text/plain", DOCX], accept: [...JPEG, ...TEXT, DOCX, ".docx"] };
const ANYTHING = { types: ["application/octet-stream", "image/jpeg"], accept: [] };

for (const [{ types, accept }, only, text] of [
    [THREE, "", "JPG, TXT, DOCX · Up to 20 kB each"],
    [THREE, "image/*", "JPG · Up to 20 kB each"],
    [THREE, "IMAGE/*, .Docx", "JPG, DOCX · Up to 20 kB each"],
    [THREE, "image/jpeg,text/plain", "JPG, TXT · Up to 20 kB each"],
    [THREE, ".jpeg , .jpg", "JPEG, JPG · Up to 20 kB each"],
    [THREE, "video/*", "Up to 20 kB each"],
    [ANYTHING, ".pdf,.docx", "PDF, DOCX · Up to 20 kB each"],
    [ANYTHING, "image/*,.pdf", "Up to 20 kB each"], // not all of them have names
    [ANYTHING, ".1,.2,.3,.4,.5,.6", "Up to 20 kB each"],
]) {
    test(`of the types ${types} an element takes ${only || "all"}: ${text}`, () => {
        const limits = { max_size: 20_000, content_types: types, accept };
        assert.equal(plain(messages.describeLimits(limits, undefined, only)), text);
    });
}
