// What browsers load of the page, with fewer bytes and in fewer files: `node minify.mjs FOLDER app.js style.css …`.
// Prints JSON: what is loaded in place of each file that was named, first the file itself and then what it imports; the
// texts by name; and which modules are in them. The same sources make the same bytes on every machine. The modules themselves need no build: `make dev` serves them as they are.

import { readFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { build, transform } from "esbuild";

/** All that is loaded later is one file. */
const LATER = "later";

/** These stand before the others, in the order that took the fewest bytes: gzip finds again what is near. */
const FIRST = ["oss.js", "counted-link.js", "multipart.js", "uploader.js", "rows.js", "found-files.js"];

/** Where it is loaded later, the page is the project's. */
const THIS_PAGE = "selection.js";

/** Properties by which its modules know each other, and nobody else does: they get short names. */
const INTERNAL = new RegExp(
    `^(${[
        ...["abortIfUnwanted", "addStyle", "allowProbe", "arrivedBefore", "canProbe", "canRestart", "createRow"],
        ...["damagedCopies", "describeLimits", "earliest", "formatBytes", "formatMessage", "formLifetimeSeconds"],
        ...["hasFormExpired", "isAhead", "isAlone", "isIncomplete", "isOnline", "isPaused", "isRetriable"],
        ...["joinSentences", "lifetimeMs", "loadMultipart", "maxFilesPerRequest", "moveFocus", "multipartThreshold"],
        ...["neededMs", "needsWholeLine", "noteAdding", "noteChange", "noteSuccess", "onAbandon", "painters"],
        ...["previousUploads", "removeRow", "reportProgress", "resumeFromPreviousUpload", "retryThose", "selectInTime"],
        ...["sentBefore", "setPaused", "showButtons", "showCauses", "showChange", "showConnection", "showDetails"],
        ...["showIncomplete", "shownRows", "showShare", "showText", "silenceMs", "storagePrefix", "successes"],
        ...["useFailures"],
    ].join("|")})$`,
);

const [folder, ...names] = process.argv.slice(2);

/** What all of these find loaded already: with it come its imports. Where several pages use the element, that alone. */
const scripts = names.filter((name) => name.endsWith(".js"));
const atOnce = scripts.length === 1 ? scripts[0] : "element.js";

const SHARED = {
    absWorkingDir: resolve(folder),
    entryPoints: names,
    outdir: ".",
    bundle: true,
    splitting: true,
    format: "esm",
    tsconfigRaw: {},
    ignoreAnnotations: true, // those of package.json are for the npm package, which has no app.js
    write: false,
    metafile: true,
    logLevel: "silent",
};

async function minify() {
    const later = await findLoadedLater();
    const { outputFiles, metafile } = await build({
        ...SHARED,
        entryNames: "[dir]/[name]-[hash]",
        chunkNames: "[name]-[hash]",
        minify: true,
        mangleProps: later.has(THIS_PAGE) ? INTERNAL : undefined,
        sourcemap: "linked",
        legalComments: "none",
        plugins: [keepAddresses, minifyStyles, joinModules(later)],
    });
    const files = Object.fromEntries(outputFiles.map(({ path, text }) => [relative(resolve(folder), path), text]));
    const loads = {};
    for (const [name, { entryPoint, imports, inputs }] of Object.entries(metafile.outputs)) {
        if (names.includes(entryPoint)) {
            const others = imports.filter(({ kind }) => kind === "import-statement").map(({ path }) => path);
            const isEmpty = others.length === 1 && Object.keys(inputs).length === 0; // all of it is in the other one
            loads[entryPoint] = isEmpty ? others : [name, ...others];
            if (isEmpty) {
                delete files[name];
                delete files[`${name}.map`];
            }
        }
    }
    const sources = Object.keys(metafile.inputs).filter((name) => !name.startsWith(`${LATER}:`));
    return { loads, files, sources };
}

/** Returns the modules that others load later, by their names, with what each exports for another module. */
async function findLoadedLater() {
    const { metafile } = await build({ ...SHARED, plugins: [keepAddresses] });
    const texts = Object.keys(metafile.inputs).map((name) => [name, readFileSync(resolve(folder, name), "utf-8")]);
    const isUsed = (exported, owner) =>
        texts.some(([name, text]) => name !== owner && isNamedIn(text, exported) && !isImported(text, exported));
    const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
    const later = new Set(imports.filter(({ kind }) => kind === "dynamic-import").map(({ path }) => path));
    const outputs = Object.values(metafile.outputs).filter(({ entryPoint }) => later.has(entryPoint));
    return new Map(
        outputs.map(({ entryPoint, exports }) => [entryPoint, exports.filter((each) => isUsed(each, entryPoint))]),
    );
}

/** Whether it is named in the code. @param {string} text @param {string} exported */
function isNamedIn(text, exported) {
    return text.replace(/\/\*.*?\*\//gs, "").includes(exported);
}

/** Whether it is there before the module runs: then bundling knows it without a name. @param {string} text @param {string} exported */
function isImported(text, exported) {
    return new RegExp(`^import \\{[^}]*\\b${exported}\\b[^}]*\\} from`, "m").test(text);
}

function describe({ text, location }) {
    return location ? `${location.file}, line ${location.line}: ${text}` : text;
}

/** Files that a style sheet refers to are published as they are. */
const keepAddresses = {
    name: "keep addresses",
    setup({ onResolve }) {
        onResolve({ filter: /./ }, ({ kind, path }) => (kind === "url-token" ? { path, external: true } : undefined));
    },
};

/** Style sheets that are texts of a module. */
const minifyStyles = {
    name: "minify styles",
    setup({ onLoad }) {
        onLoad({ filter: /\.js$/, namespace: "file" }, async ({ path }) => {
            let contents = readFileSync(path, "utf-8");
            for (const [whole, css] of contents.matchAll(/\/\* css \*\/ `([^`$\\]*)`/g)) {
                const { code } = await transform(css, { loader: "css", minify: true });
                contents = contents.replace(whole, () => JSON.stringify(code.trim()));
            }
            return { contents };
        });
    },
};

/** Many small files take more bytes, compressed, and more requests than one. @param {Map<string, string[]>} later */
function joinModules(later) {
    const isThisPage = later.has(THIS_PAGE);
    const names = [...later.keys()].sort();
    if (isThisPage) {
        checkNames(names, later);
    }
    return {
        name: "join modules",
        setup({ onResolve, onLoad }) {
            if (!isThisPage) {
                return;
            }
            onResolve({ filter: /^\.\/[^/]+\.js$/ }, ({ kind }) =>
                kind === "dynamic-import" ? { path: LATER, namespace: LATER } : undefined,
            );
            onLoad({ filter: /./, namespace: LATER }, () => {
                const imports = [atOnce, ...FIRST].map((name) => `import "./${name}";`);
                const exports = names.map((name) => `export { ${later.get(name).join(", ")} } from "./${name}";`);
                return { contents: [...imports, ...exports].join("\n"), resolveDir: resolve(folder) };
            });
        },
    };
}

/** Of two exports of one name, `export *` has neither. @param {string[]} names @param {Map<string, string[]>} later */
function checkNames(names, later) {
    const owners = new Map();
    for (const [name, exported] of names.flatMap((each) => later.get(each).map((one) => [each, one]))) {
        if (owners.has(exported)) {
            throw new Error(`${owners.get(exported)} and ${name} both export ${exported}: rename one`);
        }
        owners.set(exported, name);
    }
}

try {
    process.stdout.write(JSON.stringify(await minify()));
} catch (error) {
    console.error(error.errors?.map(describe).join("\n") || error.message);
    process.exitCode = 1;
}
