// The page: what is chosen goes into the queue, what the queue says is shown.

import { chosen, dropped, misfit, sift } from "./files.js";
import * as words from "./messages.js";
import { Fault, HALTING, Meter, Upload } from "./queue.js";
import { Signer, uploader } from "./uploader.js";

/** @import { Queue } from "./queue.js" */
/** @import { Config, Found, Limits, Row } from "./types" */

/** Milliseconds between two paintings: where something is new, and where only time has passed. */
const [SOON, LATER] = [100, 1000];

/** Milliseconds between two readings aloud of how far it has come. */
const ALOUD = 10_000;

/** What will be no better the next time. */
const HOPELESS = ["too_large", "too_small", "type_not_allowed", "invalid_filename", "file_changed", "count"];

/** What another link cures. */
const LINK_NEEDED = ["token_missing", "token_expired", "token_invalid"];

/** What keeps a page from uploading anything. */
const SHUT = ["config", ...LINK_NEEDED, "not_allowed", "origin_not_allowed"];

/** The elements that have an id. @type {Record<string, any>} */
const page = Object.fromEntries([...document.querySelectorAll("[id]")].map((element) => [element.id, element]));

/** @type {Map<Upload, Row>} */
const rows = new Map();

/** What is to be painted anew. @type {Set<Upload>} */
const stale = new Set();

/** @type {Config} */
let config;
/** @type {Signer} */
let signer;
/** @type {Queue} */
let queue;
/** Unknown while the function has not told them. @type {Limits | null} */
let limits = null;
/** What troubles the whole page. @type {Fault | null} */
let trouble = null;

let speed = new Meter();
let timer = 0;
let paintAt = Infinity;
let aloudAt = 0;
let wasOpen = false;
/** Whether what was interrupted has been listed. */
let isOffered = false;
/** Whether the page is left for another link, which the reader has agreed to. */
let isLeaving = false;

/** What is loaded once something has failed. @type {typeof import("./failures.js") | undefined} */
let causes;

/** Makes a file go on that was interrupted before the page was loaded. @type {(upload: Upload) => void} */
let resume = () => {};

/** Of lines of what was interrupted. @type {(() => void)[]} */
const interrupted = [];

const ready = start();

async function start() {
    const opened = linkToken();
    const inUse = remembered("sessionStorage", "token") ?? remembered("sessionStorage", "token", opened);
    page.who.hidden = !inUse;
    const spoken = speak(words.choose([remembered("localStorage", "language"), ...navigator.languages]));
    try {
        config = await load("config.json");
        signer = new Signer(config.function, inUse);
        dress();
    } catch {
        trouble = new Fault("config");
    }
    await spoken;
    if (!trouble) {
        queue = uploader(signer, changed);
        paintOffline();
        await learnLimits();
    }
    paintTrouble();
    return opened;
}

/** What was interrupted, in this browser, can go on. */
async function offerUnfinished() {
    try {
        // Loaded for nobody else.
        if (Object.keys(localStorage).some((name) => name.startsWith(signer.shelf))) {
            const unfinished = await import("./resume.js");
            resume = await unfinished.offerUnfinished(await signer.parts(), showUnfinished);
        }
    } catch {
        // This browser keeps nothing, or the file is sent anew.
    }
}

/** @param {import("./types").Unfinished} record @param {number | null} sent bytes @param {() => void} drop */
function showUnfinished({ name, size }, sent, drop) {
    const row = line(name);
    const paintLine = () => {
        row.status.textContent = words.interrupted(sent, size);
        row.away.setAttribute("aria-label", words.say("cancel", { name }));
    };
    interrupted.push(paintLine);
    paintLine();
    row.away.onclick = () => {
        moveOn(row.line);
        drop();
    };
    return row.line;
}

/** The token of an upload link. It leaves the address bar before anything else happens. */
function linkToken() {
    const token = new URLSearchParams(location.hash.slice(1)).get("token");
    if (token) {
        history.replaceState(null, "", location.pathname + location.search);
    }
    return token;
}

