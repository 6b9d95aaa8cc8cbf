"""Imports point one way, pure modules stay pure, and the stand-ins import nothing of what they check."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from support.source import statements, statements_at_top, tracked_files

ROOT = Path(__file__).parent.parent
FUNCTIONS = ROOT / "functions"

PACKAGES = {
    "fc_http": FUNCTIONS / "shared" / "fc_http",
    "oss_protocol": FUNCTIONS / "shared" / "oss_protocol",
    "direct_upload": FUNCTIONS / "sign" / "direct_upload",
    "upload_callback": FUNCTIONS / "callback" / "upload_callback",
}

ORDER = {
    "fc_http": [
        "errors http_client instants runtime version",
        "event environment log_line",
        "invocation",
        "app",
        "instance",
    ],
    "oss_protocol": ["bucket credentials object_headers signature ticket", "callback presigned_url"],
    "direct_upload": [
        "errors known_types post_policy readable_text sdk_session without_aiohttp",
        "content_types multipart",
        "profiles tokens",
        "discovery",
        "provider_keys settings",
        "authorize credential_cache",
        "object_keys sts",
        "upload",
        "form multipart_client",
        "multipart_routes",
        "routes",
    ],
    "upload_callback": [
        "errors file_type",
        "callback_signature content_check webhook",
        "chat_robot",
        "settings",
        "stored_object",
        "download_url",
        "routes",
    ],
}
"""The modules of each package, the most basic first: a module may import modules of earlier lines."""

ARROWS = {
    "fc_http": set[str](),
    "oss_protocol": set[str](),
    "direct_upload": {"fc_http", "oss_protocol"},
    "upload_callback": {"fc_http", "oss_protocol"},
}
"""The packages that each package may import, besides itself."""

PURE = {
    "direct_upload.post_policy": {"__future__", "base64", "json", "collections.abc"},
    "oss_protocol.bucket": {"__future__", "re"},
    "upload_callback.content_check": {"__future__", "typing", "upload_callback.file_type"},
    "upload_callback.file_type": {"__future__", "filetype", "re"},
    "oss_protocol.presigned_url": {
        *("__future__", "collections.abc", "hashlib", "oss_protocol.signature", "urllib.parse"),
    },
    "oss_protocol.object_headers": {"__future__"},
    "oss_protocol.signature": {"__future__", "hmac", "time"},
    "oss_protocol.ticket": {"__future__", "base64", "collections.abc", "hmac", "json", "typing"},
}
WITH_A_SOCKET = {"fc_http.http_client", "direct_upload.sdk_session", "direct_upload.sts"}

LINES = [(package, line) for package, lines in ORDER.items() for line in range(len(lines))]
MODULES = {
    f"{package}.{file.stem}": file
    for package, folder in PACKAGES.items()
    for file in folder.glob("*.py")
    if file.stem != "__init__"
}


def imports(file: Path) -> set[str]:
    """Returns every module a file imports, wherever in it."""
    return set(_imports(file))


def _imports(file: Path) -> Iterator[str]:
    for node in statements(file):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: import by full name"
            module = node.module or ""
            yield from ({f"{module}.{name.name}" for name in node.names} if module in PACKAGES else {module})


def reachable_modules(file: Path) -> set[str]:
    """Returns the modules of the functions that a file imports, and those that these import, and so on."""
    found: set[str] = set()
    left = [file]
    while left:
        for name in imports(left.pop()) & MODULES.keys() - found:
            found.add(name)
            left.append(MODULES[name])
    return found


def packages(names: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in names} & PACKAGES.keys()


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_has_its_place(package: str) -> None:
    there = {name.partition(".")[2] for name in MODULES if name.startswith(f"{package}.")}
    assert {name for line in ORDER[package] for name in line.split()} == there


@pytest.mark.parametrize(("package", "line"), LINES)
def test_imports_point_one_way(package: str, line: int) -> None:
    below = {f"{package}.{name}" for earlier in ORDER[package][:line] for name in earlier.split()}
    for module in ORDER[package][line].split():
        inside = {name for name in imports(PACKAGES[package] / f"{module}.py") if name.startswith(f"{package}.")}
        assert inside <= below, module


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_import_only_what_lies_below_them(package: str) -> None:
    """Transitively: what a module's imports import counts as its own."""
    names = {name for file in PACKAGES[package].glob("*.py") for name in reachable_modules(file)}
    assert packages(names) <= ARROWS[package] | {package}


@pytest.mark.parametrize(("function", "other"), [("sign", "upload_callback"), ("callback", "direct_upload")])
def test_a_function_loads_nothing_of_the_other(function: str, other: str) -> None:
    assert other not in packages(reachable_modules(FUNCTIONS / function / "index.py"))


def test_what_is_not_of_the_functions_has_no_import_circles_either() -> None:
    """CycleError names the modules of a circle. Imports for type checkers alone do not count."""
    tests = ROOT / "tests"
    files = {_module(file, tests if tests in file.parents else ROOT): file for file in tracked_files(".py")}
    graph = {name: set(_names_at_load(file)) & files.keys() - {name} for name, file in files.items()}
    assert {"deploy.build.command", "localcloud.oss.server", "benchmarks.page.many", "support.chain"} <= graph.keys()
    TopologicalSorter(graph).prepare()


