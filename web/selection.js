// Which chosen files go into the list. Loaded with the list.

import { Reporter } from "./events.js";
import { Fault } from "./faults.js";
import { checkLimits, identityOf, Upload } from "./files.js";
import { readChosen, sift } from "./found-files.js";
import { UploadList } from "./list.js";
import { isolateName } from "./messages.js";
import { createQueue } from "./uploader.js";

/** How long files are added without a pause for the reader. */
const SLICE_MS = 40;

/** With the list that the files get into, and the queue that uploads them. @param {OssUpload} element @param {View} view @param {() => void} onReport is called before events are */
export function createSelection(element, view, onReport) {
    const reporter = new Reporter(element, onReport);
    const queue = createQueue(/** @type {Signer} */ (element.signer), (upload) => {
        list.showChange(upload);
        reporter.noteChange(upload);
    });
    const list = new UploadList(view, queue, (share) => reporter.reportProgress(share));
    return new FileSelection(list, reporter, () => element);
}

export class FileSelection {
    /** Resumes an interrupted upload of the same file. @type {(upload: Upload) => void} */
    resumeFromPreviousUpload = () => {};

    /** @param {UploadList} list @param {Reporter} reporter @param {() => SelectionRules} rules as they are when files are chosen */
    constructor(list, reporter, rules) {
        this.list = list;
        this.reporter = reporter;
        this.rules = rules;
    }

    read = readChosen;

    /** Those that are being added. @type {Promise<unknown>} */
    #adding = Promise.resolve();

    /** Returns the uploads that were added, after those before. @param {FoundFile[]} found */
    add(found) {
        const adding = this.#adding.then(() => this.#add(found));
        this.#adding = adding.catch(() => {});
        return adding;
    }

    /** @param {FoundFile[]} found */
    async #add(found) {
        const { view } = this.list;
        const { files, systemFiles, emptyFolders } = sift(found);
        const before = new Set(this.list.rows.keys());
        this.list.noteAdding(true);
        const duplicates = await this.#enlistAll(files).finally(() => this.list.noteAdding(false));
        view.announce(view.texts.formatMessage("added", { count: files.length - duplicates.length }));
        view.page.notice.textContent = view.texts.joinSentences(
            this.#countOrName(duplicates, "duplicate", "duplicates"),
            this.#countOrName(systemFiles, "left_out", "left_out_many"),
            this.#countOrName(emptyFolders, "folder_empty", "folders_empty"),
        );
        return [...this.list.rows.keys()].filter((upload) => !before.has(upload));
    }

    /** @param {{ name: string }[]} items @param {string} one @param {string} many the messages' keys */
    #countOrName(items, one, many) {
        const [{ name } = { name: "" }] = items;
        const key = items.length > 1 ? many : one;
        return (
            items.length > 0 &&
            this.list.view.texts.formatMessage(key, { name: isolateName(name), count: items.length })
        );
    }

    /** Returns those that are in the list already. @param {FoundFile[]} files */
    async #enlistAll(files) {
        const { rows } = this.list;
        const identities = new Set([...rows.keys()].map(identityOf));
        const replaceable = new Map([...rows.keys()].filter(hasFileChanged).map((upload) => [upload.name, upload]));
        const candidates = [];
        let end = performance.now() + SLICE_MS;
        for (const { file, name, isUnreadable } of files) {
            if (performance.now() > end) {
                await new Promise((resolve) => setTimeout(resolve));
                end = performance.now() + SLICE_MS;
            }
            const upload = new Upload(file, name);
            const identity = identityOf(upload);
            const fault = isUnreadable ? new Fault("file_changed") : null;
            const old = replaceable.get(upload.name);
            if (old) {
                this.#enlist(upload, fault, old);
                replaceable.delete(upload.name);
            } else if (!fault && identities.has(identity)) {
                candidates.push(upload);
            } else {
                this.#enlist(upload, fault);
            }
            identities.add(identity);
        }
        const duplicates = [];
        for (const upload of candidates) {
            if (await this.#isDuplicate(upload)) {
                duplicates.push(upload);
            }
        }
        return duplicates;
    }

    /** @param {Upload} upload @param {Fault | null} [fault] @param {Upload} [old] that it replaces */
    #enlist(upload, fault = null, old = undefined) {
        const { list } = this;
        const { accept, limits, maxFiles = Infinity } = this.rules();
        this.resumeFromPreviousUpload(upload);
        list.addRow(upload, old);
        const reason =
            fault ??
            (list.rows.size > maxFiles ? new Fault("count", { limit: maxFiles }) : null) ??
            (isAccepted(upload.file, accept) ? null : new Fault("type_not_allowed")) ??
            checkLimits(upload.file, limits);
        reason ? list.queue.refuse(upload, reason) : list.queue.add(upload);
    }

    /** Replaces a twin that has failed or was cancelled. @param {Upload} upload */
    async #isDuplicate(upload) {
        const { rows } = this.list;
        const identity = identityOf(upload);
        const compared = new Set();
        const next = () => [...rows.keys()].find((each) => identityOf(each) === identity && !compared.has(each));
        for (let twin = next(); twin; twin = next()) {
            const isSame = twin.state === "cancelled" || (await haveSameBytes(twin, upload));
            const isReplaceable = twin.state === "cancelled" || twin.state === "failed";
            compared.add(twin);
            if (rows.has(twin) && (isSame ?? isReplaceable)) {
                isReplaceable && this.#enlist(upload, null, twin);
                return !isReplaceable;
            }
        }
        this.#enlist(upload);
        return false;
    }
}

/** As browsers read an input's `accept`. @param {File} file @param {string} accept such as `image/*,.pdf` */
export function isAccepted({ name, type }, accept) {
    const kinds = accept.toLowerCase().match(/[^\s,]+/g);
    const fits = (/** @type {string} */ kind) =>
        kind.startsWith(".")
            ? name.toLowerCase().endsWith(kind)
            : kind.endsWith("/*")
              ? type.toLowerCase().startsWith(kind.slice(0, -1))
              : type.toLowerCase() === kind;
    return !kinds || kinds.some(fits);
}

/** Returns undefined if one cannot be read. @param {Upload} one @param {Upload} other */
async function haveSameBytes(one, other) {
    try {
        return await (await import("./duplicates.js")).haveSameBytes(one.file, other.file);
    } catch {
        return undefined;
    }
}

/** @param {Upload} upload */
function hasFileChanged({ state, fault }) {
    return state === "failed" && fault?.code === "file_changed";
}
