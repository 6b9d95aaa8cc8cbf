// Uppy (6.3 or newer) posts through the function's POST /sign. In place of ADDRESS stands the function's address.

import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";

export const uppy = new Uppy().use(AwsS3, {
    shouldUseMultipart: false,
    generateObjectKey: (file) => file.id,
    signRequest: async ({ key }) => {
        const { name, size, type } = uppy.getFile(key);
        const body = JSON.stringify({ files: [{ filename: name, size, content_type: type }] });
        const headers = { "Content-Type": "application/json" };
        const answer = await (await fetch("ADDRESS/sign", { method: "POST", headers, body })).json();
        const refused = answer.error ?? answer.uploads[0].error;
        if (refused) {
            throw new Error(refused.message);
        }
        return answer.uploads[0];
    },
});
