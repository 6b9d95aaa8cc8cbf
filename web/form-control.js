// <oss-upload> as a control of a form: the keys of what is stored are its value, and it is invalid while files are sent.

/** @param {ElementInternals} internals @param {OssUpload} element @param {Translator} texts @param {HTMLElement} anchor where the browser shows what is missing */
export function showInForm(internals, element, texts, anchor) {
    if (!internals.form) {
        return;
    }
    const { isUploading, name, required, value } = element;
    const data = new FormData();
    for (const key of name ? value : []) {
        data.append(name, key);
    }
    internals.setFormValue(data);
    // Browsers want words, even before there are any.
    const word = (/** @type {string} */ key) => texts.formatMessage(key) || "…";
    if (isUploading) {
        internals.setValidity({ customError: true }, word("form_waits"), anchor);
    } else if (required && value.length === 0) {
        internals.setValidity({ valueMissing: true }, word("form_needs_file"), anchor);
    } else {
        internals.setValidity({});
    }
}
