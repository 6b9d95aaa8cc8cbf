"""`make files`: who uploaded what; downloads keep names, lead nowhere else and overwrite nothing."""

from __future__ import annotations

import gzip
import os
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from alibabacloud_oss_v2.credentials import StaticCredentialsProvider
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from deploy import oss_client
from deploy.addresses import is_safe
from deploy.files import command as files
from deploy.files.command import OssStore, download, list_or_download, list_uploads, main, table
from deploy.files.inbox import MARK, Inbox, StoredObject
from deploy.files.safe_path import safe_path
from localcloud.dev.cloud import Cloud
from support.chain import CONTENT, FILE, post_upload
from support.tokens import new_secret

WHEN = datetime(2026, 11, 24, 12, 30, tzinfo=timezone.utc)


class Shelf:
    """A bucket in memory."""

    def __init__(self, **objects: tuple[bytes, str]) -> None:
        """By key: the bytes, and the file name of the metadata (empty: none)."""
        self.objects = objects

    def list(self, prefix: str) -> Iterator[StoredObject]:
        for key, (content, _) in sorted(self.objects.items()):
            if key.startswith(prefix):
                yield StoredObject(key, len(content), WHEN)

    def head(self, key: str) -> Mapping[str, str]:
        name = self.objects[key][1]
        return {"filename": quote(name, safe="")} if name else {}

    def get(self, key: str) -> Iterator[bytes]:
        content = self.objects[key][0]
        yield from (content[:2], content[2:])


SHELF = Shelf(
    **{
        "uploads/": (b"", ""),
        "uploads/alice/0f8f.png": (b"picture", "photos/Köln.png"),
        "uploads/bob_40b/5a5a/a file.txt": (b"text", ""),
        "elsewhere/c/1.txt": (b"no upload", "c.txt"),
    }
)


def names(store: Any, below: str = "") -> list[tuple[str, str, int]]:
    return [(each.who, each.name, each.listed.size) for each in list_uploads(store, "uploads", below)]


def test_every_upload_is_listed_with_its_uploader_and_the_name_it_came_with() -> None:
    assert names(SHELF) == [("alice", "photos/Köln.png", 7), ("bob_40b", "a file.txt", 4)]


def test_one_uploaders_files_alone() -> None:
    assert names(SHELF, "bob_40b/") == [("bob_40b", "a file.txt", 4)]


def test_an_upload_by_a_profile_or_a_counted_link_is_its_uploaders() -> None:
    keys = (
        "uploads/~photos/alice/0f8f.png",
        "uploads/~photos/bob/~_4c1/2",
        "uploads/eve/~l/1",
        "uploads/~photos/eve/5a/x",
    )
    named = dict.fromkeys(keys[:2], (b"1", "a.png")) | dict.fromkeys(keys[2:], (b"1", ""))
    assert sorted(names(Shelf(**named))) == [
        ("alice", "a.png", 1),
        ("bob", "a.png", 1),
        ("eve", "1", 1),
        ("eve", "x", 1),
    ]


def test_an_upload_whose_key_ends_in_a_slash_is_not_hidden() -> None:
    assert names(Shelf(**{"uploads/eve/5a5a/x/": (b"1", "")})) == [("eve", "x/", 1)]


def test_the_table() -> None:
    assert list(table(list_uploads(SHELF, "uploads"))) == [
        "when (UTC)        who                           bytes  name                              key",
        "2026-11-24 12:30  alice                             7  photos/Köln.png                   uploads/alice/0f8f.png",
        "2026-11-24 12:30  bob_40b                           4  a file.txt                        uploads/bob_40b/5a5a/a file.txt",
    ]


