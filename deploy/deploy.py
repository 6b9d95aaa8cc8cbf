"""`make deploy` and `make remove`: Serverless Devs over s.yaml, with what it cannot do by itself.

Before a deployment, a random JWT_SECRET goes into .env if nobody chose how users prove who they are, and a random
CALLBACK_SECRET or MULTIPART_SECRET if callbacks or multipart uploads are switched on without one; after it, the page's
address and an upload link for a day are printed. With SIGN_DOMAIN set, s.domain.yaml is used, and with ACCESS the
credentials of that name, for deployment and removal alike. With ONLY, one part of a deployment is renewed.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from pathlib import Path

from deploy import last_deployment, partial_deployment
from deploy.env_file import add_secret
from deploy.environment import discovers_keys, env_file, environment, for_serverless_devs
from deploy.link import command as link
from deploy.serverless_devs import components, oidc
from deploy.serverless_devs.access import alias
from deploy.serverless_devs.logs import FOR_ITS_OWNER, hiding, own_logs
from deploy.serverless_devs.packages import delete_packages

_PROJECT = Path(__file__).parent.parent
_S = _PROJECT / "node_modules" / ".bin" / "s"
_DECLARED = _PROJECT / "s.yaml"

_CANNOT_DELETE = re.compile(r"Stack status = \w+_FAILED, retrying")
"""What `s` says every 5 seconds, without an end, once ROS has given up."""

_PATIENCE = 3
"""How often it says so before it is stopped: at first it may still see how an earlier removal ended."""

_UNDELETED = (
    "Stopped: ROS could not delete the stack, and tries no more. Its events in ROS's console say why: often, that a "
    "file was posted into the bucket meanwhile. Then run the same command again."
)


_INTERRUPTED = (
    "Interrupted. A function may be open to everyone without its cap (reservedConcurrency): run `make deploy` again, "
    "or `make remove`."
)


def ensure_identity(file: Path, environ: Mapping[str, str]) -> str:
    """Writes a random JWT_SECRET into .env, if users are to prove who they are and nothing is set for it.

    The secret that is now set; empty where nobody has to prove anything, or an identity provider's keys are set.
    """
    known = environment(environ, file.parent)
    if known.get("AUTH") == "none" or known.get("JWT_JWKS"):
        return ""
    if known.get("JWT_SECRET"):
        return known["JWT_SECRET"]
    if discovers_keys(known):
        return ""
    return _write_secret(file, environ, "JWT_SECRET", "upload links are signed with it")


def ensure_tickets(file: Path, environ: Mapping[str, str]) -> None:
    """Writes into .env a random secret for each kind of ticket that is switched on and has none."""
    known = environment(environ, file.parent)
    if known.get("CALLBACK") == "on" and not known.get("CALLBACK_SECRET"):
        _write_secret(file, environ, "CALLBACK_SECRET", "the two functions know each other by it")
    if known.get("MULTIPART_THRESHOLD") and not known.get("MULTIPART_SECRET"):
        _write_secret(file, environ, "MULTIPART_SECRET", "without it no unfinished upload goes on")


def _write_secret(file: Path, environ: Mapping[str, str], name: str, why: str) -> str:
    if name in environ:
        raise ValueError(f"{name} is empty in the environment, which wins over .env: set it there, or unset it")
    if environ.get("CI"):
        raise ValueError(f"{name} is missing, and a random one would end with this job: put one among the CI's secrets")
    secret, new = add_secret(file, name)
    if new:
        print(f"Wrote a random {name} into {file.name}. Keep that file: {why}.")
    return secret


def deploy(environ: Mapping[str, str]) -> int:
    """Returns the exit code of `s deploy`, or that of what follows it."""
    file = env_file(environ, _PROJECT)
    if part := environ.get("ONLY"):
        partial_deployment.check(part, environment(environ, file.parent), _PROJECT)
        return _run("deploy", environ, part)
    secret = ensure_identity(file, environ)
    ensure_tickets(file, environ)
    try:
        code = _run("deploy", environ)
    except (KeyboardInterrupt, SystemExit):  # no hook runs any more
        print(_INTERRUPTED, flush=True)
        raise
    if code:
        return code
    known = environment(environ, file.parent)
    page = _page(environ)
    if not page:
        return 1
    return _tell(page, secret, known, ci=bool(environ.get("CI")))


def _tell(page: str, secret: str, known: Mapping[str, str], *, ci: bool) -> int:
    """Prints where the page is and who may upload; returns the exit code of the link's command."""
    print(f"\nThe page: {page}")
    if not known.get("SITE_DOMAIN"):
        print("This address downloads the page instead of showing it: set SITE_DOMAIN (docs/deploy.md, Domains).")
    if secret and ci:
        print(
            "Where CI is set, no upload link is printed: all who may read this log could use it. `make link` makes one."
        )
    elif secret:
        print("An upload link, good for a day (`make link` makes others):", flush=True)
        return link.main(["--who", "first-link", "--until", "1d", "--page", page], known, datetime.now(timezone.utc))
    if known.get("AUTH") == "none":
        print("AUTH=none: anybody who finds the function can upload.")
    return 0


