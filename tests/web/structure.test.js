// The shape of the page's code: imports without a circle, short files and functions, and names that say what they do.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import * as is from "typescript/unstable/ast/is";
import { API } from "typescript/unstable/sync";

const MAX_FILE_LINES = 400;
const MAX_FUNCTION_LINES = 35;

const root = fileURLToPath(new URL("../..", import.meta.url));
const config = `${root}tsconfig.json`;
const compiler = new API({ cwd: root });
const { program } = compiler.updateSnapshot({ openProject: config }).getProject(config);
after(() => compiler.close());

const names = (await readdir(`${root}web`)).filter((name) => name.endsWith(".js"));
const modules = new Map(names.map((name) => [name, program.getSourceFile(`${root}web/${name}`)]));

/** Every node below one, itself included. */
function* walk(node) {
    const children = [];
    node.forEachChild((child) => {
        children.push(child);
    });
    yield node;
    for (const child of children) {
        yield* walk(child);
    }
}

/** What a module imports, at once or later. */
function importsOf(source) {
    const specifiers = [];
    for (const node of walk(source)) {
        if ((is.isImportDeclaration(node) || is.isExportDeclaration(node)) && node.moduleSpecifier) {
            specifiers.push(node.moduleSpecifier.text);
        } else if (is.isCallExpression(node) && node.expression.kind === IMPORT) {
            specifiers.push(node.arguments[0].text);
        }
    }
    return specifiers.map((specifier) => specifier.replace("./", ""));
}
