// An upload link that is opened while another one is in use. Loaded when that happens.

import { formatMessage, isolateName, joinSentences } from "./messages.js";
import { Signer } from "./uploader.js";

/**
 * Decides whether the new link replaces the one in use: one of the same person does, another one if the reader agrees.
 * Rejects with a Fault for a link that is not valid.
 *
 * @param {Signer} current
 * @param {string} token of the new link
 * @param {boolean} isUploading
 * @returns {Promise<"renew" | "switch" | "stay">}
 */
export async function decideOnLink(current, token, isUploading) {
    const opened = new Signer(current.address, token);
    await opened.fetchLimits();
    const subject = current.subject || readSubject(current.token);
    if (opened.subject === subject) {
        return "renew";
    }
    if (!(await confirmSwitch(opened.subject, subject, isUploading))) {
        return "stay";
    }
    handOn(token);
    return "switch";
}

/** To the page that is loaded next. @param {string} token */
function handOn(token) {
    try {
        sessionStorage.setItem("token", token);
    } catch {
        // The browser stores nothing.
        history.replaceState(null, "", `#${new URLSearchParams({ token })}`);
    }
}

/** What an expired token says: the function names the subject of valid ones only. @param {string | null} [token] */
function readSubject(token) {
    try {
        const text = atob((token ?? "").split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
        const bytes = Uint8Array.from(text, (each) => each.charCodeAt(0));
        return `${JSON.parse(new TextDecoder().decode(bytes)).sub ?? "?"}`;
    } catch {
        return "?";
    }
}

/** @param {string} other @param {string} current @param {boolean} isUploading @returns {Promise<boolean>} */
function confirmSwitch(other, current, isUploading) {
    const dialog = createElement("dialog");
    const heading = createElement("h2", formatMessage("link_other", { name: isolateName(other) }));
    const question = createElement(
        "p",
        joinSentences(
            formatMessage("link_current", { name: isolateName(current) }),
            isUploading && formatMessage("link_stops"),
        ),
    );
    const stay = createElement("button", formatMessage("link_stay", { name: isolateName(current) }));
    const change = createElement("button", formatMessage("link_switch", { name: isolateName(other) }));
    const choices = createElement("div");
    choices.className = "choices";
    choices.append(stay, change);
    heading.id = "link-other";
    question.id = "link-current";
    dialog.setAttribute("aria-labelledby", heading.id);
    dialog.setAttribute("aria-describedby", question.id);
    dialog.append(heading, question, choices);
    document.body.append(dialog);
    return ask(dialog, stay, change);
}

/** @param {HTMLDialogElement} dialog @param {HTMLButtonElement} stay @param {HTMLButtonElement} change @returns {Promise<boolean>} */
function ask(dialog, stay, change) {
    return new Promise((resolve) => {
        stay.onclick = () => dialog.close();
        change.onclick = () => dialog.close("switch");
        // The Escape key closes it as well, and changes nothing.
        dialog.onclose = () => {
            dialog.remove();
            resolve(dialog.returnValue === "switch");
        };
        dialog.showModal();
        stay.focus();
    });
}

/** @template {keyof HTMLElementTagNameMap} Name @param {Name} name @param {string} [text] */
function createElement(name, text = "") {
    const element = document.createElement(name);
    element.textContent = text;
    return element;
}
