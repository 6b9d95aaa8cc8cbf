"""The package's first request, with nothing but the package: `python -I -S first_request.py FOLDER [everything]`.

Run by the Python that will run the package, with no site-packages: what is not in FOLDER is not there. With
`everything`, each module that the function's own code imports anywhere is imported, too: those of the vendor, which it
leaves for the first call that needs them, and with them whatever is compiled.
"""

from __future__ import annotations

import ast
import importlib
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

EVENT = {
    "version": "v1",
    "rawPath": "/limits",
    "body": "",
    "isBase64Encoded": True,
    "headers": {},
    "queryParameters": {},
    "requestContext": {"requestId": "1-build", "http": {"method": "GET", "path": "/limits", "sourceIp": "127.0.0.1"}},
}


def main(folder: Path, *, everything: bool) -> None:
    """Raises whatever keeps the function from answering."""
    sys.path.insert(0, str(folder))
    index: Any = importlib.import_module("index")
    context = SimpleNamespace(request_id="1-build", function=SimpleNamespace(name="build"))
    index.initialize(context)
    reply = index.handler(json.dumps(EVENT).encode(), context)
    if reply["statusCode"] != 200:
        raise SystemExit(f"GET /limits was answered with {reply['statusCode']}: {reply['body']}")
    if everything:
        for name in sorted({name for file in (folder / "direct_upload").rglob("*.py") for name in _imported(file)}):
            importlib.import_module(name)


def _imported(file: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


if __name__ == "__main__":
    main(Path(sys.argv[1]), everything=sys.argv[2:] == ["everything"])
