// Files and whole folders, out of what was dropped, pasted or chosen; and which of them need not be tried.

import { Fault, typeOf } from "./queue.js";

/** @import { Found, Limits } from "./types" */

/** @param {Iterable<File> | null | undefined} list @returns {Found[]} */
export function chosen(list) {
    return [...(list ?? [])].map((file) => ({ file, name: file.webkitRelativePath || file.name }));
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
        return await read(entry, name);
    } catch {
        // Only this one is lost, and told; not all that was dropped with it.
        return [{ file: new File([], entry.name), name, unreadable: true }];
    }
}

/** @param {FileSystemEntry} entry @param {string} name @returns {Promise<Found[]>} */
async function read(entry, name) {
    if (entry.isFile) {
        const file = await new Promise((resolve, reject) =>
            /** @type {FileSystemFileEntry} */ (entry).file(resolve, reject),
        );
        return [{ file, name }];
    }
    const nested = await Promise.all((await children(/** @type {FileSystemDirectoryEntry} */ (entry))).map(inside));
    return nested.flat();
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

/** What the function would refuse is told without asking it. @param {File} file @param {Limits | null} limits */
export function misfit(file, limits) {
    if (file.size === 0) {
        return new Fault("empty");
    }
    if (!limits) {
        return null;
    }
    if (file.size > limits.max_size) {
        return new Fault("too_large", { limit: limits.max_size });
    }
    return limits.content_types.includes(typeOf(file)) ? null : new Fault("type_not_allowed");
}
