// How the state of files is worded, one by one and in sum. Loaded with the list.

import { LINK_NEEDED } from "./faults.js";
import { join } from "./messages.js";
import { HALTS_QUEUE } from "./retry.js";
import { STORED } from "./states.js";

/** @param {Translator} texts @param {Upload} upload */
export function describeFailure(texts, { fault, tries }) {
    return texts.joinSentences(fault && texts.describeFault(fault), tries > 1 && texts.formatMessage("later"));
}

/** @param {Translator} texts @param {Upload} upload @param {number} now on the queue's clock */
export function describeStatus(texts, upload, now) {
    const { state, fault, speed } = upload;
    const size = texts.formatBytes(upload.size);
    const progress = () => texts.formatMessage("sending", { sent: texts.formatBytes(upload.sent), size });
    if (state === "sending") {
        return join(progress(), describeSpeed(texts, speed.rateAt(now)));
    }
    if (state === "paused") {
        return join(texts.formatMessage(state), progress());
    }
    if (!fault) {
        return join(size, texts.formatMessage(state));
    }
    if (state !== "retrying") {
        return join(size, describeFailure(texts, upload));
    }
    const seconds = Math.max(1, Math.ceil((upload.retryAt - now) / 1000));
    const time = texts.times.format(seconds, "second");
    return join(size, texts.joinSentences(texts.describeFault(fault), texts.formatMessage("again_in", { time })));
}

/** @param {Translator} texts @param {number} rate bytes per second; 0 while unknown */
function describeSpeed(texts, rate) {
    return rate > 0 && texts.formatBytes(rate, "-per-second");
}

/** @param {Translator} texts @param {Outage} outage */
export function describeOutage(texts, { fault }) {
    const next = LINK_NEEDED.includes(fault.code) ? "new_link" : "halted";
    return texts.joinSentences(
        texts.describeFault(fault),
        texts.formatMessage(HALTS_QUEUE.includes(fault.code) ? next : "wait_for_service"),
    );
}

/** @param {Translator} texts @param {Upload} upload */
export function describeAnswer(texts, { answer, object }) {
    if (!object) {
        return answer;
    }
    const { type_matches: matches, content_type: type = "", detected_type: found } = object;
    return join(
        texts.formatMessage("received"),
        matches === false && texts.formatMessage(found ? "looks_like" : "looks_unlike", { type, found: found ?? "" }),
    );
}

/** @param {Translator} texts @param {Totals} totals @param {number} rate @param {boolean} [isPaused] */
export function describeTotals(texts, totals, rate, isPaused = false) {
    const done = totals.of(...STORED);
    const failed = totals.of("failed");
    const unconfirmed = totals.of("unconfirmed");
    const cancelled = totals.open === 0 ? totals.of("cancelled") : 0;
    const count = done + failed + unconfirmed + cancelled + totals.open;
    const failures = join(
        failed > 0 && texts.formatMessage("failed", { count: failed }),
        unconfirmed > 0 && texts.formatMessage("not_confirmed", { count: unconfirmed }),
        cancelled > 0 && texts.formatMessage("were_cancelled", { count: cancelled }),
    );
    if (totals.open === 0) {
        const text =
            done === count
                ? texts.formatMessage("finished_all", { count })
                : texts.formatMessage("finished", { done, count });
        return count > 0 ? join(text, failures) : "";
    }
    const left = totals.size - totals.sent - totals.resting;
    return join(
        isPaused && texts.formatMessage("paused"),
        texts.formatMessage("moving", { done, count }),
        texts.formatMessage("sending", { sent: texts.formatBytes(totals.sent), size: texts.formatBytes(totals.size) }),
        left > 0 && describeSpeed(texts, rate),
        left > 0
            ? rate > 0 && !isPaused && texts.formatMessage("left", { time: formatDuration(texts, left / rate) })
            : totals.of("finishing") > 0 && texts.formatMessage("finishing"),
        failures,
    );
}

/** @param {Translator} texts @param {number} seconds */
export function formatDuration(texts, seconds) {
    const steps = /** @type {const} */ ([
        ["second", 1, 90],
        ["minute", 60, 90 * 60],
    ]);
    const [unit, length] = steps.find(([, , limit]) => seconds < limit) ?? ["hour", 3600];
    return texts.formatNumber(Math.ceil(seconds / length), { style: "unit", unit, unitDisplay: "short" });
}
