// <oss-upload>: the uploader and all that people see of it, for pages of every kind and for forms.

import { AttributesElement, findLanguage, followLanguage } from "./attributes.js";
import { listenForFiles } from "./drop.js";
import { Fault } from "./faults.js";
import { showInForm } from "./form-control.js";
import { chooseLanguage, loadTranslator } from "./messages.js";
import { Signer } from "./signer.js";
import { View } from "./view.js";

export class OssUpload extends AttributesElement {
    static formAssociated = true;
    static observedAttributes = ["function", "token", "profile", "accept", "max-files", "required"];

    /** What the function allows, once it has answered. @type {Limits | null} */
    limits = null;
    /** Asks the function. @type {Signer | undefined} */
    signer;
    /** @type {Queue | undefined} */
    queue;
    /** The words that are shown; undefined if they cannot be loaded. @type {Promise<Translator | undefined>} */
    texts = Promise.resolve(undefined);

    #begin = () => {};
    /** Resolves once the function was asked what it allows. @type {Promise<void>} */
    ready = new Promise((resolve) => {
        this.#begin = resolve;
    });

    #internals = this.attachInternals();
    #view;
    #token = "";
    #language = "";
    /** For the file picker. */
    #allowed = "";
    /** @type {Fault | null} */
    #fault = null;
    /** @type {AbortController | undefined} */
    #connection;
    /** @type {UploadList | undefined} */
    #list;
    /** @type {Promise<FileSelection> | undefined} */
    #selection;
    /** @type {Promise<RequestView> | undefined} */
    #request;
    #hasOfferedResume = false;

    constructor() {
        super();
        this.#view = new View(this.attachShadow({ mode: "open" }));
        this.#internals.role = "group";
        this.#listenToInputs();
    }

