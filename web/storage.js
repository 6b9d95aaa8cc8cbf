// What the browser keeps for the next visit, or for this tab. Some keep nothing.

/** @param {"sessionStorage" | "localStorage"} storage @param {string} name */
export function load(storage, name) {
    try {
        return globalThis[storage].getItem(name);
    } catch {
        return null;
    }
}

/** Returns whether it is kept. @param {"sessionStorage" | "localStorage"} storage @param {string} name @param {string} value */
export function save(storage, name, value) {
    try {
        globalThis[storage].setItem(name, value);
        return true;
    } catch {
        return false;
    }
}
