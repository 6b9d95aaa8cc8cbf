// What was uploaded, as text to keep. Loaded when it is copied.

import { isDownloadable } from "./download.js";
import { isolateName, join } from "./messages.js";
import { describeStatus, describeTotals } from "./wording.js";

/**
 * The first character of each line is the page's own: no spreadsheet takes a line for a formula, whatever the file's name.
 *
 * @param {Pick<UploadList, "rows" | "queue" | "view">} list
 */
export function describeList({ rows, queue, view: { texts } }, now = new Date()) {
    const date = new Intl.DateTimeFormat(texts.locale, { dateStyle: "long", timeStyle: "short" }).format(now);
    const lines = [...rows.keys()].map((upload) =>
        join(
            `${upload.isStored ? "✓" : "✕"} ${isolateName(upload.name)}`,
            describeStatus(texts, upload, queue.now()),
            upload.isStored && upload.key,
            isDownloadable(upload.download, now.getTime()) && upload.download.url,
        ),
    );
    return [join(describeTotals(texts, queue.totals, 0), date), ...lines, ""].join("\n");
}
