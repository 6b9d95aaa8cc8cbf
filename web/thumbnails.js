// Pictures of images, drawn once their rows scroll into view, small or large as the reader likes. Loaded when there is an image.

import { load, save } from "./storage.js";
import { createButton, createIcon } from "./template.js";

const MAX_SIZE = 20_000_000;

/** Formats that run no code and do not move. */
const STILL_TYPES = ["image/png", "image/jpeg", "image/webp", "image/avif", "image/bmp"];

const NAME = "oss-upload-large-pictures";

/** Of rows that were not in view yet. @type {WeakMap<Element, File>} */
const files = new WeakMap();

/** Those with a switch. @type {WeakSet<UploadList>} */
const lists = new WeakSet();

/** Of chunks of rows, and of the rows of those that are in view: ten thousand rows would take too long. */
const observer = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
        if (isIntersecting) {
            observer.unobserve(target);
            showIn(target);
        }
    }
});

/** @param {Element} target a row or a chunk */
function showIn(target) {
    const file = files.get(target);
    if (file) {
        files.delete(target);
        draw(target.querySelector(".thumb"), file);
        return;
    }
    for (const row of target.children) {
        files.has(row) && observer.observe(row);
    }
}

/** @param {UploadList} list @param {[row: Element, file: File][]} images */
export function showThumbnails(list, images) {
    for (const [row, file] of images) {
        if (isPicture(file)) {
            files.set(row, file);
            row.parentElement && observer.observe(row.parentElement);
            if (!lists.has(list)) {
                lists.add(list);
                addSwitch(list);
            }
        }
    }
}

/** @param {File} file */
function isPicture({ type, size }) {
    return STILL_TYPES.includes(type) && size < MAX_SIZE;
}

/** @param {Element | null} place @param {File} file */
function draw(place, file) {
    const image = new Image();
    image.alt = "";
    image.src = URL.createObjectURL(file);
    const drawing = image.decode().then(() => place?.replaceChildren(image));
    drawing.catch(() => {}).finally(() => URL.revokeObjectURL(image.src));
}

/** Shows pictures large, while there are any; others see it the next time as well. @param {UploadList} list */
function addSwitch({ rows, view }) {
    const button = createButton(
        "button#enlarge.icon",
        createIcon(["M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h6v6h-6z"]),
    );
    let isLarge = load("localStorage", NAME) === "true";
    const paint = () => {
        const hasPictures = [...rows.keys()].some(({ file }) => isPicture(file));
        button.hidden = !hasPictures;
        button.title = view.texts.formatMessage("large_pictures");
        button.setAttribute("aria-pressed", `${isLarge}`);
        view.page.rows.classList.toggle("large", isLarge && hasPictures);
    };
    button.onclick = () => {
        isLarge = !isLarge;
        save("localStorage", NAME, `${isLarge}`);
        paint();
    };
    view.addStyle(STYLE);
    view.page.summary.after(button);
    view.painters.push(paint);
    paint();
}

/** Chunks end with a full line, of two to six pictures. Paper has rows. */
const STYLE = /* css */ `
    #enlarge {
        margin: 0;
    }

    @media screen {
        .large > div {
            display: grid;
            grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr));
            gap: 0.5rem;
            padding-block: 0.5rem;
        }

        .large li {
            flex-wrap: wrap;
            row-gap: 0.25rem;
            align-content: start;
            justify-content: end;
            padding: 8px;
            border: 0;
            border-radius: var(--radius);
        }

        .large :is(.square, .about) {
            flex-basis: 100%;
        }

        /* On the corner of the picture. */
        .large .icon {
            z-index: 1;
            order: -1;
            margin-block-end: -44px;
            background: radial-gradient(var(--page) 14px, transparent 15px);
        }

        .large .name {
            display: -webkit-box;
            height: auto;
            font-size: 0.875rem;
            white-space: pre-wrap;
            overflow-wrap: anywhere;
            -webkit-box-orient: vertical;
            -webkit-line-clamp: 2;
        }

        .large .name span {
            display: inline;
        }

        .large :is(.thumb, img) {
            width: 100%;
            height: auto;
            aspect-ratio: 1;
            font-size: 1.25rem;
        }
    }
`;
