// The files that wait, in the order of their turn. A file is found in it at once, however many there are.

export class WaitingList {
    /** Those that were begun before go first. @type {Set<Upload>} */
    #first = new Set();
    /** @type {Set<Upload>} */
    #others = new Set();

    /** @param {Upload} upload @param {boolean} [isFirst] */
    add(upload, isFirst) {
        this.delete(upload);
        (isFirst ? this.#first : this.#others).add(upload);
    }

    /** @param {Upload} upload */
    delete(upload) {
        this.#first.delete(upload);
        this.#others.delete(upload);
    }

    /** @returns {Upload | undefined} */
    get first() {
        const [upload = this.#others.values().next().value] = this.#first;
        return upload;
    }

    /** @param {number} count at most */
    take(count) {
        const taken = [];
        for (const upload of this) {
            if (taken.push(upload) === count) {
                break;
            }
        }
        return taken;
    }

    *[Symbol.iterator]() {
        yield* this.#first;
        yield* this.#others;
    }
}