def test_a_name_does_nothing_to_the_terminal() -> None:
    shelf = Shelf(**{"uploads/eve/1\x1b[2J": (b"1", "\x1b]0;x\x07\u202egnp.exe\n")})
    [_, row] = table(list_uploads(shelf, "uploads"))
    assert row.isprintable()


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("cat.png", "cat.png"),
        ("photos/2024/cat.png", "photos/2024/cat.png"),
        ("名 ü.tar.gz", "名 ü.tar.gz"),
        (".gitignore", "_gitignore"),
        ("a/.ssh/authorized_keys", "a/_ssh/authorized_keys"),
        ("\u200b.env", "_.env"),
        (" ..env", "__env"),
        (".oss-direct-upload-files", "_oss-direct-upload-files"),
        ("-rf", "_rf"),
        ("+!id", "_!id"),
        ("@options", "_options"),
        ("HEAD", "_HEAD"),
        ("a/head./b", "a/_head/b"),
        ("/".join(letter * 190 for letter in "abcdef"), "/".join(letter * 190 for letter in "def")),
        ("--checkpoint-action=exec=sh x", "__checkpoint-action=exec=sh x"),
        (". .", "unnamed"),
        ("../../etc/passwd", "etc/passwd"),
        ("/etc/passwd", "etc/passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("C:\\Windows\\x.dll", "C_/Windows/x.dll"),
        ("a/./b//c", "a/b/c"),
        ("..", "unnamed"),
        (". ./ ..", "unnamed"),
        ("", "unnamed"),
        ("a\x00b\nc\u202e.txt", "a_b_c_.txt"),
        ('<a>:"b|c?*', "_a___b_c__"),
        ("CON", "_CON"),
        ("com1.txt", "_com1.txt"),
        ("con .txt", "_con .txt"),
        ("COM\u00b9", "_COM\u00b9"),
        ("lpt\u00b2.tar.gz", "_lpt\u00b2.tar.gz"),
        ("CONIN$", "_CONIN$"),
        ("conout$.x", "_conout$.x"),
        ("Prn.a.b", "_Prn.a.b"),
        ("a/nul", "a/_nul"),
        ("console.log", "console.log"),
        ("com10", "com10"),
        ("name:stream", "name_stream"),
        ("trailing. . ", "trailing"),
        ("/".join("abcdefghij") + "/k.txt", "d/e/f/g/h/i/j/k.txt"),
        ("ü" * 200 + ".txt", "ü" * 98 + ".txt"),
        ("x." + "y" * 300, "x." + "y" * 198),
        ("x" * 199 + " y", "x" * 199),
        ("x" * 199 + "." + "y" * 150, "x" * 199),
        ("e\u0301.txt", "\u00e9.txt"),
    ],
)
def test_a_name_becomes_a_path_that_leads_nowhere_but_down(name: str, path: str) -> None:
    assert safe_path(name).as_posix() == path


def fetch(store: Any, folder: Path) -> dict[str, bytes]:
    """Returns what is in the folder, after everything has been fetched."""
    inbox = Inbox.at(folder, files.ROOT)
    for _ in download(store, list_uploads(store, "uploads", but=inbox.has), inbox):
        pass
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path != folder / MARK
    }


def test_downloads_keep_their_names(tmp_path: Path) -> None:
    assert fetch(SHELF, tmp_path / "new") == {"photos/Köln.png": b"picture", "a file.txt": b"text"}


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / MARK).touch()
    (tmp_path / "a.txt").write_bytes(b"mine")
    shelf = Shelf(**{f"uploads/x/{number}": (b"%d" % number, "a.txt") for number in (1, 2)})
    assert fetch(shelf, tmp_path) == {"a.txt": b"mine", "a (2).txt": b"1", "a (3).txt": b"2"}


def test_a_file_in_the_place_of_a_folder_is_no_end(tmp_path: Path) -> None:
    shelf = Shelf(**{"uploads/x/1": (b"1", "a"), "uploads/x/2": (b"2", "a/b"), "uploads/x/3": (b"3", "a/c")})
    assert fetch(shelf, tmp_path) == {"a": b"1", "a (2)/b": b"2", "a (2)/c": b"3"}


