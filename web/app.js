// The page's state and events: chosen files go into the queue, and upload links into use.

import { checkLimits, fromDataTransfer, fromFileList, identityOf, sift } from "./files.js";
import { chooseLanguage, describeFault, formatMessage, joinSentences, setLanguage } from "./messages.js";
import { Fault, LINK_NEEDED } from "./retry.js";
import { createQueue, Signer, Upload } from "./uploader.js";
import * as view from "./view.js";

const { page, rows } = view;

/** @type {Config} */
let config;
/** @type {Signer} */
let signer;
/** @type {Queue} */
let queue;
/** @type {Limits | null} */
let limits = null;
/** @type {Fault | null} */
let pageFault = null;
let hasOfferedResume = false;
let isSwitchingLink = false;

/** @type {(upload: Upload) => void} */
let resumeFromPreviousUpload = () => {};

/** @type {typeof import("./request.js") | undefined} */
let request;

const ready = start();

async function start() {
    const link = takeLink();
    const { token, profile } = loadLink() ?? saveLink(link ?? {});
    page.who.hidden = !token;
    const speaking = useLanguage(chooseLanguage([load("localStorage", "language"), ...navigator.languages]));
    try {
        config = await fetchJson("config.json");
        signer = new Signer(config.function, token, profile || config.profile);
        view.showConfig(config);
    } catch {
        pageFault = new Fault("config");
    }
    await speaking;
    if (!pageFault) {
        queue = createQueue(signer, view.showChange);
        view.showQueue(queue);
        view.showConnection();
        await fetchLimits();
    }
    view.showPageFault(pageFault);
    return link;
}

/** @param {string} name */
async function fetchJson(name) {
    return (await fetch(name, { cache: "no-cache", credentials: "omit" })).json();
}

/** @param {string} language */
async function useLanguage(language) {
    try {
        setLanguage(language, await fetchJson(`${language}.json`));
    } catch {
        page.trouble.hidden = false;
        return;
    }
    view.showLanguage(language, config?.title);
}

async function fetchLimits() {
    try {
        limits = await signer.fetchLimits();
        pageFault = limits.auth === "jwt" && !signer.token ? new Fault("token_missing") : null;
        page.files.accept = limits.accept.join();
    } catch (fault) {
        limits = null;
        pageFault = fault instanceof Fault ? fault : new Fault("function_down");
    }
    showLimits();
    if (limits && !pageFault && !hasOfferedResume) {
        hasOfferedResume = true;
        await offerResume();
    }
}

async function refreshLimits() {
    await fetchLimits();
    view.showPageFault(pageFault);
}

function showLimits() {
    view.showLimits(limits, config, Boolean(signer?.token));
    showRequest();
}

async function showRequest() {
    const { title, note, max_files } = limits ?? {};
    if (title || note || max_files) {
        request ??= await import("./request.js").catch(() => undefined);
    }
    request?.showRequest(limits, signer.slots, page, view.painters);
}

async function offerResume() {
    try {
        // Most users have none.
        if (Object.keys(localStorage).some((name) => name.startsWith(signer.storagePrefix))) {
            const { ResumeOffers } = await import("./resume.js");
            const offers = new ResumeOffers(await signer.loadMultipart());
            await offers.show();
            resumeFromPreviousUpload = offers.resumeFromPreviousUpload;
        }
    } catch {
        // The files are sent anew.
    }
}

/** Takes it out of the address bar. @returns {Link | null} */
function takeLink() {
    const fragment = new URLSearchParams(location.hash.slice(1));
    const [token, profile] = [fragment.get("token"), fragment.get("profile") ?? ""];
    if (!token && !profile) {
        return null;
    }
    history.replaceState(null, "", location.pathname + location.search);
    return { token, profile };
}

/** Of this tab, before it was loaded. @returns {Link | null} */
function loadLink() {
    const token = load("sessionStorage", "token");
    const profile = load("sessionStorage", "profile") ?? "";
    return token || profile ? { token, profile } : null;
}

