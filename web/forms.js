// Signed forms. The files that wait get theirs in the request of one whose turn it is: as many as one request has, and no
// more.

import { untilAborted } from "./abort.js";
import { Fault, functionFault } from "./faults.js";
import { postForm } from "./oss.js";
import { readAhead } from "./reader.js";
import { canRetry, HALTS_QUEUE } from "./retry.js";

/** The function takes 64 KB. */
const MAX_REQUEST_BYTES = 60_000;

/** With so few forms left the next are signed, so that no file waits for the function. */
const FEW = 6;

export class Forms {
    /** Those of files whose turn comes later. @type {WeakMap<Upload, FormOrder>} */
    #ahead = new WeakMap();
    /** @type {FormOrder[]} */
    #pending = [];
    /** One of them made the function refuse a whole request. @type {WeakSet<Upload>} */
    #suspects = new WeakSet();
    #isFailing = false;

    /** @param {FormSigner} signer @param {() => number} [now] milliseconds */
    constructor(signer, now = () => performance.now()) {
        this.signer = signer;
        this.now = now;
    }

    /** @param {Upload} upload @param {UploadRequest} request @param {AbortSignal} signal @param {Outlook} outlook @returns {Promise<Form>} */
    async sign(upload, request, signal, outlook) {
        readAhead(upload, outlook.next);
        const order = this.#ahead.get(upload);
        this.#ahead.delete(upload);
        if (order && this.#isUsable(order) && JSON.stringify(order.request) === JSON.stringify(request)) {
            const form = await order.wait(signal);
            const leftMs = this.#leftMs(order);
            if (leftMs >= outlook.neededMs()) {
                this.#refill(outlook);
                return { ...form, lifetimeSeconds: leftMs / 1000, isAhead: true };
            }
            this.#forget();
        }
        return this.#order(upload, request, outlook).wait(signal);
    }

    /** @type {Post<Form>} */
    async post(form, upload, onProgress, signal) {
        try {
            return await postForm(form, upload, onProgress, signal);
        } catch (fault) {
            // The clock stands still while the machine is asleep: the others have expired as well.
            if (fault instanceof Fault && fault.code === "form_expired") {
                this.#forget();
            }
            throw fault;
        }
    }

    #forget() {
        this.#ahead = new WeakMap();
    }

    /** @param {FormOrder} order */
    #isUsable(order) {
        const { token, profile } = this.signer;
        return order.token === token && order.profile === profile && !(this.#leftMs(order) <= 0);
    }

    /** What is left of the form's life; unknown before it is signed. @param {FormOrder} order */
    #leftMs({ requestedAt, lifetimeSeconds }) {
        return requestedAt + lifetimeSeconds * 1000 - this.now();
    }

    /** Files that begin at the same moment share a request. @param {Upload} upload @param {UploadRequest} request @param {Outlook} outlook */
    #order(upload, request, outlook) {
        const order = new FormOrder(upload, request, this.signer);
        if (this.#pending.push(order) === 1) {
            queueMicrotask(() => this.#signPending(outlook));
        }
        return order;
    }

    /** @param {Outlook} outlook */
    #signPending(outlook) {
        const pending = this.#pending.filter(({ isWanted }) => isWanted);
        this.#pending = [];
        let batch = this.#createBatch();
        for (const order of pending) {
            if (this.#suspects.has(order.upload)) {
                this.#request(new Batch(1, [order]));
            } else if (!batch.add(order)) {
                this.#request(batch);
                batch = this.#createBatch([order]);
            }
        }
        if (batch.orders.length > 0) {
            this.#fill(batch, this.#listUnsigned(outlook));
            this.#request(batch);
        }
    }

    /** @param {FormOrder[]} [orders] */
    #createBatch(orders = []) {
        return new Batch(this.signer.maxFilesPerRequest, orders);
    }

    /** A function that fails is asked again by a file whose turn it is. @param {Outlook} outlook */
    #refill(outlook) {
        const unsigned = this.#listUnsigned(outlook);
        const left = outlook.next(this.signer.maxFilesPerRequest + FEW).length - unsigned.length;
        if (left <= FEW && unsigned.length > left && !this.#isFailing) {
            const batch = this.#createBatch();
            this.#fill(batch, unsigned);
            this.#request(batch);
        }
    }

    /** @param {Outlook} outlook */
    #listUnsigned(outlook) {
        return outlook.next(this.signer.maxFilesPerRequest + FEW).filter((upload) => {
            const order = this.#ahead.get(upload);
            return !(order && this.#isUsable(order)) && !this.#suspects.has(upload);
        });
    }

    /** @param {Batch} batch @param {Upload[]} uploads */
    #fill(batch, uploads) {
        const { slots } = this.signer;
        for (const upload of uploads.slice(0, batch.limit - batch.orders.length)) {
            const slot = slots?.reserve(upload);
            const request = slots ? { ...upload.request, id: undefined, slot } : upload.request;
            const order = new FormOrder(upload, request, this.signer);
            if ((!slots || slot) && batch.add(order)) {
                this.#ahead.set(upload, order);
            }
        }
    }

    /** @param {Batch} batch */
    async #request(batch) {
        const { orders, controller } = batch;
        if (orders.length === 0) {
            return;
        }
        const requestedAt = this.now();
        const files = orders.map(({ request }) => request);
        try {
            const body = { profile: orders[0].profile, files };
            const { uploads } = await this.signer.request("/sign", body, controller.signal);
            this.#isFailing = false;
            orders.forEach((order, at) => {
                order.settle(uploads[at], requestedAt);
            });
        } catch (fault) {
            this.#isFailing = !controller.signal.aborted;
            this.#handleFailure(orders, fault);
        }
    }

    /** @param {FormOrder[]} orders @param {unknown} fault */
    #handleFailure(orders, fault) {
        const isOfOneFile = fault instanceof Fault && !canRetry(fault, 0) && !HALTS_QUEUE.includes(fault.code);
        for (const order of orders) {
            const { upload, isWanted } = order;
            if (this.#ahead.get(upload) === order) {
                this.#ahead.delete(upload);
            }
            if (isOfOneFile && orders.length > 1) {
                this.#suspects.add(upload);
            }
            if (isOfOneFile && orders.length > 1 && isWanted) {
                this.#request(new Batch(1, [order]));
            } else {
                order.reject(fault);
            }
        }
    }
}

