"""`make build`, step by step: bytecode, times, profiles, the first request; what is unfit is refused."""

from __future__ import annotations

import marshal
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from deploy.build import command as build
from deploy.build.pythons import BuildError
from support.build import HERE, MINOR, NO_REGISTRY, RUNTIME, TAG, names, put, runs_in_function_compute
from support.checkout import untouched_checkout


def test_an_unknown_runtime_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"^RUNTIME must be python3\.12 or python3\.10, not 'python3\.9'$"):
        build.build(build.SIGN, "python3.9", tmp_path / "sign", {}, print)


def test_no_link_brings_a_secret_into_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, {".env": "JWT_SECRET=secret", **{f"functions/{each}/a.py": "" for each in build.SIGN.sources[1:]}})
    for link in ("sign/index.py", "sign/direct_upload/words.txt"):
        (tmp_path / "functions" / link).symlink_to(tmp_path / ".env")
    monkeypatch.setattr(build, "FUNCTIONS", tmp_path / "functions")
    links = r"functions/sign/index\.py is a link: .*\nfunctions/sign/direct_upload/words\.txt is a link: .*"
    with pytest.raises(BuildError, match=f"^{links}$"):
        build.copy_source(build.SIGN, tmp_path / "code")


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
