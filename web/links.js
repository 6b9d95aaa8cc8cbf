// An upload link that was opened while another one is in use. Loaded when that happens.

import { person, say } from "./messages.js";
import { Signer } from "./uploader.js";

/**
 * Whether the link replaces the one in use: without a question if it is the same person's, and else if the reader says so.
 * Rejects with a Fault for a link that is not good.
 *
 * @param {Signer} inUse
 * @param {string} token the link's
 * @param {boolean} isBusy whether something is on its way
 * @returns {Promise<"renew" | "switch" | "stay">}
 */
export async function decision(inUse, token, isBusy) {
    const opened = new Signer(inUse.address, token);
    await opened.limits();
    const current = inUse.subject || claimed(inUse.token);
    if (opened.subject === current) {
        return "renew";
    }
    return (await isSwitchWanted(opened.subject, current, isBusy)) ? "switch" : "stay";
}

/** Whose a token says that it is. The function tells it only of one that is good. @param {string | null} [token] */
function claimed(token) {
    try {
        const text = atob((token ?? "").split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
        const bytes = Uint8Array.from(text, (each) => each.charCodeAt(0));
        return `${JSON.parse(new TextDecoder().decode(bytes)).sub ?? "?"}`;
    } catch {
        return "?";
    }
}

/** @param {string} other @param {string} current @param {boolean} isBusy @returns {Promise<boolean>} */
function isSwitchWanted(other, current, isBusy) {
    const dialog = element("dialog");
    const heading = element("h2", say("link_other", { name: person(other) }));
    const question = element(
        "p",
        say("link_current", { name: person(current) }) + (isBusy ? ` ${say("link_stops")}` : ""),
    );
    const stay = element("button", say("link_stay", { name: person(current) }));
    const change = element("button", say("link_switch", { name: person(other) }));
    const choices = element("div");
    choices.className = "choices";
    choices.append(stay, change);
    heading.id = "link-other";
    question.id = "link-current";
    dialog.setAttribute("aria-labelledby", heading.id);
    dialog.setAttribute("aria-describedby", question.id);
    dialog.append(heading, question, choices);
    document.body.append(dialog);
    return new Promise((resolve) => {
        stay.onclick = () => dialog.close();
        change.onclick = () => dialog.close("switch");
        // Escape closes it, too: nothing is replaced then.
        dialog.onclose = () => {
            dialog.remove();
            resolve(dialog.returnValue === "switch");
        };
        dialog.showModal();
        stay.focus();
    });
}

/** @template {keyof HTMLElementTagNameMap} Name @param {Name} name @param {string} [text] */
function element(name, text = "") {
    const made = document.createElement(name);
    made.textContent = text;
    return made;
}