def test_no_link_in_the_folder_is_followed(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    outside.mkdir()
    folder.mkdir()
    (folder / MARK).touch()
    (folder / "photos").symlink_to(outside)
    (folder / "a.txt").symlink_to(outside / "new.txt")
    shelf = Shelf(**{"uploads/x/1": (b"1", "photos/p.png"), "uploads/x/2": (b"2", "a.txt")})
    assert fetch(shelf, folder) == {"photos (2)/p.png": b"1", "a (2).txt": b"2"}
    assert list(outside.iterdir()) == []


def test_what_arrives_incomplete_does_not_stay(tmp_path: Path) -> None:
    class Short(Shelf):
        def get(self, key: str) -> Iterator[bytes]:
            yield self.objects[key][0][:-1]

    with pytest.raises(ValueError, match=r"^uploads/x/1 has 3 bytes, and 2 came$"):
        fetch(Short(**{"uploads/x/1": (b"abc", "a.txt")}), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [MARK]


def test_what_cannot_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    class Short(Shelf):
        def get(self, key: str) -> Iterator[bytes]:
            yield self.objects[key][0][: -1 if key.endswith("1") else None]

    with pytest.raises(ValueError, match=r"^uploads/x/1 has 3 bytes, and 2 came$"):
        fetch(Short(**{"uploads/x/1": (b"abc", "a.txt"), "uploads/x/2": (b"abc", "b.txt")}), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [MARK, "b.txt"]


def test_until_a_file_is_whole_none_has_its_name(tmp_path: Path) -> None:
    """What is there if the process is killed meanwhile."""
    seen: list[str] = []

    class WatchedShelf(Shelf):
        def get(self, key: str) -> Iterator[bytes]:
            for chunk in super().get(key):
                yield chunk
                seen.extend(path.name for path in tmp_path.rglob("*") if path.is_file())

    assert fetch(WatchedShelf(**{"uploads/x/1": (b"abc", "a/b.txt")}), tmp_path) == {"a/b.txt": b"abc"}
    assert (len(seen), [name for name in seen if safe_path(name).name == name]) == (4, [])


def test_no_folder_becomes_a_repository_whose_settings_git_runs(tmp_path: Path) -> None:
    config = '[core]\nrepositoryformatversion = 0\nworktree = .\nfsmonitor = "touch ran; false"\n'
    contents = {"HEAD": "ref: refs/heads/main\n", "config": config, "objects/x": "", "refs/x": ""}
    shelf = Shelf(
        **{f"uploads/x/{number}": (text.encode(), name) for number, (name, text) in enumerate(contents.items())}
    )
    folder = tmp_path / "new"
    fetch(shelf, folder)
    own = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GIT_CEILING_DIRECTORIES": str(tmp_path)}
    subprocess.run(["git", "status"], cwd=folder, env=own, capture_output=True, check=False)  # noqa: S607
    assert not (folder / "ran").exists()


@pytest.mark.parametrize(
    ("first", "second", "stored"),
    [
        ("Cat.png", "cat.PNG", ["Cat.png", "cat (2).PNG"]),
        ("stra\u00dfe", "STRASSE", ["STRASSE (2)", "stra\u00dfe"]),
        ("\u1e9b\u0323", "\u1e69", ["\u1e69 (2)", "\u1e9b\u0323"]),
    ],
)
def test_names_that_some_system_takes_for_one_are_two(
    tmp_path: Path, first: str, second: str, stored: list[str]
) -> None:
    shelf = Shelf(**{"uploads/x/1": (b"1", first), "uploads/x/2": (b"2", second)})
    assert sorted(fetch(shelf, tmp_path)) == sorted(stored)


def test_folders_that_some_system_takes_for_one_are_one(tmp_path: Path) -> None:
    shelf = Shelf(**{"uploads/x/1": (b"1", "Photos/a"), "uploads/x/2": (b"2", "photos/a")})
    assert fetch(shelf, tmp_path) == {"Photos/a": b"1", "Photos/a (2)": b"2"}


def test_many_uploads_of_one_name_cost_a_look_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number = 2000
    shelf = Shelf(**{f"uploads/x/{each:04}": (b"1", "cat.png") for each in range(number)})
    looks = count()

    def look(name: str) -> str:
        next(looks)
        return name

    monkeypatch.setattr("deploy.files.inbox._fold_case", look)
    assert len(fetch(shelf, tmp_path)) == number
    assert next(looks) < 10 * number


def test_a_second_time_fetches_what_is_new_alone(tmp_path: Path) -> None:
    shelf = Shelf(**{"uploads/x/1": (b"1", "a.txt"), "uploads/x/2": (b"2", "b.txt"), "uploads/x/3": (b"3", "c.txt")})
    fetch(shelf, tmp_path)
    (tmp_path / "b.txt").unlink()
    shelf.objects |= {"uploads/x/3": (b"new", "c.txt"), "uploads/x/4": (b"4", "a.txt")}
    assert fetch(shelf, tmp_path) == {
        "a.txt": b"1",
        "b.txt": b"2",
        "c.txt": b"3",
        "c (2).txt": b"new",
        "a (2).txt": b"4",
    }


def test_a_list_that_was_cut_off_is_no_end(tmp_path: Path) -> None:
    shelf = Shelf(**{"uploads/x/1": (b"1", "a.txt")})
    fetch(shelf, tmp_path)
    (tmp_path / MARK).write_text((tmp_path / MARK).read_text()[:30])
    assert fetch(shelf, tmp_path) == {"a.txt": b"1", "a (2).txt": b"1"}


# --- where strangers' files must not go


OTHER_FOLDERS = {
    "a link to itself": "loop",
    "the project": "above/project",
    "above it": "above",
    "far above it": "/",
    "below its code": "above/project/deploy/new",
    "below its page": "above/project/web/new",
    "below its settings": "above/project/.git/hooks",
    "a hidden folder of it": "above/project/.vscode",
    "where it builds": "above/project/build",
    "where it builds, as macOS has it": "above/project/Build",
    "below its code, as macOS has it": "above/Project/deploy/new",
    "a link to it": "link",
    "below a link to it": "link/web/new",
    "a way round to it": "above/project/inbox/..",
    "what holds files": "full",
    "a file": "file",
    "a mark that is a link": "mark",
}


@pytest.mark.parametrize("place", OTHER_FOLDERS.values(), ids=OTHER_FOLDERS)
def test_into_no_other_folder_is_anything_fetched(tmp_path: Path, place: str) -> None:
    project = tmp_path / "above" / "project"
    for name in ("above/project/deploy", "above/project/web", "above/project/.git", "full", "mark"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("file", "full/x"):
        (tmp_path / name).touch()
    (tmp_path / "link").symlink_to(project)
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "mark" / MARK).symlink_to(tmp_path / "file")
    # As if somebody had fetched into these before there was a project.
    for folder in (project, project.parent):
        (folder / MARK).touch()
    with pytest.raises(ValueError, match="name a new"):
        Inbox.at(tmp_path / place, project)


@pytest.mark.parametrize("where", ["elsewhere/a/b", "empty"])
def test_a_new_or_an_empty_folder_is_one(tmp_path: Path, where: str) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "empty").mkdir()
    Inbox.at(tmp_path / where, tmp_path / "project")
    assert [path.name for path in (tmp_path / where).iterdir()] == [MARK]


def test_git_ignores_a_folder_beside_the_makefile(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)  # noqa: S603, S607 - the words are ours
    Inbox.at(tmp_path / "inbox", tmp_path)
    (tmp_path / "inbox" / "passport.png").touch()
    listed = subprocess.run(["git", "status", "-s"], cwd=tmp_path, stdout=subprocess.PIPE, check=True)  # noqa: S607
    assert listed.stdout == b""


def test_the_command_fetches_nothing_into_the_project(capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(path.name for path in files.ROOT.iterdir())
    for place in (".", "..", "web", "deploy/new"):
        with pytest.raises(ValueError, match="name a new"):
            list_or_download(SHELF, "uploads", "", str(files.ROOT / place))
    assert (sorted(path.name for path in files.ROOT.iterdir()), capsys.readouterr().out) == (before, "")


def test_run_prints_the_table_or_the_paths(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert list_or_download(SHELF, "uploads", "alice/", None) == 0
    assert capsys.readouterr().out.count("\n") == 2
    assert list_or_download(SHELF, "uploads", "alice/", str(tmp_path)) == 0
    assert capsys.readouterr().out == f"{tmp_path}/photos/Köln.png\n"


# --- at OSS


LIST = """<ListBucketResult><Name>team-uploads</Name><EncodingType>url</EncodingType><IsTruncated>{more}</IsTruncated>
{token}<Contents><Key>{key}</Key><LastModified>2026-11-24T12:30:00.000Z</LastModified><Size>{size}</Size></Contents>
</ListBucketResult>"""


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer(host="127.0.0.1") as server:
        yield server
        server.check()


def store(server: HTTPServer) -> OssStore:
    provider = StaticCredentialsProvider("LTAI" + secrets.token_hex(8), new_secret())
    return OssStore(oss_client.client(provider, "cn-hongkong", f"http://127.0.0.1:{server.port}"), "team-uploads")


def test_a_list_of_several_pages_is_read_to_its_end(server: HTTPServer) -> None:
    first = LIST.format(
        more="true", token="<NextContinuationToken>t</NextContinuationToken>", key="uploads%2Fa%20b", size=1
    )
    last = LIST.format(more="false", token="", key="uploads%2Fc", size=2)
    query = {"list-type": "2", "encoding-type": "url", "prefix": "uploads/"}
    server.expect_ordered_request("/team-uploads/", query_string=query).respond_with_data(first)
    server.expect_ordered_request("/team-uploads/", query_string=query | {"continuation-token": "t"}).respond_with_data(
        last
    )
    assert list(store(server).list("uploads/")) == [
        StoredObject("uploads/a b", 1, WHEN),
        StoredObject("uploads/c", 2, WHEN),
    ]


def test_metadata_is_read_by_small_letters(server: HTTPServer) -> None:
    server.expect_request("/team-uploads/uploads/a", method="HEAD").respond_with_data(
        "", headers={"X-Oss-Meta-Filename": "a%20b"}
    )
    assert dict(store(server).head("uploads/a")) == {"filename": "a%20b"}


def test_no_number_of_headers_hides_an_object(server: HTTPServer) -> None:
    headers = {f"x-oss-meta-{number}": "" for number in range(1000)}
    server.expect_request("/team-uploads/uploads/a").respond_with_data("a", headers=headers)
    assert len(store(server).head("uploads/a")) == 1000
    assert list(store(server).get("uploads/a")) == [b"a"]


def test_what_its_uploader_calls_compressed_is_fetched_as_it_is(server: HTTPServer) -> None:
    bomb = gzip.compress(b"0" * 10**6)
    server.expect_request("/team-uploads/uploads/a").respond_with_data(bomb, headers={"Content-Encoding": "gzip"})
    assert b"".join(store(server).get("uploads/a")) == bomb


def test_an_object_that_is_said_to_be_elsewhere_is_not_fetched_there(server: HTTPServer) -> None:
    server.expect_request("/team-uploads/uploads/a").respond_with_data("", 302, {"Location": server.url_for("/b")})
    with pytest.raises(ValueError, match=r"^uploads/a cannot be read: OSS answers 302$"):
        list(store(server).get("uploads/a"))
    assert [request.path for request, _ in server.log] == ["/team-uploads/uploads/a"]


@pytest.mark.parametrize("key", ["uploads/x/d/../y", "uploads/x/d/./y", "uploads/x/d/.."])
def test_a_key_that_clients_shorten_is_asked_for_nowhere(server: HTTPServer, key: str) -> None:
    assert store(server).head(key) == {}
    with pytest.raises(files.ReadError, match=r"cannot be read: its key has \. or \.\. for a part"):
        list(store(server).get(key))
    assert server.log == []


def test_an_object_that_is_gone_is_told(server: HTTPServer) -> None:
    server.expect_request("/team-uploads/uploads/a").respond_with_data("", status=404)
    with pytest.raises(ValueError, match=r"^uploads/a cannot be read: OSS answers 404$"):
        list(store(server).get("uploads/a"))


@pytest.mark.parametrize("cut", [False, True])
def test_a_fault_on_the_way_is_told_without_the_signed_address(cut: bool) -> None:
    """`cut`: the connection ends in the middle of the bytes; else nobody listens."""

    def break_off(request: Request) -> Response:
        return Response(iter([b"abc"]), headers={"Content-Length": "9"})

    with HTTPServer(host="127.0.0.1") as server:
        server.expect_request("/team-uploads/uploads/a").respond_with_handler(break_off)
        bucket = store(server)
        if not cut:
            server.stop()
        with pytest.raises(ValueError, match=r"^uploads/a cannot be read: (ConnectionError|ProtocolError)$"):
            list(bucket.get("uploads/a"))


# --- as it is run


CREDENTIALS = {"AccessKeyID": "LTAI1", "AccessKeySecret": new_secret()}
BUCKET = {"OSS_BUCKET": "team-uploads", "OSS_REGION": "cn-hongkong"}
NO_BUCKET = "The bucket cannot be read: "
READ = "(docs/operations.md, Credentials)"


@pytest.mark.parametrize(
    ("environ", "told"),
    [
        (
            {},
            f"{NO_BUCKET}there are no credentials in the environment, and none in `s config` by the name of default {READ}\n",
        ),
        ({**BUCKET, "AccessKeyID": "LTAI1"}, f"{NO_BUCKET}AccessKeyID is set, and AccessKeySecret is not {READ}\n"),
        (CREDENTIALS, "The bucket's name has the account's ID in it: set AccountID, or give --bucket and --region\n"),
    ],
)
def test_what_is_missing_is_told_in_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], environ: dict[str, str], told: str
) -> None:
    text = "resources: {sign: {props: {environmentVariables: {OSS_BUCKET: \"up-${config('AccountID')}\"}}}}"
    (tmp_path / "s.yaml").write_text(text, encoding="utf-8")
    assert (main([], environ, tmp_path), *capsys.readouterr()) == (2, "", told)


def test_the_bucket_is_that_of_s_yaml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = "OSS_BUCKET: \"up-${config('AccountID')}\", OSS_REGION: cn-hongkong, UPLOAD_PREFIX: inbox"
    (tmp_path / "s.yaml").write_text(
        f"resources: {{sign: {{props: {{environmentVariables: {{{variables}}}}}}}}}", encoding="utf-8"
    )
    seen: list[Any] = []

    def run(store: Any, *more: Any) -> int:
        seen.extend([store._bucket, *more])
        return 0

    monkeypatch.setattr(files, "list_or_download", run)
    assert main([], {**CREDENTIALS, "AccountID": "12345"}, tmp_path) == 0
    assert seen == ["up-12345", "inbox", [""], None]


def test_what_oss_refuses_is_told_in_a_line(server: HTTPServer, capsys: pytest.CaptureFixture[str]) -> None:
    refused = "<Error><Code>NoSuchBucket</Code><Message>It is not there.</Message></Error>"
    server.expect_request("/team-uploads/").respond_with_data(refused, status=404)
    endpoint = f"http://127.0.0.1:{server.port}"
    assert main(["--endpoint", endpoint], {**CREDENTIALS, **BUCKET}) == 1
    assert capsys.readouterr() == ("", "OSS: NoSuchBucket: It is not there.\n")


@pytest.mark.parametrize(
    "endpoint",
    [
        *("http://files.example.com", "http://127.0.0.1.evil.example", "ftp://a.example"),
        *("http://evil.example\\@127.0.0.1/", "http://evil.example@127.0.0.1", "http://evil.example\\.localhost"),
        *("http://127.0.0.1\t.evil.example", "http://127.0.0.1 .localhost", "http://evil.example;.localhost"),
    ],
)
def test_keys_go_to_no_other_machine_in_the_clear(capsys: pytest.CaptureFixture[str], endpoint: str) -> None:
    assert main(["--endpoint", endpoint], {**CREDENTIALS, **BUCKET}) == 2
    said = f"OSS's address must be https://…, not {endpoint.partition(':')[0]}://…: keys go there\n"
    assert capsys.readouterr() == ("", said)


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://files.example.com/@a", True),
        ("http://127.0.0.1:8080/", True),
        ("http://localhost", True),
        ("http://bucket.localhost:1", True),
        ("https://a@files.example.com", False),
        ("https://files.example.com\\.evil.example", False),
        ("https://files.example.com/\x85", False),
        ("https://files.example.com/\u3000", False),
        ("http://evillocalhost", False),
        ("https://", False),
        ("https://[", False),
    ],
)
def test_addresses_to_which_keys_go(url: str, safe: bool) -> None:
    assert is_safe(url) == safe


def test_what_was_uploaded_to_the_stand_in_is_listed_and_fetched(tmp_path: Path) -> None:
    may = {"Effect": "Allow", "Action": ["oss:ListObjects", "oss:GetObject"], "Resource": "acs:oss:*:*:*"}
    with Cloud(tmp_path / "files") as cloud:
        asked = requests.post(cloud.gateway.url + "/sign", json={"files": [FILE]}, timeout=60)
        [upload] = asked.json()["uploads"]
        assert post_upload(upload).status_code == 200
        policy = {"Version": "1", "Statement": [may]}
        who = cloud.identities.add_session(cloud.account_id, "deployer", "files", cloud.clock() + 3600, (policy,))
        provider = StaticCredentialsProvider(who.access_key_id, who.access_key_secret, who.security_token)
        shelf = OssStore(oss_client.client(provider, cloud.region, cloud.oss.url), cloud.bucket.name)
        assert names(shelf) == [("anonymous", "photos/cat ü.png", len(CONTENT))]
        assert fetch(shelf, tmp_path / "fetched") == {"photos/cat ü.png": CONTENT}
        cloud.check()
