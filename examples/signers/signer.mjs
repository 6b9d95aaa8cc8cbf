// Assumes the role at STS, signs a form with what it gets, and posts a file with it. Nothing but Node.js is needed.
// The settings are variables, as oss-localcloud prints them.
import { createHash, createHmac, randomUUID } from "node:crypto";

const env = process.env;
const instant = (seconds = 0) => `${new Date(Date.now() + 1000 * seconds).toISOString().slice(0, 19)}Z`;
const compact = (time) => time.replace(/[-:]/g, ""); // yyyymmddThhmmssZ
const sha256 = (text) => createHash("sha256").update(text).digest("hex");
const hmac = (key, text) => createHmac("sha256", key).update(text).digest();

async function assumeRole() {
    const parameters = { DurationSeconds: "900", RoleArn: env.OSS_STS_ROLE_ARN, RoleSessionName: "signer" };
    const query = Object.entries(parameters)
        .map((pair) => pair.map(encodeURIComponent).join("="))
        .join("&"); // sorted by name
    const headers = {
        host: new URL(env.STS_ENDPOINT).host,
        "x-acs-action": "AssumeRole",
        "x-acs-content-sha256": sha256(""),
        "x-acs-date": instant(),
        "x-acs-signature-nonce": randomUUID(),
        "x-acs-version": "2015-04-01",
    };
    const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
    const names = Object.keys(headers).join(";");
    const canonical = ["POST", "/", query, lines.join(""), names, sha256("")].join("\n");
    const signature = hmac(env.OSS_ACCESS_KEY_SECRET, `ACS3-HMAC-SHA256\n${sha256(canonical)}`).toString("hex");
    const credential = `Credential=${env.OSS_ACCESS_KEY_ID},SignedHeaders=${names},Signature=${signature}`;
    const response = await fetch(`${env.STS_ENDPOINT}/?${query}`, {
        method: "POST",
        headers: { ...headers, authorization: `ACS3-HMAC-SHA256 ${credential}` },
    });
    return (await response.json()).Credentials;
}

function signForm(key, credentials) {
    const date = compact(instant());
    const scope = [date.slice(0, 8), env.OSS_REGION, "oss", "aliyun_v4_request"];
    const fields = {
        key,
        "x-oss-signature-version": "OSS4-HMAC-SHA256",
        "x-oss-credential": [credentials.AccessKeyId, ...scope].join("/"),
        "x-oss-date": date,
        "x-oss-security-token": credentials.SecurityToken,
    };
    const conditions = [
        { bucket: env.OSS_BUCKET },
        ["content-length-range", 1, 100],
        ...Object.entries(fields).map(([name, value]) => ({ [name]: value })),
    ];
    const policy = Buffer.from(JSON.stringify({ expiration: instant(600), conditions })).toString("base64");
    const signingKey = scope.reduce(hmac, `aliyun_v4${credentials.AccessKeySecret}`);
    return { ...fields, policy, "x-oss-signature": hmac(signingKey, policy).toString("hex") };
}

const form = new FormData();
for (const [name, value] of Object.entries(signForm("uploads/hello.txt", await assumeRole()))) form.append(name, value);
form.append("file", new Blob(["hello"], { type: "text/plain" }), "hello.txt");
const answer = await fetch(env.OSS_ENDPOINT, { method: "POST", body: form });
console.log(answer.status, await answer.text());
