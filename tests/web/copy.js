// The texts of all languages, for the tests of what is worded with them.

import { readFile } from "node:fs/promises";
import { LANGUAGES } from "../../web/messages.js";

/** The texts by language. */
export const copy = {};
for (const language of Object.keys(LANGUAGES)) {
    copy[language] = JSON.parse(await readFile(new URL(`../../web/${language}.json`, import.meta.url), "utf-8"));
}

/** ICU has changed its blanks, and its marks of direction, since. */
export function plain(text) {
    return text.replaceAll(/\s/g, " ").replaceAll(/[\u061c\u200e\u200f]/g, "");
}
