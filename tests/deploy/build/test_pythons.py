"""Which Python makes a package, and what is said where it is not on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.build import pythons
from deploy.build.pythons import BuildError, Python
from support.build import python_that_says

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
    "none": ({}, "There is no other Python here either."),
    "one that no runtime has": (
        {"bin/python3.11": "echo cpython 3.11", "bin/python3": "echo cpython 3.11"},
        "This machine has: 3.11 ({}/bin/python3.11).",
    ),
    "one that another runtime has": (
        {"bin/python3.13": "echo cpython 3.13", ".venv/3.10/bin/python": "echo cpython 3.10"},
        "This machine has: 3.10 ({}/.venv/3.10/bin/python), 3.13 ({}/bin/python3.13). "
        "Or build for what is here: RUNTIME=python3.10.",
    ),
    "names of pyenv's without a Python behind them": (
        {"bin/python3.9": "exit 127", "bin/python3.14": "echo cpython 3.14"},
        "This machine has: 3.14 ({}/bin/python3.14).",
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