/** What becomes of a link that was opened where one may be in use. @param {string | null} token */
async function openLink(token) {
    if (!token || !signer || token === signer.token) {
        return;
    }
    if (!limits) {
        await learnLimits();
        paintTrouble();
    }
    const isOver = trouble !== null && LINK_NEEDED.includes(trouble.code);
    // What was chosen under a link that has ended is not sent under another person's, unless the reader says so.
    if (isOver && rows.size === 0 && !signer.subject) {
        await use(token);
        return;
    }
    try {
        if (!limits && !isOver) {
            throw trouble;
        }
        const { decision } = await import("./links.js");
        const decided = await decision(signer, token, queue.totals.open > 0);
        if (decided === "renew") {
            await use(token);
        } else if (decided === "switch") {
            remembered("sessionStorage", "token", token);
            if (remembered("sessionStorage", "token") !== token) {
                // This browser keeps nothing: the page that is loaded now takes it from here.
                history.replaceState(null, "", `#${new URLSearchParams({ token })}`);
            }
            isLeaving = true;
            location.reload();
        }
    } catch (fault) {
        const reason = words.reason(fault instanceof Fault ? fault : new Fault("function_unreachable"));
        page.news.textContent = words.say("link_unused", { reason });
    }
}

/** From now on. It is kept for this tab alone: a reload does not lose it. @param {string} token */
async function use(token) {
    signer.token = remembered("sessionStorage", "token", token);
    await learnLimits();
    paintTrouble();
    queue.resume();
}

/**
 * What is kept under a name; a value that is not null is kept from now on. A browser may keep nothing at all.
 *
 * @param {"sessionStorage" | "localStorage"} where @param {string} name @param {string | null} [value]
 */
function remembered(where, name, value = null) {
    try {
        if (value !== null) {
            window[where].setItem(name, value);
        }
        return window[where].getItem(name);
    } catch {
        return value;
    }
}

/** @param {string} name of a file beside the page, in JSON */
async function load(name) {
    return (await fetch(name, { cache: "no-cache", credentials: "omit" })).json();
}

/** A team's own title, colour, logo and footer. */
function dress() {
    const { title, logo, accent = "", footer } = config;
    if (/^#[0-9a-f]{6}$/i.test(accent)) {
        const [red, green, blue] = [1, 3, 5].map((at) => (Number.parseInt(accent.slice(at, at + 2), 16) / 255) ** 2.2);
        const isLight = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18;
        document.documentElement.style.setProperty("--accent", accent);
        document.documentElement.style.setProperty("--on-accent", isLight ? "#000" : "#fff");
    }
    if (title) {
        document.title = page.title.textContent = title;
    }
    if (logo) {
        page.logo.src = logo;
        page.logo.hidden = false;
    }
    page.footer.textContent = footer ?? "";
    page.footer.hidden = !footer;
}

async function learnLimits() {
    try {
        limits = await signer.limits();
        trouble = limits.auth === "jwt" && !signer.token ? new Fault("token_missing") : null;
        page.files.accept = limits.accept.join();
    } catch (fault) {
        limits = null;
        trouble = fault instanceof Fault ? fault : new Fault("function_down");
    }
    paintRules();
    if (limits && !trouble && !isOffered) {
        isOffered = true;
        await offerUnfinished();
    }
}

/** @param {string} language */
async function speak(language) {
    try {
        words.speak(await load(`${language}.json`));
    } catch {
        page.trouble.hidden = false;
        return;
    }
    const names = Object.keys(words.LANGUAGES);
    const other = names[(names.indexOf(language) + 1) % names.length];
    document.documentElement.lang = language;
    page.language.lang = other;
    page.language.textContent = words.LANGUAGES[other];
    for (const element of document.querySelectorAll("[data-says]")) {
        element.textContent = words.say(element.getAttribute("data-says") ?? "");
    }
    page.title.textContent = config?.title ?? words.say("title");
    document.title = page.title.textContent;
    page.bar.setAttribute("aria-label", words.say("progress"));
    page.rows.setAttribute("aria-label", words.say("files"));
    page.news.textContent = "";
}

function paintRules() {
    page.rules.textContent = limits ? words.rules(limits, config) : "";
    const { subject } = limits ?? {};
    page.who.textContent = subject ? words.say("uploading_as", { name: words.person(subject) }) : "";
    page.who.hidden = !subject && !signer?.token;
}

function paintTrouble() {
    page.drop.hidden = trouble !== null && SHUT.includes(trouble.code);
    page.trouble.hidden = !trouble;
    page.trouble.textContent = trouble ? words.reason(trouble) : "";
    withCauses(({ fold }) => fold(page.trouble, trouble ? [trouble] : [], paintTrouble), trouble !== null);
}

function paintOffline() {
    page.offline.textContent = navigator.onLine ? "" : words.say("offline");
}

