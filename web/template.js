// The elements of <oss-upload>, and of a file's row. Made by code: no markup is parsed, as Trusted Types ask.

const BUTTON = { type: "button", part: "button" };

/** @param {string} selector such as `p#rules.quiet` @param {Record<string, string>} [attributes] @param {(Node | string)[]} children */
export function create(selector, attributes = {}, ...children) {
    const [, tag, id, classes] = /** @type {RegExpExecArray} */ (/^(\w+)#?([\w-]*)\.?([\w.-]*)$/.exec(selector));
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries({
        ...(id && { id }),
        ...(classes && { class: classes.replaceAll(".", " ") }),
        ...attributes,
    })) {
        element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
}

/** @param {string} [selector] @param {(Node | string)[]} children */
export function createButton(selector = "button", ...children) {
    return create(selector, BUTTON, ...children);
}

/** @param {string[]} paths */
export function createIcon(paths) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("aria-hidden", "true");
    for (const d of paths) {
        svg.appendChild(document.createElementNS(svg.namespaceURI, "path")).setAttribute("d", d);
    }
    return svg;
}

/** @param {ParentNode} root @returns {any} its elements that have an id */
export function elementsById(root) {
    return Object.fromEntries([...root.querySelectorAll("[id]")].map((element) => [element.id, element]));
}

/** Leaves equal text alone, which screen readers would read again. @param {Element} element @param {string} text */
export function setText(element, text) {
    if (element.textContent !== text) {
        element.textContent = text;
    }
}

/** Its texts are those of en.json: shown until a language is loaded. */
export function createTree() {
    return create(
        "div#uploader",
        {},
        create("p#trouble.notice.bad", { role: "alert", part: "notice", hidden: "" }),
        createDropZone(),
        create("p#offline.notice", { role: "status", part: "notice" }),
        create("p#outage.notice", { role: "alert", part: "notice" }),
        create("p#notice.quiet", { role: "status" }),
        createTotal(),
        create("div#causes"),
        create("div#rows", { part: "list", role: "list", "data-show": "" }),
        create("p#status-announcer.unseen", { role: "status" }),
        create("p#alert-announcer.unseen", { role: "alert" }),
    );
}

function createDropZone() {
    return create(
        "section#drop",
        { part: "drop", "aria-labelledby": "invitation" },
        createIcon(["M12 16V4m0 0L7 9m5-5 5 5M4 15v3a2 2 0 0 0 2 2h12a2 2 0 0 0 2-2v-3"]),
        createText("p#invitation", "drop", "Drop files or folders here, or paste them", { part: "invitation" }),
        create(
            "div.choices",
            {},
            create(
                "label.button.filled",
                { part: "button choose-files" },
                createText("span", "choose_files", "Choose files"),
                create("input#files", { type: "file", multiple: "" }),
            ),
            create(
                "label#folder-choice.button",
                { part: "button choose-folder" },
                createText("span", "choose_folder", "Choose a folder"),
                create("input#folder", { type: "file", webkitdirectory: "" }),
            ),
        ),
        create("p#rules.quiet", { part: "rules" }),
        create("p#who.quiet", { part: "subject", hidden: "" }),
    );
}

function createTotal() {
    return create(
        "div#total",
        { part: "summary", hidden: "" },
        create("div.track", {}, create("progress#bar", { max: "1", value: "0", part: "progress" })),
        create("p#summary"),
        create(
            "div.choices",
            {},
            createText("button#cancel", "cancel_all", "Cancel all", BUTTON),
            createButton("button#retry"),
            createText("button#clear", "clear_finished", "Clear finished", BUTTON),
        ),
    );
}

/** @param {string} selector @param {string} message @param {string} text @param {Record<string, string>} [attributes] */
function createText(selector, message, text, attributes) {
    return create(selector, { "data-message": message, ...attributes }, text);
}
