// Uppy (6.3 or newer) uploads through the function: by POST /sign, and large files in parts.
// Replace ADDRESS with the function's address.

import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";

/** A token, where AUTH=jwt. */
const TOKEN = undefined;

/** The name of one of your profiles, or undefined for the settings' own rules. */
const PROFILE = undefined;

/** Bytes from which files go in parts: multipart_threshold of GET /limits, where it has one. */
const PARTS_FROM = Infinity;

/** What POST /multipart answered for a file, by the file's ID. */
const begun = new Map();

/** Bytes of a part, by the file's size. */
const partSizes = new Map();

export const uppy = new Uppy().use(AwsS3, {
    generateObjectKey: (file) => file.id,
    shouldUseMultipart: (file) => begun.has(file.id),
    getChunkSize: ({ size }) => partSizes.get(size),
    signRequest: (request) => (begun.has(request.key) ? partsRequest(request) : sign(request.key)),
});

// The function says how long the parts are, so it is asked before Uppy cuts the file.
uppy.addPreProcessor(async (ids) => {
    for (const id of ids) {
        const { data, size } = uppy.getFile(id);
        if (size >= PARTS_FROM && !begun.has(id)) {
            const upload = await ask("/multipart", { profile: PROFILE, ...describe(id) });
            begun.set(id, upload);
            partSizes.set(size, upload.part_size);
        } else if (size < PARTS_FROM) {
            // A form takes a file of any type as bytes. What is stored has the type that the form pins.
            uppy.setFileState(id, { data: data.slice(0, size, "application/octet-stream") });
        }
    }
});

/** Returns a form: Uppy posts its fields, and the file last. */
async function sign(id) {
    const { uploads } = await ask("/sign", { profile: PROFILE, files: [describe(id)] });
    if (uploads[0].error) {
        throw new Error(uploads[0].error.message);
    }
    return uploads[0];
}

/** Returns where Uppy sends a part. Its other requests about parts are the function's to answer, in Uppy's XML. */
async function partsRequest({ method, key, uploadId, partNumber }) {
    const { ticket } = begun.get(key);
    if (partNumber) {
        const { parts } = await ask("/multipart/parts", { ticket, parts: [partNumber] });
        return { url: parts[0].url };
    }
    if (method === "GET") {
        const { parts } = await ask("/multipart/list", { ticket });
        const there = parts.map((part) => `<Part><PartNumber>${part.number}</PartNumber><ETag>-</ETag></Part>`);
        return xml(`<ListPartsResult>${there.join("")}</ListPartsResult>`);
    }
    if (method === "DELETE") {
        await ask("/multipart/abort", { ticket });
        begun.delete(key);
        return xml("<Aborted/>");
    }
    if (!uploadId) {
        return xml("<InitiateMultipartUploadResult><UploadId>begun</UploadId></InitiateMultipartUploadResult>");
    }
    const { stored } = await ask("/multipart/complete", { ticket });
    const result = `<Location>${stored.key}</Location><Key>${stored.key}</Key><ETag>${stored.etag}</ETag>`;
    return xml(`<CompleteMultipartUploadResult>${result}</CompleteMultipartUploadResult>`);
}

/** Returns an address whose content is this document: where a page has a CSP, its connect-src needs data: for it. */
function xml(document) {
    return { url: `data:application/xml,${encodeURIComponent(document)}` };
}

function describe(id) {
    const { name, size, type } = uppy.getFile(id);
    return { filename: name, size, content_type: type };
}

async function ask(path, body) {
    const headers = { "Content-Type": "application/json", ...(TOKEN && { Authorization: `Bearer ${TOKEN}` }) };
    const response = await fetch(`ADDRESS${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    const answer = await response.json();
    if (answer.error) {
        throw new Error(answer.error.message);
    }
    return answer;
}
