// A question that is answered before something is stopped. Loaded when there is one.

import { addStyle } from "./style.js";
import { create, createButton } from "./template.js";

/** @type {string} */
const STYLE = /* css */ `
    dialog {
        width: min(32rem, 100% - 2rem);
        padding: 1.25rem;
        border: 1px solid var(--line);
        border-radius: 0.75rem;
        background: var(--page);
        color: var(--text);
        overflow-wrap: anywhere;
    }

    dialog::backdrop {
        background: rgb(0 0 0 / 50%);
    }

    dialog .choices {
        justify-content: end;
        margin-block-start: 1.25rem;
    }
`;

/** Resolves with whether it is done. The Escape key leaves everything as it is. @param {string[]} texts @param {ShadowRoot} place @returns {Promise<boolean>} */
export function confirm([title, text, staying, doing], place) {
    const stay = createButton("button", staying);
    const act = createButton("button", doing);
    const dialog = /** @type {HTMLDialogElement} */ (
        create(
            "dialog",
            { "aria-labelledby": "question", "aria-describedby": "consequence", part: "dialog" },
            create("h2#question", {}, title),
            create("p#consequence", {}, text),
            create("div.choices", {}, stay, act),
        )
    );
    addStyle(place, STYLE);
    // In the element's language and direction, whatever the page around it has.
    place.getElementById("uploader")?.append(dialog);
    return new Promise((resolve) => {
        stay.onclick = () => dialog.close();
        act.onclick = () => dialog.close("act");
        dialog.onclose = () => {
            dialog.remove();
            resolve(dialog.returnValue === "act");
        };
        dialog.showModal();
        stay.focus();
    });
}
