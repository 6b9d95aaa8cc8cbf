// An upload link that is opened while another one is in use. Loaded when that happens.

import { readClaims, readLink } from "./claims.js";
import { LINK_NEEDED } from "./faults.js";
import { isolateName, Translator } from "./messages.js";
import { confirm } from "./question.js";
import { Signer } from "./signer.js";
import { save } from "./storage.js";

/**
 * Uses a link instead of the one in use, at once or after a reload, if it may. Rejects with a Fault if it is not valid.
 *
 * @param {OssUpload} uploader
 * @param {{ token: string, profile: string }} link
 * @param {(link: Link) => void} saveLink
 */
export async function replaceLink(uploader, link, saveLink) {
    if (!uploader.limits) {
        await uploader.refresh();
    }
    const renew = async () => {
        saveLink(link);
        await uploader.use(link);
        uploader.queue?.resume();
    };
    const isReplaceable = LINK_NEEDED.includes((uploader.fault ?? uploader.queue?.outage?.fault)?.code ?? "");
    // Files chosen under an expired link go under another person's only if the user agrees.
    if (uploader.fault && isReplaceable && uploader.uploads.length === 0 && !uploader.signer?.subject) {
        await renew();
        return;
    }
    if (!uploader.limits && !isReplaceable) {
        throw uploader.fault;
    }
    const decision = await decideOnLink(uploader, link, isReplaceable);
    if (decision === "renew") {
        await renew();
    } else if (decision === "switch") {
        uploader.remove(); // it guards the page
        location.reload();
    }
}

/**
 * Decides whether the new link replaces the one in use: one for the same uploads does, and one of the same person where
 * the one in use is over or nothing is being uploaded. Any other does if the reader agrees. Rejects with a Fault for a
 * link that is not valid.
 *
 * @param {OssUpload} uploader
 * @param {Link} link the new one
 * @param {boolean} isReplaceable whether the one in use is over
 * @returns {Promise<"renew" | "switch" | "stay">}
 */
async function decideOnLink(uploader, link, isReplaceable) {
    const current = /** @type {Signer} */ (uploader.signer);
    const opened = new Signer(current.address, link.token, link.profile);
    await opened.fetchLimits();
    // The function names the subject of valid tokens only.
    const subject = current.subject || `${readClaims(current.token).sub ?? "?"}`;
    const isSamePerson = opened.subject === subject;
    const { isUploading } = uploader;
    const texts = (await uploader.texts) ?? new Translator();
    const isSamePlace = opened.profile === current.profile && opened.link === readLink(current.token);
    if (isSamePerson && (isSamePlace || isReplaceable)) {
        return "renew";
    }
    const question = isSamePerson
        ? describeOtherUpload(texts)
        : describeOtherPerson(opened.subject, subject, isUploading, texts);
    if ((isUploading || !isSamePerson) && !(await confirm(question, /** @type {ShadowRoot} */ (uploader.shadowRoot)))) {
        return "stay";
    }
    handOn(link);
    return "switch";
}

/** Hands a link to the page that is loaded next. @param {Link} link */
function handOn({ token, profile = "" }) {
    const link = { ...(token && { token }), profile };
    if (!Object.entries(link).every(([name, value]) => save("sessionStorage", name, value))) {
        history.replaceState(null, "", `#${new URLSearchParams(link)}`);
    }
}

/** @param {Translator} texts */
function describeOtherUpload(texts) {
    return ["link_elsewhere", "link_stops", "link_stay_here", "link_switch_there"].map((name) =>
        texts.formatMessage(name),
    );
}

/** @param {string} other @param {string} current @param {boolean} isUploading @param {Translator} texts */
function describeOtherPerson(other, current, isUploading, texts) {
    const [otherName, currentName] = [other, current].map(isolateName);
    return [
        texts.formatMessage("link_other", { name: otherName }),
        texts.joinSentences(
            texts.formatMessage("link_current", { name: currentName }),
            isUploading && texts.formatMessage("link_stops"),
        ),
        texts.formatMessage("link_stay", { name: currentName }),
        texts.formatMessage("link_switch", { name: otherName }),
    ];
}
