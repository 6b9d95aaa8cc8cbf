// Which rule a storage error is about, for the site's owner. Loaded when the storage has refused something.

import { fetchJson } from "./messages.js";

/** @typedef {{ code: string, ec?: string, message?: string, text: string }} Rule */

/** @type {Promise<Rule[]> | undefined} */
let rules;

/** What is wrong and what to change; empty for unknown errors. @param {Detail} detail */
export async function explain({ code, ec, message = "" }) {
    rules ??= fetchJson(new URL("./owner-explanations.json", import.meta.url));
    const fits = (/** @type {Rule} */ rule) =>
        rule.code === code &&
        (rule.ec ?? ec) === ec &&
        (!rule.message || new RegExp(`^(?:${rule.message})`).test(message));
    return (await rules).find(fits)?.text ?? "";
}
