"""Objects as files: which file is which object, and that no key leads out of the folder."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.oss.storage.bucket import Bucket, StoredObject
from support.oss_world import NOON, Draft, File, OssWorld, new_identity, post, ram_policy


def put(bucket: Bucket, key: str, content: bytes = b"x") -> StoredObject:
    with bucket.incoming() as incoming:
        incoming.write(memoryview(content))
        described = StoredObject(key, len(content), "a/b", {}, {}, "E", "1", NOON, None, incoming.path)
        return bucket.put(incoming, described, forbid_overwrite=False)


@pytest.fixture
def bucket(tmp_path: Path) -> Bucket:
    return Bucket("bucket", "1", tmp_path / "files")


NAMED_BY_THEIR_KEY = [
    "a",
    "uploads/a/b.png",
    "uploads/照 片.png",
    "a/.b",
    "a/...",
    ".objects.txt",
    "a/.objects",
    "é" * 127,
]


@pytest.mark.parametrize("key", NAMED_BY_THEIR_KEY)
def test_keys_that_are_paths(bucket: Bucket, key: str) -> None:
    assert put(bucket, key).path == bucket.folder / key
    assert (bucket.folder / key).read_bytes() == b"x"


NOT_PATHS = [
    "../a",
    "uploads/../../../../tmp/a",
    "a/..",
    "..",
    ".",
    "a/./b",
    "a//b",
    "a/",
    "a\\b",
    "a\0b",
    "a\nb",
    ".objects",
    ".objects/about/x.json",
    ".Objects/about/x.json",
    "é" * 128,
    "x" * 1023,
]


@pytest.mark.parametrize("key", NOT_PATHS)
def test_keys_that_are_no_paths(bucket: Bucket, key: str) -> None:
    stored = put(bucket, key)
    assert stored.path.parent == bucket.folder / ".objects" / "names"
    assert bucket.get(key) == stored
    assert [path.name for path in bucket.folder.parent.iterdir()] == ["files"]


def test_keys_that_would_be_both_file_and_folder(bucket: Bucket) -> None:
    contents = {"a": b"1", "a/b": b"2", "a/b/c": b"3", "d/e": b"4", "d": b"5"}
    for key, content in contents.items():
        put(bucket, key, content)
    assert {stored.key: stored.path.read_bytes() for stored in bucket.objects()} == contents


def test_a_file_that_is_no_object_is_left_alone(bucket: Bucket) -> None:
    (bucket.folder / "mine.txt").write_text("mine")
    stored = put(bucket, "mine.txt")
    assert stored.path.parent == bucket.folder / ".objects" / "names"
    assert (bucket.folder / "mine.txt").read_text() == "mine"


def test_objects_outlive_the_process(bucket: Bucket) -> None:
    stored = [put(bucket, key) for key in ("a", "b/../c")]
    assert Bucket("bucket", "1", bucket.folder).objects() == stored


def test_what_was_half_written_is_cleared(bucket: Bucket) -> None:
    left_over = bucket.folder / ".objects" / "incoming" / "a"
    left_over.touch()
    Bucket("bucket", "1", bucket.folder)
    assert not left_over.exists()


def test_a_file_that_somebody_deleted_is_no_object(bucket: Bucket) -> None:
    put(bucket, "a").path.unlink()
    assert (bucket.get("a"), bucket.open("a"), bucket.objects()) == (None, None, [])
    assert put(bucket, "a").path == bucket.folder / "a"


def test_an_overwritten_object_keeps_its_place(bucket: Bucket) -> None:
    assert put(bucket, "a//b", b"1").path == put(bucket, "a//b", b"22").path
    assert [stored.size for stored in bucket.objects()] == [2]


def test_a_reader_keeps_what_it_has_opened(bucket: Bucket) -> None:
    put(bucket, "a", b"old")
    found = bucket.open("a")
    assert found is not None
    put(bucket, "a", b"newer")
    with found[1] as file:
        assert (found[0].size, file.read()) == (3, b"old")


@pytest.mark.parametrize("kind", ["objects", "uploads"])
def test_what_comes_and_goes_meanwhile_is_listed_or_not(bucket: Bucket, kind: str) -> None:
    def come_and_go() -> None:
        for _ in range(100):
            if kind == "objects":
                put(bucket, "a")
                bucket.delete("a")
            else:
                bucket.multipart_uploads.remove(bucket.multipart_uploads.initiate("a", "a/b", {}, NOON))

    with ThreadPoolExecutor(1) as pool:
        changes = pool.submit(come_and_go)
        listed = set()
        while not changes.done():
            listed |= {each.key for each in (bucket.objects() or bucket.multipart_uploads.list_all())}
    changes.result()
    assert listed <= {"a"}


def test_what_is_known_of_an_object_can_be_read(bucket: Bucket) -> None:
    put(bucket, "ü")
    (about,) = (bucket.folder / ".objects" / "about").iterdir()
    assert json.loads(about.read_text(encoding="utf-8"))["key"] == "ü"


awkward = st.text(st.sampled_from("./\\ab\0\n é~"), min_size=1, max_size=30) | st.text(
    st.characters(exclude_categories=["Cs"]), min_size=1, max_size=100
)


@given(st.lists(awkward, min_size=1, max_size=6, unique=True))
def test_any_keys_live_side_by_side(tmp_path_factory: pytest.TempPathFactory, keys: list[str]) -> None:
    outer = tmp_path_factory.mktemp("any")
    bucket = Bucket("bucket", "1", outer / "files")
    for number, key in enumerate(keys):
        put(bucket, key, b"%d" % number)
    for number, key in enumerate(keys):
        stored = bucket.get(key)
        assert stored is not None
        assert stored.path.read_bytes() == b"%d" % number
        assert stored.path.resolve().is_relative_to(outer / "files")
    assert [path.name for path in outer.iterdir()] == ["files"]


@pytest.mark.parametrize(
    "key", ["uploads/../../../escaped.txt", "uploads/..\\..\\escaped.txt", "uploads/.././/escaped"]
)
def test_a_form_cannot_leave_the_folder(world: OssWorld, key: str) -> None:
    identity = world.add(new_identity(ram_policy("oss:PutObject", resource="*")))
    assert post(world, Draft(identity, extra={"key": key}).fields(), File(b"escaped")).status_code == 204
    (stored,) = world.bucket.objects()
    assert (stored.key, stored.path.parent) == (key, world.folder / ".objects" / "names")
    assert list(world.folder.parent.rglob("*escaped*")) == []
