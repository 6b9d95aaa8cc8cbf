// Files that are dropped on <oss-upload> or pasted into it, or anywhere in the document if the whole page is its own.

/** @param {OssUpload} element @param {AbortSignal} signal @param {{ onFiles: (chosen: ChosenItem[]) => void, onDragging: (isDragging: boolean) => void }} callbacks */
export function listenForFiles(element, signal, { onFiles, onDragging }) {
    const area = element.wholePage ? document : element;
    const listen = (/** @type {string} */ name, /** @type {(event: any) => void} */ act) =>
        area.addEventListener(name, act, { signal });
    listen("dragover", (/** @type {DragEvent} */ event) => {
        // Another element may have taken it.
        const isOwn = !event.defaultPrevented && event.dataTransfer?.types.includes("Files");
        onDragging(Boolean(isOwn));
        if (isOwn) {
            event.preventDefault();
        }
    });
    listen("dragleave", (/** @type {DragEvent} */ { relatedTarget }) => {
        if (!(relatedTarget instanceof Node && area.contains(relatedTarget))) {
            onDragging(false);
        }
    });
    listen("drop", (/** @type {DragEvent} */ event) => {
        onDragging(false);
        take(event, event.dataTransfer);
    });
    listen("paste", (/** @type {ClipboardEvent} */ event) => take(event, event.clipboardData));

    /** @param {Event} event @param {DataTransfer | null} transfer */
    function take(event, transfer) {
        if (transfer?.types.includes("Files") && !event.defaultPrevented) {
            event.preventDefault();
            onFiles(listItems(transfer));
        }
    }
}

/** At once: browsers clear the list later. @param {DataTransfer} transfer @returns {ChosenItem[]} */
export function listItems(transfer) {
    const items = [...transfer.items].filter((item) => item.kind === "file");
    return items.map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
}