    connectedCallback() {
        super.connectedCallback();
        this.#connection = new AbortController();
        const { signal } = this.#connection;
        const { page } = this.#view;
        listenForFiles(this, signal, {
            onFiles: (chosen) => this.#add(chosen),
            onDragging: (isDragging) => page.drop.classList.toggle("dragging", isDragging),
        });
        followLanguage(this, signal, () => this.#speak());
        for (const name of ["online", "offline"]) {
            addEventListener(name, () => this.#view.showConnection(), { signal });
        }
        addEventListener("beforeunload", (event) => this.isUploading && event.preventDefault(), { signal });
        // As a click on its label.
        this.addEventListener("click", (event) => event.composedPath()[0] === this && this.focus(), { signal });
        // A script that makes it, or is waiting for it, can set it up first.
        queueMicrotask(() => this.#start());
    }

    adoptedCallback() {
        this.#view.addStyle("");
    }

    /** It goes on uploading, and stops guarding the page. */
    disconnectedCallback() {
        this.#connection?.abort();
    }

    /** @param {string} name @param {string | null} _ @param {string | null} value */
    attributeChangedCallback(name, _, value) {
        if (name === "token") {
            this.token = value;
        } else if (name === "profile") {
            this.use({});
        } else if (name === "required") {
            this.#updateForm();
        } else if (name === "function") {
            queueMicrotask(() => this.#start());
        } else {
            this.#showLimits();
        }
    }

    formAssociatedCallback() {
        this.#updateForm();
    }

    /** @param {boolean} isDisabled */
    formDisabledCallback(isDisabled) {
        const { page } = this.#view;
        page.files.disabled = page.folder.disabled = isDisabled;
    }

    formResetCallback() {
        for (const upload of this.uploads) {
            this.removeUpload(upload);
        }
    }

    /** Whose uploads they are. It is not shown in the document. */
    get token() {
        return this.#token;
    }

    /** @param {string | null} value of the same person */
    set token(value) {
        this.use({ token: value ?? "" });
    }

    /** Why nothing can be uploaded, if so. A page may set its own. */
    get fault() {
        return this.#fault;
    }

    set fault(fault) {
        this.#fault = fault;
        this.#view.showFault(fault);
    }

    /** Those in the list. @returns {Upload[]} */
    get uploads() {
        return [...(this.#list?.rows.keys() ?? [])];
    }

    /** The keys of all that is stored. */
    get value() {
        return this.uploads.filter(({ isStored }) => isStored).map(({ key }) => key);
    }

    get isUploading() {
        return (this.queue?.totals.open ?? 0) > 0;
    }

    get form() {
        return this.#internals.form;
    }

    get validity() {
        return this.#internals.validity;
    }

    get validationMessage() {
        return this.#internals.validationMessage;
    }

    checkValidity() {
        return this.#internals.checkValidity();
    }

    reportValidity() {
        return this.#internals.reportValidity();
    }

    /** @param {FocusOptions} [options] */
    focus(options) {
        this.#view.page.files.focus(options);
    }

    /** Returns the uploads, without those that are in the list already. @param {Iterable<File>} files */
    async addFiles(files) {
        return this.#add([...files]);
    }

    /** @param {Upload} [upload] all without it */
    cancel(upload) {
        upload ? this.queue?.cancel(upload) : this.#list?.cancelAll();
    }

    /** @param {Upload} [upload] without it all that failed, were cancelled or are paused */
    retry(upload) {
        upload ? this.#list?.retry(upload) : this.#list?.retryAll();
    }

    /** Until it is retried; for files in parts. @param {Upload} [upload] without it nothing more begins */
    pause(upload) {
        upload ? this.queue?.pause(upload) : this.queue?.setPaused(true);
    }

    /** Takes it out of the list. It is cancelled; what is stored remains stored. @param {Upload} upload */
    removeUpload(upload) {
        this.#list?.removeRow(upload);
        this.#updateForm();
    }

    /** Takes out of the list what is stored, or cannot be retried. */
    clear() {
        this.#list?.clear();
        this.#updateForm();
    }

    /** Takes another token of the same person, or another profile, and goes on. @param {Link} link */
    async use(link) {
        const { signer } = this;
        const token = link.token ?? this.#token;
        const profile = link.profile ?? this.getAttribute("profile") ?? "";
        const isNew = signer && (signer.token !== token || (signer.profile ?? "") !== profile);
        this.#token = token;
        if (signer) {
            Object.assign(signer, { token, profile: profile || undefined });
        }
        if (link.profile !== undefined) {
            this.setAttribute("profile", profile);
        }
        if (isNew) {
            await this.refresh();
            this.queue?.resume();
        }
    }

    /** Asks the function anew what it allows. */
    async refresh() {
        const { signer } = this;
        /** @type {Fault | null} */
        let fault = null;
        try {
            this.limits = signer ? await signer.fetchLimits().finally(() => this.texts) : null;
            this.#allowed = this.limits?.accept.join() ?? "";
            this.#showLimits(); // not if they are of a wrong shape
            fault = this.limits?.auth === "jwt" && !signer?.token ? new Fault("token_missing") : null;
        } catch (error) {
            this.limits = null;
            this.#showLimits();
            fault = error instanceof Fault ? error : new Fault("function_down");
        }
        if (this.limits && !fault) {
            await this.#offerResume();
        }
        this.fault = fault;
    }

    async #start() {
        if (!this.isConnected) {
            return;
        }
        this.#speak();
        if (this.signer || !this.function) {
            return;
        }
        try {
            this.signer = new Signer(this.function, this.#token, this.profile || undefined);
        } catch {
            this.fault = new Fault("config");
            return;
        }
        this.#showLimits();
        await this.refresh();
        this.#begin();
        this.#loadSelection().catch(() => {}); // tried again when it is needed
    }

    /** In the document's language, if there are words for it. */
    #speak() {
        const preferred = [findLanguage(this), ...navigator.languages];
        const language = chooseLanguage(preferred);
        if (language === this.#language) {
            return;
        }
        const before = this.texts;
        this.#language = language;
        this.texts = loadTranslator(language, preferred).then(
            (texts) => {
                if (language === this.#language) {
                    this.#view.showLanguage(texts);
                    this.#showLimits();
                    this.#list?.repaint();
                    this.#updateForm();
                }
                return texts;
            },
            async () => {
                const texts = await before; // what is shown stays: to load the page again would end the uploads
                if (!texts) {
                    this.#view.showIncomplete();
                }
                return texts;
            },
        );
    }

    #showLimits() {
        this.#view.page.files.accept = this.accept || this.#allowed;
        this.#view.showLimits(this, Boolean(this.#token));
        if (this.limits?.title || this.limits?.note || this.limits?.max_files) {
            this.#request ??= import("./request.js").then(({ RequestView }) => new RequestView(this.#view));
        }
        this.#request?.then(
            (request) => request.show(this.limits, this.signer?.slots),
            () => {
                this.#request = undefined;
            },
        );
    }

    async #offerResume() {
        const { signer } = this;
        try {
            // Most users have none.
            if (signer && !this.#hasOfferedResume) {
                this.#hasOfferedResume = true;
                if (Object.keys(localStorage).some((name) => name.startsWith(signer.storagePrefix))) {
                    const { addInterruptedRow, ResumeOffers } = await import("./resume-offers.js");
                    const selection = await this.#loadSelection();
                    const offers = new ResumeOffers(await signer.loadMultipart(), (record, sent, abort) =>
                        addInterruptedRow(selection.list, record, sent, abort),
                    );
                    await offers.show();
                    selection.resumeFromPreviousUpload = offers.resumeFromPreviousUpload;
                }
            }
        } catch {
            // The files are sent anew.
        }
    }

    #loadSelection() {
        this.#selection ??= this.#createSelection();
        return this.#selection;
    }

    /** Loads what is needed once there are files. */
    async #createSelection() {
        try {
            const { createSelection } = await import("./selection.js");
            const selection = createSelection(this, this.#view, () => this.#updateForm());
            this.#list = selection.list;
            this.queue = selection.list.queue;
            return selection;
        } catch (error) {
            this.#selection = undefined;
            throw error;
        }
    }

    async #loadOnceOnline() {
        if (!navigator.onLine) {
            await new Promise((resolve) => addEventListener("online", resolve, { once: true }));
        }
        return this.#loadSelection();
    }

    /** @param {ChosenItem[]} chosen */
    async #add(chosen) {
        await this.ready;
        const { page } = this.#view;
        if (chosen.length === 0 || page.drop.hidden || page.files.disabled) {
            return [];
        }
        if (!this.limits) {
            await this.refresh();
        }
        try {
            const selection = await this.#loadSelection().catch(() => this.#loadOnceOnline());
            const found = await selection.read(chosen);
            return found.length > 0 ? await selection.reporter.reportAdded(selection.add(found)) : [];
        } catch {
            this.#view.showIncomplete();
            return [];
        }
    }

    #listenToInputs() {
        const { page } = this.#view;
        for (const input of [page.files, page.folder]) {
            input.onchange = () => {
                // An empty folder has no name here.
                const isEmpty = !input.files?.length;
                page.notice.textContent = isEmpty ? this.#view.texts.formatMessage("folder_empty_chosen") : "";
                this.#add([...(input.files ?? [])]);
                // So that the same file can be chosen again.
                input.value = "";
            };
        }
    }

    #updateForm() {
        showInForm(this.#internals, this, this.#view.texts, this.#view.page.files);
    }
}

globalThis.customElements?.define("oss-upload", OssUpload);
