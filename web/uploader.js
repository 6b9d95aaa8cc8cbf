// The queue that uploads with what the function signs. For other pages, too: docs/frontend.md.

import { MAX_COPY_SIZE } from "./files.js";
import { Forms } from "./forms.js";
import { CONNECTIONS_PER_FILE, Queue } from "./queue.js";
import { verifyUnchanged } from "./reader.js";

export { Upload } from "./files.js";
export { Signer } from "./signer.js";

/** Creates a queue that uploads what is added to it. @param {Signer} signer @param {(upload: Upload) => void} onChange @param {number} [parallel] */
export function createQueue(signer, onChange, parallel) {
    const isSmall = (/** @type {number} */ size) => size < signer.multipartThreshold;
    const forms = new Forms(signer);
    const queue = new Queue({
        sign: async (_, signal, upload, keepAlive, outlook) => {
            if (upload.size > MAX_COPY_SIZE) {
                await verifyUnchanged(upload, keepAlive, signal);
            }
            if (signer.token && !signer.hasLimits) {
                await signer.fetchLimits(signal); // is it a counted link?
            }
            const send = async (/** @type {UploadRequest} */ request) =>
                isSmall(upload.size)
                    ? forms.sign(upload, request, signal, outlook)
                    : (await signer.loadMultipart()).create(request, signal, upload.id);
            return signer.slots ? signer.slots.sign(upload, send) : send(upload.request);
        },
        post: (form, upload, onProgress, signal) => {
            const send = () => transfer(signer, forms, form, upload, onProgress, signal);
            return signer.slots ? signer.slots.post(upload, form, send) : send();
        },
        connections: ({ size }) => (isSmall(size) ? 1 : CONNECTIONS_PER_FILE),
        formLifetimeSeconds: ({ size }) => signer.formLifetimeSeconds(size),
        onAbandon: async ({ size, id }) => {
            const multipart = isSmall(size) ? undefined : await signer.loadMultipart().catch(() => {});
            multipart?.abort(id);
        },
        ...{ onChange, parallel },
    });
    followConnection(queue);
    return queue;
}

/** The queue listens while something of it is open: what listens is never collected. @param {Queue} queue */
function followConnection(queue) {
    const { onChange } = queue;
    let isOpen = false;
    const update = () => queue.setOnline(navigator.onLine);
    queue.onChange = (upload) => {
        if (isOpen !== queue.totals.open > 0) {
            isOpen = !isOpen;
            for (const name of ["online", "offline"]) {
                isOpen ? addEventListener(name, update) : removeEventListener(name, update);
            }
            queue.isOnline === navigator.onLine || update();
        }
        onChange(upload);
    };
}

/** @param {Signer} signer @param {Forms} forms @param {Form | MultipartUpload} form @param {Upload} upload @param {(bytes: number) => void} onProgress @param {AbortSignal} signal */
async function transfer(signer, forms, form, upload, onProgress, signal) {
    return form.fields
        ? forms.post(form, upload, onProgress, signal)
        : (await signer.loadMultipart()).upload(form, upload, onProgress, signal);
}
