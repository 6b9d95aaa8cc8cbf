// The page around <oss-upload>: its title and look, its language, and the upload links that are opened in it.

import "./element.js";
import { Fault } from "./faults.js";
import { chooseLanguage, fetchJson, LANGUAGES } from "./messages.js";
import { load, save } from "./storage.js";
import { addStyle, THEME } from "./style.js";
import { elementsById } from "./template.js";

addStyle(document, THEME);

const uploader = /** @type {OssUpload} */ (document.querySelector("oss-upload"));

/** @type {PageElements} */
const page = elementsById(document);

/** @type {Config | undefined} */
let config;
/** Of all bytes that are sent. */
let share = 0;

for (const [language, { name }] of Object.entries(LANGUAGES)) {
    page.language.append(Object.assign(new Option(name, language), { lang: language }));
}

const ready = start();

async function start() {
    const link = takeLink();
    const { token, profile } = loadLink() ?? saveLink(link ?? {});
    showLanguage(chooseLanguage([load("localStorage", "language"), ...navigator.languages]));
    try {
        config = /** @type {Config} */ (await fetchJson("config.json"));
        showConfig(config);
        uploader.token = token ?? "";
        uploader.profile = profile || config.profile || "";
        uploader.maxFiles = config.max_files;
        uploader.function = new URL(config.function).href;
    } catch {
        await uploader.texts;
        uploader.fault = new Fault("config");
    }
    await showTitle();
    return link;
}

/** @param {Config} config */
function showConfig({ logo, accent = "", footer }) {
    if (/^#[0-9a-f]{6}$/i.test(accent)) {
        const [red, green, blue] = [1, 3, 5].map((at) => (Number.parseInt(accent.slice(at, at + 2), 16) / 255) ** 2.2);
        const isLight = 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18;
        document.documentElement.style.setProperty("--oss-upload-accent", accent);
        document.documentElement.style.setProperty("--oss-upload-on-accent", isLight ? "#000" : "#fff");
    }
    if (logo) {
        page.logo.src = logo;
        page.logo.hidden = false;
    }
    page.footer.textContent = footer ?? "";
    page.footer.hidden = !footer;
}

/** @param {string} language */
function showLanguage(language) {
    document.documentElement.lang = uploader.lang = language;
    document.documentElement.dir = LANGUAGES[language].dir ?? "ltr";
    page.language.value = language;
}

async function showTitle() {
    const texts = await uploader.texts;
    page.title.textContent = config?.title ?? texts?.formatMessage("title") ?? page.title.textContent;
    const percent = texts?.formatNumber(Math.floor(share * 100) / 100, { style: "percent" });
    page.language.setAttribute("aria-label", texts?.formatMessage("language") || "Language");
    document.title = (uploader.isUploading && percent ? `${percent} – ` : "") + page.title.textContent;
}
/** Takes it out of the address bar. @returns {Link | null} */
function takeLink() {
    const fragment = new URLSearchParams(location.hash.slice(1));
    // No more: some apps take the full stop after a link for a part of it.
    const [token, profile] = ["token", "profile"].map((name) => /^[\w.-]*/.exec(fragment.get(name) ?? "")?.[0] ?? "");
    if (!token && !profile) {
        return null;
    }
    // Whole: alone, a path that begins with two slashes would be another host's address.
    history.replaceState(null, "", location.href.split("#")[0]);
    return { token: token || null, profile };
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
    const { signer } = uploader;
    if (!opened || !signer) {
        return;
    }
    await uploader.ready;
    const link = { token: opened.token ?? signer.token ?? "", profile: opened.profile || config?.profile || "" };
    if (link.token !== signer.token || link.profile !== (signer.profile ?? "")) {
        try {
            const { replaceLink } = await import("./link-switch.js");
            await replaceLink(uploader, link, saveLink);
        } catch (fault) {
            await showUnused(fault instanceof Fault ? fault : new Fault("function_unreachable"));
        }
    }
}

/** @param {Fault} fault */
async function showUnused(fault) {
    const texts = await uploader.texts;
    const reason = texts?.describeFault(fault) ?? "";
    page["link-notice"].textContent = texts?.formatMessage("link_unused", { reason }) ?? "";
}

page.language.onchange = async () => {
    const language = page.language.value;
    save("localStorage", "language", language);
    showLanguage(language);
    await ready;
    const texts = await uploader.texts;
    // Where its words cannot be loaded, the page goes on in the language that it has.
    if (texts && page.language.value === language) {
        showLanguage(texts.language);
    }
    await showTitle();
};

uploader.addEventListener("progress", (event) => {
    ({ share } = /** @type {CustomEvent} */ (/** @type {unknown} */ (event)).detail);
    showTitle();
});

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
