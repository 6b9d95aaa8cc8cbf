// The page: what is dropped goes into the queue, what the queue says is shown.

import { Fault } from "./fault.js";
import { chosen, dropped } from "./files.js";
import { linkToken } from "./link.js";
import { post } from "./post.js";
import { Queue, typeOf, Upload } from "./queue.js";
import { Signer } from "./sign.js";
import * as words from "./words.js";

/** @typedef {import("./files.js").Found} Found */
/** @typedef {import("./sign.js").Limits} Limits */

/** Faults that another attempt with the same file would meet again. */
const HOPELESS = new Set(["empty", "too_large", "type_not_allowed", "invalid_filename", "file_changed"]);

const page = {
    rules: element("rules"),
    trouble: element("trouble"),
    summary: element("summary"),
    rows: element("rows"),
    row: /** @type {HTMLTemplateElement} */ (element("row")),
};

/** @type {Map<Upload, HTMLElement>} */
const rows = new Map();

/** What is to be painted anew; a hundred files at once are painted once. @type {Set<Upload>} */
const stale = new Set();

const signer = start();
const limits = signer.then((ready) => ready.limits());
limits.then((known) => say(page.rules, words.rules(known)), trouble);

const queue = new Queue({
    sign: async (wanted, signal) => (await signer).form(wanted, signal),
    post,
    changed: repaint,
});

/** @returns {Promise<Signer>} */
async function start() {
    const token = linkToken();
    try {
        const response = await fetch("config.json", { cache: "no-cache", credentials: "omit" });
        const { function: address } = await response.json();
        return new Signer(new URL(address).href.replace(/\/$/, ""), token);
    } catch {
        throw new Fault("config");
    }
}

/** @param {Found[]} found */
function add(found) {
    for (const { file, name, fault } of found) {
        const upload = new Upload(file, name, uuid());
        show(upload);
        fault ? refuse(upload, fault) : admit(upload);
    }
}

/** Into the queue, if it may be uploaded. @param {Upload} upload */
async function admit(upload) {
    // This one: an upload cancelled and tried again while the limits are awaited has another, and is queued already.
    const { signal } = upload.controller;
    const known = await limits.catch(() => null);
    if (signal.aborted) {
        return;
    }
    const fault = known && fitness(upload.file, known);
    fault ? refuse(upload, fault) : queue.add(upload);
}

/**
 * @param {Upload} upload
 * @param {Fault} fault
 */
function refuse(upload, fault) {
    Object.assign(upload, { state: "failed", fault });
    repaint(upload);
}

/**
 * What the function would refuse is told without asking it.
 *
 * @param {File} file
 * @param {Limits} known
 */
function fitness(file, known) {
    if (file.size === 0) {
        return new Fault("empty");
    }
    if (file.size > known.max_size) {
        return new Fault("too_large");
    }
    return known.content_types.includes(typeOf(file)) ? null : new Fault("type_not_allowed");
}

/** @param {Upload} upload */
function show(upload) {
    const row = /** @type {HTMLElement} */ (
        /** @type {DocumentFragment} */ (page.row.content.cloneNode(true)).firstElementChild
    );
    say(part(row, ".name"), upload.name);
    part(row, "progress").setAttribute("aria-label", upload.name);
    part(row, "button").addEventListener("click", () => (upload.isOpen ? queue.cancel(upload) : queue.add(upload)));
    rows.set(upload, row);
    page.rows.append(row);
    repaint(upload);
}

/** @param {Upload} upload */
function repaint(upload) {
    if (stale.size === 0) {
        requestAnimationFrame(paint);
    }
    stale.add(upload);
}

function paint() {
    for (const upload of stale) {
        paintRow(upload);
    }
    stale.clear();
    const summary = words.summary([...rows.keys()]);
    if (page.summary.textContent !== summary) {
        say(page.summary, summary);
    }
}

/** @param {Upload} upload */
function paintRow(upload) {
    const row = /** @type {HTMLElement} */ (rows.get(upload));
    row.className = upload.state;
    say(part(row, ".status"), words.status(upload));
    const progress = /** @type {HTMLProgressElement} */ (part(row, "progress"));
    progress.hidden = !upload.isOpen;
    progress.value = upload.sent / (upload.file.size || 1);
    const button = /** @type {HTMLButtonElement} */ (part(row, "button"));
    const { sign, label } = words.action(upload);
    button.hidden = upload.state === "done" || HOPELESS.has(upload.fault?.code ?? "");
    button.ariaLabel = label;
    say(button, sign);
}

/** @param {Fault} fault */
function trouble(fault) {
    say(page.trouble, words.reason(fault));
    page.trouble.hidden = false;
}

/** Version 4, also where the page is not served over https. */
function uuid() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** @param {Element} where @param {string} text */
function say(where, text) {
    where.textContent = text;
}

/** @param {string} id */
function element(id) {
    return /** @type {HTMLElement} */ (document.getElementById(id));
}

/** @param {Element} row @param {string} selector */
function part(row, selector) {
    return /** @type {HTMLElement} */ (row.querySelector(selector));
}

for (const id of ["files", "folder"]) {
    const input = /** @type {HTMLInputElement} */ (element(id));
    input.addEventListener("change", () => {
        add(chosen(input.files));
        // So that the same file can be chosen again.
        input.value = "";
    });
}

document.addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dragging");
});

document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) {
        document.body.classList.remove("dragging");
    }
});

document.addEventListener("drop", async (event) => {
    event.preventDefault();
    document.body.classList.remove("dragging");
    if (event.dataTransfer) {
        add(await dropped(event.dataTransfer));
    }
});

addEventListener("beforeunload", (event) => {
    if ([...rows.keys()].some((upload) => upload.isOpen)) {
        event.preventDefault();
    }
});
