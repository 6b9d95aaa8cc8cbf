"""Runs a module of this project: `python -I tools/run.py deploy files …`.

`-I` keeps the folder in which people are, and PYTHONPATH, off Python's path. What is here is added at its end: no file
that somebody puts into the project takes the place of a module of Python or of a dependency.
"""

import runpy
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent

sys.path += [str(PROJECT), *(str(PROJECT / "functions" / name) for name in ("shared", "sign", "callback"))]
del sys.argv[0]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
