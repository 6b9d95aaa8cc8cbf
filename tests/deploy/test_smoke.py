"""`make smoke` as people run it: against `make dev`, and what it says of a wrong call."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from deploy.smoke import command as smoke
from deploy.smoke.session import Session
from deploy.smoke.smoke import Smoke
from deploy.smoke.target import Target
from support.checkout import untouched_checkout
from support.dev import PATIENCE, dev, environment
from support.factories import NOON
from support.tokens import new_secret

NOW = datetime.fromtimestamp(NOON, timezone.utc)

HERE = {
    **dict.fromkeys(("function", "page", "oss", "sts"), "http://127.0.0.1:1"),
    **dict.fromkeys(("access_key_id", "access_key_secret", "security_token", "role_arn", "files"), "x"),
}
"""A line of JSON as `make dev` prints it."""

NEVER_TRIED = ["The function wrote a log line"]

SEEN_LOCALLY = {
    "Is Access-Control-Allow-Origin single?": "yes: {page}",
    "Does the gateway add CORS headers of its own?": "no",
    "Does a preflight reach the function?": "yes: 204",
    "Do the gateway's own refusals have CORS headers?": "403 FCCommonError, allowing no origin",
    "Is the function's answer forced to download?": "yes: attachment",
    "Is the page forced to download?": "no: no Content-Disposition",
    "Does X-Fc-Log-Type: Tail show the log to anybody?": "no: 200",
    "Does X-Fc-Invocation-Type: Async work for anybody?": "no: 200",
    "Does OSS accept fields that no condition names?": "yes: 200",
    "Does OSS accept fields after the file?": "yes: 200",
    "Does OSS accept another type of the file part?": "no: 403 AccessDenied 0006-00000227",
    "Does OSS accept a file part without a type?": "yes: 200",
    "Which type is stored if the file part says bytes?": "text/plain",
    "Is x-oss-content-type held by $content-type?": "yes: 403 AccessDenied 0006-00000227",
    "Does OSS read the form field acl?": "yes: 400 InvalidArgument",
    "Does the form field acl need oss:PutObjectAcl?": "yes: 403 AccessDenied 0003-00000301",
    "Does OSS accept an empty file?": "yes: 200",
    "How does OSS answer a wrong signature?": "403 SignatureDoesNotMatch 0002-00000705",
    "Does not-in hold for a field that is absent?": "no: 403 AccessDenied 0006-00000226",
    "Is a condition accepted whose name has no $?": "yes: 200",
    "How does OSS answer a form that has expired?": "no: 403 AccessDenied 0006-00000213",
    "Is a form accepted that expires during the upload?": "no: 403 AccessDenied 0006-00000213",
    "Is an x-oss-date of 20 minutes ago accepted?": "yes: 200",
    "Is an x-oss-date 20 minutes ahead accepted?": "no: 403 RequestTimeTooSkewed 0002-00000709",
}
"""Every question, and what the stand-ins answer to it."""


def run(line: str, *arguments: str, **environ: str) -> tuple[int, str, str]:
    """Runs `make smoke` as a process, with one line on its standard input."""
    done = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "deploy", "smoke", *arguments],
        cwd=untouched_checkout(),
        env=environment(
            untouched_checkout(), PYTHONPATH="functions/shared:functions/sign:functions/callback", **environ
        ),
        input=line,
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def secret() -> str:
    return new_secret()


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory, secret: str) -> Iterator[Any]:
    """Yields what `make dev` tells of a run in which a token is needed."""
    settings = {"AUTH": "jwt", "JWT_SECRET": secret, "CALLBACK": "on", "DOWNLOAD_URL_EXPIRES_IN": "60"}
    settings |= {"MULTIPART_THRESHOLD": "1MB", "MULTIPART_SECRET": new_secret()}
    with dev(tmp_path_factory.mktemp("dev"), JSON="1", **settings) as running:
        yield running.addresses()


@pytest.fixture(scope="module")
def output(addresses: Any, secret: str) -> str:
    """Returns what `make smoke` says to it, all being well."""
    code, printed, errors = run(json.dumps(addresses), "--dev", "--probe", JWT_SECRET=secret)
    assert (code, errors) == (0, "")
    return printed


def outcomes(output: str, mark: str) -> list[str]:
    """Returns the names of the steps that ended so."""
    return [line[10:].partition(": ")[0] for line in output.splitlines() if line[2:10].strip() == mark]


def test_on_make_dev_all_holds_that_can_be_tried(output: str, addresses: Any) -> None:
    here = "http://127.0.0.1:1"
    target = Target(function=here, page=here, token="", deployer=None, signer=None)
    steps = [name for name, _ in Smoke(Session(target)).steps()]
    assert outcomes(output, "ok") == [
        *(name for name in steps if name not in NEVER_TRIED),
        "What was uploaded is deleted",
    ]
    assert outcomes(output, "FAILED") == []
    assert output.endswith("\nAll checks passed.\n")
    assert f"ok      The page names the function: {addresses['function']}\n" in output
    assert "ok      It is stored as it was declared: 6 bytes, text/plain, smoke ü.txt\n" in output


def test_the_open_questions_are_answered_in_a_table(output: str, addresses: Any) -> None:
    table = output.partition("seen here\n\n")[2].partition("\n\n")[0]
    rows = {line[2:54].rstrip(): line[56:] for line in table.splitlines()}
    assert rows == {name: seen.format(page=addresses["page"].rstrip("/")) for name, seen in SEEN_LOCALLY.items()}


def test_without_probe_no_question_is_asked(addresses: Any, secret: str) -> None:
    code, printed, _ = run(json.dumps(addresses), "--dev", JWT_SECRET=secret)
    asked = [line for line in printed.splitlines() if "?" in line]
    assert (code, asked, "seen here" in printed) == (0, [], False)


def test_its_uploads_are_known_by_their_subject(output: str, addresses: Any) -> None:
    assert "ok      It signs a form: uploads/smoke/" in output
    assert [path for kind in ("bin", "txt") for path in Path(addresses["files"]).rglob(f"*.{kind}")] == []


def test_nothing_that_could_be_used_is_printed(output: str, addresses: Any, secret: str) -> None:
    assert [
        name for name in ("access_key_secret", "security_token", "access_key_id") if addresses[name] in output
    ] == []
    assert secret not in output
    assert "eyJ" not in output


def test_without_a_token_it_fails_and_says_what_is_missing(addresses: Any) -> None:
    code, printed, _ = run(json.dumps(addresses), "--dev")
    assert code == 1
    assert "FAILED  It signs a form: 401 token_missing; set JWT_SECRET or TOKEN\n" in printed
    assert "-       OSS accepts the form as it is: not checked: there is no form\n" in printed
    assert "FAILED  The function begins a multipart upload: 401 token_missing\n" in printed
    assert printed.endswith("\n2 checks failed.\n")


def test_with_another_secret_than_the_functions_it_says_so(addresses: Any) -> None:
    code, printed, _ = run(json.dumps(addresses), "--dev", JWT_SECRET=new_secret())
    assert code == 1
    assert (
        "FAILED  The function states its limits: 401 token_invalid; JWT_SECRET here (the environment wins over .env) "
        "is not the function's: set the same in both\n"
    ) in printed


def test_a_token_of_somebody_else_is_not_taken_for_a_secret_of_here(addresses: Any) -> None:
    _, printed, _ = run(json.dumps(addresses), "--dev", TOKEN="a.b.c", JWT_SECRET=new_secret())
    assert "FAILED  The function states its limits: 401 token_invalid\n" in printed


def test_where_nobody_reads_what_was_uploaded_is_deleted_all_the_same(addresses: Any, secret: str) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "deploy", "smoke", "--dev"],
        cwd=untouched_checkout(),
        env=environment(
            untouched_checkout(), PYTHONPATH="functions/shared:functions/sign:functions/callback", JWT_SECRET=secret
        ),
        input=json.dumps(addresses),
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
        timeout=4 * PATIENCE,
        check=False,
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")
    assert [path for path in Path(addresses["files"]).rglob("*") if path.is_file() and path.suffix == ".bin"] == []


def test_both_addresses_are_those_of_the_deployment() -> None:
    environ = {"SIGN_DOMAIN": "sign.example.com", "SITE_DOMAIN": "up.example.com"}
    target = smoke._live(smoke._parser(environ).parse_args([]), environ, NOW, {}, untouched_checkout())
    assert (target.function, target.page) == ("https://sign.example.com", "https://up.example.com/")


@pytest.mark.parametrize(
    ("arguments", "line", "environ", "printed"),
    [
        ([], "", {}, "--function is missing: give the address that `npx --no-install s info` prints\n"),
        (["--function", "https://f.example"], "", {}, "--page is missing: give the address that `npx --no-install s info` prints\n"),
        (["--function", "https://u:p@f.example", "--page", "https://p.example"], "", {}, "--function must be an address such as https://…, not one with a user's name or password in it\n"),
        (["--function", "f.example", "--page", "https://p.example"], "", {}, "--function must be an address such as https://…, not 'f.example'\n"),
        (["--function", "http://f.example", "--page", "https://p.example"], "", {}, "--function must be an address such as https://…, not 'http://f.example'\n"),
        (["--function", "https://f.example", "--page", "http://p.example"], "", {}, "--page must be an address such as https://…, not 'http://p.example'\n"),
        (["--function", "http://127.0.0.1.evil.example", "--page", "https://p.example"], "", {}, "--function must be an address such as https://…, not 'http://127.0.0.1.evil.example'\n"),
        *(
            (["--dev"], json.dumps({**HERE, name: "http://10.0.0.1:80"}), {}, f"{name} must be an address such as https://…, not 'http://10.0.0.1:80'\n")
            for name in ("function", "page", "oss", "sts")
        ),
        (["--dev"], "{}", {}, "The JSON line of make dev lacks 'access_key_id'\n"),
        (["--dev"], "", {}, "The JSON line of make dev lacks 'access_key_id'\n"),
        (["--function", "https://f.example", "--page", "https://p.example"], "", {"JWT_SECRET": "short"}, "JWT_SECRET must have at least 32 bytes; make one with: openssl rand -hex 32\n"),
    ],
)  # fmt: skip
def test_a_wrong_call_is_told_in_a_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    line: str,
    environ: dict[str, str],
    printed: str,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(line))
    assert smoke.main(arguments, environ, NOW, untouched_checkout()) == 2
    assert capsys.readouterr() == ("", printed)


def test_a_faulty_file_of_profiles_is_told_in_lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "profiles.json").write_text('{"photos": {"max_size": 1}, "scans": 2}')
    assert smoke.main([], {}, NOW, tmp_path) == 2
    assert capsys.readouterr().err.splitlines() == [
        'photos.max_size in profiles.json must be a text such as "10MB", not 1',
        "scans in profiles.json must be an object, not 2",
    ]


def test_its_token_is_for_every_profile() -> None:
    secret = new_secret()
    token = smoke._token({"JWT_SECRET": secret}, datetime.now(timezone.utc), {"photos": {}, "scans": {}})
    assert jwt.decode(token, OctKey.import_key(secret)).claims["profiles"] == ["default", "photos", "scans"]
