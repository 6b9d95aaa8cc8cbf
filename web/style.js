// The look of <oss-upload>: constructed style sheets, which no Content-Security-Policy refuses.

/** What the page around the element has, too. @type {string} */
export const THEME = /* css */ `
    /* Themes set the properties on the left of each, or style parts. */
    :root,
    :host {
        --text: var(--oss-upload-text, #16191d);
        --quiet: var(--oss-upload-quiet, #57606a);
        --page: var(--oss-upload-page, #fff);
        --raised: var(--oss-upload-raised, #f6f8fa);
        --line: var(--oss-upload-line, #d0d7de);
        --accent: var(--oss-upload-accent, #0b63c5);
        --on-accent: var(--oss-upload-on-accent, #fff);
        --good: var(--oss-upload-good, #18763a);
        --bad: var(--oss-upload-bad, #b3261e);
        --radius: var(--oss-upload-radius, 0.5rem);
        line-break: strict;
    }

    /* Korean has blanks between its words: no line ends within one. */
    :lang(ko) {
        word-break: keep-all;
    }

    /* As light or dark as the page around it. Older browsers stay light. */
    @supports (color: light-dark(#000, #fff)) {
        :root,
        :host {
            --text: var(--oss-upload-text, light-dark(#16191d, #e9ecef));
            --quiet: var(--oss-upload-quiet, light-dark(#57606a, #a3abb3));
            --page: var(--oss-upload-page, light-dark(#fff, #15181b));
            --raised: var(--oss-upload-raised, light-dark(#f6f8fa, #1d2126));
            --line: var(--oss-upload-line, light-dark(#d0d7de, #3b424a));
            --accent: var(--oss-upload-accent, light-dark(#0b63c5, #5aa9ff));
            --on-accent: var(--oss-upload-on-accent, light-dark(#fff, #0b1520));
            --good: var(--oss-upload-good, light-dark(#18763a, #5fd38a));
            --bad: var(--oss-upload-bad, light-dark(#b3261e, #ff9a92));
        }
    }

    * {
        box-sizing: border-box;
    }

    [hidden] {
        display: none !important;
    }

    p {
        margin: 0;
        overflow-wrap: anywhere;
    }

    .quiet {
        color: var(--quiet);
        font-size: 0.875rem;
    }
`;

/** @type {string} */
export const STYLE = /* css */ `
    :host {
        display: block;
        isolation: isolate;
        color: var(--text);
        line-height: 1.5;
        text-align: start;
        text-transform: none;
        white-space: normal;
    }

    :host([hidden]) {
        display: none;
    }

    .notice:not(:empty) {
        margin-block: 0 1rem;
        padding: 0.75rem 1rem;
        border: 1px solid var(--line);
        border-inline-start: 4px solid var(--accent);
        border-radius: var(--radius);
        background: var(--raised);
    }

    .notice.bad:not(:empty) {
        border-inline-start-color: var(--bad);
    }

    #drop {
        display: grid;
        justify-items: center;
        gap: 0.75rem;
        margin-block-end: 1rem;
        padding: 2rem 1rem;
        border: 2px dashed var(--line);
        border-radius: 0.75rem;
        background: var(--raised);
        color: var(--quiet);
        text-align: center;
    }

    :host(:disabled) #drop {
        opacity: 0.6;
        pointer-events: none;
    }

    #drop.dragging {
        border: 2px solid var(--accent);
        background: color-mix(in srgb, var(--accent) 9%, var(--page));
        color: var(--text);
    }

    #invitation {
        color: var(--text);
        text-wrap: balance;
    }

    /* Keeps what is below in its place. */
    #rules,
    #who {
        min-height: 1.5em;
    }

    h2 {
        margin: 0 0 0.5rem;
        font-size: 1.125rem;
        line-height: 1.35;
        overflow-wrap: anywhere;
        text-wrap: balance;
    }

    svg {
        width: 2rem;
        fill: none;
        stroke: currentColor;
        stroke-width: 1.75;
        stroke-linecap: round;
        stroke-linejoin: round;
    }

    .choices {
        display: flex;
        flex-wrap: wrap;
        justify-content: center;
        gap: 0.5rem;
    }

    .button,
    button {
        display: inline-grid;
        place-items: center;
        min-width: 44px;
        min-height: 44px;
        padding: 0.5rem 1rem;
        border: 1px solid var(--line);
        border-radius: var(--radius);
        background: var(--page);
        color: var(--text);
        font: inherit;
        cursor: pointer;
    }

    .button:hover,
    button:hover {
        border-color: var(--accent);
    }

    .button.filled {
        border-color: var(--accent);
        background: var(--accent);
        color: var(--on-accent);
    }

    .button.filled:hover {
        filter: brightness(1.1);
    }

    /* Hidden, and reachable by keyboard. */
    .button input,
    .unseen {
        position: absolute;
        width: 1px;
        height: 1px;
        overflow: hidden;
        opacity: 0;
    }

    .button:focus-within,
    :is(button, summary):focus-visible {
        outline: 3px solid var(--accent);
        outline-offset: 2px;
    }

    #notice:not(:empty) {
        margin-block-end: 0.5rem;
    }

    @media (pointer: coarse) {
        #invitation,
        #folder-choice {
            display: none;
        }
    }

    @media (forced-colors: active) {
        .button.filled {
            --accent: Highlight;
            --on-accent: HighlightText;
            forced-color-adjust: none;
        }
    }
`;

/** What each has. @type {WeakMap<Node, Set<string>>} */
const styles = new WeakMap();

/** In another document it needs sheets of that one. @param {Document | ShadowRoot} root @param {string} text of a style sheet */
export function addStyle(root, text) {
    const texts = (styles.get(root) ?? new Set()).add(text);
    styles.set(root, texts);
    const { defaultView } = root.ownerDocument ?? root;
    if (defaultView) {
        const sheet = new defaultView.CSSStyleSheet();
        sheet.replaceSync([...texts].join(""));
        root.adoptedStyleSheets = [sheet];
    }
}
