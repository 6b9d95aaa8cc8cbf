// Offers to resume uploads in parts that were interrupted before the page was loaded. Loaded when there are any.

import { identityOf } from "./files.js";
import { ICONS } from "./icons.js";
import { isolateName, join } from "./messages.js";
import { createIcon } from "./template.js";

/** Shows what was interrupted, and resumes it when its file is chosen again. */
export class ResumeOffers {
    /** @type {Map<string, { row: Element, records: PreviousUpload[] }>} */
    #offers = new Map();

    /**
     * @param {MultipartUploader} multipart
     * @param {(record: PreviousUpload, sent: number | null, abort: () => void) => Element} addRow `sent` is null while the
     *     function does not answer
     */
    constructor(multipart, addRow) {
        this.multipart = multipart;
        this.addRow = addRow;
    }

    async show() {
        for (const { record, sent } of await findPreviousUploads(this.multipart)) {
            const identity = identityOf(record);
            // A file that two tabs were sending is offered once: the upload that has come furthest continues.
            const offer = this.#offers.get(identity);
            if (offer) {
                offer.records.push(record);
            } else {
                const row = this.addRow(record, sent, () => this.#take(identity).forEach(this.#abort));
                this.#offers.set(identity, { row, records: [record] });
            }
        }
    }

    /** Does nothing for other files. @param {Upload} upload */
    resumeFromPreviousUpload = (upload) => {
        const [record, ...others] = this.#take(identityOf(upload));
        if (record) {
            this.multipart.previousUploads.lock(record.id);
            Object.assign(upload, { id: record.id, key: record.key, fingerprint: record.fingerprint });
            others.forEach(this.#abort);
        }
    };

    /** @param {string} identity */
    #take(identity) {
        const { row, records } = this.#offers.get(identity) ?? { records: [] };
        this.#offers.delete(identity);
        row?.remove();
        return records;
    }

    /** Unless another tab has continued it since. @param {PreviousUpload} record */
    #abort = async (record) => {
        if ((await this.multipart.previousUploads.findInterrupted()).includes(record)) {
            this.multipart.abort(record.id);
        }
    };
}

/** Those that can be resumed, the furthest first. @param {MultipartUploader} multipart */
async function findPreviousUploads(multipart) {
    const records = await multipart.previousUploads.findInterrupted();
    const requests = records.map(async (record) => {
        const found = await multipart.find(record.id).catch(() => ({ sent: null }));
        return found ? [{ record, sent: found.sent }] : [];
    });
    return (await Promise.all(requests)).flat().sort((a, b) => (b.sent ?? -1) - (a.sent ?? -1));
}

/** @param {UploadList} list @param {PreviousUpload} record @param {number | null} sent @param {() => void} abort */
export function addInterruptedRow(list, { name, size }, sent, abort) {
    const { view } = list;
    const row = list.createRow({ name }, () => {
        list.moveFocus(row.element);
        abort();
    });
    row.buttons.get("remove")?.replaceChildren(createIcon(ICONS.forget));
    const paintRow = () => {
        const { texts } = view;
        const progress =
            sent !== null &&
            texts.formatMessage("sending", { sent: texts.formatBytes(sent), size: texts.formatBytes(size) });
        row.status.textContent = join(progress, texts.formatMessage("interrupted"));
        row.showButtons(
            [{ action: "remove", label: texts.formatMessage("forget", { name: isolateName(name) }) }],
            null,
        );
    };
    view.painters.push(paintRow);
    paintRow();
    return row.element;
}
