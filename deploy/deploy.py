"""`make deploy` and `make remove`: Serverless Devs over s.yaml, with what it cannot do by itself.

Before a deployment, a random JWT_SECRET goes into .env if nobody chose how users prove who they are, and a random
CALLBACK_SECRET or MULTIPART_SECRET if callbacks or multipart uploads are switched on without one; after it, the page's
address and an upload link for a day are printed. With SIGN_DOMAIN set, s.domain.yaml is used, and with ACCESS the
credentials of that name, for deployment and removal alike.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

from deploy import components, link
from deploy.env_file import add_secret
from deploy.environment import environment
from localcloud.terminal import guard_output

_PROJECT = Path(__file__).parent.parent
_S = _PROJECT / "node_modules" / ".bin" / "s"
_NO_ACCOUNT = "config('AccountID') not found"


SECRET = ("JWT_SECRET", "CALLBACK_SECRET", "MULTIPART_SECRET", "WEBHOOK_URL", "WEBHOOK_SECRET")
"""Settings that are not printed."""


def ensure_identity(file: Path, environ: Mapping[str, str]) -> str:
    """Write a random JWT_SECRET into .env, if users are to prove who they are and nothing is set for it.

    The secret that is now set; empty where nobody has to prove anything, or an identity provider's keys are set.
    """
    known = environment(environ, file.parent)
    if known.get("AUTH") == "none" or known.get("JWT_JWKS"):
        return ""
    if known.get("JWT_SECRET"):
        return known["JWT_SECRET"]
    return _write_secret(file, "JWT_SECRET", "upload links are signed with it")


def ensure_tickets(file: Path, environ: Mapping[str, str]) -> None:
    """Write into .env a random secret for each kind of ticket that is switched on and has none."""
    known = environment(environ, file.parent)
    if known.get("CALLBACK") == "on" and not known.get("CALLBACK_SECRET"):
        _write_secret(file, "CALLBACK_SECRET", "the two functions know each other by it")
    if known.get("MULTIPART_FROM") and not known.get("MULTIPART_SECRET"):
        _write_secret(file, "MULTIPART_SECRET", "without it no unfinished upload goes on")


def _write_secret(file: Path, name: str, why: str) -> str:
    secret, new = add_secret(file, name)
    if new:
        print(f"Wrote a random {name} into .env. Keep that file: {why}.")
    return secret


def deploy(environ: Mapping[str, str]) -> int:
    """The exit code of `s deploy`, or that of what follows it."""
    file = _PROJECT / ".env"
    secret = ensure_identity(file, environ)
    ensure_tickets(file, environ)
    code = _run("deploy", environ)
    if code:
        return code
    known = environment(environ, file.parent)
    page = _page(environ)
    if not page:
        return 1
    print(f"\nThe page: {page}")
    if not known.get("SITE_DOMAIN"):
        print("This address downloads the page instead of showing it: set SITE_DOMAIN (docs/deploy.md, Domains).")
    if secret:
        print("An upload link, good for a day (`make link` makes others):", flush=True)
        return link.main(["--who", "first-link", "--until", "1d", "--page", page], known, datetime.now(timezone.utc))
    if known.get("AUTH") == "none":
        print("AUTH=none: anybody who finds the function can upload.")
    return 0


def remove(environ: Mapping[str, str]) -> int:
    """The exit code of `s remove`."""
    return _run("remove", environ)


def _page(environ: Mapping[str, str]) -> str:
    asked = subprocess.run(  # noqa: S603 - the command is ours
        [str(_S), "info", "-o", "json", "--silent", *_options(environ)],
        cwd=_PROJECT,
        stdout=subprocess.PIPE,
        text=True,
        check=False,
        env=dict(environ),
    )
    try:
        return str(json.loads(asked.stdout)["site"]["url"])
    except (ValueError, KeyError):
        print("Deployed, but `s info` does not tell the page's address: run it to see why.", file=sys.stderr)
        return ""


def _options(environ: Mapping[str, str]) -> list[str]:
    known = environment(environ, _PROJECT)
    file = ["-t", "s.domain.yaml"] if known.get("SIGN_DOMAIN") else []
    return [*file, *(["-a", known["ACCESS"]] if known.get("ACCESS") else [])]


def _run(command: str, environ: Mapping[str, str]) -> int:
    """Run `s`, saying what it says as it comes, but no secret."""
    known = environment(environ, _PROJECT)
    hidden = [known[name] for name in SECRET if known.get(name)]
    for line in components.report(_PROJECT, known):
        print(line, flush=True)
    with subprocess.Popen(  # noqa: S603 - the command is ours
        [str(_S), command, "-y", *_options(environ)],
        cwd=_PROJECT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**environ, "FORCE_COLOR": "0"},  # colours are escape sequences
    ) as running:
        assert running.stdout is not None  # noqa: S101 - asked for above
        unknown_account = False
        for line in running.stdout:
            unknown_account = unknown_account or _NO_ACCOUNT in line
            for secret in hidden:
                line = line.replace(secret, "(hidden)")  # noqa: PLW2901 - what is printed of it
            print(line, end="", flush=True)
    if unknown_account:
        print("There are no credentials: run `npx --no-install s config add`, or see docs/deploy.md, Before you begin.")
    return running.returncode


if __name__ == "__main__":
    guard_output()
    sys.exit({"deploy": deploy, "remove": remove}[sys.argv[1]](os.environ))
