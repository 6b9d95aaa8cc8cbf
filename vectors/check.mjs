// Computes every signature of a form in this folder again, with nothing but Node.js: an example for signers of your own.
//
//     node vectors/check.mjs

import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";

const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));
const hmac = (key, text) => createHmac("sha256", key).update(text).digest();

/** The key is a fold over date, region, product and a constant; for a form, the base64 policy itself is signed. */
function signature(secret, { date, region, product, policy }) {
    const key = [date, region, product, "aliyun_v4_request"].reduce(hmac, `aliyun_v4${secret}`);
    return hmac(key, policy).toString("hex");
}

const { given, forms } = read("forms.json");
const published = read("signatures.json").post_v4.map((vector) => [
    vector.id,
    signature(vector.access_key_secret, {
        ...vector,
        date: vector.credential_date,
        policy: vector.policy_base64,
    }),
    vector.expected_signature,
]);
const ours = forms.map(({ name, signed }) => [name, signature(given.access_key_secret, signed), signed.signature]);
const all = [...published, ...ours];
const wrong = all.filter(([, computed, expected]) => computed !== expected);
for (const [name] of wrong) {
    console.error(`not the same: ${name}`);
}
console.log(`${all.length - wrong.length} of ${all.length} signatures are the same`);
process.exitCode = wrong.length > 0 ? 1 : 0;