DEPLOY_ORDER = ["serverless_devs", "build site files", "link", "hooks", "doctor", "smoke"]
"""The packages of deploy/, the most basic first: one may import packages of earlier lines, and modules beside them."""

DEPLOY_COMMANDS = {"__main__", "deploy", "partial_deployment"}
"""Modules of deploy/ that stand above its packages. The others stand below all but serverless_devs."""


def test_the_owners_commands_import_one_way() -> None:
    ranks = {name: rank for rank, line in enumerate(DEPLOY_ORDER) for name in line.split()}
    folders = {file.parent.name for file in (ROOT / "deploy").glob("*/__init__.py")}
    assert ranks.keys() == folders
    ranks |= dict.fromkeys(DEPLOY_COMMANDS, len(DEPLOY_ORDER))
    wrong = [
        f"{file.relative_to(ROOT)}: {name}"
        for file in (ROOT / "deploy").rglob("*.py")
        for place in [file.relative_to(ROOT / "deploy").with_suffix("").parts[0]]
        for name in imports(file)
        if name.startswith("deploy.") and (other := name.split(".")[1]) not in (place, "serverless_devs")
        if ranks.get(other, -1) >= ranks.get(place, 0)
    ]
    assert wrong == []


def _module(file: Path, root: Path) -> str:
    return ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__")


def _statements_at_load(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for node in body:
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.unparse(node.test):
            yield from _statements_at_load([*node.body, *node.orelse])
        elif isinstance(node, ast.Try):
            yield from _statements_at_load([*node.body, *node.orelse, *node.finalbody])


def _names_at_load(file: Path) -> Iterator[str]:
    for node in _statements_at_load(statements_at_top(file)):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{name.name}" for name in node.names)


@pytest.mark.parametrize("module", PURE)
def test_pure_modules_know_nothing_else(module: str) -> None:
    assert imports(MODULES[module]) == PURE[module]


def test_three_modules_open_sockets() -> None:
    sdk = ("alibabacloud_", "darabonba", "Tea", "socket", "http", "urllib.request", "requests")
    assert {
        name for name, file in MODULES.items() if any(imported.startswith(sdk) for imported in imports(file))
    } == WITH_A_SOCKET


def test_only_index_reads_clock_environment_and_randomness() -> None:
    for name, file in MODULES.items():
        source = file.read_text(encoding="utf-8")
        for call in ("time.time(", "os.environ", "secrets.", "datetime.now", "utcnow", "random."):
            assert call not in source, f"{name} has {call}"


def test_the_stand_ins_import_nothing_of_what_they_check() -> None:
    for file in (ROOT / "localcloud").rglob("*.py"):
        assert {name for name in imports(file) if name.split(".")[0] in ("index", *PACKAGES)} == set(), file.name


def test_the_suites_of_peers_need_python_alone() -> None:
    """Those who run them elsewhere have nothing to install, and neither our signer nor our verifier has a say."""
    names = {name.split(".")[0] for file in (ROOT / "vectors").rglob("*.py") for name in imports(file)}
    assert names <= {*sys.stdlib_module_names, "vectors"}


def test_no_test_imports_another_test() -> None:
    for file in (ROOT / "tests").rglob("*.py"):
        assert {name for name in imports(file) if ".test_" in name or name.startswith("test_")} == set(), file.name


MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 35
"""Without the docstring. tests/web/structure.test.js counts both for the page."""


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    docstring = function.body[0] if ast.get_docstring(function, clean=False) is not None else None
    length = (docstring.end_lineno or 0) - docstring.lineno + 1 if docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - length


CODE = (".py", ".js", ".mjs", ".cjs", ".ts", ".jsx", ".svelte", ".vue", ".sh", ".go", ".java", ".php")


def test_no_file_of_code_is_long() -> None:
    """Tests aside: what proves one thing may take more. deploy/ros.yaml and s.yaml are a list of resources each."""
    files = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in tracked_files(*CODE)}
    folders = {file.relative_to(ROOT).parts[0] for file in files}
    assert folders >= {"benchmarks", "deploy", "examples", "functions", "localcloud", "tools", "vectors", "web"}
    assert [
        file for file, lines in files.items() if lines > MAX_FILE_LINES and ROOT / "tests" not in file.parents
    ] == []


def test_functions_are_short() -> None:
    """Tests aside, whose tables and worlds may take more."""
    files = [file for file in tracked_files(".py") if ROOT / "tests" not in file.parents]
    functions = [
        (f"{file.relative_to(ROOT)}: {node.name}", code_lines(node))
        for file in files
        for node in statements(file)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert {name.partition("/")[0] for name, _ in functions} >= {"benchmarks", "deploy", "functions", "localcloud"}
    assert [name for name, length in functions if length > MAX_FUNCTION_LINES] == []
