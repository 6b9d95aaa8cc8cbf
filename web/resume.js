// What the browser stores of uploads in parts until they are complete.

/** One person's, by id. If the browser stores nothing, they last until the page is closed. @extends {Map<string, PreviousUpload>} */
export class PreviousUploads extends Map {
    /** @param {string} prefix of their names in localStorage: no other person's are touched */
    constructor(prefix) {
        super();
        this.prefix = prefix;
        useStorage((storage) => {
            for (const name of Object.keys(storage).filter((each) => each.startsWith(prefix))) {
                const id = name.slice(prefix.length);
                const record = parse(storage.getItem(name));
                if (record?.id === id) {
                    super.set(id, record);
                }
            }
        });
    }

    /** @param {string} id @param {PreviousUpload} record */
    set(id, record) {
        if (!this.has(id)) {
            this.lock(id);
        }
        useStorage((storage) => storage.setItem(this.prefix + id, JSON.stringify(record)));
        return super.set(id, record);
    }

    /** @param {string} id */
    delete(id) {
        useStorage((storage) => storage.removeItem(this.prefix + id));
        return super.delete(id);
    }

    /** Holds a Web Lock so that other tabs do not offer this upload; released when the page closes. @param {string} id */
    lock(id) {
        globalThis.navigator?.locks?.request(this.prefix + id, () => new Promise(() => {}));
    }

    /** Those that no tab is sending. */
    async findInterrupted() {
        const { held = [] } = (await navigator.locks?.query()) ?? {};
        const locks = held.map(({ name }) => name);
        return [...this.values()].filter(({ id }) => !locks.includes(this.prefix + id));
    }
}

/** Null for a record that is broken. @param {string | null} text @returns {PreviousUpload | null} */
function parse(text) {
    try {
        return JSON.parse(text ?? "");
    } catch {
        return null;
    }
}

/** @param {(storage: Storage) => void} act */
function useStorage(act) {
    try {
        act(localStorage);
    } catch {
        // The browser stores nothing, or its storage is full.
    }
}
