// An upload link that is opened while another one is in use. Loaded when that happens.

import { readClaims, readLink } from "./claims.js";
import { formatMessage, isolateName, joinSentences } from "./messages.js";
import { Signer } from "./uploader.js";

/**
 * Decides whether the new link replaces the one in use: one for the same uploads does, and one of the same person where
 * the one in use is over or nothing is being uploaded. Any other does if the reader agrees. Rejects with a Fault for a
 * link that is not valid.
 *
 * @param {Signer} current
 * @param {Link} link the new one
 * @param {{ isUploading: boolean, isReplaceable: boolean }} state
 * @returns {Promise<"renew" | "switch" | "stay">}
 */
export async function decideOnLink(current, link, { isUploading, isReplaceable }) {
    const opened = new Signer(current.address, link.token, link.profile);
    await opened.fetchLimits();
    // The function names the subject of valid tokens only.
    const subject = current.subject || `${readClaims(current.token).sub ?? "?"}`;
    const isSamePerson = opened.subject === subject;
    const isSamePlace = opened.profile === current.profile && opened.link === readLink(current.token);
    if (isSamePerson && (isSamePlace || isReplaceable)) {
        return "renew";
    }
    const texts = isSamePerson ? describeOtherUpload() : describeOtherPerson(opened.subject, subject, isUploading);
    if ((isUploading || !isSamePerson) && !(await confirmSwitch(texts))) {
        return "stay";
    }
    handOn(link);
    return "switch";
}

/** To the page that is loaded next. @param {Link} link */
function handOn({ token, profile = "" }) {
    const link = { ...(token && { token }), profile };
    try {
        for (const [name, value] of Object.entries(link)) {
            sessionStorage.setItem(name, value);
        }
    } catch {
        // The browser stores nothing.
        history.replaceState(null, "", `#${new URLSearchParams(link)}`);
    }
}

function describeOtherUpload() {
    return ["link_elsewhere", "link_stops", "link_stay_here", "link_switch_there"].map((name) => formatMessage(name));
}

/** @param {string} other @param {string} current @param {boolean} isUploading */
function describeOtherPerson(other, current, isUploading) {
    const [otherName, currentName] = [other, current].map(isolateName);
    return [
        formatMessage("link_other", { name: otherName }),
        joinSentences(formatMessage("link_current", { name: currentName }), isUploading && formatMessage("link_stops")),
        formatMessage("link_stay", { name: currentName }),
        formatMessage("link_switch", { name: otherName }),
    ];
}

/** @param {string[]} texts @returns {Promise<boolean>} */
function confirmSwitch(texts) {
    const dialog = createElement("dialog");
    const heading = createElement("h2", texts[0]);
    const question = createElement("p", texts[1]);
    const stay = createElement("button", texts[2]);
    const change = createElement("button", texts[3]);
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
