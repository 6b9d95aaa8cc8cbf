// The attributes of <oss-upload> as properties.

/** Whether there is a document: where none is, as on a server that renders pages, the element stays unknown. */
const Base = /** @type {typeof HTMLElement} */ (globalThis.HTMLElement ?? class {});

export class AttributesElement extends Base {
    /** Takes what a script has set before this one was loaded. */
    connectedCallback() {
        for (const [name, value] of Object.entries(this)) {
            if (name in this.constructor.prototype) {
                delete this[/** @type {keyof this} */ (name)];
                Object.assign(this, { [name]: value });
            }
        }
    }

    /** The function's address. The element begins with it. */
    get function() {
        return this.getAttribute("function") ?? "";
    }

    set function(value) {
        this.#set("function", value);
    }

    /** Which of the owner's profiles it uploads by; empty for the settings' own rules. */
    get profile() {
        return this.getAttribute("profile") ?? "";
    }

    set profile(value) {
        this.#set("profile", value);
    }

    /** Fewer types than the function allows, as an input's `accept`. */
    get accept() {
        return this.getAttribute("accept") ?? "";
    }

    set accept(value) {
        this.#set("accept", value);
    }

    /** How many files may be listed; undefined for any number, and for what is no whole number. @returns {number | undefined} */
    get maxFiles() {
        const text = this.getAttribute("max-files") ?? "";
        return /^\d+$/.test(text) ? Number(text) : undefined;
    }

    /** @param {number | undefined} value */
    set maxFiles(value) {
        this.#set("max-files", value);
    }

    /** Whether what is dropped or pasted anywhere in the document is its own. */
    get wholePage() {
        return this.hasAttribute("whole-page");
    }

    set wholePage(value) {
        this.toggleAttribute("whole-page", value);
    }

    /** In a form: under which each key is sent. */
    get name() {
        return this.getAttribute("name") ?? "";
    }

    set name(value) {
        this.#set("name", value);
    }

    /** In a form: whether a file must be stored. */
    get required() {
        return this.hasAttribute("required");
    }

    set required(value) {
        this.toggleAttribute("required", value);
    }

    get disabled() {
        return this.hasAttribute("disabled");
    }

    set disabled(value) {
        this.toggleAttribute("disabled", value);
    }

    /** @param {string} name @param {unknown} value */
    #set(name, value) {
        value === undefined || value === null ? this.removeAttribute(name) : this.setAttribute(name, `${value}`);
    }
}

/** Of the nearest element that has one: itself, or around it, or around its shadow tree. @param {Element | undefined} element @returns {string | null | undefined} */
export function findLanguage(element) {
    return element && (element.closest("[lang]")?.getAttribute("lang") ?? findLanguage(hostOf(element)));
}

/** Calls `act` when another one may have become the nearest. @param {Element} element @param {AbortSignal} signal @param {() => void} act */
export function followLanguage(element, signal, act) {
    const observer = new MutationObserver(act);
    for (let each = /** @type {Element | undefined} */ (element); each; each = hostOf(each)) {
        observer.observe(each.getRootNode(), { attributeFilter: ["lang"], subtree: true });
    }
    signal.addEventListener("abort", () => observer.disconnect());
}

/** @param {Element} element */
function hostOf(element) {
    return /** @type {Partial<ShadowRoot>} */ (element.getRootNode()).host;
}
