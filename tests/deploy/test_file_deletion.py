"""`make files ARGS='--subject … --delete'`: all that is one person's goes, in every version, and nothing of another's."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator

import alibabacloud_oss_v2 as oss
import pytest

from deploy.files.command import main
from deploy.files.deletion import REMAINS
from localcloud.standalone import Options, OssCloud
from support.cloud_client import client_of, put
from support.oss_world import BUCKET

ALICE = "alice@example.com"
PART = "alice_40example_2ecom"
"""Alice as a part of a key: docs/reference/http-api.md."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OssCloud]:
    with OssCloud(tmp_path_factory.mktemp("cloud"), Options(buckets=(BUCKET,))) as server:
        yield server


@pytest.fixture
def cloud(server: OssCloud) -> Iterator[OssCloud]:
    server.reset()
    yield server
    server.check()


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(cloud: OssCloud, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs the command: its exit code, what it prints, and what it says of errors."""

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(["--endpoint", cloud.oss.url, *arguments], cloud.environ)
        return (code, *capsys.readouterr())

    return run


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[str]]:
    """Puts a person at a terminal who gives this answer; returns what they are asked."""

    def answer(text: str) -> list[str]:
        questions: list[str] = []

        def read(question: str) -> str:
            questions.append(question)
            if not text:
                raise EOFError
            return text

        monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
        monkeypatch.setattr("builtins.input", read)
        return questions

    return answer


def begin(cloud: OssCloud, key: str) -> None:
    """Begins an upload in parts."""
    request = oss.InitiateMultipartUploadRequest(bucket=BUCKET, key=key)
    assert client_of(cloud).initiate_multipart_upload(request).status_code == 200


def keep_versions(cloud: OssCloud) -> None:
    configuration = oss.VersioningConfiguration(status="Enabled")
    request = oss.PutBucketVersioningRequest(bucket=BUCKET, versioning_configuration=configuration)
    assert client_of(cloud).put_bucket_versioning(request).status_code == 200


def contents(cloud: OssCloud) -> list[str]:
    """Returns the key of every version, delete marker and unfinished upload."""
    client = client_of(cloud)
    listed = client.list_object_versions(oss.ListObjectVersionsRequest(bucket=BUCKET))
    uploads = client.list_multipart_uploads(oss.ListMultipartUploadsRequest(bucket=BUCKET)).uploads
    return sorted(each.key for found in (listed.version, listed.delete_marker, uploads) for each in found or [])


OTHERS = (
    f"uploads/{PART}x/1.txt",
    f"uploads/{PART}-2/1.txt",
    "uploads/alice/1.txt",
    f"uploads/~photos/{PART}x/1.txt",
    f"uploads/bob/{PART}/1.txt",
    f"elsewhere/{PART}/1.txt",
)
"""Keys that look like Alice's and are not."""


def test_all_of_one_person_goes_and_nothing_of_another(cloud: OssCloud, run: Run) -> None:
    for key in (*OTHERS, f"uploads/{PART}/1.png", f"uploads/{PART}/~l/2", f"uploads/~photos/{PART}/1.png"):
        put(cloud, key, b"12345")
    begin(cloud, f"uploads/{PART}/3.mp4")
    begin(cloud, f"uploads/~films/{PART}/4.mp4")
    begin(cloud, OTHERS[0])
    assert run("--subject", ALICE, "--delete", "--yes") == (
        0,
        f"In {BUCKET}:\n"
        f"  uploads/{PART}/: 2 files (10 bytes) and 1 unfinished upload\n"
        f"  uploads/~films/{PART}/: 1 unfinished upload\n"
        f"  uploads/~photos/{PART}/: 1 file (5 bytes)\n"
        "Deleted 3 files (15 bytes) and 2 unfinished uploads.\n"
        f"{REMAINS}\n",
        "",
    )
    assert contents(cloud) == sorted((*OTHERS, OTHERS[0]))


def test_a_subject_that_make_or_a_shell_would_obey_comes_on_standard_input(
    cloud: OssCloud, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(cloud, "uploads/a_24_28id_29/1.txt", b"12345")
    put(cloud, "uploads/a/1.txt", b"12345")
    monkeypatch.setattr(sys, "stdin", io.StringIO("a$(id)\n"))
    code, said, _ = run("--subject", "-", "--delete", "--yes")
    assert (code, said.splitlines()[1]) == (0, "  uploads/a_24_28id_29/: 1 file (5 bytes)")
    assert contents(cloud) == ["uploads/a/1.txt"]


def test_old_versions_and_delete_markers_go_as_well(cloud: OssCloud, run: Run) -> None:
    key = f"uploads/~photos/{PART}/1.png"
    put(cloud, key, b"12345")
    keep_versions(cloud)
    put(cloud, key, b"123")
    client_of(cloud).delete_object(oss.DeleteObjectRequest(bucket=BUCKET, key=key))
    code, said, _ = run("--subject", ALICE, "--delete", "--yes")
    assert (code, said.splitlines()[2]) == (0, f"  uploads/~photos/{PART}/: 3 files (8 bytes)")
    assert contents(cloud) == []


def test_no_key_keeps_the_others_from_being_deleted(cloud: OssCloud, run: Run) -> None:
    """The holder of a folder form chooses keys that no list in XML can name."""
    keep_versions(cloud)
    for name in ("1.png", "\x1b[2J", "\x01", "a\rb", "\ufffe", "\U0001f600", "a\tb"):
        put(cloud, f"uploads/{PART}/d/{name}", b"1")
    assert run("--subject", ALICE, "--delete", "--yes")[0] == 0
    assert contents(cloud) == []


@pytest.mark.parametrize("text", ["n", "", "yes please", "alice"])
def test_without_a_yes_nothing_is_deleted(
    cloud: OssCloud, run: Run, answer: Callable[[str], list[str]], text: str
) -> None:
    put(cloud, f"uploads/{PART}/1.png", b"1")
    questions = answer(text)
    code, said, _ = run("--subject", ALICE, "--delete")
    assert (code, said.splitlines()[-1]) == (0, "Nothing was deleted.")
    assert questions == ["Delete all of it for good, in every version? [y/N] "]
    assert contents(cloud) == [f"uploads/{PART}/1.png"]


def test_with_a_yes_it_is(cloud: OssCloud, run: Run, answer: Callable[[str], list[str]]) -> None:
    put(cloud, f"uploads/{PART}/1.png", b"1")
    answer("Y")
    assert run("--subject", ALICE, "--delete")[0] == 0
    assert contents(cloud) == []


def test_where_there_is_nothing_nobody_is_asked(cloud: OssCloud, run: Run, answer: Callable[[str], list[str]]) -> None:
    questions = answer("y")
    assert run("--subject", ALICE, "--delete") == (0, f"In {BUCKET}:\n  uploads/{PART}/: nothing\n", "")
    assert questions == []


def test_a_folder_by_its_path(cloud: OssCloud, run: Run) -> None:
    for key in ("uploads/alice/1", "uploads/alice-2/1", "uploads/~photos/alice/1"):
        put(cloud, key, b"1")
    assert run("--below", "alice/", "--delete", "--yes")[0] == 0
    assert contents(cloud) == ["uploads/alice-2/1", "uploads/~photos/alice/1"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--below", "alice"],
            "--delete needs --subject, or --below with a path that ends in a slash: alice is the beginning of alice-2",
        ),
        (
            [],
            "--delete needs --subject, or --below with a path that ends in a slash: alice is the beginning of alice-2",
        ),
        (
            ["--below", "alice/", "--download", "inbox"],
            "--download and --delete exclude each other: download first, look, and then delete",
        ),
        (["--subject", ""], " is no subject: it has 1 to 255 characters, as in the token"),
        (["--subject", "a" * 256], f"{'a' * 80} is no subject: it has 1 to 255 characters, as in the token"),
    ],
)
def test_what_is_refused_deletes_nothing(cloud: OssCloud, run: Run, arguments: list[str], said: str) -> None:
    put(cloud, "uploads/alice/1", b"1")
    assert run(*arguments, "--delete", "--yes") == (2, "", f"{said}\n")
    assert contents(cloud) == ["uploads/alice/1"]


