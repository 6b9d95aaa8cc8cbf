// The look of the page with a list, and long names in one line. Loaded with the first file.

import { create } from "./template.js";

/** The end of a name that is always shown. No letters that are joined are parted. */
const NAME_ENDS = /^(.+?)([ -~]{0,4}(?:\.\w{1,8})?)$/s;

/** @type {WeakSet<View>} */
const views = new WeakSet();

/** @param {View} view @param {HTMLElement} name of a row */
export function refineLook(view, name) {
    if (!views.has(view)) {
        views.add(view);
        view.addStyle(STYLE);
    }
    const text = name.textContent;
    const [, beginning, end] = NAME_ENDS.exec(text) ?? ["", text, ""];
    const span = create("span", {}, beginning);
    // Room for wide letters. A flex container would be exact, but what is copied from it has a line break.
    span.style.maxWidth = `calc(100% - ${end.length}ch - 1.5em)`;
    name.title = text;
    name.replaceChildren(span, end);
}

/** @type {string} */
const STYLE = /* css */ `
    #drop.small {
        display: flex;
        flex-wrap: wrap;
        align-items: center;
        justify-content: space-between;
        gap: 0.25rem 1rem;
        padding: 0.5rem 1rem;
        text-align: start;
    }

    #drop.small > svg {
        display: none;
    }

    #total {
        padding-block-start: 0.5rem;
        background: var(--page);
    }

    /* Where there is room for the list below. */
    @media (min-height: 30rem) {
        #total {
            position: sticky;
            z-index: 1;
            inset-block-start: 0;
        }

        /* The focus is never beneath it. */
        #causes summary,
        li :is(button, summary) {
            scroll-margin-block-start: 10rem;
        }
    }

    .full {
        --accent: var(--good);
    }

    /* A sheet of paper. */
    .thumb:empty::before {
        width: 14px;
        height: 18px;
        border: 2px solid;
        border-radius: 2px;
        border-start-end-radius: 7px;
        content: "";
    }

    .square {
        position: relative;
        flex: none;
    }

    .square::after {
        position: absolute;
        inset-block-end: -6px;
        inset-inline-end: -6px;
        width: 16px;
        border: 2px solid var(--page);
        border-radius: 50%;
        background: var(--state);
        color: var(--page);
        font: 700 12px/16px system-ui;
        text-align: center;
    }

    .done .square::after {
        content: "✓";
    }

    .failed .square::after {
        content: "✕";
    }

    :is(.unreported, .unconfirmed) .square::after {
        content: "!";
    }

    .cancelled .square::after {
        content: "–";
    }

    :is(.signing, .sending, .finishing, .retrying) .square::after {
        content: "○";
    }

    .paused .square::after {
        content: "‖";
    }

    #cancel {
        border-color: transparent;
        background: none;
        color: var(--quiet);
    }

    #cancel:hover {
        border-color: var(--accent);
    }

    .name {
        display: block;
        height: 1.5em;
        overflow: hidden;
        text-align: -webkit-match-parent;
        text-align: match-parent;
        white-space: pre;
    }

    .name span {
        display: inline-block;
        overflow: hidden;
        vertical-align: bottom;
        text-overflow: ellipsis;
    }

    @media (max-width: 30rem) {
        #drop.small #invitation {
            display: none;
        }
    }
`;
