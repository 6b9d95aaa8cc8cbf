"""Parts are written where they belong in the object, where that can be: then completing copies nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localcloud.oss.errors import OssError
from localcloud.oss.storage.bucket import Bucket
from localcloud.oss.storage.crc64 import crc64_ecma
from localcloud.oss.storage.incoming import Incoming
from localcloud.oss.storage.multipart_uploads import MultipartUpload
from support.oss_world import ACCOUNT, BUCKET, NOON


class BegunUpload:
    """An upload in a bucket of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bucket = Bucket(BUCKET, ACCOUNT, folder)
        self.uploads = self.bucket.multipart_uploads
        self.upload: MultipartUpload = self.uploads.initiate("film", "video/mp4", {}, NOON)

    @property
    def content(self) -> Path:
        return self.folder / ".objects/multipart" / self.upload.upload_id / "content"

    @contextmanager
    def receive(self, number: int, size: int) -> Iterator[Incoming]:
        with self.uploads.incoming(self.upload, number, size) as incoming:
            yield incoming

    def put(self, number: int, content: bytes, *, is_size_known: bool = True) -> None:
        with self.receive(number, len(content) if is_size_known else 0) as incoming:
            incoming.write(memoryview(content))
            self.uploads.put(self.upload, number, incoming, NOON)

    def lose(self, number: int, content: bytes) -> None:
        """Sends half of a part, and breaks the connection."""
        with suppress(ConnectionError), self.receive(number, len(content)) as incoming:
            incoming.write(memoryview(content[: len(content) // 2]))
            raise ConnectionError

    def put_while_it_is_aborted(self, number: int) -> None:
        with self.receive(number, 4) as incoming:
            self.uploads.remove(self.upload)
            self.uploads.put(self.upload, number, incoming, NOON)

    def join(self, *numbers: int) -> tuple[bytes, bool]:
        """Returns what these parts, or all, are in a row, and whether that is the content itself."""
        parts = [part for part in self.uploads.parts(self.upload) if not numbers or part.number in numbers]
        with self.bucket.incoming() as incoming:
            self.uploads.join(self.upload, parts, incoming)
            joined = incoming.path.read_bytes()
            assert (incoming.size, incoming.crc64) == (len(joined), crc64_ecma(joined))
            return joined, incoming.path.samefile(self.content)


@pytest.fixture
def upload(tmp_path: Path) -> BegunUpload:
    return BegunUpload(tmp_path)


def test_parts_of_one_size_are_not_copied(upload: BegunUpload) -> None:
    for number, content in ((2, b"bbbb"), (1, b"aaaa"), (3, b"c")):
        upload.put(number, content)
    assert upload.join() == (b"aaaabbbbc", True)


def test_a_part_that_failed_is_sent_again_to_its_place(upload: BegunUpload) -> None:
    upload.put(1, b"aaaa")
    upload.lose(2, b"xxxx")
    upload.put(2, b"bbbb")
    assert upload.join() == (b"aaaabbbb", True)


def test_what_a_lost_part_has_left_is_not_in_the_object(upload: BegunUpload) -> None:
    upload.put(1, b"aaaa")
    upload.lose(2, b"xxxx")
    assert upload.join() == (b"aaaa", False)


def test_a_part_that_is_sent_again_leaves_the_first_until_it_has_arrived(upload: BegunUpload) -> None:
    upload.put(1, b"aaaa")
    upload.lose(1, b"xxxx")
    assert upload.join() == (b"aaaa", True)


def test_what_still_arrives_does_not_reach_the_object(upload: BegunUpload) -> None:
    upload.put(1, b"aaaa")
    with upload.receive(2, 4) as second:
        assert upload.join() == (b"aaaa", False)
        second.write(memoryview(b"bbbb"))


def test_after_a_refused_completion_parts_do_not_reach_what_it_had_joined(upload: BegunUpload) -> None:
    upload.put(1, b"aaaa")
    assert upload.join() == (b"aaaa", True)
    upload.put(2, b"bbbb")
    assert upload.content.read_bytes() == b"aaaa"
    assert upload.join() == (b"aaaabbbb", False)


def test_a_part_that_is_larger_than_the_first_writes_over_no_other(upload: BegunUpload) -> None:
    for number, content in ((1, b"a"), (2, b"bbbb"), (3, b"cccc")):
        upload.put(number, content)
    assert upload.join() == (b"abbbbcccc", False)


def test_a_part_that_is_replaced_by_one_of_a_size_that_is_not_said_is_not_in_the_object(upload: BegunUpload) -> None:
    upload.put(1, b"xxxx")
    upload.put(1, b"aaaa", is_size_known=False)
    assert upload.join() == (b"aaaa", False)


def test_a_part_far_ahead_makes_no_hole(upload: BegunUpload) -> None:
    upload.put(1, b"aaaa")
    upload.put(10_000, b"z")
    assert upload.content.stat().st_size == 4
    assert upload.join() == (b"aaaaz", False)


def test_a_file_system_without_links_gets_a_copy(upload: BegunUpload, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: Path, __: Path) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    upload.put(1, b"aaaa")
    assert upload.join() == (b"aaaa", False)


@pytest.mark.parametrize("number", [1, 2], ids=["in a file of its own", "in its place"])
def test_a_part_of_an_upload_that_is_aborted_meanwhile_leaves_nothing(upload: BegunUpload, number: int) -> None:
    upload.put(1, b"aaaa")
    with pytest.raises(OssError, match="does not exist"):
        upload.put_while_it_is_aborted(number)
    assert upload.uploads.ids() == []


Step = tuple[int, bytes, bool, bool]
"""A part's number and bytes, whether its size is known before it comes, and whether it arrives."""

STEP = st.tuples(
    st.integers(1, 4), st.sampled_from([b"", b"a", b"bbbb", b"cccc", b"dddddd"]), st.booleans(), st.booleans()
)


@settings(max_examples=25, deadline=None)
@given(st.lists(STEP | st.none(), max_size=12), st.sets(st.integers(1, 4)))
def test_whatever_is_sent_the_last_parts_make_the_object(steps: list[Step | None], listed: set[int]) -> None:
    with TemporaryDirectory() as folder:
        check_parts(BegunUpload(Path(folder)), steps, listed)


def check_parts(upload: BegunUpload, steps: list[Step | None], listed: set[int]) -> None:
    expected: dict[int, bytes] = {}
    for step in steps:
        if step is None:
            upload.join(*listed)
            continue
        number, content, is_size_known, arrives = step
        if arrives:
            upload.put(number, content, is_size_known=is_size_known)
            expected[number] = content
        else:
            upload.lose(number, content)
    wanted = sorted(listed & set(expected) or set(expected))
    assert upload.join(*wanted)[0] == b"".join(expected[number] for number in wanted)
