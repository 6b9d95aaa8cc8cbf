"""What the code folder may hold, and what is removed from it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.build import code_folder
from deploy.build import command as build
from support.build import HERE, MINOR, TAG, names, put


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
