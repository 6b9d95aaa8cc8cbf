// What an error of the storage is about, for the site's owner. Loaded when the storage has refused something, not before.

/** @import { Detail } from "./types" */
/** @typedef {{ code: string, ec?: string, message?: string, text: string }} Rule */

/** @type {Promise<Rule[]> | undefined} */
let rules;

/** The rule, and what to change; empty for what is not known. @param {Detail} detail */
export async function explained({ code, ec, message = "" }) {
    rules ??= fetch("storage-errors.json", { cache: "no-cache", credentials: "omit" }).then((answer) => answer.json());
    const fits = (/** @type {Rule} */ rule) =>
        rule.code === code &&
        (rule.ec ?? ec) === ec &&
        (!rule.message || new RegExp(`^(?:${rule.message})`).test(message));
    return (await rules).find(fits)?.text ?? "";
}
