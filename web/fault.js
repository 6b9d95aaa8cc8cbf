// Why something went wrong, in a form that words.js can tell.

export class Fault extends Error {
    /**
     * @param {string} code what words.js knows it by
     * @param {{ status?: number, message?: string, code?: string, requestId?: string }} [detail]
     *     what the function or the storage said of it: for the site's owner
     */
    constructor(code, detail = {}) {
        super(code);
        this.code = code;
        this.detail = detail;
    }
}
