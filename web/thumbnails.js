// Small pictures of images, drawn once their rows scroll into view. Loaded when there is an image.

const MAX_SIZE = 20_000_000;

/** Formats that run no code and do not move. */
const STILL_TYPES = ["image/png", "image/jpeg", "image/webp", "image/avif", "image/bmp"];

/** Of places that were not in view yet. @type {WeakMap<Element, File>} */
const files = new WeakMap();

const observer = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
        const file = isIntersecting && files.get(target);
        if (file) {
            observer.unobserve(target);
            draw(target, file);
        }
    }
});

/** @param {Element} place @param {File} file */
export function showThumbnail(place, file) {
    if (STILL_TYPES.includes(file.type) && file.size < MAX_SIZE) {
        files.set(place, file);
        observer.observe(place);
    }
}

/** @param {Element} place @param {File} file */
function draw(place, file) {
    const image = new Image();
    image.alt = "";
    image.src = URL.createObjectURL(file);
    const drawing = image.decode().then(() => place.replaceChildren(image));
    drawing.catch(() => {}).finally(() => URL.revokeObjectURL(image.src));
}
