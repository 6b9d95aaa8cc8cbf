"""What is installed into a package: what the lock names, from wheels, and nothing else."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import re
import tarfile
from pathlib import Path

import pytest

from deploy.build import command as build
from deploy.build import dependencies
from deploy.build.pythons import BuildError, Python
from support.build import HERE, NO_REGISTRY, put, python_that_says, runs_in_function_compute

LOCK = """\
# by hand
alibabacloud-tea==0.4.3 \\
    --hash=sha256:aa
multidict==7.1.0 ; python_full_version < '3.11' \\
    --hash=sha256:bb \\
    --hash=sha256:cc
multidict==7.2.1 ; python_full_version >= '3.11' \\
    --hash=sha256:dd
"""


def test_a_lock_is_read_entry_by_entry() -> None:
    assert dependencies.lock_entries(LOCK) == [
        "alibabacloud-tea==0.4.3 \\\n    --hash=sha256:aa",
        "multidict==7.1.0 ; python_full_version < '3.11' \\\n    --hash=sha256:bb \\\n    --hash=sha256:cc",
        "multidict==7.2.1 ; python_full_version >= '3.11' \\\n    --hash=sha256:dd",
    ]


def test_pip_runs_under_the_targets_python(tmp_path: Path) -> None:
    """Which alone evaluates the lock's markers for the target: another one would leave packages out."""
    says = '[ "$3" = wheel ] || { echo "ERROR: asked to $3 for $9" >&2; exit 1; }'
    target = Python("3.10", python_that_says(tmp_path / "bin" / "python", says))
    (tmp_path / "work").mkdir()
    with pytest.raises(BuildError, match=r": asked to install for 3\.10$"):
        dependencies.install(build.SIGN.lock, target, tmp_path / "code", tmp_path / "work", os.environ)


PIP_SAYS = {
    "no registry": (
        "WARNING: Retrying (Retry(total=1, connect=None, read=None, redirect=None, status=None)) after connection broken by "
        "'NewConnectionError(...)': /pip/\n"
        "ERROR: Could not find a version that satisfies the requirement pip==26.3 (from versions: none)\n"
        "ERROR: No matching distribution found for pip==26.3\n",
        "The package registry does not answer: check the network, HTTPS_PROXY and pip's index-url, and try again",
    ),
    "no wheel": (
        "ERROR: Ignored the following yanked versions: 0.3.7\n"
        "ERROR: Could not find a version that satisfies the requirement alibabacloud-tea==0.4.3 (from versions: 0.4.0)\n"
        "ERROR: No matching distribution found for alibabacloud-tea==0.4.3\n",
        "This registry has no wheel of alibabacloud-tea==0.4.3 for Function Compute (Linux, x86_64, glibc 2.28 or older): "
        "lock another version, or, if it is pure Python and published as source only, name it in "
        "deploy/build/source-only.txt",
    ),
    "another file": (
        "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated [...]\n"
        "    idna==3.20 from https://registry.example/idna-3.20-py3-none-any.whl (from -r a.txt (line 1)):\n"
        "        Expected sha256 00\n"
        "             Got        11\n",
        "Not what the lock names: idna==3.20. Try without pip's cache (PIP_NO_CACHE_DIR=1), then another registry; "
        "if it stays so, somebody has exchanged it",
    ),
    "something else": (
        "WARNING: a\nERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n\n",
        "pip could not install the function's dependencies: Could not install packages due to an OSError: [Errno 28] No space "
        "left on device",
    ),
    "something unheard of": ("/usr/bin/python: No module named pip\n", None),
}


@pytest.mark.parametrize("case", PIP_SAYS)
def test_what_pip_says_becomes_one_line(case: str) -> None:
    said, told = PIP_SAYS[case]
    assert dependencies.explain_failure(said) == (
        told or "pip could not install the function's dependencies: /usr/bin/python: No module named pip"
    )


@pytest.mark.registry
@runs_in_function_compute
@pytest.mark.parametrize("name", ["alibabacloud-tea", pytest.param("idna", marks=pytest.mark.thorough)])
def test_a_package_that_is_not_the_locked_one_is_refused(name: str, tmp_path: Path) -> None:
    entries = dependencies.lock_entries(build.SIGN.lock.read_text(encoding="utf-8"))
    few = [entry for entry in entries if entry.startswith(("alibabacloud-tea==", "idna=="))]
    forged = [re.sub("sha256:.{8}", "sha256:" + "0" * 8, entry) if entry.startswith(name) else entry for entry in few]
    put(tmp_path, {"lock.txt": "\n".join(forged)})
    (tmp_path / "work").mkdir()
    with pytest.raises(BuildError, match=rf"^Not what the lock names: {name}==[0-9.]+\. Try without pip's cache .*$"):
        dependencies.install(tmp_path / "lock.txt", HERE, tmp_path / "code", tmp_path / "work", os.environ)


def test_the_tools_are_not_built_where_a_registry_has_only_their_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what that would be built, no lock names."""
    backend = "import os, pathlib\npathlib.Path(os.environ['RUN']).touch()\n"
    tool = {
        "tool-1/pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n",
        "tool-1/PKG-INFO": "Metadata-Version: 2.1\nName: tool\nVersion: 1\n",
        "tool-1/backend.py": backend,
    }
    sources = tmp_path / "registry" / "tool-1.tar.gz"
    sources.parent.mkdir()
    with tarfile.open(sources, "w:gz") as archive:
        archive.add(put(tmp_path / "made", tool) / "tool-1", "tool-1")
    lock = f"tool==1 --hash=sha256:{hashlib.sha256(sources.read_bytes()).hexdigest()}\n"
    put(tmp_path, {"tools.txt": lock, "lock.txt": ""})
    (tmp_path / "work").mkdir()
    monkeypatch.setattr(dependencies, "TOOLS_LOCK", tmp_path / "tools.txt")
    environ = {**NO_REGISTRY, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(sources.parent), "RUN": str(tmp_path / "run")}
    with pytest.raises(BuildError):
        dependencies.install(tmp_path / "lock.txt", HERE, tmp_path / "code", tmp_path / "work", environ)
    assert not (tmp_path / "run").exists()


def test_nothing_that_is_in_it_needs_what_is_left_out() -> None:
    """By what each package of the lock says of itself: red when a new version wants aiohttp's friends for itself."""
    lock = {re.split(r"[=\s]", entry)[0] for entry in dependencies.lock_entries(build.SIGN.lock.read_text())}
    users = {
        (needed, distribution.metadata["Name"].lower().replace("_", "-"))
        for distribution in importlib.metadata.distributions()
        for needed in (re.split(r"[^\w.-]", requirement)[0].lower() for requirement in distribution.requires or ())
    }
    kept = lock - set(dependencies.LEFT_OUT)
    # These two name aiohttp, and call it in their asynchronous half alone: see test_without_aiohttp.py.
    assert {user for needed, user in users if needed in dependencies.LEFT_OUT and user in kept} <= {
        "alibabacloud-tea",
        "darabonba-core",
        "typing-extensions",
    }
    assert {needed for needed, user in users if needed in dependencies.LEFT_OUT and user in kept} == {"aiohttp"}
