// The shape of the page's code: imports without a circle, short files and functions, and names that are no bare participles.

import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { isFunctionLikeDeclaration, SyntaxKind } from "typescript/unstable/ast";
import * as is from "typescript/unstable/ast/is";
import { API } from "typescript/unstable/sync";

const MAX_FILE_LINES = 400;
const MAX_FUNCTION_LINES = 35;

/** What has been done names no function. Those that end in -ed are found by their ending. */
const PARTICIPLES = [
    ...["told", "sent", "kept", "said", "given", "found", "known", "shown", "chosen", "begun", "lent", "held", "done"],
    ...[
        "made",
        "taken",
        "lost",
        "left",

        "written",
        "drawn",
        "hidden",
        "bound",
        "built",
        "heard",
        "seen",
        "gone",
    ],
];

const root = fileURLToPath(new URL("../..", import.meta.url));
const compiler = new API({ cwd: root });
after(() => compiler.close());
const { program } = compiler.updateSnapshot({ openProject: `${root}tsconfig.json` }).getProject(`${root}tsconfig.json`);

const names = (await readdir(`${root}web`)).filter((name) => name.endsWith(".js"));
const modules = names.map((name) => [name, [...walk(program.getSourceFile(`${root}web/${name}`))]]);

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

/** The modules that one imports, at once or later. */
function importsOf(nodes) {
    const specifiers = nodes.flatMap((node) => {
        if (is.isImportDeclaration(node) || is.isExportDeclaration(node)) {
            return node.moduleSpecifier?.text ?? [];
        }
        const isDynamic = is.isCallExpression(node) && node.expression.kind === SyntaxKind.ImportKeyword;
        return isDynamic ? node.arguments[0].text : [];
    });
    return specifiers.map((specifier) => specifier.replace("./", ""));
}

/** The first circle in a graph, from a node back to itself. */
function findCircle(graph, path = [], seen = new Set()) {
    for (const node of path.length > 0 ? (graph.get(path.at(-1)) ?? []) : graph.keys()) {
        if (path.includes(node)) {
            return [...path.slice(path.indexOf(node)), node];
        }
        if (!seen.has(node)) {
            seen.add(node);
            const circle = findCircle(graph, [...path, node], seen);
            if (circle) {
                return circle;
            }
        }
    }
    return null;
}

const lines = (node) => node.getText().split("\n").length;

const isDefinition = (node) =>
    is.isFunctionDeclaration(node) || is.isMethodDeclaration(node) || is.isClassDeclaration(node);

/** A variable or field that is a function, or a constant that other modules see. */
const isFunctionValue = (node) =>
    (is.isPropertyDeclaration(node) && node.initializer && is.isArrowFunction(node.initializer)) ||
    (is.isVariableDeclaration(node) &&
        ((node.initializer && is.isArrowFunction(node.initializer)) || isExported(node.parent.parent)));

const isExported = (statement) => statement.modifiers?.some(({ kind }) => kind === SyntaxKind.ExportKeyword);

const isParticiple = (name) => PARTICIPLES.includes(name) || /^[a-z]{3,}ed$/.test(name);

test("imports make no circle", () => {
    const graph = new Map(modules.map(([name, nodes]) => [name, importsOf(nodes)]));
    assert.ok(graph.get("app.js").includes("element.js") && graph.get("signer.js").includes("multipart.js"));
    assert.equal(findCircle(graph), null);
});

test("a circle would be found", () => {
    const graph = new Map(Object.entries({ a: ["b"], b: ["c", "d"], c: [], d: ["b"] }));
    assert.deepEqual(findCircle(graph), ["b", "d", "b"]);
});

test(`no file has more than ${MAX_FILE_LINES} lines`, async () => {
    const counts = await Promise.all(
        names.map(async (name) => [name, (await readFile(`${root}web/${name}`, "utf-8")).trimEnd().split("\n").length]),
    );
    assert.deepEqual(
        counts.filter(([, count]) => count > MAX_FILE_LINES),
        [],
    );
});

test(`no function has more than ${MAX_FUNCTION_LINES} lines`, () => {
    const functions = modules.flatMap(([name, nodes]) =>
        nodes
            .filter((node) => isFunctionLikeDeclaration(node) && node.body)
            .map((node) => [name, node.name?.getText() ?? "", lines(node)]),
    );
    assert.ok(functions.length > 200);
    assert.deepEqual(
        functions.filter(([, , count]) => count > MAX_FUNCTION_LINES),
        [],
    );
});

test("no function, class, method or exported constant is named by a bare participle", () => {
    const defined = modules.flatMap(([module, nodes]) =>
        nodes
            .filter((node) => isDefinition(node) || isFunctionValue(node))
            .map((node) => [module, node.name.getText().replace("#", "")]),
    );
    assert.ok(defined.some(([, name]) => name === "verifyUnchanged"));
    assert.deepEqual(
        defined.filter(([, name]) => isParticiple(name)),
        [],
    );
});

const types = await readFile(`${root}web/types.d.ts`, "utf-8");

for (const [type, file, id] of [
    ["PageElements", "index.html", / id="([\w-]+)"/g],
    ["ViewElements", "template.js", /"[a-z]+#([\w-]+)/g],
]) {
    test(`every element of ${file} that the code uses by its id is in it, and has a type`, async () => {
        const ids = [...(await readFile(`${root}web/${file}`, "utf-8")).matchAll(id)].map(([, name]) => name);
        const [, declared] = new RegExp(`type ${type} =(.*?)\n\n`, "s").exec(types);
        const typed = [...declared.matchAll(/"([\w-]+)"|(\w+): HTML/g)].map(([, quoted, plain]) => quoted ?? plain);
        assert.deepEqual(typed.sort(), ids.sort());
    });
}
