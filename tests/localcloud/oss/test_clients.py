"""Forms sent by clients that we did not write: curl and requests."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest
import requests

from support.oss_world import Draft, OssWorld, elements

SIZE = 8 * 1024 * 1024 + 1


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Returns a file that holds everything a body could be confused by."""
    path = tmp_path / 'a "quoted" 名.bin'
    pattern = b"\r\n--\r\n----\r\n\0\xff" + bytes(range(256))
    path.write_bytes((pattern * (SIZE // len(pattern) + 1))[:SIZE])
    return path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def curl(*arguments: str) -> str:
    command = shutil.which("curl")
    assert command, "these tests need curl"
    done = subprocess.run(  # noqa: S603 - the arguments are ours
        [command, "--silent", "--show-error", "--noproxy", "*", *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return done.stdout


def test_curl(world: OssWorld, draft: Draft, file: Path) -> None:
    draft.extra = {"key": "uploads/${filename}", "success_action_status": "201"}
    fields = [argument for name, value in draft.fields().items() for argument in ("--form-string", f"{name}={value}")]
    said = curl(
        *fields, "--form", f"file=@{json.dumps(str(file), ensure_ascii=False)};type=application/x-a", world.oss.url
    )
    assert "<PostResponse>" in said
    (stored,) = world.bucket.objects()
    assert (stored.content_type, stored.size, digest(stored.path)) == ("application/x-a", SIZE, digest(file))
    assert stored.key.startswith("uploads/a ")


def test_curl_hears_a_refusal(world: OssWorld, draft: Draft, file: Path) -> None:
    fields = [argument for name, value in draft.fields().items() for argument in ("--form-string", f"{name}={value}")]
    said = curl(
        *fields, "--form-string", "key=b", "--form", f"file=@{json.dumps(str(file), ensure_ascii=False)}", world.oss.url
    )
    assert "<Code>InvalidArgument</Code>" in said


def test_requests(world: OssWorld, draft: Draft, file: Path) -> None:
    with file.open("rb") as opened:
        answer = requests.post(world.oss.url, data=draft.fields(), files={"file": opened}, timeout=60)
    assert answer.status_code == 204
    (stored,) = world.bucket.objects()
    assert digest(stored.path) == digest(file)


def test_requests_with_the_file_first(world: OssWorld, draft: Draft) -> None:
    parts: list[tuple[str, tuple[str | None, str]]] = [("file", ("a", "hello"))]
    parts += [(name, (None, value)) for name, value in draft.fields().items()]
    answer = requests.post(world.oss.url, files=parts, timeout=60)
    assert elements(answer)["Message"].endswith("please check the order of the fields")


def test_an_empty_file(world: OssWorld, draft: Draft) -> None:
    answer = requests.post(world.oss.url, data=draft.fields(), files={"file": ("a", b"")}, timeout=60)
    assert answer.status_code == 204
    assert [stored.size for stored in world.bucket.objects()] == [0]