/** @param {Found[] | Promise<Found[]>} found */
async function add(found) {
    const list = await found;
    await ready;
    if (list.length === 0 || page.drop.hidden) {
        return;
    }
    if (!limits) {
        await learnLimits();
        paintTrouble();
    }
    const { files, systems, folders } = sift(list);
    const marks = new Set([...rows.keys()].map(identity));
    const wanted = new Map([...rows.keys()].filter(isToBeChosenAgain).map((upload) => [upload.name, upload]));
    const alike = [];
    for (const { file, name, unreadable } of files) {
        const upload = new Upload(file, name);
        const fault = unreadable ? new Fault("file_changed") : null;
        const old = wanted.get(upload.name);
        if (old) {
            replace(old, upload, fault);
            wanted.delete(upload.name);
        } else if (fault) {
            enlist(upload, fault);
        } else if (marks.has(identity(upload))) {
            alike.push(upload);
        } else {
            enlist(upload);
        }
        marks.add(identity(upload));
    }
    const twice = [];
    for (const upload of alike) {
        if (await isListed(upload)) {
            twice.push(upload);
        }
    }
    page.told.textContent = words.say("added", { count: files.length - twice.length });
    page.news.textContent = [
        some(twice, "duplicate", "duplicates"),
        some(systems, "left_out", "left_out_many"),
        some(folders, "folder_empty", "folders_empty"),
    ]
        .filter(Boolean)
        .join(" ");
}

/** @param {{ name: string }[]} these @param {string} one what is said of one of them @param {string} many of more */
function some(these, one, many) {
    const [{ name } = { name: "" }] = these;
    return these.length > 0 && words.say(these.length > 1 ? many : one, { name, count: these.length });
}

/** Lists a file and sends it, unless it is known why not. @param {Upload} upload @param {Fault | null} [fault] */
function enlist(upload, fault = null) {
    resume(upload);
    show(upload);
    const reason = fault ?? tooMany() ?? misfit(upload.file, limits);
    reason ? queue.refuse(upload, reason) : queue.add(upload);
}

/** The new file takes the other's place in the list. @param {Upload} old @param {Upload} upload @param {Fault | null} [fault] */
function replace(old, upload, fault) {
    const next = rows.get(old)?.line.nextElementSibling ?? null;
    forget(old);
    enlist(upload, fault);
    page.rows.insertBefore(rows.get(upload)?.line, next);
}

/**
 * Whether a file is in the list that another is like in name, size and date. What has failed or was cancelled is tried again with
 * it; only its bytes tell it from what is on its way or stored.
 *
 * @param {Upload} upload @returns {Promise<boolean>}
 */
async function isListed(upload) {
    const mark = identity(upload);
    const others = new Set();
    const next = () => [...rows.keys()].find((each) => identity(each) === mark && !others.has(each));
    for (let twin = next(); twin; twin = next()) {
        const same = twin.state === "cancelled" || (await isSame(twin, upload));
        const isOver = twin.state === "cancelled" || twin.state === "failed";
        others.add(twin);
        if (rows.has(twin) && (same ?? isOver)) {
            isOver && replace(twin, upload);
            return !isOver;
        }
    }
    enlist(upload);
    return false;
}

/** Undefined where it cannot be known. @param {Upload} one @param {Upload} other */
async function isSame(one, other) {
    try {
        return await (await import("./duplicates.js")).areSame(one.file, other.file);
    } catch {
        return undefined;
    }
}

/** @param {Upload} upload */
function isToBeChosenAgain({ state, fault }) {
    return state === "failed" && fault?.code === "file_changed";
}

/** What tells files apart. @param {Upload} upload */
function identity({ name, size, lastModified }) {
    return `${size} ${lastModified} ${name}`;
}

function tooMany() {
    const limit = config.max_files ?? Infinity;
    return rows.size > limit ? new Fault("count", { limit }) : null;
}

/** A file's line, at the end of the list. @param {string} name @returns {Row} */
function line(name) {
    const line = page.row.content.firstElementChild.cloneNode(true);
    const part = (/** @type {string} */ selector) => line.querySelector(selector);
    const row = {
        line,
        thumb: part(".thumb"),
        status: part(".status"),
        stored: part(".stored"),
        answer: part(".answer"),
        bar: part("progress"),
        copy: part(".copy"),
        hold: part(".hold"),
        again: part(".again"),
        away: part(".away"),
    };
    part(".name").textContent = name;
    row.thumb.textContent = /\.(\w{1,4})$/.exec(name)?.[1] ?? "";
    row.bar.setAttribute("aria-label", name);
    page.rows.append(line);
    return row;
}

