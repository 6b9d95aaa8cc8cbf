// The slots of a counted link: which one each file takes, and what a refusal means. Loaded for such links alone.
//
// A slot is an object's key that the link's holders share, and the storage takes one file in each. So a slot that is
// taken shows by its 409 alone, and whose file is there nobody can read. After a try without an answer a 409 may mean
// this very file, or another holder's that came first: such a file is neither called uploaded nor sent again unasked.

import { readLink } from "./claims.js";
import { Fault } from "./faults.js";
import { identityOf } from "./files.js";
import { toFault } from "./retry.js";

/** What the browser keeps of a slot: whether it is taken, and which files a try without an answer may have put there. @typedef {{ isUsed: boolean, doubts: string[] }} SlotRecord */

/** Gives a signer the slots of its link, or none: those that it has, if it is the same link. @param {Signer} signer @param {number} count */
export function countSlots(signer, count) {
    signer.link = count ? readLink(signer.token) : "";
    const prefix = `slot ${signer.scope}`;
    const slots = signer.slots?.prefix === prefix ? signer.slots : new Slots(count, prefix);
    slots.count = count;
    signer.slots = count ? slots : undefined;
}

export class Slots {
    /** @type {WeakMap<Upload, number>} */
    #assigned = new WeakMap();
    /** Who was assigned a slot last. @type {Map<number, Upload>} */
    #holders = new Map();
    /** Those that a try without an answer may have stored. @type {WeakSet<Upload>} */
    #inDoubt = new WeakSet();
    /** Those that have not begun: a file that finds no other slot takes theirs. @type {WeakSet<Upload>} */
    #reserving = new WeakSet();
    /** What was known when there was no slot left. @type {WeakMap<Upload, number>} */
    #refusals = new WeakMap();
    #generation = 0;
    /** What the browser could not store. @type {Map<number, SlotRecord>} */
    #records = new Map();

    /** @param {number} count @param {string} prefix of the names in localStorage @param {() => number} [random] */
    constructor(count, prefix, random = Math.random) {
        this.count = count;
        this.prefix = prefix;
        this.random = random;
    }

    /** How many are free at most: others may have used more. */
    get left() {
        return this.#listUnused().length;
    }

    /** @template {Form | MultipartUpload} Signed @param {Upload} upload @param {(request: UploadRequest) => Promise<Signed>} send */
    async sign(upload, send) {
        const slot = this.#assign(upload);
        this.#reserving.delete(upload);
        try {
            const form = await send({ ...upload.request, id: undefined, slot });
            // An upload in parts that continues has its slot already.
            this.#hold(upload, (form.fields ? slot : form.record.slot) ?? slot);
            return form;
        } catch (error) {
            throw this.#explain(upload, toFault(error), this.#inDoubt.has(upload));
        }
    }

    /** For a file whose turn comes later; undefined if none is free for certain. @param {Upload} upload */
    reserve(upload) {
        const slot = this.#assigned.get(upload) ?? 0;
        if (slot > 0 || this.#findOwn(upload)) {
            return this.#reserving.has(upload) && this.#holders.get(slot) === upload ? slot : undefined;
        }
        const free = this.#listUnused().filter((each) => !this.#isHeld(each, upload) && !this.#isDoubtful(each));
        if (free.length === 0) {
            return undefined;
        }
        const chosen = this.#pick(free);
        this.#hold(upload, chosen);
        this.#reserving.add(upload);
        return chosen;
    }

    /** @param {Upload} upload @param {Form | MultipartUpload} form @param {() => Promise<UploadResult>} send */
    async post(upload, form, send) {
        const slot = this.#assigned.get(upload);
        if (!slot) {
            return send(); // with a form of the link before this one
        }
        const wasInDoubt = this.#inDoubt.has(upload);
        if (form.fields) {
            this.#doubt(upload, slot);
        }
        try {
            const result = await send();
            this.#write(slot, { isUsed: true, doubts: [] });
            return result;
        } catch (error) {
            const fault = toFault(error);
            if (fault.detail.isStored) {
                this.#leave(upload, slot);
                throw fault;
            }
            const isCompleting = form.record?.isCompleting ?? false;
            if (isCompleting) {
                this.#doubt(upload, slot);
            } else if (fault.code === "type_mismatch" || (!wasInDoubt && isRefusal(fault))) {
                this.#endDoubt(upload, slot);
            }
            throw this.#explain(upload, fault, wasInDoubt || isCompleting);
        }
    }

