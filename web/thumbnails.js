// Small pictures of images, drawn once their lines come into sight. Loaded when there is an image.

/** Bytes. */
const LARGEST = 20_000_000;

/** Images in which nothing runs and nothing moves. */
const STILL = ["image/png", "image/jpeg", "image/webp", "image/avif", "image/bmp"];

/** Of places that have not been in sight yet. @type {WeakMap<Element, File>} */
const files = new WeakMap();

const inSight = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
        const file = isIntersecting && files.get(target);
        if (file) {
            inSight.unobserve(target);
            draw(target, file);
        }
    }
});

/** @param {Element} place @param {File} file */
export function thumbnail(place, file) {
    if (STILL.includes(file.type) && file.size < LARGEST) {
        files.set(place, file);
        inSight.observe(place);
    }
}

/** @param {Element} place @param {File} file */
function draw(place, file) {
    const image = new Image();
    image.alt = "";
    image.src = URL.createObjectURL(file);
    const shown = image.decode().then(() => place.replaceChildren(image));
    shown.catch(() => {}).finally(() => URL.revokeObjectURL(image.src));
}