/** @param {Upload} upload */
function show(upload) {
    const row = line(upload.name);
    row.copy.onclick = () => copy(upload, row);
    row.hold.onclick = () => (upload.state === "paused" ? queue.add(upload) : queue.pause(upload));
    row.again.onclick = () => queue.add(upload);
    row.away.onclick = () => (upload.isOpen ? queue.cancel(upload) : forgetAndMoveOn(upload, row.line));
    rows.set(upload, row);
    if (upload.file.type.startsWith("image/")) {
        import("./thumbnails.js").then(
            ({ thumbnail }) => thumbnail(row.thumb, upload.file),
            () => {},
        );
    }
}

/** @param {Upload} upload @param {Row} row */
async function copy(upload, { copy, stored }) {
    try {
        await navigator.clipboard.writeText(upload.key);
        copy.classList.add("copied");
        page.told.textContent = words.say("copied");
    } catch {
        // Not served over https: selected, it can be copied by hand.
        getSelection()?.selectAllChildren(stored);
    }
}

/** @param {Upload} upload */
function forget(upload) {
    queue.remove(upload);
    rows.get(upload)?.line.remove();
    rows.delete(upload);
    stale.delete(upload);
    paintIn(SOON);
}

/** @param {Upload} upload @param {Element} line */
function forgetAndMoveOn(upload, line) {
    moveOn(line);
    forget(upload);
}

/** The keyboard's focus goes to the next line. @param {Element} line */
function moveOn(line) {
    const next = line.nextElementSibling ?? line.previousElementSibling;
    (next?.querySelector(".away") ?? page.files).focus();
}

/** @param {Upload} upload */
function changed(upload) {
    stale.add(upload);
    paintIn(SOON);
}

/** @param {number} milliseconds at most */
function paintIn(milliseconds) {
    const at = performance.now() + milliseconds;
    if (at < paintAt) {
        clearTimeout(timer);
        paintAt = at;
        timer = setTimeout(paint, milliseconds);
    }
}

function paint() {
    paintAt = Infinity;
    const fallen = [...stale].filter(({ state }) => state === "failed" || state === "unreported");
    for (const upload of stale) {
        paintRow(upload);
    }
    stale.clear();
    withCauses(({ tellCauses }) => tellCauses(rows, page.causes, () => paintIn(SOON)), fallen.length > 0);
    paintTotals();
    paintOutage();
    warn(fallen);
    for (const upload of queue.uploads) {
        if (upload.state === "retrying") {
            stale.add(upload);
        }
    }
    if (queue.totals.open > 0) {
        paintIn(LATER);
    }
}

/** @param {Upload} upload */
function paintRow(upload) {
    const { line, status, stored, copy, answer, bar, hold, again, away } = /** @type {Row} */ (rows.get(upload));
    const { state, isOpen, name } = upload;
    const isStored = state === "done" || state === "unreported";
    line.className = state;
    status.textContent = words.status(upload, queue.now());
    stored.textContent = isStored ? upload.key : "";
    copy.hidden = !isStored;
    copy.setAttribute("aria-label", words.say("copy", { name }));
    answer.textContent = words.answer(upload);
    bar.hidden = !isOpen || state === "waiting";
    bar.value = upload.sent / (upload.size || 1);
    offer(
        [
            [hold, isOpen && state !== "finishing" && queue.lanes(upload) > 1],
            [again, state === "retrying" || canBeTriedAgain(upload)],
        ],
        away,
    );
    hold.setAttribute("aria-label", words.say(state === "paused" ? "resume" : "pause", { name }));
    again.setAttribute("aria-label", words.say("retry", { name }));
    away.setAttribute("aria-label", words.say(isOpen ? "cancel" : "remove", { name }));
}

/** @param {(loaded: typeof import("./failures.js")) => void} act @param {boolean} isNeeded whether it is loaded for this */
async function withCauses(act, isNeeded) {
    if (causes) {
        act(causes);
    } else if (isNeeded) {
        try {
            causes = await import("./failures.js");
            act(causes);
        } catch {
            // Each line says itself why.
        }
    }
}

/** @param {Upload} upload */
function isRetriable({ state, fault }) {
    return state === "failed" && !HOPELESS.includes(fault?.code ?? "");
}

/** @param {Upload} upload */
function canBeTriedAgain(upload) {
    return upload.state === "cancelled" || isRetriable(upload);
}