def remove(environ: Mapping[str, str]) -> int:
    """Returns the exit code of `s remove`."""
    return _run("remove", environ)


def main(command: str, environ: Mapping[str, str]) -> int:
    """Returns the exit code of what is run; 2 where .env or the environment cannot be used."""
    try:
        environ = oidc.with_credentials(environ)
        refuse_templates(environment(environ, _PROJECT))
        own = last_deployment.target(environ, _PROJECT)
        _check_account(own.account, alias(environment(environ, _PROJECT)))
        ask = input if sys.stdin.isatty() and not environ.get("CI") else None
        if not last_deployment.confirm({"deploy": "Deploying", "remove": "Removing"}[command], own, _PROJECT, ask):
            print("Nothing was done.")
            return 1
        return {"deploy": deploy, "remove": remove}[command](environ)
    except (OSError, ValueError) as fault:
        print(fault, file=sys.stderr)
        return 2


def _check_account(account: str, name: str) -> None:
    """Raises ValueError where Serverless Devs would stop midway, since its credentials name no account."""
    if not account:
        raise ValueError(
            "There are no credentials to deploy with: neither AccountID, AccessKeyID and AccessKeySecret in the "
            f"environment, all three, nor any with an account's ID by the name of {name}. Run "
            f"`npx --no-install s config add -a {name}`, or see docs/operations.md, Credentials."
        )


def refuse_templates(settings: Mapping[str, str]) -> None:
    """Raises ValueError where Serverless Devs would take a setting for a template and put something else in."""
    for name in sorted(set(re.findall(r"env\('(\w+)'", _DECLARED.read_text(encoding="utf-8")))):
        for what in ("${", "<%"):
            if what in settings.get(name, ""):
                raise ValueError(
                    f"{name} has {what} in it, where Serverless Devs puts other values in: write it without"
                )


def _page(environ: Mapping[str, str]) -> str:
    with own_logs(for_serverless_devs(environ, _PROJECT)) as own:
        asked = subprocess.run(  # noqa: S603 - the command is ours
            [str(_S), "info", "-o", "json", "--silent", *_options(environ)],
            cwd=_PROJECT,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            check=False,
            env=own,
            umask=FOR_ITS_OWNER,
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


def _words(command: str, environ: Mapping[str, str], part: str) -> list[str]:
    options = [command, "-y", *_options(environ)]
    return partial_deployment.words(part, options, environment(environ, _PROJECT)) if part else options


def _run(command: str, environ: Mapping[str, str], part: str = "") -> int:
    """Runs `s`, for a part alone if there is one. It says what `s` says as it comes, but no secret.

    Returns the exit code of `s`, or 1 if it was stopped.
    """
    known = environment(environ, _PROJECT)
    for line in components.report(_PROJECT, known):
        print(line, flush=True)
    try:
        with (
            own_logs(for_serverless_devs(environ, _PROJECT)) as own,
            subprocess.Popen(  # noqa: S603 - the command is ours
                [str(_S), *_words(command, environ, part)],
                cwd=_PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
                errors="replace",
                env={**own, "FORCE_COLOR": "0"},  # colours are escape sequences
                umask=FOR_ITS_OWNER,
            ) as running,
        ):
            return _report(running, hiding(known), own["serverless_devs_traceid"])
    finally:
        delete_packages(known)


def _report(running: subprocess.Popen[str], hide: Callable[[str], str], log: str) -> int:
    """Prints what `s` says; stops it where it would wait without an end."""
    assert running.stdout is not None  # noqa: S101 - asked for above
    hopeless = 0
    try:
        for line in running.stdout:
            hopeless = hopeless + 1 if _CANNOT_DELETE.search(line) else 0
            if log not in line:  # where its log is, which is about to be deleted
                print(hide(line), end="", flush=True)
            if hopeless == _PATIENCE:
                running.terminate()
                print(_UNDELETED, flush=True)
                return 1
    except BaseException:
        running.terminate()
        raise
    return running.wait()


def run(command: str, _: list[str]) -> int:
    """Runs the command in this process's environment; returns the exit code."""
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, _end)
    return main(command, os.environ)


def _end(number: int, _: object) -> None:
    """Ends this process as Ctrl-C does: `s` is stopped, and its logs are deleted."""
    sys.exit(128 + number)
