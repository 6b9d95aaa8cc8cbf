// Which files are in what was dropped, pasted or picked: folders are read to their ends. Loaded with the list.

const SYSTEM_FILES = /(^|\/)(__MACOSX\/.*|\.DS_Store|\._[^/]*|Icon\r|Thumbs\.db|desktop\.ini)$/i;

const { compare } = new Intl.Collator(undefined, { numeric: true });

/** @param {readonly File[]} files @returns {FoundFile[]} */
function fromFiles(files) {
    const found = files.map((file) => ({ file, name: file.webkitRelativePath || file.name }));
    return found.some(({ file }) => file.webkitRelativePath) ? sort(found) : found;
}

/** As people sort names: 2 before 10, and the files of a folder together. @param {FoundFile[]} found */
function sort(found) {
    const paths = new Map(found.map((each) => [each, each.name.split("/")]));
    return found.sort((one, other) => {
        const [left, right] = [paths.get(one) ?? [], paths.get(other) ?? []];
        const at = left.findIndex((part, index) => part !== right[index]);
        return compare(left[at] ?? "", right[at] ?? "");
    });
}

/** @param {FoundFile[]} found */
export function sift(found) {
    const files = found.filter(({ isEmpty }) => !isEmpty);
    const systemFiles = files.filter(({ name }) => SYSTEM_FILES.test(name));
    // A system file that was chosen by itself is meant.
    const isMeant = systemFiles.length === files.length && files.every(({ name }) => !name.includes("/"));
    return {
        files: isMeant ? files : files.filter((each) => !systemFiles.includes(each)),
        systemFiles: isMeant ? [] : systemFiles,
        emptyFolders: found.filter(({ isEmpty }) => isEmpty),
    };
}

/** @param {readonly ChosenItem[]} chosen @returns {Promise<FoundFile[]>} */
export async function readChosen(chosen) {
    if (chosen.every((each) => each instanceof File)) {
        return fromFiles(chosen);
    }
    const nested = await Promise.all(
        chosen.map((each) => (each instanceof File ? fromFiles([each]) : readEntry(each))),
    );
    return nested.flat();
}

/** @param {FileSystemEntry | null} entry @returns {Promise<FoundFile[]>} */
async function readEntry(entry) {
    if (!entry) {
        return [];
    }
    const name = entry.fullPath.replace(/^\//, "");
    try {
        return await (entry.isFile
            ? readFile(/** @type {FileSystemFileEntry} */ (entry), name)
            : readFolder(/** @type {FileSystemDirectoryEntry} */ (entry), name));
    } catch {
        // The rest of the drop is not lost with it.
        return [{ file: new File([], entry.name), name, isUnreadable: true }];
    }
}

/** @param {FileSystemFileEntry} entry @param {string} name @returns {Promise<FoundFile[]>} */
async function readFile(entry, name) {
    return [{ file: await new Promise((resolve, reject) => entry.file(resolve, reject)), name }];
}

/** @param {FileSystemDirectoryEntry} folder @param {string} name @returns {Promise<FoundFile[]>} */
async function readFolder(folder, name) {
    const reader = folder.createReader();
    const entries = [];
    for (;;) {
        // A reader returns some hundred entries at a time, and none at the end.
        const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
        if (batch.length === 0) {
            break;
        }
        entries.push(...batch);
    }
    const nested = await Promise.all(entries.map(readEntry));
    return entries.length > 0 ? sort(nested.flat()) : [{ file: new File([], folder.name), name, isEmpty: true }];
}