    /** @param {Upload} upload @param {Fault} fault @param {boolean} wasInDoubt before this try */
    #explain(upload, fault, wasInDoubt) {
        const { code, detail } = fault;
        const slot = this.#assigned.get(upload);
        if (!slot || !["exists", "already_stored", "slot_taken"].includes(code)) {
            return fault;
        }
        this.#leave(upload, slot);
        return new Fault(wasInDoubt && code !== "slot_taken" ? "unconfirmed" : "slot_taken", detail);
    }

    /** Something else is in it. @param {Upload} upload @param {number} slot */
    #leave(upload, slot) {
        this.#endDoubt(upload, slot);
        this.#assigned.delete(upload);
        this.#write(slot, { ...this.#read(slot), isUsed: true });
    }

    /** A retry keeps its own. Throws a Fault if there is none. @param {Upload} upload */
    #assign(upload) {
        const slot = this.#assigned.get(upload);
        const isOwn = slot !== undefined && this.#holders.get(slot) === upload && !this.#read(slot).isUsed;
        if (slot !== undefined && (isOwn || this.#inDoubt.has(upload))) {
            return slot;
        }
        if (this.#refusals.get(upload) === this.#generation) {
            this.#forget();
        }
        const chosen = this.#choose(upload);
        this.#hold(upload, chosen);
        return chosen;
    }

    /** At random, so that two holders of a link seldom choose the same. @param {Upload} upload */
    #choose(upload) {
        const own = this.#findOwn(upload);
        if (own) {
            this.#inDoubt.add(upload);
            return own;
        }
        const unused = this.#listUnused();
        if (unused.length === 0) {
            this.#refusals.set(upload, this.#generation);
            throw new Fault("link_used", { limit: this.count });
        }
        const available = unused.filter((slot) => !this.#isHeld(slot, upload));
        const free = available.filter((slot) => !this.#isDoubtful(slot));
        const reserved = unused.filter((slot) => this.#isReserved(slot));
        const candidates = [free, available, reserved].find((slots) => slots.length > 0);
        if (!candidates) {
            throw new Fault("link_full", { limit: this.count });
        }
        return this.#pick(candidates);
    }

    /** @param {number[]} slots */
    #pick(slots) {
        return slots[Math.floor(this.random() * slots.length)];
    }

    /** The slot where this file was on its way before the page was loaded. @param {Upload} upload */
    #findOwn(upload) {
        const identity = identityOf(upload);
        const isTwin = (/** @type {Upload | undefined} */ other) => other?.isOpen && identityOf(other) === identity;
        return this.#listAll().find(
            (slot) => this.#read(slot).doubts.includes(identity) && !isTwin(this.#holders.get(slot)),
        );
    }

    /** @param {Upload} upload @param {number} slot */
    #hold(upload, slot) {
        this.#assigned.set(upload, slot);
        this.#holders.set(slot, upload);
    }

    /** @param {number} slot @param {Upload} upload */
    #isHeld(slot, upload) {
        const holder = this.#holders.get(slot);
        return holder !== undefined && holder !== upload && holder.isOpen;
    }

    /** @param {number} slot */
    #isReserved(slot) {
        const holder = this.#holders.get(slot);
        return holder !== undefined && this.#reserving.has(holder);
    }

    /** @param {number} slot */
    #isDoubtful(slot) {
        return this.#read(slot).doubts.length > 0;
    }

    /** @param {Upload} upload @param {number} slot */
    #doubt(upload, slot) {
        const { isUsed, doubts } = this.#read(slot);
        this.#inDoubt.add(upload);
        this.#write(slot, { isUsed, doubts: [...new Set([...doubts, identityOf(upload)])] });
    }

    /** @param {Upload} upload @param {number} slot */
    #endDoubt(upload, slot) {
        const { isUsed, doubts } = this.#read(slot);
        this.#inDoubt.delete(upload);
        this.#write(slot, { isUsed, doubts: doubts.filter((identity) => identity !== identityOf(upload)) });
    }

    #listAll() {
        return Array.from({ length: this.count }, (_, at) => at + 1);
    }

    #listUnused() {
        return this.#listAll().filter((slot) => !this.#read(slot).isUsed);
    }

    /** The user tries again: the link's owner may have deleted files. */
    #forget() {
        this.#generation += 1;
        for (const slot of this.#listAll()) {
            this.#write(slot, { ...this.#read(slot), isUsed: false });
        }
    }

    /** Another tab may have written it. @param {number} slot @returns {SlotRecord} */
    #read(slot) {
        const nothing = { isUsed: false, doubts: [] };
        try {
            const text = localStorage.getItem(this.prefix + slot);
            return this.#records.get(slot) ?? { ...nothing, ...JSON.parse(text ?? "{}") };
        } catch {
            return this.#records.get(slot) ?? nothing;
        }
    }

    /** @param {number} slot @param {SlotRecord} record */
    #write(slot, record) {
        const { isUsed, doubts } = record;
        try {
            isUsed || doubts.length > 0
                ? localStorage.setItem(this.prefix + slot, JSON.stringify(record))
                : localStorage.removeItem(this.prefix + slot);
            this.#records.delete(slot);
        } catch {
            this.#records.set(slot, record);
        }
    }
}

/** Whether the storage said that it stored nothing. @param {Fault} fault */
function isRefusal({ detail: { status = 0 } }) {
    return status >= 400 && status < 500;
}
