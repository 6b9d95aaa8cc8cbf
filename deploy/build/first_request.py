"""A package's first request, with nothing but the package: `python -I -S first_request.py FOLDER REQUEST [MODULES]`.

REQUEST is a method, a path and the status that answers it: `GET /limits 200`. Run by the Python that will run the
package, with no site-packages: what is not in FOLDER is not there. With MODULES, the folder of the function's own
modules, all that these import anywhere is imported, too: what they leave for the first call that needs it, and with it
whatever is compiled.
"""

from __future__ import annotations

import ast
import importlib
import json
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any


def event(method: str, path: str) -> bytes:
    """Returns an HTTP event with nothing in it but what it is for."""
    return json.dumps(
        {
            "version": "v1",
            "rawPath": path,
            "body": "",
            "isBase64Encoded": True,
            "headers": {},
            "queryParameters": {},
            "requestContext": {
                "requestId": "1-build",
                "http": {"method": method, "path": path, "sourceIp": "127.0.0.1"},
            },
        }
    ).encode()


def main(folder: Path, request: str, modules: str = "") -> None:
    """Raises whatever keeps the function from answering."""
    method, path, status = request.split()
    sys.path.insert(0, str(folder))
    index: Any = importlib.import_module("index")
    context = SimpleNamespace(request_id="1-build", function=SimpleNamespace(name="build"))
    index.initialize(context)
    reply = index.handler(event(method, path), context)
    if str(reply["statusCode"]) != status:
        raise SystemExit(f"{method} {path} was answered with {reply['statusCode']}: {reply['body']}")
    if modules:
        with _as_the_function_does(folder):
            for name in sorted({name for file in (folder / modules).glob("*.py") for name in _imports(file)}):
                importlib.import_module(name)


def _as_the_function_does(folder: Path) -> AbstractContextManager[Any]:
    """Returns what the function has around the imports that it leaves for later."""
    if not (folder / "direct_upload" / "without_aiohttp.py").exists():
        return nullcontext()
    context: AbstractContextManager[Any] = importlib.import_module("direct_upload.without_aiohttp").without_aiohttp()
    return context


def _imports(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
