// Files and whole folders, out of what was dropped or chosen.

import { Fault } from "./fault.js";

/**
 * `name` has the folders in it: `trip/day 1/cat.png`. What could not be read has a `fault`, and a file with nothing in it.
 *
 * @typedef {{ file: File, name: string, fault?: Fault }} Found
 */

/** @param {Iterable<File> | null} list @returns {Found[]} */
export function chosen(list) {
    return [...(list ?? [])].map((file) => found(file, file.webkitRelativePath || file.name));
}

/** @param {DataTransfer} transfer @returns {Promise<Found[]>} */
export async function dropped(transfer) {
    // All at once: after the first pause a browser gives nothing more away.
    const items = [...transfer.items].filter((item) => item.kind === "file");
    const entries = items.map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
    const nested = await Promise.all(entries.map((entry) => (entry instanceof File ? chosen([entry]) : inside(entry))));
    return nested.flat();
}

/** @param {FileSystemEntry | null} entry @returns {Promise<Found[]>} */
async function inside(entry) {
    if (!entry) {
        return [];
    }
    const name = entry.fullPath.replace(/^\//, "");
    try {
        if (entry.isFile) {
            const file = await new Promise((resolve, reject) =>
                /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject),
            );
            return [found(file, name)];
        }
        const nested = await Promise.all((await children(/** @type {FileSystemDirectoryEntry} */ (entry))).map(inside));
        return nested.flat();
    } catch {
        // The others of this drop are not lost with it.
        return [{ ...found(new File([], name), name), fault: new Fault("file_changed") }];
    }
}

/** @param {FileSystemDirectoryEntry} folder @returns {Promise<FileSystemEntry[]>} */
async function children(folder) {
    const reader = folder.createReader();
    const all = [];
    for (;;) {
        // A reader gives a hundred or so at a time, and an empty list at the end.
        const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
        if (some.length === 0) {
            return all;
        }
        all.push(...some);
    }
}

/**
 * @param {File} file
 * @param {string} name
 * @returns {Found}
 */
function found(file, name) {
    return { file, name: name.normalize("NFC") };
}
