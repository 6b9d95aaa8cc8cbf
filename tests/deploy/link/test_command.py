"""Upload links: what they hold, how long they are good, and that no link is printed that would not be taken."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
import time_machine
from joserfc import jwt
from joserfc.jwk import OctKey

from deploy.link import command
from deploy.link.qr_code import QrCode
from direct_upload.authorize import authenticate
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
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Link:
    """Runs `make link`; gives its exit code, its output and what it says besides."""

    def run(*arguments: str, **environ: str) -> tuple[int, str, str]:
        code = command.main(list(arguments), environ, NOW, lambda count: "ab" * count, tmp_path)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def read(printed: str, secret: str) -> Any:
    """Returns the claims in a printed link, as another library reads them."""
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
    assert said == (
        "alice: any number of files of at most 100 MB, until Monday 25 November, 12:00 UTC. "
        "Anybody who has the link can upload.\n"
    )
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


def test_a_link_that_counts_has_a_name_of_its_own(run: Link) -> None:
    secret = new_secret()
    _, printed, said = run(
        *("--who", "Anna", "--until", "2024-12-06", "--max-files", "5", "--max-size", "10MB"),
        JWT_SECRET=secret,
        PAGE_URL=PAGE,
    )
    claims = read(printed, secret)
    assert (claims["max_files"], claims["jti"]) == (5, "ab" * 8)
    assert (
        said == "Anna: 5 files of at most 10 MB, until Friday 6 December (UTC). Anybody who has the link can upload.\n"
    )


def test_no_two_links_of_a_person_have_one_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    secret = new_secret()
    for _ in range(2):
        command.main(
            ["--who", "a", "--until", "1d", "--once", "--page", PAGE], {"JWT_SECRET": secret}, NOW, root=tmp_path
        )
    first, second = (read(line, secret)["jti"] for line in capsys.readouterr().out.splitlines())
    assert first != second


def test_once_is_one_file(run: Link) -> None:
    secret = new_secret()
    _, printed, said = run("--who", "a", "--until", "2024-12-06", "--once", JWT_SECRET=secret, PAGE_URL=PAGE)
    assert read(printed, secret)["max_files"] == 1
    assert said.startswith("a: 1 file of at most 100 MB, until")


@pytest.mark.parametrize(
    ("arguments", "environ", "terms"),
    [
        ((), {"MAX_SIZE": "2GB"}, "any number of files of at most 2 GB"),
        (("--max-size", "20MB"), {"MAX_SIZE": "1MB"}, "any number of files of at most 1 MB"),
        (("--types", "image/*,.stl"), {}, "any number of files of at most 100 MB, of the types image/*,.stl"),
    ],
)
def test_what_is_said_is_what_the_link_is_good_for(
    run: Link, arguments: tuple[str, ...], environ: dict[str, str], terms: str
) -> None:
    who = ("--who", "a", "--until", "2024-12-06", "--page", PAGE)
    _, _, said = run(*who, *arguments, JWT_SECRET=new_secret(), **environ)
    assert said == f"a: {terms}, until Friday 6 December (UTC). Anybody who has the link can upload.\n"


def test_the_function_takes_it(run: Link) -> None:
    secret, other = new_secret(), new_secret()
    environ = {"JWT_SECRET": f"{secret},{other}", "JWT_ISSUER": "us", "JWT_AUDIENCE": "here"}
    _, printed, _ = run("--who", "a b", "--until", "2d", "--max-size", "7", "--page", PAGE, **environ)
    settings = Settings.from_environ(factories.ENVIRON | environ | {"AUTH": "jwt"})
    grant = authenticate(settings, f"Bearer {printed.strip().partition('#token=')[2]}").grant(None, {})
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
        *(
            (
                {"until": each},
                f"--until must be a day or an instant (2026-12-31, 2026-12-31T18:00Z), or 30m, 12h, 7d, not '{each}'",
            )
            for each in ("9999-12-31", "9999-12-31T23:59-10:00", "20241206", "2024-W49-5")
        ),
        ({"who": "\udcff"}, "--who must be 1 to 255 characters"),
        *(
            (
                {"title": text},
                "--title must be one line of 1 to 120 characters, without control characters and marks that change "
                "the direction of the text",
            )
            for text in ("", "x" * 121, "a\nb", "a\u202eb", "\x1b[31m")
        ),
        *(
            (
                {"note": text},
                "--note must be 1 to 500 characters, without control characters and marks that change the direction "
                "of the text; \\n begins a line",
            )
            for text in ("", "x" * 501, "a\rb", "a\u202eb", "\x1b[31m")
        ),
        *(
            ({"max-files": count}, f"--max-files must be a whole number from 1 to 1,000, not {count!r}")
            for count in ("0", "-1", "1.0", "1001", "x", "05")
        ),
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
def test_the_page_is_the_deployed_one_unless_another_is_named(
    run: Link, tmp_path: Path, environ: dict[str, str], page: str
) -> None:
    for name in ("s.yaml", "deploy"):
        (tmp_path / name).symlink_to(command.ROOT / name)
    _, printed, _ = run("--who", "a", "--until", "1d", JWT_SECRET=new_secret(), **environ)
    assert printed.partition("#token=")[0] == page


PROFILES = """{
    "photos": {"max_size": "2GB", "multipart": false, "requires_claim": true},
    "open": {"requires_claim": false}
}"""


@pytest.mark.parametrize(
    ("arguments", "terms"),
    [
        (("--profile", "photos"), "any number of files of at most 2 GB, by the profile photos"),
        (("--profile", "photos", "--max-size", "5GB"), "any number of files of at most 2 GB, by the profile photos"),
        (("--profile", "photos", "--max-size", "7"), "any number of files of at most 7 bytes, by the profile photos"),
        (("--profile", "open", "--once"), "1 file of at most 100 MB, by the profile open"),
        (("--profile", "default"), "any number of files of at most 100 MB, by the profile default"),
    ],
)
def test_a_link_for_a_profile_is_for_no_other(
    run: Link, tmp_path: Path, arguments: tuple[str, ...], terms: str
) -> None:
    secret = new_secret()
    (tmp_path / "profiles.json").write_text(PROFILES)
    who = ("--who", "a", "--until", "2024-12-06", "--page", PAGE)
    _, printed, said = run(*who, *arguments, JWT_SECRET=secret)
    link, _, profile = printed.strip().partition("&profile=")
    assert (read(link, secret)["profiles"], profile) == ([arguments[1]], arguments[1])
    assert said == f"a: {terms}, until Friday 6 December (UTC). Anybody who has the link can upload.\n"


def test_a_link_says_what_it_is_for(run: Link) -> None:
    secret = new_secret()
    texts = ("--title", "March invoices", "--note", "As PDF, please.\\nThank you")
    _, printed, _ = run("--who", "a", "--until", "1d", *texts, JWT_SECRET=secret, PAGE_URL=PAGE)
    claims = read(printed, secret)
    assert (claims["title"], claims["note"]) == ("March invoices", "As PDF, please.\nThank you")


def test_the_longest_texts_of_another_language_fit_into_a_link(run: Link) -> None:
    secret = new_secret()
    texts = ("--who", "张" * 80, "--title", "账" * 120, "--note", "单" * 500, "--once")
    code, printed, _ = run(*texts, "--until", "1d", JWT_SECRET=secret, PAGE_URL=PAGE)
    settings = Settings.from_environ(factories.ENVIRON | {"AUTH": "jwt", "JWT_SECRET": secret})
    grant = authenticate(settings, f"Bearer {printed.strip().partition('#token=')[2]}").grant(None, {})
    assert (code, grant.title, grant.note) == (0, "账" * 120, "单" * 500)


def test_a_token_too_long_for_the_function_is_refused_with_what_to_shorten(run: Link) -> None:
    texts = ("--who", "😀" * 255, "--title", "😀" * 120, "--note", "😀" * 500)
    code, printed, said = run(*texts, "--until", "1d", JWT_SECRET=new_secret(), PAGE_URL=PAGE)
    assert (code, printed) == (2, "")
    assert said == (
        "The link is too long: its token has 4,904 characters, of 4,096. Shorten --note, --types or --who\n"
    )


@pytest.mark.parametrize(
    ("arguments", "environ", "time"),
    [
        (("--once", "--until", "8d"), {"KEEP_DAYS": "7"}, "7 days"),
        (("--once", "--until", "8d"), {"KEEP_DAYS": "1"}, "1 day"),
        (("--once", "--until", "7d"), {"KEEP_DAYS": "7"}, ""),
        (("--once", "--until", "99d"), {"KEEP_DAYS": "0"}, ""),
        (("--until", "8d"), {"KEEP_DAYS": "7"}, ""),
        (("--once", "--until", "8d", "--profile", "short"), {"KEEP_DAYS": "30"}, "3 days"),
        (("--once", "--until", "8d", "--profile", "open"), {}, ""),
    ],
)
def test_a_counted_link_that_outlives_its_files_says_so(
    run: Link, tmp_path: Path, arguments: tuple[str, ...], environ: dict[str, str], time: str
) -> None:
    (tmp_path / "profiles.json").write_text('{"short": {"keep_days": 3}, "open": {}}')
    _, _, said = run("--who", "a", "--page", PAGE, *arguments, JWT_SECRET=new_secret(), **environ)
    warning = f"OSS deletes files after {time}: then their places are free again."
    assert said.splitlines()[1:] == ([warning] if time else [])


def test_the_function_takes_a_counted_link_of_a_profile(run: Link, tmp_path: Path) -> None:
    secret = new_secret()
    (tmp_path / "profiles.json").write_text(PROFILES)
    arguments = ("--who", "a", "--until", "1d", "--page", PAGE, "--profile", "photos", "--max-files", "5")
    _, printed, _ = run(*arguments, JWT_SECRET=secret)
    settings = Settings.from_environ(factories.ENVIRON | {"AUTH": "jwt", "JWT_SECRET": secret}, PROFILES.encode())
    token = printed.partition("#token=")[2].partition("&")[0]
    grant = authenticate(settings, f"Bearer {token}").grant("photos", {})
    assert (grant.key_prefix, grant.max_files, grant.max_size) == (
        f"uploads/~photos/a/~{'ab' * 8}/",
        5,
        2_000_000_000,
    )


@pytest.mark.parametrize(
    ("profiles", "fault"),
    [
        (None, "--profile must be a profile, not 'x': there are none in profiles.json"),
        ("{}", "--profile must be a profile, not 'x': there are none in profiles.json"),
        (PROFILES, "--profile must be a profile, not 'x': profiles.json has photos, open"),
        ("{", "profiles.json is not JSON: Expecting property name enclosed in double quotes, in line 1"),
        ('{"x": {"a": 1}, "y": 2}', "x.a in profiles.json is not known"),
    ],
)
def test_an_unknown_profile_or_a_faulty_file_makes_no_link(
    run: Link, tmp_path: Path, profiles: str | None, fault: str
) -> None:
    if profiles is not None:
        (tmp_path / "profiles.json").write_text(profiles)
    arguments = ("--who", "a", "--until", "1d", "--page", PAGE, "--profile", "x")
    code, printed, said = run(*arguments, JWT_SECRET=new_secret())
    assert (code, printed, said.splitlines()[0][: len(fault)]) == (2, "", fault)


def many(tmp_path: Path, text: str) -> tuple[str, ...]:
    """Runs `--many` with a file of this text."""
    file = tmp_path / "people.csv"
    file.write_text(text, encoding="utf-8")
    return ("--many", str(file), "--until", "2024-12-06", "--page", PAGE)


def test_each_of_many_people_gets_a_link_of_their_own(run: Link, tmp_path: Path) -> None:
    secret = new_secret()
    code, printed, said = run(*many(tmp_path, "name\nAnna\nBen\n"), "--max-files", "2", JWT_SECRET=secret)
    rows = list(csv.reader(printed.splitlines()))
    claims = [read(link, secret) for _, link in rows]
    assert (code, [name for name, _ in rows]) == (0, ["Anna", "Ben"])
    assert [(each["sub"], each["max_files"]) for each in claims] == [("Anna", 2), ("Ben", 2)]
    assert said == (
        "2 links, each for 2 files of at most 100 MB, until Friday 6 December (UTC). "
        "Anybody who has a link can upload with it.\n"
    )


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM", "'@SUM"),
        ("\uff1dHYPERLINK(1)", "'\uff1dHYPERLINK(1)"),
        ("\uff0b1", "'\uff0b1"),
        ("\uff0d1", "'\uff0d1"),
        ("\uff20SUM", "'\uff20SUM"),
        ("\x1b[31mAnna", "\\u001b[31mAnna"),
        ("Anna\nBen", "Anna\\nBen"),
        ("Doe, =Anna", "Doe, =Anna"),
        ('Ann "A"', 'Ann "A"'),
    ],
)
def test_a_name_stays_text_in_a_terminal_and_in_a_spreadsheet(
    run: Link, tmp_path: Path, name: str, printed: str
) -> None:
    secret = new_secret()
    quoted = '"{}"'.format(name.replace('"', '""'))
    _, said, _ = run(*many(tmp_path, quoted), JWT_SECRET=secret)
    [(shown, link)] = csv.reader(said.splitlines())
    assert (shown, read(link, secret)["sub"]) == (printed, name)


@pytest.mark.parametrize("name", ["Doe;=HYPERLINK(1)", 'Doe";=HYPERLINK(1);"', ";=1", "Doe;\uff1d1"])
def test_where_a_semicolon_separates_cells_a_name_stays_in_its_own(run: Link, tmp_path: Path, name: str) -> None:
    quoted = '"{}"'.format(name.replace('"', '""'))
    _, said, _ = run(*many(tmp_path, quoted), JWT_SECRET=new_secret())
    [[cell]] = csv.reader(said.splitlines(), delimiter=";")
    assert cell.startswith(f'{name},"https://')


def test_with_a_fault_in_the_file_nobody_gets_a_link(run: Link, tmp_path: Path) -> None:
    code, printed, said = run(*many(tmp_path, "Anna\nAnna\n"), "--qr", JWT_SECRET=new_secret())
    assert (code, printed, (tmp_path / "upload-links").exists()) == (2, "", False)
    assert said.startswith("people.csv, line 2: this name is in line 1 already")


def test_a_qr_code_is_drawn_and_written(run: Link, tmp_path: Path) -> None:
    arguments = ("--who", "An/na", "--until", "1d", "--page", PAGE, "--qr")
    code, printed, said = run(*arguments, JWT_SECRET=new_secret())
    drawing, about, terms = said.rsplit("\n", 3)[:3]
    expected = QrCode(printed.strip())
    expected.write_png(tmp_path / "expected.png")
    folder = tmp_path / "upload-links"
    assert (code, drawing + "\n") == (0, expected.terminal_text())
    assert about == "The QR code is in upload-links/An_na.png. It is the link: keep it as secret."
    assert terms.startswith("An/na: any number of files")
    assert {each.name: each.read_bytes() for each in folder.iterdir()} == {
        "An_na.png": (tmp_path / "expected.png").read_bytes()
    }
    assert oct(folder.stat().st_mode & 0o777) == "0o700"


def test_no_code_is_written_over_another_and_no_link_is_printed_then(run: Link, tmp_path: Path) -> None:
    arguments = ("--who", "Anna", "--until", "1d", "--page", PAGE, "--qr")
    run(*arguments, JWT_SECRET=new_secret())
    first = (tmp_path / "upload-links" / "Anna.png").read_bytes()
    code, printed, said = run(*arguments, JWT_SECRET=new_secret())
    assert (code, printed) == (2, "")
    assert said == f"{tmp_path}/upload-links/Anna.png is there already: move it away, or delete it\n"
    assert (tmp_path / "upload-links" / "Anna.png").read_bytes() == first


def test_of_many_people_each_has_a_code_and_none_is_drawn(run: Link, tmp_path: Path) -> None:
    _, _, said = run(*many(tmp_path, "Anna\nBen\n"), "--qr", JWT_SECRET=new_secret())
    assert sorted(each.name for each in (tmp_path / "upload-links").iterdir()) == ["Anna.png", "Ben.png"]
    assert said.splitlines()[0] == "The QR codes are in upload-links/, a PNG each. Each is its link: keep it as secret."


def test_in_a_terminal_too_narrow_the_code_is_not_drawn(
    run: Link, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    _, printed, said = run("--who", "a", "--until", "1d", "--page", PAGE, "--qr", JWT_SECRET=new_secret())
    assert said.splitlines()[0] == f"The QR code needs a terminal of {QrCode(printed.strip()).columns} columns."


@pytest.mark.parametrize(
    "arguments", [("--who", "a", "--many", "x.csv"), (), ("--who", "a", "--once", "--max-files", "2")]
)
def test_what_excludes_each_other_is_refused(run: Link, arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        run(*arguments, "--until", "1d", "--page", PAGE, JWT_SECRET=new_secret())
