// What the element shows whether it has files or not: what may be uploaded, as whom, and why nothing can be.

import { BLOCKING } from "./faults.js";
import { isolateName, Translator } from "./messages.js";
import { addStyle, STYLE, THEME } from "./style.js";
import { createTree, elementsById } from "./template.js";

const NOT_LOADED = "This page has not loaded completely. Reload it.";

export class View {
    texts = new Translator();
    /** Paint what other modules show. @type {(() => void)[]} */
    painters = [];
    isIncomplete = false;
    /** @type {Fault | null} */
    #fault = null;
    /** Once something has failed. @type {import("./failure-report.js").FailureReport | undefined} */
    failures;

    /** @param {ShadowRoot} root */
    constructor(root) {
        this.root = root;
        this.addStyle(THEME);
        this.addStyle(STYLE);
        root.append(createTree());
        /** @type {ViewElements} */
        this.page = elementsById(root);
    }

    /** @param {string} text of a style sheet */
    addStyle(text) {
        addStyle(this.root, text);
    }

    /** @param {Translator} texts */
    showLanguage(texts) {
        this.texts = texts;
        const { page } = this;
        page.uploader.lang = texts.language;
        page.uploader.dir = texts.dir;
        // Phones neither drop nor paste files.
        page.invitation.dataset.message = matchMedia("(pointer: coarse)").matches ? "choose_files" : "drop";
        for (const element of this.root.querySelectorAll("[data-message]")) {
            element.textContent = texts.formatMessage(element.getAttribute("data-message") ?? "");
        }
        page.bar.setAttribute("aria-label", texts.formatMessage("progress"));
        page.rows.setAttribute("aria-label", texts.formatMessage("files"));
        page.notice.textContent = "";
        this.isIncomplete = false;
        this.#paintFault();
        this.showConnection();
    }

    /** What is needed cannot be loaded, perhaps not even words to say so. */
    showIncomplete() {
        this.isIncomplete = true;
        this.#paintFault();
    }

    /** @param {SelectionRules} rules @param {boolean} hasToken */
    showLimits({ accept, limits, maxFiles }, hasToken) {
        const { page, texts } = this;
        page.rules.textContent = limits ? texts.describeLimits(limits, maxFiles, accept) : "";
        const { subject } = limits ?? {};
        page.who.textContent = subject ? texts.formatMessage("uploading_as", { name: isolateName(subject) }) : "";
        page.who.hidden = !subject && !hasToken;
    }

    /** @param {Fault | null} fault */
    showFault(fault) {
        this.#fault = fault;
        this.#paintFault();
    }

    #paintFault = () => {
        const { page, texts } = this;
        const fault = this.#fault;
        page.drop.hidden = fault !== null && BLOCKING.includes(fault.code);
        page.trouble.hidden = !fault && !this.isIncomplete;
        page.trouble.textContent =
            (fault && texts.describeFault(fault)) || texts.formatMessage("not_loaded") || NOT_LOADED;
        this.useFailures(
            (failures) => failures.showDetails(page.trouble, fault ? [fault] : [], this.#paintFault),
            fault !== null,
        );
    };

    showConnection() {
        this.page.offline.textContent = navigator.onLine ? "" : this.texts.formatMessage("offline");
    }

    /** @param {string} text */
    announce(text) {
        this.page["status-announcer"].textContent = text;
    }

    /** @param {(failures: import("./failure-report.js").FailureReport) => void} act @param {boolean} isNeeded */
    async useFailures(act, isNeeded) {
        if (!this.failures && isNeeded) {
            try {
                const { FailureReport } = await import("./failure-report.js");
                this.failures ??= new FailureReport(this);
            } catch {
                // Each row shows its own fault.
            }
        }
        if (this.failures) {
            act(this.failures);
        }
    }
}