/** @param {Link} link */
function saveLink({ token, profile = "" }) {
    if (token) {
        save("sessionStorage", "token", token);
    }
    if (profile || load("sessionStorage", "profile")) {
        save("sessionStorage", "profile", profile);
    }
    return { token, profile };
}

/** @param {Link | null} opened */
async function openLink(opened) {
    if (!opened || !signer) {
        return;
    }
    const link = { token: opened.token ?? signer.token, profile: opened.profile || config.profile };
    if (link.token === signer.token && link.profile === signer.profile) {
        return;
    }
    if (!limits) {
        await refreshLimits();
    }
    const isReplaceable = LINK_NEEDED.includes((pageFault ?? queue.outage?.fault)?.code ?? "");
    // Files chosen under an expired link go under another person's only if the user agrees.
    if (pageFault && isReplaceable && rows.size === 0 && !signer.subject) {
        await useLink(link);
        return;
    }
    try {
        if (!limits && !isReplaceable) {
            throw pageFault;
        }
        const { decideOnLink } = await import("./links.js");
        const decision = await decideOnLink(signer, link, { isUploading: queue.totals.open > 0, isReplaceable });
        if (decision === "renew") {
            await useLink(link);
        } else if (decision === "switch") {
            isSwitchingLink = true;
            location.reload();
        }
    } catch (fault) {
        const reason = describeFault(fault instanceof Fault ? fault : new Fault("function_unreachable"));
        page.notice.textContent = formatMessage("link_unused", { reason });
    }
}

/** @param {Link} link */
async function useLink(link) {
    saveLink(link);
    Object.assign(signer, link);
    await refreshLimits();
    queue.resume();
}

/** @param {"sessionStorage" | "localStorage"} storage @param {string} name */
function load(storage, name) {
    try {
        return window[storage].getItem(name);
    } catch {
        return null;
    }
}

/** @param {"sessionStorage" | "localStorage"} storage @param {string} name @param {string} value */
function save(storage, name, value) {
    try {
        window[storage].setItem(name, value);
    } catch {
        // The browser stores nothing.
    }
    return value;
}

/** @param {FoundFile[] | Promise<FoundFile[]>} found */
async function add(found) {
    const list = await found;
    await ready;
    if (list.length === 0 || page.drop.hidden) {
        return;
    }
    if (!limits) {
        await refreshLimits();
    }
    const { files, systemFiles, emptyFolders } = sift(list);
    const duplicates = await enlistAll(files);
    view.announce(formatMessage("added", { count: files.length - duplicates.length }));
    page.notice.textContent = joinSentences(
        countOrName(duplicates, "duplicate", "duplicates"),
        countOrName(systemFiles, "left_out", "left_out_many"),
        countOrName(emptyFolders, "folder_empty", "folders_empty"),
    );
}

/** @param {{ name: string }[]} items @param {string} one @param {string} many the messages' keys */
function countOrName(items, one, many) {
    const [{ name } = { name: "" }] = items;
    return items.length > 0 && formatMessage(items.length > 1 ? many : one, { name, count: items.length });
}

/** Returns those that are in the list already. @param {FoundFile[]} files */
async function enlistAll(files) {
    const identities = new Set([...rows.keys()].map(identityOf));
    const replaceable = new Map([...rows.keys()].filter(hasFileChanged).map((upload) => [upload.name, upload]));
    const candidates = [];
    for (const { file, name, isUnreadable } of files) {
        const upload = new Upload(file, name);
        const fault = isUnreadable ? new Fault("file_changed") : null;
        const old = replaceable.get(upload.name);
        if (old) {
            replace(old, upload, fault);
            replaceable.delete(upload.name);
        } else if (!fault && identities.has(identityOf(upload))) {
            candidates.push(upload);
        } else {
            enlist(upload, fault);
        }
        identities.add(identityOf(upload));
    }
    const duplicates = [];
    for (const upload of candidates) {
        if (await isDuplicate(upload)) {
            duplicates.push(upload);
        }
    }
    return duplicates;
}

