"""The file .env: what our tools and the real Serverless Devs read alike, and that all else is refused."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy import env_file, environment
from deploy.env_file import add_secret
from support import sentinels, serverless_devs
from support.scratch import ACCOUNT, PROJECT

SECRET = "S-" + secrets.token_hex(8)
sentinels.keep_secret(SECRET)

READ_ALIKE = {
    "plain": ("A=x", "x"),
    "nothing": ("A=", ""),
    "blanks alone": ("A=  ", ""),
    "blanks around": ("  A = x y\t", "x y"),
    "export": ("export A=x", "x"),
    "double quotes": ('A="x"', "x"),
    "single quotes": ("A='x'", "x"),
    "empty quotes": ('A=""', ""),
    "quotes keep blanks": ('A=" x "', " x "),
    "quotes keep a #": ('A="#0a58ca"', "#0a58ca"),
    "quotes of the other kind": ("A='say \"x\"'", 'say "x"'),
    "an apostrophe in quotes": ('A="it\'s"', "it's"),
    "quotes and a comment": ('A="x" # it\'s "y"', "x"),
    "a comment": ("A=x # y", "x"),
    "a comment with quotes": ('A=x # it\'s "y" `z', "x"),
    "a comment after nothing": ("A= # y", ""),
    "a quote within": ("A=it's", "it's"),
    "JSON": ('A={"keys":[{"kty":"RSA","n":"a-b_c"}]}', '{"keys":[{"kty":"RSA","n":"a-b_c"}]}'),
    "=": ("A=x==", "x=="),
    "a backslash": ("A=a\\nb", "a\\nb"),
    "a number": ("A=007", "007"),
    "true": ("A=true", "true"),
    "null": ("A=null", "null"),
    "a list": ("A=[1, 2]", "[1, 2]"),
    "braces": ("A={{ x }}", "{{ x }}"),
    "Chinese": ("A=文件\u3000上传", "文件\u3000上传"),
    "another kind of blank in quotes": ('A="\u00a0x\u3000"', "\u00a0x\u3000"),
    "the last counts": ("A=x\nA=y", "y"),
    "a comment above": ("# it's A=\"y\n  # \\\nA=x", "x"),
}

REFUSED = {
    "# in a value": ("A=S#x", "A has a #"),
    "# at the beginning": ("A=#0a58ca", "A has a #"),
    "# right after nothing and a quote": ("A=S'#x", "A has a #"),
    "a variable": ("A=S$HOME", "A has a $"),
    "a variable in quotes": ('A="S$HOME"', "A has a $"),
    "a variable in single quotes": ("A='S$HOME'", "A has a $"),
    "a variable in braces": ("A=S${HOME}", "A has a $"),
    "an escaped variable": ("A=S\\$HOME", "A has a $"),
    "a template": ("A=S<%= 1 %>", "A has a <%"),
    "a colon": ("A: S", "write NAME=value"),
    "no =": ("A", "write NAME=value"),
    "a dot in the name": ("A.B=S", "write NAME=value"),
    "a dash in the name": ("A-B=S", "write NAME=value"),
    "a digit first": ("1A=S", "write NAME=value"),
    "an underscore first": ("__proto__=S", "write NAME=value"),
    "a letter of another kind": ("Ä=S", "write NAME=value"),
    "quotes over lines": ('A="S\ny"', "A begins with a quote"),
    "single quotes over lines": ("A='S\ny'", "A begins with a quote"),
    "an open quote": ('A="S', "A begins with a quote"),
    "text after quotes": ('A="S"y', "A begins with a quote"),
    "a comment right after quotes": ('A="S"# y', "A begins with a quote"),
    "an escape in quotes": ('A="S\\n"', "A begins with a quote"),
    "an escaped quote": ('A="S\\"y"', "A begins with a quote"),
    "an escaped single quote": ("A='S\\'y'", "A begins with a quote"),
    "backticks": ("A=`S`", "A begins with a quote"),
    "a quote on the next line": ("A=\n'S'", "write NAME=value"),
    "a value on the next line": ("A=S\n  y", "write NAME=value"),
    "a no-break space at the end": ("A=S\u00a0", "A has a blank of another kind"),
    "a no-break space before quotes": ('A=\u00a0"S"', "A has a blank of another kind"),
    "a line separator": ("# x\u2028A=S", "U+2028"),
    "a paragraph separator": ("A=S\u2029B=y", "U+2029"),
    "a carriage return alone": ("# x\rA=S", "U+000D"),
    "a form feed": ("A=S\x0cB=y", "U+000C"),
    "next line": ("A=S\x85B=y", "U+0085"),
    "NUL": ("A=S\x00", "U+0000"),
    "a byte order mark within": ("A=S\ufeff", "U+FEFF"),
}

# What `s` hands on of each variable, through a variable of its own as s.yaml does, and without.
COMPONENT = """const { writeFileSync } = require("node:fs");
module.exports = class { async deploy(inputs) { writeFileSync("read", JSON.stringify(inputs.props)); return {}; } };
"""


def as_s_reads(folder: Path, content: bytes, names: list[str], **environ: str) -> dict[str, str]:
    """Returns what the real Serverless Devs reads of a .env; an empty text where it reads nothing."""
    folder.mkdir()
    (folder / ".env").write_bytes(content)
    (folder / "component.cjs").write_text(COMPONENT)
    variables = "".join(f"  {name}: ${{env('{name}', '')}}\n" for name in names)
    props = "".join(f"      {name}: ${{vars.{name}}}\n" for name in names)
    (folder / "s.yaml").write_text(
        f"edition: 3.0.0\nname: t\naccess: default\nvars:\n  none: 0\n{variables}"
        f"resources:\n  x:\n    component: {folder}/component.cjs\n    props:\n      none: 0\n{props}"
    )
    own = {"PATH": os.environ["PATH"], "HOME": str(folder), "serverless_devs_config_home": str(folder)}
    quiet = {**serverless_devs.ENVIRON, "AccountID": ACCOUNT, "AccessKeyID": "made-up", "AccessKeySecret": "made-up"}
    subprocess.run(  # noqa: S603 - the command is ours
        [serverless_devs.PROGRAM, "deploy", "-y"],
        cwd=folder,
        env={**own, **quiet, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
        timeout=120,
    )
    props_read = json.loads((folder / "read").read_text())
    return {name: props_read[name] for name in names}


def as_we_read(folder: Path, content: bytes, **environ: str) -> dict[str, str]:
    folder.mkdir(exist_ok=True)
    (folder / ".env").write_bytes(content)
    return environment.environment(environ, folder)


def with_name(text: str, name: str) -> str:
    return re.sub(r"\bA(?=[ ]*=)(?! *=\"y\n)", name, text)


@pytest.mark.node_modules
@pytest.mark.parametrize(("mark", "end"), [(b"", "\n"), (b"\xef\xbb\xbf", "\r\n")], ids=["Linux", "Windows"])
def test_what_we_take_is_read_alike_by_serverless_devs(tmp_path: Path, end: str, mark: bytes) -> None:
    """In one file, each spelling under a name of its own."""
    spelt = {f"N{number}": spelling for number, spelling in enumerate(READ_ALIKE.values())}
    text = "\n".join(with_name(text, name) for name, (text, _) in spelt.items())
    content = mark + text.replace("\n", end).encode()
    expected = {name: value for name, (_, value) in spelt.items()}
    assert as_we_read(tmp_path / "ours", content) == expected
    assert as_s_reads(tmp_path / "theirs", content, list(spelt)) == expected


@pytest.mark.parametrize("spelling", REFUSED.values(), ids=REFUSED)
def test_what_might_be_read_otherwise_is_refused_with_its_line_and_without_its_value(spelling: tuple[str, str]) -> None:
    text, fault = spelling
    with pytest.raises(ValueError, match=r"^\.env, line [34]: ") as refused:
        env_file.dotenv("# settings\n\n" + text.replace("S", SECRET))
    assert fault in str(refused.value)
    assert SECRET not in str(refused.value)


VALUES = st.text(st.sampled_from("aB1 \t'\"`\\#$={}[]<%>:,.-_\u00a0\u3000文\u200b\r\x0b\u2028\ufeff"), max_size=12)


@pytest.mark.node_modules
def test_of_any_text_what_we_take_is_read_alike(tmp_path: Path) -> None:
    lines: list[tuple[str, str]] = []

    @given(
        VALUES, st.sampled_from(["{}={}", "export {}={}", " {} = {}", "{}={} # x", '{}="{}"', "{}='{}'", "{}='{}' # '"])
    )
    @settings(max_examples=400, deadline=None, database=None)
    def collect(value: str, form: str) -> None:
        line = form.format("A", value)
        with suppress(ValueError):
            lines.append((form.format(f"N{len(lines)}", value), env_file.dotenv(line)["A"]))

    collect()
    assert len(lines) > 60
    expected = {f"N{number}": value for number, (_, value) in enumerate(lines)}
    content = "\n".join(line for line, _ in lines).encode()
    assert as_s_reads(tmp_path / "theirs", content, list(expected)) == expected


@pytest.mark.node_modules
def test_the_environment_wins_with_both(tmp_path: Path) -> None:
    content, over = b"A=x\nB=y\nC=z\n", {"A": "0", "B": ""}
    assert as_we_read(tmp_path / "ours", content, **over) == {"A": "0", "B": "", "C": "z"}
    assert as_s_reads(tmp_path / "theirs", content, ["A", "B", "C"], **over) == {"A": "0", "B": "", "C": "z"}


def test_a_variable_in_the_environment_is_refused_where_the_file_has_its_name(tmp_path: Path) -> None:
    content, over = b"A=x\n", {"A": "S$B", "B": "y"}
    assert as_s_reads(tmp_path / "theirs", content, ["A"], **over) == {"A": "Sy"}  # and not S$B
    with pytest.raises(ValueError, match=r"^A is set in the environment, with a \$ in it, and in \.env too: "):
        as_we_read(tmp_path / "ours", content, **over)
    assert as_we_read(tmp_path / "ours", b"", **over) == over
    assert as_s_reads(tmp_path / "without", b"", ["A"], **over) == {"A": "S$B"}


OTHER_FILES: dict[str, tuple[str, str, dict[str, str], str]] = {
    "a vault": (
        ".env.vault",
        "A=x\n",
        {"DOTENV_KEY": "S"},
        "DOTENV_KEY is set: Serverless Devs would read .env.vault instead of .env. Unset it.",
    ),
    "a vault, by .env": (
        ".env.vault",
        "DOTENV_KEY=S\n",
        {},
        "DOTENV_KEY is set: Serverless Devs would read .env.vault instead of .env. Unset it.",
    ),
    "a package's vault": (
        "build/sign/.env.vault",
        "",
        {"DOTENV_KEY": "S"},
        "DOTENV_KEY is set: Serverless Devs would read build/sign/.env.vault instead of .env. Unset it.",
    ),
} | {
    f"a file in {place}": (
        f"{place}/.env",
        "A=x\n",
        {},
        f"{place}/.env is there, and Serverless Devs would read it before .env: delete it",
    )
    for place in ("build/sign", "build/callback")
}


@pytest.mark.parametrize("case", OTHER_FILES)
def test_what_serverless_devs_would_read_instead_is_refused(tmp_path: Path, case: str) -> None:
    other, text, environ, fault = OTHER_FILES[case]
    (tmp_path / other).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / other).write_text("A=y\n")
    (tmp_path / ".env").write_text(text)
    with pytest.raises(ValueError, match="Serverless Devs would read") as refused:
        environment.environment(environ, tmp_path)
    assert str(refused.value) == fault


def test_a_key_without_a_vault_and_a_vault_without_a_key_are_nothing(tmp_path: Path) -> None:
    assert environment.environment({"DOTENV_KEY": "S"}, tmp_path) == {"DOTENV_KEY": "S"}
    (tmp_path / ".env.vault").touch()
    assert environment.environment({"DOTENV_KEY": ""}, tmp_path) == {"DOTENV_KEY": ""}


def test_packages_are_where_s_yaml_has_them() -> None:
    code = re.findall(r"(?m)^ +code: \./(.*)$", (PROJECT / "s.yaml").read_text())
    assert sorted(code) == sorted(environment._PACKAGES)


# --- whatever the file is


def folder(file: Path) -> None:
    file.mkdir()


def pipe(file: Path) -> None:
    os.mkfifo(file)


def dangling(file: Path) -> None:
    file.symlink_to(file.parent / "nowhere")


def round_and_round(file: Path) -> None:
    file.symlink_to(file)


def holding(content: bytes) -> Callable[[Path], object]:
    return lambda file: file.write_bytes(content)


FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a folder": (folder, ".env is a folder: make a file of it (.env.example shows how), or take it away"),
    "a pipe": (pipe, ".env is no file: make a file of it (.env.example shows how), or take it away"),
    "a link to nothing": (dangling, ".env is a link to a file that is not there"),
    "a link to itself": (round_and_round, ".env cannot be read: Too many levels of symbolic links"),
    "Latin 1": (
        holding(b"# x\nA=x\nB=\xe4\n"),
        ".env, line 3: this is not UTF-8: save the file as UTF-8",
    ),
    "UTF-16": (holding("A=x\n".encode("utf-16")), ".env, line 1: this is not UTF-8: save the file as UTF-8"),
    "a program": (holding(b"\x7fELF\x02"), ".env, line 1: U+007F is an invisible character: take it out"),
    "huge": (holding(b"#" * 2_000_000), ".env has more than 1,000,000 bytes: it should have settings alone"),
}


@pytest.mark.parametrize("make", [each[0] for each in FILES.values()], ids=FILES)
def test_whatever_the_file_is_there_is_a_message(
    make: Callable[[Path], object], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    make(tmp_path / ".env")
    with pytest.raises(ValueError, match=r"^\.env") as refused:
        environment.environment({}, tmp_path)
    assert str(refused.value) == FILES[request.node.callspec.id][1]


def test_a_file_full_of_faults_is_told_in_ten_lines() -> None:
    with pytest.raises(ValueError, match=r"^\.env") as refused:
        env_file.dotenv("x\n" * 300)
    assert len(str(refused.value).splitlines()) == 11
    assert str(refused.value).endswith("\nand 290 lines more")


def test_no_file_is_no_setting(tmp_path: Path) -> None:
    assert environment.environment({"A": "x"}, tmp_path) == {"A": "x"}


def test_a_link_to_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("A=x")
    (tmp_path / ".env").symlink_to("elsewhere")
    assert environment.environment({}, tmp_path) == {"A": "x"}


# --- secrets are written into it


def test_a_secret_is_for_its_owner_alone_and_the_rest_stays(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("NAME=team\nexport A='' # none yet\n\n# the end")
    file.chmod(0o644)
    secret, new = add_secret(file, "A")
    sentinels.keep_secret(secret)
    assert (new, len(secret), stat.S_IMODE(file.stat().st_mode)) == (True, 43, 0o600)
    assert file.read_text() == f"NAME=team\n\n# the end\nA={secret}\n"
    assert [path.name for path in tmp_path.iterdir()] == [".env"]


def test_what_a_link_leads_to_is_written_and_it_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "settings").write_text("NAME=team\n")
    (tmp_path / ".env").symlink_to("elsewhere/settings")
    secret, _ = add_secret(tmp_path / ".env", "A")
    sentinels.keep_secret(secret)
    assert (tmp_path / ".env").is_symlink()
    assert (tmp_path / "elsewhere" / "settings").read_text() == f"NAME=team\nA={secret}\n"


def test_never_is_the_file_half_written_or_open_to_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the disk would hold if the machine stopped just before the new file takes the old one's place."""
    file = tmp_path / ".env"
    file.write_text("NAME=team\n")
    seen: dict[str, tuple[int, str]] = {}

    def stop(new: Path, old: Path) -> None:
        seen.update({path.name: (stat.S_IMODE(path.stat().st_mode), path.read_text()) for path in tmp_path.iterdir()})
        raise OSError("no more")

    monkeypatch.setattr(Path, "replace", stop)
    with pytest.raises(OSError, match="no more"):
        add_secret(file, "A")
    (new,) = seen.keys() - {".env"}
    assert (seen[".env"][1], seen[new][0]) == ("NAME=team\n", 0o600)
    assert re.fullmatch(r"NAME=team\nA=\S{43}\n", seen[new][1])
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(".env", "NAME=team\n")]


