"""`make build`: the package is whole, the same on every run, and runs from its folder alone; what is unfit is refused."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import marshal
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.build import code_folder, dependencies, pythons
from deploy.build import command as build
from deploy.build.pythons import BuildError, Python
from localcloud.dev.cloud import Cloud
from support.chain import CONTENT, FILE, post_upload
from support.checkout import untouched_checkout
from support.scratch import PROJECT

MINOR = "{}.{}".format(*sys.version_info)
HERE = Python(MINOR, Path(sys.executable))
TAG = HERE.tag

NO_REGISTRY = {
    **os.environ,
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_INDEX_URL": "http://127.0.0.1:9/",
    "PIP_NO_CACHE_DIR": "1",
}


def put(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def names(folder: Path) -> list[str]:
    return [path.relative_to(folder).as_posix() for path in code_folder.files(folder)]


# Which Python.


def python_that_says(path: Path, says: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{says}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


PYTHONS = {
    "an environment of this project, before one on PATH": (
        {".venv/3.12/bin/python": "echo cpython 3.12", "bin/python3.12": "echo cpython 3.12"},
        ".venv/3.12/bin/python",
    ),
    "one on PATH": ({"bin/python3.12": "echo cpython 3.12"}, "bin/python3.12"),
    "pyenv's, where PATH has only its name": (
        {
            "bin/python3.12": "echo pyenv: python3.12: command not found >&2; exit 127",
            "bin/pyenv": '[ "$*" = "prefix 3.12" ] && echo "${0%/bin/pyenv}/versions/3.12.7"',
            "versions/3.12.7/bin/python": "echo cpython 3.12",
        },
        "versions/3.12.7/bin/python",
    ),
    "uv's, where PATH has none": (
        {
            "bin/uv": '[ "$*" = "python find --managed-python --system 3.12" ] && echo "${0%/bin/uv}/uv/3.12/python"',
            "uv/3.12/python": "echo cpython 3.12",
        },
        "uv/3.12/python",
    ),
    "that of this project's own uv": (
        {
            ".venv/default/bin/uv": '[ "$2" = find ] && echo "${0%/.venv/*}/uv/3.12/python"',
            "uv/3.12/python": "echo cpython 3.12",
        },
        "uv/3.12/python",
    ),
    "not one of another minor version": ({".venv/3.12/bin/python": "echo cpython 3.13"}, None),
    "not PyPy": ({"bin/python3.12": "echo pypy 3.12"}, None),
    "none": ({}, None),
}


@pytest.mark.parametrize("case", PYTHONS)
def test_the_package_is_made_by_the_targets_own_python(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pythons, "ROOT", tmp_path)
    there, expected = PYTHONS[case]
    for name, says in there.items():
        python_that_says(tmp_path / name, says)
    environ = {"PATH": str(tmp_path / "bin")}
    if expected:
        assert pythons.find("3.12", environ) == Python("3.12", tmp_path / expected)
    else:
        with pytest.raises(BuildError, match=r"^Python 3\.12, .* is not on this machine\."):
            pythons.find("3.12", environ)


HERE_ARE = {
    "none": ({}, "There is no other here either."),
    "one that no runtime has": (
        {"bin/python3.11": "echo cpython 3.11", "bin/python3": "echo cpython 3.11"},
        "There is here: 3.11 ({}/bin/python3.11).",
    ),
    "one that another runtime has": (
        {"bin/python3.13": "echo cpython 3.13", ".venv/3.10/bin/python": "echo cpython 3.10"},
        "There is here: 3.10 ({}/.venv/3.10/bin/python), 3.13 ({}/bin/python3.13). "
        "Or build for what is here: RUNTIME=python3.10.",
    ),
    "names of pyenv's without a Python behind them": (
        {"bin/python3.9": "exit 127", "bin/python3.14": "echo cpython 3.14"},
        "There is here: 3.14 ({}/bin/python3.14).",
    ),
}


@pytest.mark.parametrize("case", HERE_ARE)
def test_where_the_targets_python_is_missing_the_cure_and_what_is_here_are_named(
    case: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pythons, "ROOT", tmp_path)
    there, told = HERE_ARE[case]
    for name, says in there.items():
        python_that_says(tmp_path / name, says)
    with pytest.raises(BuildError) as refused:
        pythons.find("3.12", {"PATH": str(tmp_path / "bin")})
    cure = "get it with `.venv/default/bin/uv python install 3.12` or `pyenv install 3.12`."
    assert str(refused.value) == (
        "Python 3.12, which will run the package, has to make it, and is not on this machine. Debian 12 has no package of "
        f"it: {cure} {told.replace('{}', str(tmp_path))}"
    )


def test_an_unknown_runtime_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"^RUNTIME must be python3\.12 or python3\.10, not 'python3\.9'$"):
        build.build(build.SIGN, "python3.9", tmp_path / "sign", {}, print)


# What is installed.

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


# What may be in it.


def elf(*, machine: int = 62, bits: int = 2, order: int = 1, needs: str = "GLIBC_2.17") -> bytes:
    """Returns the first bytes of an ELF file, and a dynamic string."""
    identity = b"\x7fELF" + bytes([bits, order, 1]) + bytes(9)
    return identity + (3).to_bytes(2, "little") + machine.to_bytes(2, "little") + bytes(44) + f"\0{needs}\0".encode()


ON_LINUX = f"a.{TAG}-x86_64-linux-gnu.so"
OTHER = "cpython-399"

BINARIES: dict[str, tuple[str, bytes, list[str]]] = {
    "of this Python": (ON_LINUX, elf(), []),
    "of any Python from some on": ("a.abi3.so", elf(), []),
    "a library": ("libffi-1a2b.so.8.1.4", elf(), []),
    "glibc just new enough": (ON_LINUX, elf(needs="GLIBC_2.28"), []),
    "glibc too new": (ON_LINUX, elf(needs="GLIBC_2.29"), ["needs glibc 2.29; Function Compute has 2.28"]),
    "glibc too new, with a patch level": (
        ON_LINUX,
        elf(needs="GLIBC_2.34.1"),
        ["needs glibc 2.34; Function Compute has 2.28"],
    ),
    "another library's version": (ON_LINUX, elf(needs="OPENSSL_3.4"), []),
    "arm64": (ON_LINUX, elf(machine=183), ["is not for x86_64"]),
    "i386": (ON_LINUX, elf(machine=3, bits=1), ["is not for x86_64"]),
    "big endian": (ON_LINUX, elf(order=2), ["is not for x86_64"]),
    "macOS": (f"a.{TAG}-darwin.so", b"\xcf\xfa\xed\xfe" + bytes(60), ["is not for Linux (no ELF file)"]),
    "another Python": (
        f"a.{OTHER}-x86_64-linux-gnu.so",
        elf(),
        [f"is for {OTHER}-x86_64-linux-gnu, not for Python {MINOR} on Linux"],
    ),
    "musl": (
        f"a.{TAG}-x86_64-linux-musl.so",
        elf(),
        [f"is for {TAG}-x86_64-linux-musl, not for Python {MINOR} on Linux"],
    ),
}


@pytest.mark.parametrize("case", BINARIES)
def test_only_what_function_compute_can_load(case: str, tmp_path: Path) -> None:
    name, content, faults = BINARIES[case]
    put(tmp_path, {name: content})
    assert code_folder.faults(tmp_path, HERE) == [f"{name} {fault}" for fault in faults]


KEY_BODY = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ" * 3

UNFIT: dict[str, tuple[str, str, str]] = {
    "settings": ("prod.env", "A=1", "is settings or keys"),
    "hidden settings": (".env", "A=1", "is settings or keys"),
    "settings of a stage": ("direct_upload/.env.prod", "A=1", "is settings or keys"),
    "a key by its name": ("tls.key", "", "is settings or keys"),
    "a key by what it holds": (
        "tls.pem",
        f"-----BEGIN RSA PRIVATE KEY-----\n{KEY_BODY}\n-----END RSA PRIVATE KEY-----\n",
        "has a key in it",
    ),
    "an AccessKey": ("notes.txt", "id: LTAI" + "5tExampleExample1234", "has a key in it"),
    "a folder of tests": ("certifi/tests/data.json", "{}", "is a test"),
    "a test set-up": ("a/conftest.py", "", "is a test"),
    "a library of Windows": ("a.pyd", "MZ", "is of another system"),
    "a library of macOS": ("libffi.8.dylib", "", "is of another system"),
}


@pytest.mark.parametrize("case", UNFIT)
def test_what_does_not_belong_there_is_refused(case: str, tmp_path: Path) -> None:
    name, content, fault = UNFIT[case]
    put(tmp_path, {name: content})
    build.compile_all(tmp_path, HERE)
    assert code_folder.faults(tmp_path, HERE) == [f"{name} {fault}"]


def test_certificates_and_words_about_keys_may_stay(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "certifi/cacert.pem": f"-----BEGIN CERTIFICATE-----\n{KEY_BODY}\n-----END CERTIFICATE-----\n",
            "ssh.txt": '_SK_START = b"-----BEGIN OPENSSH PRIVATE KEY-----"\n_SK_END = b"-----END OPENSSH PRIVATE KEY-----"\n',
        },
    )
    assert code_folder.faults(tmp_path, HERE) == []


def test_a_link_is_refused(tmp_path: Path) -> None:
    put(tmp_path, {"a.txt": ""})
    (tmp_path / "b.txt").symlink_to("a.txt")
    assert code_folder.faults(tmp_path, HERE) == ["b.txt is a link: its target stays behind"]


def test_sources_without_bytecode_are_refused(tmp_path: Path) -> None:
    put(tmp_path, {"a.py": "A = 1\n", "b/c.py": ""})
    assert code_folder.faults(tmp_path, HERE) == [
        f"a.py has no bytecode for Python {MINOR}",
        f"b/c.py has no bytecode for Python {MINOR}",
    ]


def test_bytecode_that_looks_at_times_is_refused(tmp_path: Path) -> None:
    put(tmp_path, {"a.py": "A = 1\n"})
    subprocess.run([sys.executable, "-m", "compileall", "-q", str(tmp_path)], check=True)  # noqa: S603
    assert code_folder.faults(tmp_path, HERE) == ["a.py has bytecode that is checked against its source's time"]


def test_licences_stay_and_what_nothing_imports_goes(tmp_path: Path) -> None:
    kept = {
        "a-1.dist-info/METADATA",
        "a-1.dist-info/entry_points.txt",
        "a-1.dist-info/licenses/AUTHORS.rst",
        "a-1.dist-info/licenses/vendor/b/LICENSE",
        "a-1.dist-info/sboms/a.json",
        "a/__init__.py",
        "a/_core.so",
        "a/py.js",
        "a/test_utils.py",
        "b-1.dist-info/LICENSE",
        "b-1.dist-info/NOTICE.txt",
    }
    removed = {
        "a-1.dist-info/INSTALLER",
        "a-1.dist-info/RECORD",
        "a-1.dist-info/REQUESTED",
        "a-1.dist-info/WHEEL",
        "a-1.dist-info/direct_url.json",
        "a/__init__.pyi",
        "a/_core.c",
        "a/_core.h",
        "a/_core.pxd",
        "a/_core.pyx",
        "a/_testcapi.so",
        "a/py.typed",
        "a/tests/__init__.py",
        "a/tests/deep/test_a.py",
        "bin/a",
    }
    put(tmp_path, dict.fromkeys(kept | removed, ""))
    code_folder.trim(tmp_path)
    assert set(names(tmp_path)) == kept


# Bytecode, times, modes.

SOURCE = "WORDS = {'%s'}\nODD = lambda word: word in {'a', 'b', 'c', 'd', 'e'}\n"


def bytecode_of(folder: Path) -> bytes:
    put(folder, {"index.py": SOURCE})
    build.compile_all(folder, HERE)
    return (folder / "__pycache__" / f"index.{TAG}.pyc").read_bytes()


def test_bytecode_is_the_same_wherever_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = bytecode_of(tmp_path / "one")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    assert bytecode_of(tmp_path / "another/and/deeper") == first
    assert marshal.loads(first[16:]).co_filename == "/code/index.py"  # noqa: S302 - made here


def test_bytecode_is_used_whatever_its_source_has_become(tmp_path: Path) -> None:
    bytecode_of(tmp_path)
    put(tmp_path, {"index.py": "raise SystemExit('compiled again')\n"})
    command = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import index"]
    assert subprocess.run(command, check=False).returncode == 0  # noqa: S603


def test_what_cannot_be_compiled_is_told_in_one_line(tmp_path: Path) -> None:
    put(tmp_path, {"a.py": "def\n"})
    with pytest.raises(BuildError, match=rf"^Python {MINOR} cannot compile the package: SyntaxError: .*$"):
        build.compile_all(tmp_path, HERE)


def test_every_file_gets_one_mode_and_one_time(tmp_path: Path) -> None:
    put(tmp_path / "a", {"b.txt": "", "c/d.so": ""})
    (tmp_path / "a" / "c" / "d.so").chmod(0o700)
    (tmp_path / "a" / "c").chmod(0o700)
    build.settle(tmp_path / "a")
    seen = {path.name: (path.stat().st_mode & 0o777, path.stat().st_mtime) for path in (tmp_path / "a").rglob("*")}
    noon = 1_577_880_000  # 2020-01-01T12:00:00Z
    assert seen == {"b.txt": (0o644, noon), "c": (0o755, noon), "d.so": (0o644, noon)}


# The first request.

ANSWERS = "def initialize(context): pass\ndef handler(event, context): return {'statusCode': 200}\n"


def checking(tmp_path: Path, files: Mapping[str, str | bytes]) -> list[str]:
    """Returns what is printed while a small package is checked."""
    code = put(tmp_path / "code", files)
    told: list[str] = []
    build.compile_all(code, HERE)
    build.check(build.SIGN, code, HERE, told.append)
    return told


def test_a_package_that_answers_is_fit(tmp_path: Path) -> None:
    assert len(checking(tmp_path, {"index.py": ANSWERS})) == 1


FAILS = {
    "a package of this environment, not of the folder": (
        {"index.py": "import requests\n" + ANSWERS},
        "ModuleNotFoundError: No module named 'requests'",
    ),
    "another answer": (
        {"index.py": ANSWERS.replace("200", "500, 'body': '{}'")},
        "GET /limits was answered with 500: {}",
    ),
}


@pytest.mark.parametrize("case", FAILS)
def test_a_package_that_does_not_answer_is_refused(case: str, tmp_path: Path) -> None:
    files, why = FAILS[case]
    with pytest.raises(BuildError, match=f"^{re.escape(f'The package does not run on Python {MINOR}: {why}')}$"):
        checking(tmp_path, files)


LAZY = {
    "index.py": ANSWERS,
    "direct_upload/__init__.py": "",
    "direct_upload/sts.py": "def call():\n    from requests import get\n",
}


def test_what_is_imported_later_is_tried_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "loads_binaries", lambda: True)
    with pytest.raises(BuildError, match=r"ModuleNotFoundError: No module named 'requests'$"):
        checking(tmp_path, LAZY)


def test_where_linux_binaries_cannot_be_loaded_the_rest_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "loads_binaries", lambda: False)
    assert checking(tmp_path, LAZY) == ["First request; what is compiled for Linux on x86_64 cannot be loaded here"]


def test_all_faults_are_told(tmp_path: Path) -> None:
    with pytest.raises(BuildError) as refused:
        checking(tmp_path, {"index.py": ANSWERS, "a.env": "", "b.pyd": ""})
    assert str(refused.value).splitlines() == [
        "Not fit for Function Compute: a.env is settings or keys",
        "Not fit for Function Compute: b.pyd is of another system",
    ]


# The command.

RUNTIME = f"python{MINOR}"
runs_in_function_compute = pytest.mark.skipif(
    RUNTIME not in build.RUNTIMES, reason=f"Function Compute does not run Python {MINOR}"
)


@runs_in_function_compute
def test_without_a_registry_one_line_says_so_and_the_last_package_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put(tmp_path, {"build/sign/index.py": "the last one"})
    monkeypatch.setattr(build.Function, "folder", property(lambda function: tmp_path / "build" / function.name))
    monkeypatch.setattr(build, "ROOT", untouched_checkout())
    assert build.main({**NO_REGISTRY, "RUNTIME": RUNTIME}) == 2
    out, err = capsys.readouterr()
    [_, told] = err.splitlines()
    assert (out, told, names(tmp_path)) == (
        "",
        "The package registry does not answer: check the network, HTTPS_PROXY and pip's index-url, and try again",
        ["build/sign/index.py"],
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


@pytest.mark.parametrize(
    ("content", "faults"),
    [
        ('{"photos": {"max_size": 1}}', ['photos.max_size in profiles.json must be a text such as "10MB", not 1']),
        ('{"Photos": {}, "a": {"x": 1}}', 2),
        ("{", 1),
        (
            '{"photos": {"content_types": "LTAI' + "x" * 20 + '"}}',
            [
                f"photos.content_types in profiles.json {'LTAI' + 'x' * 20!r} is not a content type",
                "profiles.json has a key in it",
            ],
        ),
    ],
)
def test_every_fault_of_the_profiles_stops_the_build(tmp_path: Path, content: str, faults: list[str] | int) -> None:
    (tmp_path / "profiles.json").write_text(content)
    with pytest.raises(BuildError) as stop:
        build.profiles_to_pack(tmp_path)
    lines = str(stop.value).splitlines()
    assert (lines if isinstance(faults, list) else len(lines)) == faults


def test_profiles_that_cannot_be_read_stop_the_build(tmp_path: Path) -> None:
    (tmp_path / "profiles.json").mkdir()
    with pytest.raises(BuildError, match=r"^profiles\.json cannot be read: Is a directory$"):
        build.profiles_to_pack(tmp_path)


def test_profiles_that_no_settings_fit_are_for_the_deployment_to_refuse(tmp_path: Path) -> None:
    content = b'{"photos": {"callback": true, "multipart": true}}'
    (tmp_path / "profiles.json").write_bytes(content)
    assert (build.profiles_to_pack(tmp_path), build.profiles_to_pack(tmp_path / "none")) == (content, None)


# The package itself, made once a session.

PROFILES = b'{"photos": {"max_size": "10MB", "requires_claim": false}}'


@pytest.fixture(scope="module")
def sign_package(tmp_path_factory: pytest.TempPathFactory) -> build.BuildResult:
    if RUNTIME not in build.RUNTIMES:
        pytest.skip(f"Function Compute does not run Python {MINOR}")
    folder = tmp_path_factory.mktemp("build") / "sign"
    return build.build(build.SIGN, RUNTIME, folder, os.environ, print, profiles=PROFILES)


@pytest.fixture(scope="module")
def code(sign_package: build.BuildResult) -> Path:
    return sign_package.folder


@pytest.fixture
def cloud(tmp_path: Path, code: Path) -> Iterator[Cloud]:
    with Cloud(tmp_path / "files", code=code) as cloud:
        yield cloud
    cloud.check()


def everything(folder: Path) -> dict[str, tuple[int, float, bytes]]:
    return {
        path.relative_to(folder).as_posix(): (
            path.stat().st_mode,
            path.stat().st_mtime,
            b"" if path.is_dir() else path.read_bytes(),
        )
        for path in [folder, *folder.rglob("*")]
    }


@pytest.mark.thorough
def test_two_builds_are_the_same_byte_for_byte(code: Path, tmp_path: Path) -> None:
    again = build.build(build.SIGN, RUNTIME, tmp_path / "sign", os.environ, print, profiles=PROFILES)
    first, second = everything(code), everything(again.folder)
    assert [name for name in first if first[name] != second.get(name)] == []
    assert list(second.keys() - first.keys()) == []


def test_nothing_of_the_callback_function_is_in_it(code: Path) -> None:
    assert [name for name in names(code) if name.startswith("upload_callback")] == []


def test_zipped_it_is_no_larger_than_10_mb(sign_package: build.BuildResult) -> None:
    assert sign_package.zipped <= 10_000_000


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


def test_it_is_told_what_was_made(sign_package: build.BuildResult, code: Path) -> None:
    files = [path for path in code.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    told = rf"{re.escape(str(code))}: {len(files)} files, {size / 1e6:.1f} MB, zipped \d+\.\d MB"
    assert re.fullmatch(told, str(sign_package))


def test_the_function_is_in_it_as_it_is(code: Path) -> None:
    sources = PROJECT / "functions" / "sign"
    ours = ["index.py", *(f"direct_upload/{path.name}" for path in (sources / "direct_upload").glob("*.py"))]
    assert {name: (code / name).read_bytes() for name in ours} == {name: (sources / name).read_bytes() for name in ours}


def test_each_package_of_the_lock_is_in_it_with_its_licence_or_its_name(code: Path) -> None:
    """What the markers of this minor version leave out is not; the lock of 3.10 has one more package."""
    lock = build.SIGN.lock.read_text(encoding="utf-8")
    older = sys.version_info < (3, 11)
    expected = set()
    for requirement, version, marker in re.findall(r"^([\w-]+)==(\S+)(?: ; (.*))? \\$", lock, re.MULTILINE):
        if requirement in dependencies.LEFT_OUT:
            continue
        if "win32" in marker or ("< '3.11'" in marker and not older) or (">= '3.11'" in marker and older):
            continue
        expected.add(f"{requirement.replace('-', '_').lower()}-{version}")
    there = {path.parent.name.removesuffix(".dist-info").lower() for path in code.glob("*.dist-info/METADATA")}
    assert there == expected


ALONE = """
import json, sys, sysconfig
from types import SimpleNamespace
code = sys.argv[1]
sys.path.insert(0, code)
import index
context = SimpleNamespace(request_id="1-alone", function=SimpleNamespace(name="sign"))
index.initialize(context)
reply = index.handler(sys.stdin.buffer.read(), context)
places = (code, sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
files = [getattr(module, "__file__", None) or "" for name, module in sys.modules.items() if name != "__main__"]
print(json.dumps({"reply": reply, "elsewhere": [file for file in files if file and not file.startswith(places)]}))
"""


def test_it_signs_from_its_folder_alone(code: Path, cloud: Cloud, tmp_path: Path) -> None:
    """A process without site-packages, elsewhere, with the folder and nothing else in its environment."""
    event = cloud.gateway.event("POST", "/sign", [], json.dumps({"files": [FILE]}).encode(), "1-alone")
    environ = {
        "OSS_BUCKET": cloud.bucket.name,
        "OSS_REGION": cloud.region,
        "OSS_STS_ROLE_ARN": cloud.role_arn,
        "ALLOWED_ORIGINS": "https://www.example.com",
        "AUTH": "none",
        "UPLOAD_URL": cloud.oss.url,
        "LOCAL": "on",
        "STS_ENDPOINT": cloud.sts.url,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": cloud.function_role.access_key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": cloud.function_role.access_key_secret,
        "ALIBABA_CLOUD_SECURITY_TOKEN": cloud.function_role.security_token,
    }
    ended = subprocess.run(  # noqa: S603 - the package
        [sys.executable, "-I", "-S", "-B", "-c", ALONE, str(code)],
        input=event,
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr.decode()) == (0, "")
    outcome: Any = json.loads(ended.stdout.splitlines()[-1])
    [upload] = json.loads(outcome["reply"]["body"])["uploads"]
    assert (outcome["reply"]["statusCode"], outcome["elsewhere"]) == (200, [])
    assert post_upload(upload).status_code == 200
    assert [each.path.read_bytes() for each in cloud.bucket.objects()] == [CONTENT]


def test_it_signs_behind_the_gateway(cloud: Cloud) -> None:
    answer = requests.post(f"{cloud.gateway.url}/sign", json={"files": [FILE]}, timeout=60)
    [upload] = answer.json()["uploads"]
    assert post_upload(upload).status_code == 200
    assert [each.path.read_bytes() for each in cloud.bucket.objects()] == [CONTENT]


def test_the_profiles_are_in_it_and_the_function_has_them(cloud: Cloud, code: Path) -> None:
    limits = requests.get(f"{cloud.gateway.url}/limits?profile=photos", timeout=60).json()
    assert ((code / "profiles.json").read_bytes(), limits["max_size"]) == (PROFILES, 10_000_000)


# The callback function's package.


@pytest.fixture(scope="module")
def callback(tmp_path_factory: pytest.TempPathFactory) -> build.BuildResult:
    if RUNTIME not in build.RUNTIMES:
        pytest.skip(f"Function Compute does not run Python {MINOR}")
    return build.build(build.CALLBACK, RUNTIME, tmp_path_factory.mktemp("build") / "callback", os.environ, print)


@pytest.mark.thorough
@pytest.mark.registry
def test_the_callback_functions_package_has_its_own_modules_the_shared_ones_and_one_dependency(
    callback: build.BuildResult,
) -> None:
    sources = PROJECT / "functions"
    ours = {"index.py": "callback/index.py"} | {
        f"{path.parent.name}/{path.name}": path.relative_to(sources).as_posix()
        for folder in ("callback/upload_callback", "shared/fc_http", "shared/oss_protocol")
        for path in (sources / folder).glob("*.py")
    }
    assert {name: (callback.folder / name).read_bytes() for name in ours} == {
        name: (sources / source).read_bytes() for name, source in ours.items()
    }
    found = {name.partition("/")[0] for name in names(callback.folder)}
    assert {name for name in found if name.endswith(".dist-info") and name.startswith("crypto")} != set()
    assert {name for name in found if name.startswith(("alibabacloud", "jwt", "aiohttp"))} == set()


@pytest.mark.thorough
@pytest.mark.registry
def test_the_callback_functions_package_is_small(callback: build.BuildResult) -> None:
    assert callback.zipped <= 6_000_000


@pytest.mark.thorough
def test_the_callback_functions_package_verifies_behind_the_gateway(
    callback: build.BuildResult, code: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("localcloud.dev.cloud.CALLBACK", callback.folder)
    with Cloud(tmp_path / "files", code=code, settings={"CALLBACK": "on"}) as cloud:
        answer = requests.post(f"{cloud.gateway.url}/sign", json={"files": [FILE]}, timeout=60)
        [upload] = answer.json()["uploads"]
        assert post_upload(upload).json()["stored"]["key"] == upload["key"]
    cloud.check()