/** @param {Upload} upload @param {Fault | null} [fault] */
function enlist(upload, fault = null) {
    resumeFromPreviousUpload(upload);
    view.addRow(upload);
    const reason = fault ?? checkCount() ?? checkLimits(upload.file, limits);
    reason ? queue.refuse(upload, reason) : queue.add(upload);
}

/** @param {Upload} old @param {Upload} upload @param {Fault | null} [fault] */
function replace(old, upload, fault) {
    const next = rows.get(old)?.element.nextElementSibling ?? null;
    view.removeRow(old);
    enlist(upload, fault);
    page.rows.insertBefore(/** @type {Element} */ (rows.get(upload)?.element), next);
}

/** Replaces a twin that has failed or was cancelled. @param {Upload} upload */
async function isDuplicate(upload) {
    const identity = identityOf(upload);
    const compared = new Set();
    const next = () => [...rows.keys()].find((each) => identityOf(each) === identity && !compared.has(each));
    for (let twin = next(); twin; twin = next()) {
        const isSame = twin.state === "cancelled" || (await haveSameBytes(twin, upload));
        const isReplaceable = twin.state === "cancelled" || twin.state === "failed";
        compared.add(twin);
        if (rows.has(twin) && (isSame ?? isReplaceable)) {
            isReplaceable && replace(twin, upload);
            return !isReplaceable;
        }
    }
    enlist(upload);
    return false;
}

/** Returns undefined if one cannot be read. @param {Upload} one @param {Upload} other */
async function haveSameBytes(one, other) {
    try {
        return await (await import("./duplicates.js")).haveSameBytes(one.file, other.file);
    } catch {
        return undefined;
    }
}

/** @param {Upload} upload */
function hasFileChanged({ state, fault }) {
    return state === "failed" && fault?.code === "file_changed";
}

function checkCount() {
    const limit = config.max_files ?? Infinity;
    return rows.size > limit ? new Fault("count", { limit }) : null;
}

/** @param {HTMLElement} button @param {(upload: Upload) => void} act */
function onClickForAll(button, act) {
    button.onclick = () => [...rows.keys()].forEach(act);
}

onClickForAll(page.cancel, (upload) => queue.cancel(upload));
onClickForAll(page.clear, (upload) => upload.isOpen || upload.isRetriable || view.removeRow(upload));
page.retry.onclick = () => {
    queue.resume();
    for (const upload of [...rows.keys()].filter((each) => each.canRestart)) {
        queue.add(upload);
    }
};

page.language.onclick = async () => {
    const language = page.language.lang;
    save("localStorage", "language", language);
    await useLanguage(language);
    await ready;
    showLimits();
    view.repaint();
};

for (const input of [page.files, page.folder]) {
    input.onchange = () => {
        // An empty folder has no name here.
        page.notice.textContent = input.files?.length ? "" : formatMessage("folder_empty_chosen");
        add(fromFileList(input.files));
        // So that the same file can be chosen again.
        input.value = "";
    };
}

document.ondragover = (event) => {
    event.preventDefault();
    document.body.classList.toggle("dragging", event.dataTransfer?.types.includes("Files"));
};

document.ondragleave = (event) => {
    if (!event.relatedTarget) {
        document.body.classList.remove("dragging");
    }
};

document.ondrop = (event) => {
    event.preventDefault();
    document.body.classList.remove("dragging");
    if (event.dataTransfer) {
        add(fromDataTransfer(event.dataTransfer));
    }
};

document.onpaste = (event) => {
    if (event.clipboardData) {
        add(fromDataTransfer(event.clipboardData));
    }
};

addEventListener("online", view.showConnection);
addEventListener("offline", view.showConnection);

// A link that is opened in this tab changes the fragment alone.
let opening = ready.then(openLink);
/** @type {Link | null} */
let newestLink;
addEventListener("hashchange", () => {
    const link = takeLink();
    if (link) {
        newestLink = link;
        opening = opening.then(() => (link === newestLink ? openLink(link) : undefined));
    }
});

addEventListener("beforeunload", (event) => {
    if (queue?.totals.open > 0 && !isSwitchingLink) {
        event.preventDefault();
    }
});