def test_without_a_terminal_it_takes_an_option(cloud: OssCloud, run: Run) -> None:
    put(cloud, "uploads/alice/1", b"1")
    said = "Nobody can be asked here: add --yes to delete without a question\n"
    assert run("--subject", "alice", "--delete") == (2, "", said)
    assert contents(cloud) == ["uploads/alice/1"]


def test_one_persons_files_are_listed_in_every_profile(cloud: OssCloud, run: Run) -> None:
    for key in (*OTHERS, f"uploads/{PART}/1.png", f"uploads/~photos/{PART}/1.png"):
        put(cloud, key, b"1")
    code, said, _ = run("--subject", ALICE)
    assert (code, [line.split()[-1] for line in said.splitlines()[1:]]) == (
        0,
        [f"uploads/{PART}/1.png", f"uploads/~photos/{PART}/1.png"],
    )


def test_what_is_still_there_is_said(cloud: OssCloud, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    put(cloud, "uploads/alice/1", b"1")
    monkeypatch.setattr("deploy.bucket_contents.Folder.empty", lambda _: None)
    code, said, error = run("--subject", "alice", "--delete", "--yes")
    assert (code, said) == (2, f"In {BUCKET}:\n  uploads/alice/: 1 file (1 byte)\n")
    assert error == "1 file (1 byte) came meanwhile, or could not be deleted: run the command again\n"
