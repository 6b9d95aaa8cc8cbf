// ali-oss as a client: reads one operation a line, JSON, and answers with a line: what came of it, or the code of the error.
import { createInterface } from "node:readline";
import OSS from "ali-oss";

const OPERATIONS = {
    put: async (client, { key, body }) => void (await client.put(key, Buffer.from(body))),
    get: async (client, { key }) => (await client.get(key)).content.toString(),
    head: async (client, { key }) => Number((await client.head(key)).res.headers["content-length"]),
    delete: async (client, { key }) => void (await client.delete(key)),
    list: async (client, { prefix }) => ((await client.listV2({ prefix })).objects ?? []).map(({ name }) => name),
    presign: (client, { method, key }) => client.signatureUrlV4(method, 60, { headers: {} }, key),
};

for await (const line of createInterface({ input: process.stdin })) {
    const { options, operation, ...asked } = JSON.parse(line);
    try {
        const answer = await OPERATIONS[operation](new OSS(options), asked);
        console.log(JSON.stringify({ answer: answer ?? null }));
    } catch (error) {
        console.log(JSON.stringify({ code: error.code, status: error.status }));
    }
}
