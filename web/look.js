// The look of the list and of its rows, on screen and on paper. Loaded with the list.

/** @type {string} */
export const STYLE = /* css */ `
    li:has(details[open]) {
        align-items: start;
    }

    .icon {
        flex: none;
        margin-inline-start: -0.75rem;
        padding: 0;
    }

    /* Flat until they are pointed at. */
    button:where(.icon, #cancel, #filter *) {
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

    /* A cross without elements of its own: those of ten thousand rows take their time. */
    .remove:empty::before,
    .remove:empty::after {
        grid-area: 1 / 1;
        width: 1rem;
        border-block-start: 0.125rem solid;
        rotate: 45deg;
        scale: 1 0.8;
        content: "";
    }

    .remove:empty::after {
        rotate: -45deg;
    }

    #uploader [aria-pressed="true"] {
        border-color: var(--line);
        background: var(--raised);
        color: var(--text);
    }

    /* No name makes a form, a dialog or a column wider. */
    #rows {
        contain: inline-size;
    }

    #rows > :not(:first-child) {
        content-visibility: auto;
        contain-intrinsic-block-size: auto calc(var(--rows) * 4.5rem);
    }

    #rows:not([data-show=""]) > :not(:first-child) {
        contain-intrinsic-block-size: calc(var(--rows) * 4.5rem);
    }

    li {
        --state: var(--quiet);
        position: relative;
        display: flex;
        align-items: center;
        gap: 0.75rem;
        padding-block: 0.75rem;
        padding-inline: 8px 5px;
        border-block-start: 1px solid var(--line);
        background: color-mix(in srgb, var(--tint, transparent) 7%, transparent);
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

    .thumb[style] {
        border-color: transparent;
        background: color-mix(in srgb, currentcolor 14%, var(--page));
        color: light-dark(oklch(0.48 0.12 var(--hue)), oklch(0.82 0.1 var(--hue)));
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

    .name,
    .stored {
        text-align: -webkit-match-parent;
        text-align: match-parent;
    }

    .name {
        display: block;
        height: 1.5em;
        overflow: hidden;
        white-space: pre;
    }

    .name span {
        display: inline-block;
        overflow: hidden;
        vertical-align: bottom;
        text-overflow: ellipsis;
    }

    .status {
        color: var(--state);
        font-size: 0.875rem;
        font-variant-numeric: tabular-nums;
    }

    :is(.signing, .sending, .finishing, .retrying) {
        --tint: var(--accent);
    }

    .done {
        --state: var(--good);
        --tint: var(--good);
    }

    .failed,
    .unreported,
    .unconfirmed {
        --state: var(--bad);
        --tint: var(--bad);
    }

    .stored {
        color: var(--quiet);
        font:
            0.8125rem / 1.5 ui-monospace,
            monospace;
    }

    /* Until it is asked for. */
    @media screen {
        .stored:not(.asked) {
            display: none;
        }
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

    /* On the row's edge, where it takes no room: no row moves when it comes or goes. */
    li progress {
        position: absolute;
        inset: auto 0 0;
        border-radius: 0;
    }

    progress::-webkit-progress-bar {
        background: none;
    }

    progress::-webkit-progress-value {
        border-radius: 2px;
        background: var(--accent);
    }

    progress::-moz-progress-bar {
        border-radius: 2px;
        background: var(--accent);
    }

    @media (prefers-reduced-motion: no-preference) {
        .finishing progress {
            animation: breathe 1.5s ease-in-out infinite alternate;
        }
    }

    @keyframes breathe {
        to {
            opacity: 0.4;
        }
    }

    @media (forced-colors: active) {
        progress {
            --accent: Highlight;
        }

        #uploader [aria-pressed="true"] {
            forced-color-adjust: none;
            background: Highlight;
            color: HighlightText;
        }
    }

    /* The texts beside the buttons. */
    #drop.small {
        grid-template-columns: 1fr fit-content(70%);
        place-items: center start;
        gap: 0 1rem;
        padding: 0.5rem 1rem;
        text-align: start;
    }

    #drop.small .choices {
        grid-area: 1 / 2 / span 3;
        justify-content: end;
    }

    @media (max-width: 40rem), (pointer: coarse) {
        #drop.small #invitation {
            display: none;
        }

        #drop.small .choices {
            grid-row-end: 2;
        }
    }

    /* Where nothing is dropped, there is no zone. */
    @media print, (pointer: coarse) {
        #drop.small:not(.dragging) {
            padding: 0;
            border: 0;
            background: var(--page);
        }
    }

    #drop.small > svg {
        display: none;
    }

    /* In view wherever the list is scrolled to. */
    #drop.small.dragging {
        position: sticky;
        z-index: 2;
        inset-block-start: 0;
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
        background: var(--tint, var(--state));
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

    /* A receipt. */
    @media print {
        #drop > :not(#who),
        div.track,
        .choices,
        details,
        button,
        li progress {
            display: none;
        }

        #total {
            position: static;
        }

        #rows > :not(:first-child) {
            content-visibility: visible;
        }

        li {
            break-inside: avoid;
        }

        .name {
            height: auto;
            white-space: pre-wrap;
        }

        .name span {
            display: inline;
        }
    }
`;