def test_commands_at_once_agree_on_one_secret(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from deploy.env_file import add_secret; "
        "print(add_secret(Path(sys.argv[1]), 'A')[0])"
    )
    running = [
        subprocess.Popen(  # noqa: S603 - our own
            [sys.executable, "-c", program, tmp_path / ".env"], cwd=PROJECT, stdout=subprocess.PIPE, text=True
        )
        for _ in range(6)
    ]
    printed = {process.communicate(timeout=60)[0].strip() for process in running}
    assert len(printed) == 1
    assert (tmp_path / ".env").read_text() == f"A={printed.pop()}\n"


def test_git_ignores_what_holds_secrets_even_if_the_writing_breaks_off() -> None:
    patterns = (PROJECT / ".gitignore").read_text().split()
    assert [each for each in (".env", ".env.*", "!.env.example") if each not in patterns] == []


# --- every command


COMMANDS = {
    "deploy": [],
    "remove": [],
    "doctor": [],
    "smoke": [],
    "files": [],
    "replay": [],
    "link": ["--who", "a", "--until", "1d", "--page", "https://p.example"],
    "build": [],
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Returns the project's programs in a folder with a .env of its own."""
    for name in ("deploy", "functions", "localcloud", "tools"):
        shutil.copytree(PROJECT / name, tmp_path / name, ignore=shutil.ignore_patterns("*.pyc.*"))
    for name in ("s.yaml", "web"):
        (tmp_path / name).symlink_to(PROJECT / name)
    return tmp_path


def command(project: Path, *words: str, **environ: str) -> tuple[int, str, str]:
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-I", "tools/run.py", "deploy", *words],
        cwd=project,
        env={"PATH": os.environ["PATH"], "HOME": str(project), **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_reads_the_file_and_says_what_is_wrong_with_it(project: Path, name: str) -> None:
    (project / ".env").write_text("NAME=team\nJWT_SECRET=S#x\n")
    fault = (
        '.env, line 2: JWT_SECRET has a #, which begins a comment: write JWT_SECRET="…", or a blank before the comment'
    )
    assert command(project, name, *COMMANDS[name]) == (2, "", fault + "\n")


def test_a_link_is_made_with_the_secret_and_for_the_page_of_the_file(project: Path) -> None:
    (project / ".env").write_text(f"JWT_SECRET={SECRET * 2}\nSITE_DOMAIN=up.example.com\n")
    code, printed, _ = command(project, "link", "--who", "a", "--until", "1d")
    page, _, token = printed.strip().partition("#token=")
    assert (code, page) == (0, "https://up.example.com/")
    assert jwt.decode(token, SECRET * 2, ["HS256"], audience="oss-direct-upload")["sub"] == "a"


def test_the_build_is_for_the_runtime_of_the_file(project: Path) -> None:
    (project / ".env").write_text("RUNTIME=python2.7\n")
    assert command(project, "build") == (
        2,
        "",
        "RUNTIME must be python3.12 or python3.10, not 'python2.7'\n",
    )


def test_the_environment_wins_over_the_file(project: Path) -> None:
    (project / ".env").write_text(f"JWT_SECRET={SECRET * 2}\nSITE_DOMAIN=up.example.com\n")
    own = secrets.token_hex(32)
    sentinels.keep_secret(own)
    link = ("link", "--who", "a", "--until", "1d")
    page, _, token = (
        command(project, *link, SITE_DOMAIN="other.example", JWT_SECRET=own)[1].strip().partition("#token=")
    )
    assert page == "https://other.example/"
    assert jwt.decode(token, own, ["HS256"], audience="oss-direct-upload")["sub"] == "a"


# ENV_FILE.


def test_the_settings_of_env_file_take_the_place_of_env(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("NAME=team\nKEEP_DAYS=7\n", encoding="utf-8")
    (tmp_path / ".env.staging").write_text("NAME=staging\nMAX_SIZE=5MB\n", encoding="utf-8")
    environ = {"ENV_FILE": ".env.staging", "MAX_SIZE": "6MB"}
    assert environment.environment(environ, tmp_path) == {"NAME": "staging", **environ}


def test_serverless_devs_gets_nothing_of_env_beside_env_file(tmp_path: Path) -> None:
    """It reads .env by itself, for what is not in the environment."""
    (tmp_path / ".env").write_text("NAME=team\nKEEP_DAYS=7\nJWT_SECRET=s\n", encoding="utf-8")
    (tmp_path / ".env.staging").write_text("NAME=staging\nMAX_SIZE=5MB\n", encoding="utf-8")
    environ = {"ENV_FILE": ".env.staging", "JWT_SECRET": "other"}
    assert environment.for_serverless_devs(environ, tmp_path) == {
        "NAME": "staging",
        "KEEP_DAYS": "",
        "MAX_SIZE": "5MB",
        "JWT_SECRET": "other",
        "ENV_FILE": "",
    }


def test_credentials_in_env_do_not_hide_those_of_another_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("AccountID=1\nAccessKeyID=a\nAccessKeySecret=b\n", encoding="utf-8")
    (tmp_path / ".env.staging").write_text("ACCESS=staging\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"^AccountID and AccessKeyID and AccessKeySecret in \.env would keep"):
        environment.for_serverless_devs({"ENV_FILE": ".env.staging"}, tmp_path)


def test_what_serverless_devs_would_fill_in_from_dotenv_is_refused_with_another_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("WEBHOOK_SECRET=\n", encoding="utf-8")
    (tmp_path / ".env.staging").write_text("NAME=staging\n", encoding="utf-8")
    with pytest.raises(
        ValueError, match=r"^WEBHOOK_SECRET is set in the environment, with a \$ in it, and in \.env too"
    ):
        environment.for_serverless_devs({"ENV_FILE": ".env.staging", "WEBHOOK_SECRET": "a$HOME"}, tmp_path)


@pytest.mark.parametrize("environ", [{}, {"ENV_FILE": ""}, {"ENV_FILE": ".env"}])
def test_without_env_file_serverless_devs_reads_env_as_ever(tmp_path: Path, environ: dict[str, str]) -> None:
    (tmp_path / ".env").write_text("NAME=team\n", encoding="utf-8")
    assert environment.for_serverless_devs({"A": "b", **environ}, tmp_path) == {"A": "b", **environ}


@pytest.mark.parametrize(
    "name",
    ["staging.env", "../.env.staging", "/etc/passwd", ".env.", ".env.example", ".env.vault", ".env.a/b", ".envx"],
)
def test_a_file_that_git_does_not_ignore_is_no_env_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(
        ValueError, match=r"^ENV_FILE must be a file beside \.env whose name is like \.env\.staging, not "
    ):
        environment.environment({"ENV_FILE": name}, tmp_path)


def test_an_env_file_that_is_not_there_is_said_with_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"^ENV_FILE is \.env\.prod, and there is no such file: cp \.env\.example \.env\.prod$"
    ):
        environment.environment({"ENV_FILE": ".env.prod"}, tmp_path)


def test_a_fault_of_env_file_names_that_file(tmp_path: Path) -> None:
    (tmp_path / ".env.staging").write_text("NAME: team\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"^\.env\.staging, line 1: write NAME=value"):
        environment.environment({"ENV_FILE": ".env.staging"}, tmp_path)
