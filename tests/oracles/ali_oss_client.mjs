// ali-oss as a client: reads one operation a line, JSON, and answers with a line: what came of it, or the code of the error.
import { createInterface } from "node:readline";
import OSS from "ali-oss";

const PART = { partSize: 100 * 1024, parallel: 3 };

/** Begins an upload in parts and cancels it once some have arrived: its checkpoint. */
async function interrupt(client, { key, file }) {
    let checkpoint;
    const progress = (_, reached) => {
        checkpoint = reached;
        if (checkpoint.doneParts.length >= 2) client.cancel();
    };
    await client.multipartUpload(key, file, { ...PART, progress }).catch((error) => {
        if (error.name !== "cancel") throw error;
    });
    return checkpoint;
}

const OPERATIONS = {
    put: async (client, { key, body }) => void (await client.put(key, Buffer.from(body))),
    get: async (client, { key }) => (await client.get(key)).content.toString(),
    head: async (client, { key }) => Number((await client.head(key)).res.headers["content-length"]),
    delete: async (client, { key }) => void (await client.delete(key)),
    list: async (client, { prefix }) => ((await client.listV2({ prefix })).objects ?? []).map(({ name }) => name),
    upload: async (client, { key, file, checkpoint }) =>
        void (await client.multipartUpload(key, file, { ...PART, checkpoint })),
    interrupt,
    parts: async (client, { key, uploadId }) =>
        [(await client.listParts(key, uploadId)).parts].flat().map(({ PartNumber }) => Number(PartNumber)),
    abort: async (client, { key, uploadId }) => void (await client.abortMultipartUpload(key, uploadId)),
    // Methods of the client by their names, and what came of each but the response itself.
    call: async (client, { calls }) => {
        const results = [];
        for (const [method, ...args] of calls) {
            const result = (await client[method](...args)) ?? {};
            results.push(result === client ? {} : { ...result, res: undefined });
        }
        return results;
    },
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
