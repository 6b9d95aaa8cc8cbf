"""Upload links: what they hold, how long they are good, and that no link is printed that would not be taken."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any

import pytest
import time_machine
from joserfc import jwt
from joserfc.jwk import OctKey

from deploy import link
from direct_upload.authorize import authorize
from direct_upload.settings import Settings
from support import factories
from support.factories import NOON
from support.tokens import new_secret

PAGE = "https://upload.example.com/"
NOW = datetime.fromtimestamp(NOON, timezone.utc)

Link = Any


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Link:
    """Runs `make link`; gives its exit code, its output and what it says besides."""

    def run(*arguments: str, **environ: str) -> tuple[int, str, str]:
        code = link.main(list(arguments), environ, NOW)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def read(printed: str, secret: str) -> Any:
    """The claims in a printed link, as another library reads them."""
    page, _, token = printed.strip().partition("#token=")
    assert page == PAGE
    return jwt.decode(token, OctKey.import_key(secret)).claims


def test_a_link_is_the_pages_address_and_a_token_in_its_fragment(run: Link) -> None:
    secret = new_secret()
    code, printed, said = run("--who", "alice", "--until", "1d", "--page", PAGE, JWT_SECRET=secret)
    assert (code, read(printed, secret)) == (
        0,
        {
            "iss": "oss-direct-upload",
            "aud": "oss-direct-upload",
            "sub": "alice",
            "iat": int(NOON),
            "exp": int(NOON) + 86_400,
        },
    )
    assert said == "For alice, until 2024-11-25 12:00 UTC. Anybody who has the link can upload.\n"
    assert secret not in printed + said


def test_a_link_can_be_narrower_than_the_settings(run: Link) -> None:
    secret = new_secret()
    narrow = ("--max-size", "20MB", "--types", "image/png,image/jpeg")
    _, printed, _ = run("--who", "a", "--until", "1d", *narrow, JWT_SECRET=secret, PAGE_URL=PAGE)
    claims = read(printed, secret)
    assert (claims["max_size"], claims["content_types"]) == (20_000_000, ["image/png", "image/jpeg"])


def test_types_are_narrowed_in_the_words_of_the_settings(run: Link) -> None:
    secret = new_secret()
    narrow = ("--types", "image/*, .stl ,chemical/x-mine=bin")
    _, printed, _ = run("--who", "a", "--until", "1d", *narrow, JWT_SECRET=secret, PAGE_URL=PAGE)
    assert read(printed, secret)["content_types"] == ["image/*", ".stl", "chemical/x-mine=bin"]


def test_the_function_takes_it(run: Link) -> None:
    secret, other = new_secret(), new_secret()
    environ = {"JWT_SECRET": f"{secret},{other}", "JWT_ISSUER": "us", "JWT_AUDIENCE": "here"}
    _, printed, _ = run("--who", "a b", "--until", "2d", "--max-size", "7", "--page", PAGE, **environ)
    settings = Settings.from_environ(factories.ENVIRON | environ | {"AUTH": "jwt"})
    grant = authorize(settings, f"Bearer {printed.strip().partition('#token=')[2]}")
    assert (grant.key_prefix, grant.max_size) == ("uploads/a_20b/", 7)
    assert read(printed, secret)


@pytest.mark.parametrize(
    ("until", "ends"),
    [
        ("30m", "2024-11-24T12:30:00"),
        ("12h", "2024-11-25T00:00:00"),
        ("7d", "2024-12-01T12:00:00"),
        ("2024-11-24", "2024-11-25T00:00:00"),
        ("2024-12-31", "2025-01-01T00:00:00"),
        ("2024-12-31T18:00Z", "2024-12-31T18:00:00"),
        ("2024-12-31T18:00", "2024-12-31T18:00:00"),
        ("2024-12-31T18:00+08:00", "2024-12-31T10:00:00"),
    ],
)
def test_until_is_a_day_an_instant_or_a_while(run: Link, until: str, ends: str) -> None:
    secret = new_secret()
    _, printed, _ = run("--who", "a", "--until", until, "--page", PAGE, JWT_SECRET=secret)
    assert read(printed, secret)["exp"] == datetime.fromisoformat(f"{ends}+00:00").timestamp()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            {"until": "soon"},
            "--until must be a day or an instant (2026-12-31, 2026-12-31T18:00Z), or 30m, 12h, 7d, not 'soon'",
        ),
        ({"until": "2024-11-23"}, "--until 2024-11-23 is over"),
        ({"until": "2024-11-24T12:00Z"}, "--until 2024-11-24T12:00Z is over"),
        ({"who": ""}, "--who must be 1 to 255 characters"),
        ({"who": "x" * 256}, "--who must be 1 to 255 characters"),
        (
            {"max-size": "big"},
            "--max-size must be a whole number of bytes, or of KB, MB, GB or TB, such as 100MB, not 'big'",
        ),
        ({"types": "text/html"}, "--types text/html can run scripts in the browser that opens the file"),
        (
            {"page": "http://upload.example.com/"},
            "The page's address must be https://…, without a fragment, not 'http://upload.example.com/'",
        ),
        (
            {"page": "https://a.example/#x"},
            "The page's address must be https://…, without a fragment, not 'https://a.example/#x'",
        ),
        *(
            ({"page": page}, f"The page's address must be https://…, without a fragment, not {page!r}")
            for page in ("https://", "ftp://a.example/")
        ),
        *(
            (
                {"page": page},
                "The page's address must be https://…, without a fragment, not one with a user's name or password in it",
            )
            for page in ("http://localhost:x@evil.example/", "https://a@b.example/")
        ),
        (
            {"until": "9999-12-31"},
            "--until must be a day or an instant (2026-12-31, 2026-12-31T18:00Z), or 30m, 12h, 7d, not '9999-12-31'",
        ),
        ({"who": "\udcff"}, "--who must be 1 to 255 characters"),
        (
            {"page": ""},
            "The page's address is missing: give --page, or set PAGE_URL or, for a deployed page, AccountID",
        ),
    ],
)
def test_what_is_wrong_is_told_in_a_line_and_no_link_is_printed(run: Link, changed: dict[str, str], said: str) -> None:
    flags = {"who": "a", "until": "1d", "page": PAGE} | changed
    arguments = [word for name, value in flags.items() for word in (f"--{name}", value)]
    assert run(*arguments, JWT_SECRET=new_secret()) == (2, "", said + "\n")


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("", "JWT_SECRET is missing: it must be the function's"),
        ("short-and-secret", "JWT_SECRET must have at least 32 bytes; make one with: openssl rand -hex 32"),
    ],
)
def test_without_a_good_secret_there_is_no_link(run: Link, secret: str, said: str) -> None:
    assert run("--who", "a", "--until", "1d", "--page", PAGE, JWT_SECRET=secret) == (2, "", said + "\n")


def test_on_this_machine_cleartext_will_do(run: Link) -> None:
    code, printed, _ = run("--who", "a", "--until", "1d", "--page", "http://127.0.0.1:8080/", JWT_SECRET=new_secret())
    assert (code, printed.partition("#")[0]) == (0, "http://127.0.0.1:8080/")


@pytest.mark.parametrize(
    ("environ", "page"),
    [
        ({"AccountID": "12345"}, "https://oss-direct-upload-site-12345.oss-cn-hongkong.aliyuncs.com/index.html"),
        (
            {"AccountID": "12345", "NAME": "team", "REGION": "cn-shanghai"},
            "https://team-site-12345.oss-cn-shanghai.aliyuncs.com/index.html",
        ),
        ({"SITE_DOMAIN": "up.example.com"}, "https://up.example.com/"),
        ({"SITE_DOMAIN": "up.example.com", "PAGE_URL": PAGE}, PAGE),
    ],
)
def test_the_page_is_the_deployed_one_unless_another_is_named(run: Link, environ: dict[str, str], page: str) -> None:
    _, printed, _ = run("--who", "a", "--until", "1d", JWT_SECRET=new_secret(), **environ)
    assert printed.partition("#token=")[0] == page
