"""`make build`: what Function Compute runs, `build/sign/` and `build/callback/`, made and tried out without Docker.

Each folder holds a function's index.py, its modules and its dependencies side by side: Function Compute puts the root
of the code on Python's path, so that no PYTHONPATH is needed. profiles.json, if there is one, lies beside index.py of
the signing function. The same sources make the same bytes on every run.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from deploy.build import code_folder, dependencies, pythons
from deploy.build.pythons import BuildError
from deploy.counts import number_of
from deploy.environment import own_environment
from deploy.private_files import why_private
from deploy.profiles import read_profiles
from direct_upload.profiles import FILE, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from deploy.build.pythons import Python

ROOT = Path(__file__).parents[2]
FUNCTIONS = ROOT / "functions"
SHARED = ("shared/fc_http", "shared/oss_protocol")

RUNTIMES = {f"python{minor}": minor for minor in pythons.RUNTIMES}
"""Of Function Compute, its default first; and the Python that each runs."""

TIME = 1_577_880_000
"""Of every file: 2020-01-01 12:00 UTC, seconds since the epoch. A zip counts from 1980, in local time."""

_BUCKET = {"OSS_BUCKET": "team-uploads", "OSS_REGION": "cn-hongkong"}


@dataclass(frozen=True)
class Function:
    """What is to be packed."""

    name: str
    modules: str
    """The folder of its own modules."""
    sources: tuple[str, ...]
    """Files and folders below functions/, which come to lie side by side."""
    settings: Mapping[str, str]
    """What the package is tried out with: the least that must be set."""
    request: str
    """The request it is tried out with, and the status that answers it."""

    @property
    def lock(self) -> Path:
        """Returns its dependencies, locked."""
        return FUNCTIONS / self.name / "requirements.txt"

    @property
    def folder(self) -> Path:
        """Returns where the package goes."""
        return ROOT / "build" / self.name


SIGN = Function(
    "sign",
    "direct_upload",
    ("sign/index.py", "sign/direct_upload", *SHARED),
    {
        **_BUCKET,
        "OSS_STS_ROLE_ARN": "acs:ram::1234567890123456:role/upload",
        "ALLOWED_ORIGINS": "https://www.example.com",
        "AUTH": "none",
    },
    "GET /limits 200",
)

CALLBACK = Function(
    "callback",
    "upload_callback",
    ("callback/index.py", "callback/upload_callback", *SHARED),
    {**_BUCKET, "CALLBACK_SECRET": "0" * 32},
    "POST /stored 403",
)


@dataclass(frozen=True)
class BuildResult:
    """A package: its folder, how many files are in it, and its size in bytes, as it is and zipped."""

    folder: Path
    files: int
    size: int
    zipped: int

    def __str__(self) -> str:
        folder = self.folder.relative_to(ROOT) if self.folder.is_relative_to(ROOT) else self.folder
        return f"{folder}: {number_of(self.files, 'file')}, {self.size / 1e6:.1f} MB, zipped {self.zipped / 1e6:.1f} MB"


def main(environ: Mapping[str, str]) -> int:
    """Builds for RUNTIME. Returns the exit code: 0, or 2 with a line for what is wrong."""
    runtime = environ.get("RUNTIME") or next(iter(RUNTIMES))
    try:
        profiles = profiles_to_pack(ROOT)
        for function, packed in ((SIGN, profiles), (CALLBACK, None)):
            print(build(function, runtime, function.folder, environ, _say, profiles=packed))
    except BuildError as fault:
        print(fault, file=sys.stderr)
        return 2
    return 0


def profiles_to_pack(project: Path) -> bytes | None:
    """Returns the content of profiles.json; None if there is no such file. Raises BuildError.

    Whether it fits the settings is checked while deploying: a build has no .env.
    """
    try:
        content = read_profiles(project)
    except ValueError as fault:
        raise BuildError(str(fault)) from None
    if content is not None:
        faults = [*parse(content).faults, *(f"{FILE} {why}" for why in why_private(FILE, content))]
        if faults:
            raise BuildError("\n".join(faults))
    return content


def build(
    function: Function,
    runtime: str,
    folder: Path,
    environ: Mapping[str, str],
    say: Callable[[str], None],
    *,
    profiles: bytes | None = None,
) -> BuildResult:
    """Makes a function's package for a runtime, in place of what `folder` was; `say` takes a line for each step.

    Raises BuildError, and then leaves `folder` as it was.
    """
    if runtime not in RUNTIMES:
        raise BuildError(f"RUNTIME must be {' or '.join(RUNTIMES)}, not {runtime!r}")
    python = pythons.find(RUNTIMES[runtime], environ)
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Beside the folder, so that the finished one takes its place in one step.
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as place:
        work, code = Path(place) / "work", Path(place) / "code"
        work.mkdir()
        say(f"Packages of {function.name} for {runtime}, with {python.path}")
        dependencies.install(function.lock, python, code, work, environ)
        code_folder.trim(code)
        copy_source(function, code)
        say("Bytecode")
        compile_all(code, python)
        settle(code)
        check(function, code, python, say)
        if profiles is not None:
            # After the first request, whose settings they need not fit.
            (code / FILE).write_bytes(profiles)
            settle(code)
        if folder.exists():
            folder.rename(Path(place) / "old")
        code.rename(folder)
    found = code_folder.files(folder)
    return BuildResult(folder, len(found), sum(file.stat().st_size for file in found), code_folder.zipped_size(folder))


def copy_source(function: Function, code: Path) -> None:
    """Adds the function itself. Raises BuildError for a link, in whose place its target, a secret perhaps, would be."""
    of_this_machine = shutil.ignore_patterns("__pycache__", ".DS_Store")
    sources = [FUNCTIONS / name for name in function.sources]
    links = [path for source in sources for path in (source, *source.rglob("*")) if path.is_symlink()]
    if links:
        raise BuildError(
            "\n".join(f"functions/{path.relative_to(FUNCTIONS)} is a link: copy the file" for path in links)
        )
    for source in sources:
        if source.is_dir():
            shutil.copytree(source, code / source.name, ignore=of_this_machine)
        else:
            shutil.copy(source, code)


def compile_all(code: Path, python: Python) -> None:
    """Adds bytecode that is used whatever the time of its source, and knows no path but Function Compute's `/code`.

    Raises BuildError.
    """
    how = ["--invalidation-mode", "unchecked-hash", "-s", str(code), "-p", "/code"]
    # The order of a set's members, which bytecode may hold, follows the hash seed.
    done = _run(
        [str(python.path), "-S", "-m", "compileall", "-q", *how, str(code)], {"PYTHONHASHSEED": "0"}, code.parent
    )
    if done.returncode:
        raise BuildError(f"Python {python.minor} cannot compile the package: {_last_line(done.stdout + done.stderr)}")


def settle(code: Path) -> None:
    """Gives every file and folder the mode that Function Compute can read and the same time on every run."""
    for path in [code, *code.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    for path in [code, *code.rglob("*")]:
        os.utime(path, (TIME, TIME))


def check(function: Function, code: Path, python: Python, say: Callable[[str], None]) -> None:
    """Looks into the package, and has it answer a request with nothing but itself. Raises BuildError."""
    if faults := code_folder.faults(code, python):
        raise BuildError("\n".join(f"Not fit for Function Compute: {fault}" for fault in faults))
    loads = loads_binaries()
    say("First request" if loads else "First request; what is compiled for Linux on x86_64 cannot be loaded here")
    script = str(ROOT / "deploy" / "build" / "first_request.py")
    modules = [function.modules] if loads else []
    command = [str(python.path), "-I", "-S", "-B", script, str(code), function.request, *modules]
    done = _run(command, function.settings, code.parent)
    if done.returncode:
        raise BuildError(f"The package does not run on Python {python.minor}: {_last_line(done.stderr)}")


def loads_binaries() -> bool:
    """Tells whether this machine can load what Function Compute loads."""
    return (platform.system(), platform.machine()) == ("Linux", "x86_64") and platform.libc_ver()[0] == "glibc"


def _run(command: list[str], environ: Mapping[str, str], where: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - a Python of this machine, with fixed arguments
        command,
        env=environ,
        cwd=where,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it says nothing"])[-1]


def _say(line: str) -> None:
    print(line, file=sys.stderr)


def run(*_: object) -> int:
    """Runs the command in this process's environment; returns the exit code."""
    return main(own_environment(ROOT))
