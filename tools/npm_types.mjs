// What `npm pack` adds to web/ while it packs: declarations made from the JSDoc, and the licence. `make` or `remove` it.
// web/types.d.ts declares its types for all modules of the page. In the package each module imports those that it uses.

import { execFileSync } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const WEB = fileURLToPath(new URL("../web/", import.meta.url));
const TYPES = `${WEB}types/`;

/** What the page has, and the package has not: package.json leaves them out. */
const OF_THE_PAGE = ["app.js", "link-switch.js"];

remove();
if (process.argv[2] === "make") {
    checkModules();
    execFileSync(process.execPath, [findCompiler(), "--project", `${WEB}tsconfig.json`], { stdio: "inherit" });
    const names = exportTypes();
    for (const file of readdirSync(TYPES).filter((each) => each !== "types.d.ts")) {
        importTypes(`${TYPES}${file}`, names);
    }
    copyFileSync(fileURLToPath(new URL("../LICENSE", import.meta.url)), `${WEB}LICENSE`);
}

/** Returns the path of TypeScript's compiler; ends the program if the JavaScript tools are not set up. */
function findCompiler() {
    try {
        return createRequire(import.meta.url).resolve("typescript/package.json").replace("package.json", "bin/tsc");
    } catch {
        console.error("TypeScript is missing, which makes the types. Run tools/setup.sh deploy, then this again.");
        process.exit(1);
    }
}

/** Ends the program if there are modules that the package's entries load neither at once nor later. */
function checkModules() {
    const packed = ["package.js", "element.js"];
    for (const name of packed) {
        const imports = readFileSync(WEB + name, "utf-8").matchAll(/(?:from |import\()"\.\/([\w-]+\.js)"/g);
        packed.push(...[...imports].map(([, other]) => other).filter((other) => !packed.includes(other)));
    }
    const stray = readdirSync(WEB).find((name) => name.endsWith(".js") && ![...packed, ...OF_THE_PAGE].includes(name));
    if (stray) {
        console.error(`web/${stray} would be packed, and no module of the package loads it. Move it out of web/.`);
        process.exit(1);
    }
}

function remove() {
    rmSync(TYPES, { recursive: true, force: true });
    rmSync(`${WEB}LICENSE`, { force: true });
}

/** Returns the names of the types that web/types.d.ts declares. */
function exportTypes() {
    const text = readFileSync(`${WEB}types.d.ts`, "utf-8")
        .replace(/^type /gm, "export type ")
        .replace(/^interface (HTML.*?^})/gms, "declare global {\n    interface $1\n}");
    writeFileSync(`${TYPES}types.d.ts`, text);
    return [...text.matchAll(/^export type (\w+)/gm)].map(([, name]) => name);
}

/** @param {string} path @param {string[]} names */
function importTypes(path, names) {
    const text = readFileSync(path, "utf-8");
    const isUsed = (name) => new RegExp(`\\b${name}\\b`).test(text);
    const isOwn = (name) =>
        new RegExp(`^export declare class ${name}\\b|^import \\{[^}]*\\b${name}\\b`, "m").test(text);
    const imported = names.filter((name) => isUsed(name) && !isOwn(name));
    if (imported.length > 0) {
        writeFileSync(path, `import type { ${imported.join(", ")} } from "./types.js";\n${text}`);
    }
}
