// Uploads in parts that were begun and are not whole. The browser keeps them across a reload; the page offers to go on.

/** @import { Parts } from "./multipart.js" */
/** @import { Upload } from "./queue.js" */
/** @import { Unfinished } from "./types" */

/** One person's, by their ids. A browser that keeps nothing has them as long as the page is open. @extends {Map<string, Unfinished>} */
export class UnfinishedUploads extends Map {
    /** @param {string} shelf what their names begin with; nobody else's are read, or touched */
    constructor(shelf) {
        super();
        this.shelf = shelf;
        keeping((storage) => {
            for (const name of Object.keys(storage).filter((each) => each.startsWith(shelf))) {
                const id = name.slice(shelf.length);
                const record = read(storage.getItem(name));
                if (record?.id === id) {
                    super.set(id, record);
                }
            }
        });
    }

    /** @param {string} id @param {Unfinished} record */
    set(id, record) {
        if (!this.has(id)) {
            this.hold(id);
        }
        keeping((storage) => storage.setItem(this.shelf + id, JSON.stringify(record)));
        return super.set(id, record);
    }

    /** @param {string} id */
    delete(id) {
        keeping((storage) => storage.removeItem(this.shelf + id));
        return super.delete(id);
    }

    /** So that no other tab takes it for interrupted. The lock goes with the page. @param {string} id */
    hold(id) {
        globalThis.navigator?.locks?.request(this.shelf + id, () => new Promise(() => {}));
    }

    /** Those that no tab is busy with. */
    async interrupted() {
        const { held = [] } = (await navigator.locks?.query()) ?? {};
        const busy = held.map(({ name }) => name);
        return [...this.values()].filter(({ id }) => !busy.includes(this.shelf + id));
    }
}

/** One that cannot be read hides no other. @param {string | null} text @returns {Unfinished | null} */
function read(text) {
    try {
        return JSON.parse(text ?? "");
    } catch {
        return null;
    }
}

/** @param {(storage: Storage) => void} act */
function keeping(act) {
    try {
        act(localStorage);
    } catch {
        // This browser keeps nothing, or no more.
    }
}

/** What a file is known by when it is chosen again. @param {{ name: string, size: number, lastModified?: number }} file */
function mark({ name, size, lastModified }) {
    return `${size} ${lastModified} ${name}`;
}

/**
 * Lists what was interrupted, and knows a file again that is chosen once more.
 *
 * @param {Parts} parts
 * @param {(record: Unfinished, sent: number | null, drop: () => void) => Element} listed shows one; `sent` is not known
 *     while the function does not answer
 * @returns {Promise<(upload: Upload) => void>} makes an upload go on, if it is one of these
 */
export async function offerUnfinished(parts, listed) {
    const left = await parts.unfinished.interrupted();
    const looks = left.map(async (record) => {
        const begun = await parts.look(record.id).catch(() => ({ sent: null }));
        return begun ? [{ record, sent: begun.sent }] : [];
    });
    const found = (await Promise.all(looks)).flat().sort((a, b) => (b.sent ?? -1) - (a.sent ?? -1));

    // A file that two tabs were sending is one file: the one that has come furthest goes on.
    /** @type {Map<string, { line: Element, records: Unfinished[] }>} */
    const offered = new Map();
    for (const { record, sent } of found) {
        const known = offered.get(mark(record));
        if (known) {
            known.records.push(record);
        } else {
            const line = listed(record, sent, () => take(mark(record)).forEach(drop));
            offered.set(mark(record), { line, records: [record] });
        }
    }

    /** @param {string} file */
    function take(file) {
        const { line, records } = offered.get(file) ?? { records: [] };
        offered.delete(file);
        line?.remove();
        return records;
    }

    /** Unless another tab goes on with it since it was listed. @param {Unfinished} record */
    async function drop(record) {
        if ((await parts.unfinished.interrupted()).includes(record)) {
            parts.drop(record.id);
        }
    }

    return (upload) => {
        const { name, size, lastModified } = upload;
        const [record, ...others] = take(mark({ name, size, lastModified }));
        if (record) {
            parts.unfinished.hold(record.id);
            Object.assign(upload, { id: record.id, key: record.key, print: record.print });
            others.forEach(drop);
        }
    };
}
