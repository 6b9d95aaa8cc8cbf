// Uploads in parts that were begun and are not whole. The browser keeps them across a reload; the page offers to go on.

/** @import { Parts } from "./parts.js" */
/** @import { Upload } from "./queue.js" */
/** @import { Unfinished } from "./types" */

/** What the names begin with under which they are kept. */
export const KEPT = "unfinished ";

/** By their ids. A browser that keeps nothing has them as long as the page is open. @extends {Map<string, Unfinished>} */
export class UnfinishedUploads extends Map {
    constructor() {
        super();
        keeping((storage) => {
            for (const name of Object.keys(storage).filter((each) => each.startsWith(KEPT))) {
                super.set(name.slice(KEPT.length), JSON.parse(storage.getItem(name) ?? ""));
            }
        });
    }

    /** @param {string} id @param {Unfinished} record */
    set(id, record) {
        if (!this.has(id)) {
            holdHere(id);
        }
        keeping((storage) => storage.setItem(KEPT + id, JSON.stringify(record)));
        return super.set(id, record);
    }

    /** @param {string} id */
    delete(id) {
        keeping((storage) => storage.removeItem(KEPT + id));
        return super.delete(id);
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

/** So that no other tab takes it for interrupted. The lock goes with the page. @param {string} id */
function holdHere(id) {
    globalThis.navigator?.locks?.request(KEPT + id, () => new Promise(() => {}));
}

/** Those that no tab is busy with. @param {UnfinishedUploads} unfinished */
async function interrupted(unfinished) {
    const { held = [] } = (await navigator.locks?.query()) ?? {};
    const busy = held.map(({ name }) => name);
    return [...unfinished.values()].filter(({ id }) => !busy.includes(KEPT + id));
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
    /** @type {Map<Unfinished, Element>} */
    const offered = new Map();
    const left = await interrupted(parts.unfinished);
    await Promise.all(
        left.map(async (record) => {
            const begun = await parts.look(record.id).catch(() => ({ sent: null }));
            if (begun) {
                offered.set(
                    record,
                    listed(record, begun.sent, () => take(record) && parts.drop(record.id)),
                );
            }
        }),
    );

    /** @param {Unfinished} record */
    function take(record) {
        offered.get(record)?.remove();
        return offered.delete(record);
    }

    return (upload) => {
        const { name, file } = upload;
        const record = [...offered.keys()].find(
            (each) => each.name === name && each.size === file.size && each.lastModified === file.lastModified,
        );
        if (record && take(record)) {
            holdHere(record.id);
            Object.assign(upload, { id: record.id, key: record.key });
        }
    };
}