/** A form that one file needs. */
class FormOrder {
    requestedAt = Number.NaN;
    lifetimeSeconds = Number.NaN;
    /** @type {Batch | undefined} */
    batch;
    /** Of those that wait for it. @type {AbortSignal[]} */
    #signals = [];
    /** @type {(form: Form) => void} */
    #resolve = () => {};
    /** @type {(reason: unknown) => void} */
    reject = () => {};

    /** @param {Upload} upload @param {UploadRequest} request @param {FormSigner} signer */
    constructor(upload, request, { token, profile }) {
        this.upload = upload;
        this.request = request;
        this.token = token;
        this.profile = profile;
        /** @type {Promise<Form>} */
        this.promise = new Promise((resolve, reject) => {
            this.#resolve = resolve;
            this.reject = reject;
        });
        this.promise.catch(() => {}); // its file may never be sent
    }

    /** Whether its file's turn has come. */
    get isWanted() {
        return this.#signals.some(({ aborted }) => !aborted);
    }

    /** @param {AbortSignal} signal @returns {Promise<Form>} */
    wait(signal) {
        signal.throwIfAborted(); // it may have ended while something else was awaited
        this.#signals.push(signal);
        signal.addEventListener("abort", () => this.batch?.abortIfUnwanted());
        return untilAborted(this.promise, signal);
    }

    /** @param {Form & { expires_at: string, error?: Parameters<typeof functionFault>[0] }} form @param {number} requestedAt */
    settle(form, requestedAt) {
        if (form.error) {
            this.reject(functionFault(form.error));
            return;
        }
        const lifetimeSeconds = lifetimeOf(form);
        Object.assign(this, { requestedAt, lifetimeSeconds });
        this.#resolve({ ...form, lifetimeSeconds });
    }
}

/** The forms of one request. */
class Batch {
    controller = new AbortController();
    /** @type {FormOrder[]} */
    orders = [];
    #bytes = 0;

    /** @param {number} limit of forms @param {FormOrder[]} orders */
    constructor(limit, orders) {
        this.limit = limit;
        for (const order of orders) {
            this.add(order);
        }
    }

    /** Returns whether it fits. One that is too large for any request goes alone. @param {FormOrder} order */
    add(order) {
        const bytes = new TextEncoder().encode(JSON.stringify(order.request)).length;
        const { length } = this.orders;
        if (length > 0 && (length >= this.limit || this.#bytes + bytes > MAX_REQUEST_BYTES)) {
            return false;
        }
        order.batch = this;
        this.#bytes += bytes;
        this.orders.push(order);
        return true;
    }

    /** Nobody waits for what is left of it but files whose turn comes later. */
    abortIfUnwanted() {
        if (!this.orders.some(({ isWanted }) => isWanted)) {
            this.controller.abort();
        }
    }
}

/** By the function's clock alone: the browser's may be wrong. @param {Form & { expires_at: string }} form */
function lifetimeOf({ fields, expires_at: end }) {
    const begin = fields["x-oss-date"]?.replace(/(\d{4})(\d\d)(\d\dT\d\d)(\d\d)/, "$1-$2-$3:$4:");
    return (Date.parse(end) - Date.parse(begin)) / 1000;
}
