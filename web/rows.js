// The elements of a file's row, and the look of the list. Loaded with the list.

import { create, createIcon } from "./template.js";

export function createRowTree() {
    return create(
        "li",
        { part: "row" },
        create("div.square", { "aria-hidden": "true" }, create("div.thumb", { part: "thumbnail" })),
        create(
            "div.about",
            {},
            create("bdi.name", { part: "name" }),
            create("p.status", { part: "status" }),
            create("p.stored", { dir: "ltr", part: "key" }),
            create("p.answer.quiet", { dir: "auto" }),
            create("progress.bar", { max: "1", value: "0", hidden: "", part: "progress" }),
        ),
        createButton("copy", { hidden: "" }),
        createButton("pause", { hidden: "" }),
        createButton("retry", { hidden: "" }),
        createButton("remove"),
    );
}

/** @param {"copy" | "pause" | "retry" | "remove"} name @param {Record<string, string>} [attributes] */
function createButton(name, attributes) {
    return create(`button.icon.${name}`, { type: "button", part: "row-button", ...attributes }, createIcon(name));
}

/** @type {string} */
export const STYLE = /* css */ `
    li:has(details[open]) {
        align-items: start;
    }

    .icon {
        flex: none;
        margin-inline-start: -0.5rem;
        padding: 0;
        border-color: transparent;
        background: none;
        color: var(--quiet);
    }

    .copied {
        color: var(--good);
    }

    .copy:not(.copied) path + path,
    .copied path:first-child,
    li:not(.paused) .pause path + path,
    .paused .pause path:first-child {
        display: none;
    }

    .icon:hover {
        color: var(--text);
    }

    .icon svg {
        width: 1.25rem;
    }

    #total {
        display: grid;
        grid-template-columns: 1fr auto;
        align-items: center;
        gap: 0.5rem 1rem;
        padding-block: 0.25rem 0.75rem;
    }

    .track {
        grid-column: 1 / -1;
    }

    #summary {
        font-variant-numeric: tabular-nums;
    }

    #rows {
        margin: 0;
        padding: 0;
        /* With none, Safari would announce no list. */
        list-style-type: "";
    }

    li {
        --state: var(--quiet);
        display: flex;
        align-items: center;
        gap: 0.75rem;
        padding-block: 0.75rem;
        border-block-start: 1px solid var(--line);
        content-visibility: auto;
        contain-intrinsic-size: auto 4.5rem;
    }

    .thumb {
        display: grid;
        place-items: center;
        width: 40px;
        height: 40px;
        overflow: hidden;
        border: 1px solid var(--line);
        border-radius: 0.375rem;
        background: var(--raised);
        color: var(--quiet);
        font-size: 0.6875rem;
        font-weight: 600;
        text-transform: uppercase;
    }

    .thumb img {
        width: 40px;
        height: 40px;
        object-fit: cover;
    }

    .about {
        flex: 1;
        min-width: 0;
    }

    .name {
        overflow-wrap: anywhere;
    }

    .status {
        color: var(--state);
        font-size: 0.875rem;
        font-variant-numeric: tabular-nums;
    }

    .done {
        --state: var(--good);
    }

    .failed,
    .unreported,
    .unconfirmed {
        --state: var(--bad);
    }

    .stored {
        overflow: hidden;
        text-align: -webkit-match-parent;
        text-align: match-parent;
        color: var(--quiet);
        font:
            0.8125rem / 1.5 ui-monospace,
            monospace;
        text-overflow: ellipsis;
        white-space: nowrap;
    }

    progress {
        display: block;
        width: 100%;
        height: 4px;
        border: 0;
        border-radius: 2px;
        background: var(--line);
        appearance: none;
    }

    li progress {
        margin-block-start: 0.375rem;
    }

    progress::-webkit-progress-bar {
        border-radius: 2px;
        background: var(--line);
    }

    progress::-webkit-progress-value {
        border-radius: 2px;
        background: var(--accent);
    }

    progress::-moz-progress-bar {
        border-radius: 2px;
        background: var(--accent);
    }

    .finishing progress {
        animation: breathe 1.5s ease-in-out infinite alternate;
    }

    @keyframes breathe {
        to {
            opacity: 0.4;
        }
    }

    @media (max-width: 30rem) {
        #total {
            grid-template-columns: 1fr;
        }

        #total .choices {
            justify-content: start;
        }
    }

    @media (prefers-reduced-motion: reduce) {
        .finishing progress {
            animation: none;
        }
    }

    @media (forced-colors: active) {
        progress::-webkit-progress-value {
            background: Highlight;
        }

        progress::-moz-progress-bar {
            background: Highlight;
        }
    }
`;
