// The link at which a stored file can be downloaded, until it expires. Loaded where the site allows that.

import { create } from "./template.js";

/** @type {WeakMap<Row, HTMLElement>} */
const links = new WeakMap();

/** @param {Row} row @param {Upload} upload @param {Translator} texts */
export function showDownload(row, { name, download }, texts) {
    if (isDownloadable(download)) {
        const { url, expiresAt } = download;
        const time = new Intl.DateTimeFormat(texts.locale, { timeStyle: "short" }).format(expiresAt);
        const link = links.get(row) ?? addLink(row, url, expiresAt - Date.now());
        link.textContent = texts.formatMessage("download", { time });
        link.setAttribute("aria-label", `${link.textContent}: ${name}`);
    }
}

/** @param {Download | undefined} download @returns {download is Download} */
export function isDownloadable(download, now = Date.now()) {
    return download !== undefined && download.expiresAt > now;
}

/** In a tab of its own: whatever the storage answers, the page stays. @param {Row} row @param {string} href @param {number} milliseconds */
function addLink(row, href, milliseconds) {
    const opens = { target: "_blank", rel: "noopener noreferrer", download: "", part: "download" };
    const link = create("a", { href, ...opens });
    Object.assign(link.style, { color: "var(--accent)", fontSize: "0.875rem" });
    const line = create("p", {}, link);
    links.set(row, link);
    row.status.after(line);
    setTimeout(() => {
        link.matches(":focus") && row.buttons.get("remove")?.focus();
        line.remove();
    }, milliseconds);
    return link;
}
