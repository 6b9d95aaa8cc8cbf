// What a link asks for, in words.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

process.env.TZ = "Asia/Shanghai";

const { Translator } = await import("../../web/messages.js");
const { describeLeft, describeTerms } = await import("../../web/request.js");

const translate = async (language) =>
    new Translator(
        language,
        JSON.parse(await readFile(new URL(`../../web/${language}.json`, import.meta.url), "utf-8")),
    );

const NOW = Date.parse("2026-11-29T08:00:00Z");

/** ICU has chosen between blanks since. */
const plain = (text) => text.replaceAll(/\s/g, " ");

for (const [language, end, count, text] of [
    ["en", "2026-12-04T09:30:00Z", 5, "Until Friday 5:30 PM, 5 files at most."],
    ["en", "2026-12-04T09:30:00Z", 1, "Until Friday 5:30 PM, 1 file at most."],
    ["en", "2026-12-04T09:30:00Z", undefined, "Until Friday 5:30 PM."],
    ["en", "2026-12-05T09:30:00Z", 5, "Until December 5, 2026, 5 files at most."],
    ["zh-CN", "2026-12-04T09:30:00Z", 5, "截止时间：星期五 17:30，最多可上传 5 个文件。"],
    ["zh-CN", "2026-12-31T20:00:00Z", undefined, "截止时间：2027年1月1日。"],
    ["ja", "2026-12-04T09:30:00Z", 5, "期限: 金曜日 17:30、最大 5 ファイル"],
    ["de", "2026-12-04T09:30:00Z", 1, "Bis Freitag 17:30, höchstens 1 Datei."],
    ["en", undefined, undefined, ""],
    ["en", "whenever", 5, ""],
]) {
    test(`a link that ends ${end} and takes ${count} files says in ${language} "${text}"`, async () => {
        const terms = describeTerms({ token_expires_at: end, max_files: count }, NOW, await translate(language));
        assert.equal(plain(terms), text);
    });
}

for (const [left, count, text] of [
    [5, 5, ""],
    [2, 5, "At most 2 of 5 files are left on this link."],
    [1, 2, "At most 1 of 2 files is left on this link."],
    [0, 5, "This link has been used for all of its 5 files."],
    [0, 1, "This link was for 1 file and has been used."],
]) {
    test(`of ${count} files ${left} are left: "${text}"`, async () => {
        assert.equal(describeLeft({ left, count }, await translate("en")), text);
    });
}
