"""The real s.yaml in a scratch copy, and the real Serverless Devs from npm: only the components are stand-ins.

The copy has a configuration of its own, made-up credentials and, for OSS, an address on this machine, so that no run can
reach an account.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from support import sentinels, serverless_devs

PROJECT = Path(__file__).parent.parent.parent
RECORDERS = Path(__file__).parents[1] / "deploy" / "recorders"
ACCOUNT = "1234567890123456"

DEPLOYED = ["infra deploy", "callback deploy", "sign deploy", "site deploy"]
REMOVED = ["callback remove", "sign remove", "site remove", "infra remove"]
DOMAINS = {
    "SIGN_DOMAIN": "sign.example.com",
    "SIGN_CERTIFICATE": "1-cn-hangzhou",
    "SITE_DOMAIN": "upload.example.com",
    "UPLOAD_DOMAIN": "files.example.com",
}
EXISTING = {"UPLOAD_BUCKET": "team-files", "UPLOAD_PREFIX": "in/here"}
"""A bucket that was there before the deployment."""

SCHEMA = PROJECT.parent / "shared" / "data" / "fc3-schema.json"
"""The schema of the component fc3, which this project cannot carry; found beside it if a machine has it."""

INDEX = '<meta content="https://function.invalid https://upload.invalid">'
"""A page in which there is nothing to minify, so that no run waits for that."""

_BUILDER = (
    ".PHONY: build\nbuild:\n\t@mkdir -p build/sign build/callback"
    " && touch build/sign/index.py build/callback/index.py && echo built >>built\n"
)
_VARIABLES = re.compile(r"^\$\{(?!path)")


@dataclass
class CommandResult:
    """What a run of `s` came to."""

    exit_code: int
    said: str
    """Both its outputs."""


@dataclass
class Scratch:
    """A copy of what `s` reads."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def s(self, *words: str, **environ: str) -> CommandResult:
        """Runs the command. Nothing of this process's credentials or settings gets to it."""
        done = subprocess.run(  # noqa: S603 - the command is ours
            [serverless_devs.PROGRAM, *words],
            cwd=self.folder,
            env={**self.environ, **environ},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )
        return CommandResult(done.returncode, done.stdout)

    def ok(self, *words: str, **environ: str) -> str:
        """Runs a command that must succeed; what it said."""
        done = self.s(*words, **environ)
        assert done.exit_code == 0, done.said
        return done.said

    def calls(self) -> list[dict[str, Any]]:
        """Returns what the stand-ins were asked, in order."""
        record = self.folder / "record"
        return [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []

    def order(self) -> list[str]:
        """Returns the calls in short: `sign deploy`."""
        return [f"{call['resource']} {call['command']}" for call in self.calls()]

    def props(self, resource: str) -> dict[str, Any]:
        """Returns what a resource's component last got."""
        props = [call["props"] for call in self.calls() if call["resource"] == resource]
        assert props, f"{resource} was never called"
        return dict(props[-1])

    def builds(self) -> int:
        """Returns how many times `make build` ran."""
        built = self.folder / "built"
        return len(built.read_text().splitlines()) if built.exists() else 0


def make(folder: Path, oss_endpoint: str, api_endpoint: str = "") -> Scratch:
    """Returns a scratch copy in an empty folder, with OSS at one address, and Function Compute and ROS at the other."""
    for name in ("s.yaml", "s.domain.yaml", "s.alone.yaml"):
        (folder / name).write_text(_with_stand_ins((PROJECT / name).read_text()))
    for name in ("deploy", "functions", "localcloud"):
        shutil.copytree(PROJECT / name, folder / name, ignore=shutil.ignore_patterns("*.pyc.*"))
    (folder / "web").mkdir()
    (folder / "web" / "index.html").write_text(INDEX)
    shutil.copytree(RECORDERS / "site", folder / "deploy" / "site", dirs_exist_ok=True)
    (folder / "Makefile").write_text(_BUILDER)
    _this_python(folder)
    home = folder / "home"
    home.mkdir()
    secret, jwt_secret = secrets.token_urlsafe(24), secrets.token_urlsafe(32)
    sentinels.keep_secret(secret)
    sentinels.keep_secret(jwt_secret)
    scratch = Scratch(
        folder,
        {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            **serverless_devs.ENVIRON,
            "SSL_CERT_FILE": os.devnull,  # see tests/conftest.py
            "serverless_devs_config_home": str(home),
            "AccountID": ACCOUNT,
            "AccessKeyID": "made-up",
            "AccessKeySecret": secret,
            "OSS_ENDPOINT": oss_endpoint,
            "FC_CLIENT_CUSTOM_ENDPOINT": api_endpoint,
            "ROS_ENDPOINT": api_endpoint,
            "RECORD": str(folder / "record"),
            "CLOUD": str(folder / "cloud"),
            "RECORDER": str(RECORDERS / "recorder.cjs"),
            "JWT_SECRET": jwt_secret,
        },
    )
    if SCHEMA.exists():
        scratch.environ["FC3_SCHEMA"] = str(SCHEMA)
    return scratch


def _with_stand_ins(text: str) -> str:
    """Returns s.yaml with other components in place of the vendor's, and nothing else changed."""
    return re.sub(r"^( +component: )(fc3|ros)(@[\d.]+)?$", rf"\g<1>{RECORDERS}/\g<2>.cjs", text, flags=re.MULTILINE)


def _this_python(folder: Path) -> None:
    """Puts the tests' own Python where the hooks look for one, and a set-up that does nothing."""
    environment = folder / ".venv" / "default" / "bin"
    environment.mkdir(parents=True)
    (environment / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (environment / "python").chmod(0o755)
    (folder / "tools").mkdir()
    shutil.copy(PROJECT / "tools" / "run.py", folder / "tools")
    (folder / "tools" / "setup.sh").write_text("#!/bin/sh\n")
    (folder / "tools" / "setup.sh").chmod(0o755)
