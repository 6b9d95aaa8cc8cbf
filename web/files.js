// Files and whole folders, out of what was dropped, pasted or chosen; and which of them need not be tried.

import { Fault, typeOf } from "./queue.js";

/** @import { Found, Limits } from "./types" */

/** What systems lay into folders for themselves. */
const SYSTEMS = /(^|\/)(__MACOSX\/.*|\.DS_Store|\._[^/]*|Icon\r|Thumbs\.db|desktop\.ini)$/i;

const { compare } = new Intl.Collator(undefined, { numeric: true });

/** @param {Iterable<File> | null | undefined} list @returns {Found[]} */
export function chosen(list) {
    const found = [...(list ?? [])].map((file) => ({ file, name: file.webkitRelativePath || file.name }));
    return found.some(({ file }) => file.webkitRelativePath) ? inOrder(found) : found;
}

/** As people sort names: 2 before 10, and what is in one folder together. @param {Found[]} found */
function inOrder(found) {
    const paths = new Map(found.map((each) => [each, each.name.split("/")]));
    return found.sort((one, other) => {
        const [left, right] = [paths.get(one) ?? [], paths.get(other) ?? []];
        const at = left.findIndex((part, index) => part !== right[index]);
        return compare(left[at] ?? "", right[at] ?? "");
    });
}

/**
 * Files to send, those that systems keep for themselves, and folders in which there is nothing.
 *
 * @param {Found[]} found
 */
export function sift(found) {
    const files = found.filter(({ isEmpty }) => !isEmpty);
    const systems = files.filter(({ name }) => SYSTEMS.test(name));
    // Pointed at by itself, such a file is meant.
    const isMeant = systems.length === files.length && files.every(({ name }) => !name.includes("/"));
    return {
        files: isMeant ? files : files.filter((each) => !systems.includes(each)),
        systems: isMeant ? [] : systems,
        folders: found.filter(({ isEmpty }) => isEmpty),
    };
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
    const entries = await children(/** @type {FileSystemDirectoryEntry} */ (entry));
    const nested = await Promise.all(entries.map(inside));
    return entries.length > 0 ? inOrder(nested.flat()) : [{ file: new File([], entry.name), name, isEmpty: true }];
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
    if (!limits) {
        return null;
    }
    if (file.size > limits.max_size) {
        return new Fault("too_large", { limit: limits.max_size });
    }
    return mayFit(file, limits) ? null : new Fault("type_not_allowed");
}

/** Whether its type or its name may do; which type it is of, the function decides. @param {File} file @param {Limits} limits */
function mayFit(file, { accept, content_types: types }) {
    const extension = file.name.toLowerCase().match(/\.[^.]*$/)?.[0] ?? "";
    return types.includes("application/octet-stream") || accept.includes(typeOf(file)) || accept.includes(extension);
}