function paintTotals() {
    const { totals } = queue;
    const isOpen = totals.open > 0;
    const share = totals.size > 0 ? totals.sent / totals.size : Number(totals.of("done", "unreported") > 0);
    const percent = Math.floor(share * 100);
    const now = queue.now();
    if (isOpen && !wasOpen) {
        aloudAt = now + ALOUD;
    }
    if (totals.of("signing", "sending", "finishing") === 0) {
        speed = new Meter();
    }
    speed.add(now, totals.moved);
    const text = words.summary(totals, speed.rateAt(now));
    page.total.hidden = rows.size === 0;
    page.bar.value = share;
    page.summary.textContent = text;
    document.title = (isOpen ? `${percent} % – ` : "") + page.title.textContent;
    const failed = [...rows.keys()].filter(isRetriable).length;
    const ended = rows.size - totals.open - failed;
    offer(
        [
            [page.cancel, isOpen],
            [page.retry, failed + totals.of("cancelled") > 0 || isHalted()],
            [page.clear, ended > 0],
        ],
        page.files,
    );
    if (wasOpen !== isOpen || (isOpen && now > aloudAt)) {
        page.told.textContent = isOpen && !wasOpen ? page.told.textContent : text;
        aloudAt = now + ALOUD;
    }
    wasOpen = isOpen;
}

/** What holds all of them up is told once; of a single file its line tells it. */
function paintOutage() {
    const { outage, totals } = queue;
    const isTold = outage !== undefined && totals.open > (isHalted() ? 0 : 1);
    const text = isTold ? words.outage(outage) : "";
    if (page.outage.textContent !== text) {
        page.outage.textContent = text;
    }
    page.outage.classList.toggle("bad", isHalted());
    withCauses(({ fold }) => fold(page.outage, isTold ? [outage.fault] : [], paintOutage), isTold);
    page.retry.textContent = words.say(isHalted() ? "try_again" : "retry_all");
}

function isHalted() {
    return queue.totals.open > 0 && HALTING.includes(queue.outage?.fault.code ?? "");
}

/** Reads aloud what has failed. @param {Upload[]} fallen */
function warn(fallen) {
    const [reason, ...others] = new Set(fallen.map(words.outcome));
    if (fallen.length === 1) {
        page.warned.textContent = `${fallen[0].name}: ${words.status(fallen[0], 0)}`;
    } else if (fallen.length > 1) {
        const what = others.length > 0 ? "failed" : "cause";
        page.warned.textContent = words.say(what, { count: fallen.length, reason });
    }
}

/** Shows those buttons that have a use. A focus that would be lost goes on. @param {[any, boolean][]} buttons @param {any} otherwise */
function offer(buttons, otherwise) {
    const focused = document.activeElement;
    for (const [button, hasUse] of buttons) {
        button.hidden = !hasUse;
    }
    if (buttons.some(([button]) => button === focused && button.hidden)) {
        (buttons.find(([button]) => !button.hidden)?.[0] ?? otherwise).focus();
    }
}

/** @param {HTMLElement} button @param {(upload: Upload) => void} act */
function onAll(button, act) {
    button.onclick = () => [...rows.keys()].forEach(act);
}

onAll(page.cancel, (upload) => queue.cancel(upload));
page.retry.onclick = () => {
    queue.resume();
    for (const upload of [...rows.keys()].filter(canBeTriedAgain)) {
        queue.add(upload);
    }
};
onAll(page.clear, (upload) => upload.isOpen || isRetriable(upload) || forget(upload));

page.language.onclick = async () => {
    const language = page.language.lang;
    remembered("localStorage", "language", language);
    await speak(language);
    await ready;
    paintRules();
    paintTrouble();
    paintOffline();
    for (const paintLine of interrupted) {
        paintLine();
    }
    if (queue) {
        [...rows.keys()].forEach(changed);
        paint();
    }
};

for (const input of [page.files, page.folder]) {
    input.onchange = () => {
        // Of an empty folder a browser does not even tell the name.
        page.news.textContent = input.files.length > 0 ? "" : words.say("folder_empty_chosen");
        add(chosen(input.files));
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
        add(dropped(event.dataTransfer));
    }
};

document.onpaste = (event) => {
    if (event.clipboardData) {
        add(dropped(event.clipboardData));
    }
};

addEventListener("online", paintOffline);
addEventListener("offline", paintOffline);

// Another link opened in this tab changes nothing but the fragment.
let opening = ready.then(openLink);
/** @type {string | null} */
let newestLink;
addEventListener("hashchange", () => {
    const token = linkToken();
    if (token) {
        newestLink = token;
        // Of many that are opened at once, the last is asked about.
        opening = opening.then(() => (token === newestLink ? openLink(token) : undefined));
    }
});

addEventListener("beforeunload", (event) => {
    if (queue?.totals.open > 0 && !isLeaving) {
        event.preventDefault();
    }
});
