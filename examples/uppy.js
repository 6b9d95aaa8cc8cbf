// Uppy (6.3 or newer) posts through the function's POST /sign. Replace ADDRESS with the function's address.

import AwsS3 from "@uppy/aws-s3";
import Uppy from "@uppy/core";

/** The name of one of your profiles, or undefined for the settings' own rules. */
const PROFILE = undefined;

/** Signed, and not posted yet. */
const forms = new Map();

export const uppy = new Uppy().use(AwsS3, {
    shouldUseMultipart: false,
    generateObjectKey: (file) => file.id,
    signRequest: async ({ key }) => {
        const form = forms.get(key) ?? (await sign(key));
        forms.delete(key);
        return form;
    },
});

// A file is posted under the type that the function names, which is known once its form is signed.
uppy.addPreProcessor(async (ids) => {
    for (const id of ids) {
        const form = await sign(id).catch(() => null); // signRequest asks again, and Uppy shows the error
        if (form) {
            forms.set(id, form);
            const { data } = uppy.getFile(id);
            uppy.setFileState(id, { data: data.slice(0, data.size, form.fields["x-oss-content-type"]) });
        }
    }
});

async function sign(id) {
    const { name, size, type } = uppy.getFile(id);
    const body = JSON.stringify({ profile: PROFILE, files: [{ filename: name, size, content_type: type }] });
    const headers = { "Content-Type": "application/json" };
    const response = await fetch("ADDRESS/sign", { method: "POST", headers, body });
    const answer = await response.json();
    const error = answer.error ?? answer.uploads[0].error;
    if (error) {
        throw new Error(error.message);
    }
    return answer.uploads[0];
}
