"""Runs hooks of s.yaml one after the other in one process: most load an SDK, which takes a second.

Reads JSON on standard input, `[{"run": "deploy.hooks.stack", "with": {…}}, …]`, and gives `with` to each module's
`main` on its standard input. The first that fails is the last.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from io import StringIO

from localcloud.terminal import guard_output


def main() -> int:
    """Returns the exit code of the first hook that fails; 0 if none does."""
    steps = json.load(sys.stdin)
    for step in steps:
        sys.stdin = StringIO(json.dumps(step["with"]))
        code: int = import_module(step["run"]).main()
        if code:
            return code
    return 0


if __name__ == "__main__":
    guard_output()
    sys.exit(main())
