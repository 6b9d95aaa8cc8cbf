// A question that is answered before something is stopped. Loaded when there is one.

import { create } from "./template.js";

/** Resolves with whether it is done. The Escape key leaves everything as it is. @param {string[]} texts @param {ParentNode} place @returns {Promise<boolean>} */
export function confirm([title, text, staying, doing], place) {
    const button = { type: "button", part: "button" };
    const stay = create("button", button, staying);
    const act = create("button", button, doing);
    const dialog = /** @type {HTMLDialogElement} */ (
        create(
            "dialog",
            { "aria-labelledby": "question", "aria-describedby": "consequence", part: "dialog" },
            create("h2#question", {}, title),
            create("p#consequence", {}, text),
            create("div.choices", {}, stay, act),
        )
    );
    place.append(dialog);
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
