// Keeps the screen on while something is uploaded: phones that sleep end uploads. Loaded with the first file.

/** Who needs it. @type {Set<object>} */
const holders = new Set();

/** @type {Promise<WakeLockSentinel | undefined> | undefined} */
let lock;

/** @param {object} holder @param {boolean} isBusy */
export function keepAwake(holder, isBusy) {
    if (isBusy) {
        holders.add(holder);
    } else {
        holders.delete(holder);
    }
    update();
}

/** Browsers release it themselves when the page is hidden, and refuse it to save power. */
function update() {
    const isNeeded = holders.size > 0 && document.visibilityState === "visible";
    if (isNeeded && !lock) {
        lock = navigator.wakeLock?.request("screen").catch(() => undefined);
    } else if (!isNeeded && lock) {
        lock.then((sentinel) => sentinel?.release()).catch(() => {});
        lock = undefined;
    }
}

document.addEventListener("visibilitychange", update);
