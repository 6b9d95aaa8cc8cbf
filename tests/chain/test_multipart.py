"""Tests uploads in parts: the function begins and completes them, and the stand-in OSS takes what the URLs allow."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import time_machine

from localcloud.dev.cloud import ROOT
from support.chain import Chain, running, sharing
from support.factories import NOON
from support.oss_world import outcome
from support.tokens import bearer, new_secret, token

pytestmark = pytest.mark.any_python

MIB = 1024**2
CONTENT = os.urandom(8 * MIB) + b"the end"
UUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
KEY = f"uploads/anonymous/{UUID}.mp4"
FILE: dict[str, Any] = {
    "filename": "trip/film \u00fc.mp4",
    "size": len(CONTENT),
    "content_type": "video/mp4",
    "id": UUID,
}
NAME = "trip%2Ffilm%20%C3%BC.mp4"
HOUR, DAY = 3600, 86_400


class InParts(Chain):
    """A chain that can also send files in parts."""

    def on(self, step: str = "", *, headers: dict[str, str] | None = None, **body: Any) -> Any:
        """Returns the status and the payload of a response."""
        response = self.ask(f"/multipart{step}", json=body, headers=headers)
        return response.status_code, response.json()

    def begin(self, **changed: Any) -> Any:
        status, begun = self.on(**{**FILE, **changed})
        assert status == 200, begun
        return begun

    def urls(self, ticket: str, *numbers: int) -> list[str]:
        status, response = self.on("/parts", ticket=ticket, parts=list(numbers))
        assert status == 200, response
        return [part["url"] for part in response["parts"]]

    def send(self, ticket: str, content: bytes = CONTENT) -> None:
        pieces = [content[at : at + 8 * MIB] for at in range(0, len(content), 8 * MIB)]
        for url, piece in zip(self.urls(ticket, *range(1, len(pieces) + 1)), pieces, strict=True):
            assert requests.put(url, piece, timeout=60).status_code == 200

    def code(self, step: str = "", **body: Any) -> tuple[int, str]:
        status, response = self.on(step, **body)
        return status, response["error"]["code"]

    def log_events(self, event: str) -> list[Any]:
        lines = [json.loads(line[25:]) for line in self.lines if line[:2] == "20"]
        return [line for line in lines if line["event"] == event]

    def later(self, seconds: float) -> None:
        """Moves the clock, and starts a new instance, since no instance lives for days."""
        self.clock.shift(seconds)
        self.new_instance()

    def parts_left(self) -> int:
        return len(list((self.cloud.bucket.folder / ".objects" / "multipart").iterdir()))


@pytest.fixture(scope="module")
def running_chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InParts]:
    with time_machine.travel(NOON, tick=False) as clock:
        chain = InParts(tmp_path_factory.mktemp("chain"), clock, settings={"MULTIPART_THRESHOLD": "1MB"})
        with chain.cloud:
            yield chain


@pytest.fixture
def chain(running_chain: InParts) -> Iterator[InParts]:
    with sharing(running_chain) as chain:
        yield chain


@pytest.fixture
def own_chain(tmp_path: Path, clock: time_machine.Traveller) -> Iterator[InParts]:
    with running(InParts(tmp_path / "files", clock, settings={"MULTIPART_THRESHOLD": "1MB"})) as chain:
        yield chain


def test_a_file_arrives_in_parts(chain: InParts) -> None:
    begun = chain.begin()
    expected = {
        "key": KEY,
        "content_type": "video/mp4",
        "part_size": 8 * MIB,
        "parts": 2,
        "expires_at": "2024-11-25T12:00:00Z",
    }
    assert {name: begun[name] for name in expected} == expected
    chain.send(begun["ticket"])
    status, response = chain.on("/complete", ticket=begun["ticket"])
    [stored] = chain.cloud.bucket.objects()
    fact = {
        "key": KEY,
        "size": len(CONTENT),
        "content_type": "video/mp4",
        "etag": stored.etag,
        "crc64": stored.crc64,
        "filename": "trip/film \u00fc.mp4",
    }
    [line] = chain.log_events("stored")
    assert (status, response) == (200, {"stored": fact, "request_id": line["request_id"]})
    assert {name: line[name] for name in (*fact, "bucket", "subject")} == {
        **fact,
        "bucket": chain.cloud.bucket.name,
        "subject": "anonymous",
    }
    assert (chain.stored_files(), chain.parts_left()) == ([(KEY, CONTENT)], 0)
    assert (stored.content_type, stored.meta, stored.headers) == (
        "video/mp4",
        {"filename": NAME},
        {"Content-Disposition": f"attachment; filename*=UTF-8''{NAME}"},
    )


@pytest.mark.parametrize("declared", ["video/x-m4v", "", "video/mp4; codecs=avc1"])
def test_a_type_under_another_name_is_begun_and_stored_under_its_own(chain: InParts, declared: str) -> None:
    begun = chain.begin(filename="film.m4v", content_type=declared)
    chain.send(begun["ticket"])
    chain.on("/complete", ticket=begun["ticket"])
    [stored] = chain.cloud.bucket.objects()
    assert (begun["content_type"], stored.content_type, stored.key) == ("video/mp4", "video/mp4", KEY)


def test_the_limits_say_from_which_size_on(chain: InParts) -> None:
    assert chain.ask("/limits").json()["multipart_threshold"] == 1_000_000


def test_a_url_of_a_part_tells_its_size_and_its_end(chain: InParts) -> None:
    _, response = chain.on("/parts", ticket=chain.begin()["ticket"], parts=[2, 1])
    assert [(part["number"], part["size"]) for part in response["parts"]] == [(2, 7), (1, 8 * MIB)]
    assert response["expires_at"] == "2024-11-24T12:10:00Z"


def test_what_has_arrived_is_listed(chain: InParts) -> None:
    ticket = chain.begin()["ticket"]
    [url] = chain.urls(ticket, 2)
    put = requests.put(url, CONTENT[8 * MIB :], timeout=60)
    status, response = chain.on("/list", ticket=ticket)
    crc64 = put.headers["x-oss-hash-crc64ecma"]
    assert (status, response["parts"]) == (200, [{"number": 2, "size": 7, "crc64": crc64}])


@pytest.mark.parametrize("step", ["/list", "/parts"])
def test_answers_about_parts_renew_the_ticket(own_chain: InParts, step: str) -> None:
    ticket = own_chain.begin()["ticket"]
    own_chain.later(23 * HOUR)
    _, response = own_chain.on(step, ticket=ticket, parts=[1])
    own_chain.later(23 * HOUR)
    assert own_chain.on("/list", ticket=response["ticket"])[0] == 200


def test_no_ticket_outlives_its_upload(chain: InParts) -> None:
    ticket = chain.begin()["ticket"]
    for _ in range(6):
        chain.later(DAY - 1)
        ticket = chain.on("/list", ticket=ticket)[1]["ticket"]
    chain.later(6)
    assert chain.code("/list", ticket=ticket) == (410, "ticket_expired")


@pytest.mark.parametrize("body", [CONTENT[: 8 * MIB - 1], CONTENT[: 8 * MIB + 1]], ids=["less", "more"])
def test_a_part_has_the_length_that_its_url_is_for(chain: InParts, body: bytes) -> None:
    [url] = chain.urls(chain.begin()["ticket"], 1)
    assert outcome(requests.put(url, body, timeout=60))[:2] == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize(
    ("this", "that"),
    [(f"/{UUID}.mp4", f"/{UUID}.exe"), ("partNumber=1&", "partNumber=2&"), ("uploads/anonymous", "uploads/bob")],
    ids=["key", "number", "directory"],
)
def test_a_url_is_for_one_part_of_one_key(chain: InParts, this: str, that: str) -> None:
    [url] = chain.urls(chain.begin()["ticket"], 1)
    assert this in url
    response = requests.put(url.replace(this, that), CONTENT[: 8 * MIB], timeout=60)
    assert outcome(response)[:2] == (403, "SignatureDoesNotMatch")


def test_a_url_ends(own_chain: InParts, clock: time_machine.Traveller) -> None:
    [url] = own_chain.urls(own_chain.begin()["ticket"], 1)
    clock.shift(601)
    assert outcome(requests.put(url, CONTENT[: 8 * MIB], timeout=60))[:2] == (403, "AccessDenied")


@pytest.mark.parametrize("numbers", [[], [0], [3], [1, 1], ["1"], [True], [1.0], list(range(1, 22)), None, 1])
def test_parts_are_named_by_their_numbers(chain: InParts, numbers: object) -> None:
    assert chain.code("/parts", ticket=chain.begin()["ticket"], parts=numbers) == (400, "bad_request")


@pytest.mark.parametrize("step", ["/parts", "/list", "/complete", "/abort"])
def test_without_a_ticket_of_ours_nothing_is_told(chain: InParts, step: str) -> None:
    ticket = chain.begin()["ticket"]
    for wrong in ("", ticket[:-1], "x" + ticket, None):
        assert chain.code(step, ticket=wrong, parts=[1]) == (403, "ticket_invalid")


@pytest.mark.parametrize("step", ["/parts", "/list", "/complete", "/abort"])
def test_a_ticket_ends(own_chain: InParts, clock: time_machine.Traveller, step: str) -> None:
    ticket = own_chain.begin()["ticket"]
    clock.shift(DAY)
    assert own_chain.code(step, ticket=ticket, parts=[1]) == (410, "ticket_expired")


def test_an_upload_with_a_missing_part_is_not_completed(chain: InParts) -> None:
    ticket = chain.begin(size=len(CONTENT) + 8 * MIB)["ticket"]
    [url] = chain.urls(ticket, 2)
    requests.put(url, CONTENT[: 8 * MIB], timeout=60)
    status, response = chain.on("/complete", ticket=ticket)
    assert (status, response["error"]["code"], response["error"]["parts"]) == (409, "parts_missing", [1, 3])
    assert (chain.stored_files(), chain.parts_left()) == ([], 1)


def put_part(chain: InParts, number: int, content: bytes) -> None:
    """Stores a part without one of the function's URLs, which fit one length."""
    bucket = chain.cloud.bucket
    [folder] = (bucket.folder / ".objects" / "multipart").iterdir()
    with bucket.incoming() as incoming:
        incoming.write(memoryview(content))
        bucket.multipart_uploads.put(bucket.multipart_uploads.find(KEY, folder.name), number, incoming, NOON)


@pytest.mark.parametrize(("number", "content"), [(2, b"x" * 8), (3, b"x")], ids=["longer", "one more"])
def test_more_than_was_declared_is_thrown_away(chain: InParts, number: int, content: bytes) -> None:
    ticket = chain.begin()["ticket"]
    chain.send(ticket)
    put_part(chain, number, content)
    assert chain.code("/complete", ticket=ticket) == (413, "too_large")
    assert (chain.stored_files(), chain.parts_left()) == ([], 0)


def test_a_part_that_is_shorter_is_missing(chain: InParts) -> None:
    ticket = chain.begin()["ticket"]
    chain.send(ticket)
    put_part(chain, 2, b"x")
    assert chain.on("/complete", ticket=ticket)[1]["error"]["parts"] == [2]


def test_a_second_completion_finds_nothing_and_a_second_beginning_the_file(chain: InParts) -> None:
    ticket = chain.begin()["ticket"]
    chain.send(ticket)
    chain.on("/complete", ticket=ticket)
    assert chain.code("/complete", ticket=ticket) == (410, "upload_gone")
    assert chain.code(**FILE) == (409, "already_stored")


def test_of_two_uploads_for_one_key_the_first_stays(chain: InParts) -> None:
    first, second = chain.begin()["ticket"], chain.begin()["ticket"]
    chain.send(first)
    chain.send(second, bytes(len(CONTENT)))
    chain.on("/complete", ticket=first)
    assert chain.code("/complete", ticket=second) == (409, "already_stored")
    assert chain.stored_files() == [(KEY, CONTENT)]


def test_an_upload_is_aborted_once_and_for_all(chain: InParts) -> None:
    ticket = chain.begin()["ticket"]
    chain.send(ticket)
    assert [chain.on("/abort", ticket=ticket) for _ in range(2)] == [(200, {}), (200, {})]
    assert chain.parts_left() == 0
    assert chain.code("/list", ticket=ticket) == (410, "upload_gone")


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"size": 100_000_001}, (413, "too_large")),
        ({"size": 0}, (400, "invalid_size")),
        ({"content_type": "text/html"}, (415, "type_not_allowed")),
        ({"filename": "../x"}, (400, "invalid_filename")),
        ({"id": "1"}, (400, "invalid_id")),
    ],
)
def test_what_may_not_be_uploaded_is_not_begun(
    chain: InParts, changed: dict[str, object], refused: tuple[int, str]
) -> None:
    assert chain.code(**{**FILE, **changed}) == refused
    assert chain.parts_left() == 0


@pytest.mark.parametrize("step", ["", "/list", "/complete"])
def test_a_storage_that_does_not_answer_is_told(own_chain: InParts, step: str) -> None:
    ticket = own_chain.begin()["ticket"]
    own_chain.cloud.oss.stop()
    assert own_chain.code(step, **FILE, ticket=ticket) == (503, "storage_unavailable")
    assert own_chain.log_events("storage_unreachable")[0]["reason"] == "ConnectionRefusedError"


def test_what_the_storage_refuses_is_logged_by_its_code(own_chain: InParts) -> None:
    own_chain.cloud.faults.oss_skew = DAY
    assert own_chain.code(**FILE) == (503, "storage_unavailable")
    [line] = own_chain.log_events("storage_refused")
    assert (line["status"], line["code"], len(line["oss_request_id"])) == (403, "AccessDenied", 24)


def test_a_form_takes_no_more_than_a_post_may_hold(tmp_path: Path, clock: time_machine.Traveller) -> None:
    chain = InParts(tmp_path / "files", clock, settings={"MULTIPART_THRESHOLD": "1MB", "MAX_SIZE": "1TB"})
    with chain.cloud:
        [refused] = chain.sign({**FILE, "size": 5 * 10**9 + 1})
        assert refused["error"]["code"] == "too_large"
        assert chain.folder_form()["max_size"] == 5 * 10**9
        assert chain.begin(size=10**12)["parts"] == 1000


def test_where_it_is_off_there_is_no_such_route(tmp_path: Path, clock: time_machine.Traveller) -> None:
    chain = InParts(tmp_path / "files", clock)
    with chain.cloud:
        assert chain.code(**FILE) == (404, "not_found")
        assert "multipart_threshold" not in chain.ask("/limits").json()


def test_a_ticket_is_for_the_one_who_began(tmp_path: Path, clock: time_machine.Traveller) -> None:
    secret = new_secret()
    settings = {"MULTIPART_THRESHOLD": "1MB", "AUTH": "jwt", "JWT_SECRET": secret}
    chain = InParts(tmp_path / "files", clock, settings=settings)
    alice, bob = (bearer(token(secret, sub=name)) for name in ("alice", "bob"))
    with chain.cloud:
        ticket = chain.on(**FILE, headers=alice)[1]["ticket"]
        for step in ("/parts", "/list", "/complete", "/abort"):
            assert chain.code(step, ticket=ticket, parts=[1], headers=bob) == (403, "ticket_invalid")
            assert chain.code(step, ticket=ticket, parts=[1]) == (401, "token_missing")
        assert chain.on("/list", ticket=ticket, headers=alice)[0] == 200


@pytest.fixture
def callback_chain(tmp_path: Path, clock: time_machine.Traveller) -> Iterator[InParts]:
    settings = {"MULTIPART_THRESHOLD": "1MB", "CALLBACK": "on", "CALLBACK_SECRET": new_secret()}
    with running(InParts(tmp_path / "files", clock, settings=settings)) as chain:
        yield chain


def test_a_completion_calls_back_as_a_form_does(callback_chain: InParts) -> None:
    ticket = callback_chain.begin()["ticket"]
    callback_chain.send(ticket)
    status, response = callback_chain.on("/complete", ticket=ticket)
    [stored] = callback_chain.cloud.bucket.objects()
    fact = {
        "key": KEY,
        "size": len(CONTENT),
        "content_type": "video/mp4",
        "etag": stored.etag,
        "crc64": stored.crc64,
        "filename": "trip/film \u00fc.mp4",
    }
    assert (status, response) == (200, {"stored": fact, "request_id": response["request_id"]})


def test_what_a_callback_tells_is_logged_once(callback_chain: InParts) -> None:
    ticket = callback_chain.begin()["ticket"]
    callback_chain.send(ticket)
    callback_chain.on("/complete", ticket=ticket)
    callback_chain.cloud.stop()  # what it printed is read to the end, then
    [line] = callback_chain.log_events("stored")
    assert (line["key"], line["subject"], line["id"][:4]) == (KEY, "anonymous", "msg_")


def test_a_callback_that_fails_leaves_the_file_stored_and_says_so(callback_chain: InParts) -> None:
    ticket = callback_chain.begin()["ticket"]
    callback_chain.send(ticket)
    callback_chain.cloud.faults.callback_mode = "down"
    status, response = callback_chain.on("/complete", ticket=ticket)
    assert (status, response["webhook_delivered"], response["stored"]["key"]) == (200, False, KEY)
    assert callback_chain.stored_files() == [(KEY, CONTENT)]
    assert [line["key"] for line in callback_chain.log_events("callback_failed")] == [KEY]


def run_the_documented_client(chain: InParts, file: Path) -> Any:
    page = (ROOT / "docs" / "multipart.md").read_text(encoding="utf-8")
    program = page.partition("```python\n")[2].partition("```")[0]
    environ = {**os.environ, "FUNCTION": chain.cloud.gateway.url, "ID": UUID}
    command = [sys.executable, "-W", "ignore", "-c", program, str(file)]
    ran = subprocess.run(command, env=environ, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603
    return json.loads(ran.stdout)


def test_the_client_in_the_documentation_sends_a_file(chain: InParts, tmp_path: Path) -> None:
    file = tmp_path / "film.bin"
    file.write_bytes(CONTENT)
    key = KEY.replace(".mp4", ".bin")
    assert run_the_documented_client(chain, file)["key"] == key
    assert chain.stored_files() == [(key, CONTENT)]


def test_the_client_in_the_documentation_goes_on_where_it_was(own_chain: InParts, tmp_path: Path) -> None:
    file = tmp_path / "film.bin"
    file.write_bytes(CONTENT)
    begun = own_chain.begin(filename="film.bin", content_type="application/octet-stream")
    [url] = own_chain.urls(begun["ticket"], 1)
    requests.put(url, CONTENT[: 8 * MIB], timeout=60)
    file.with_suffix(".bin.ticket").write_text(json.dumps(begun))
    run_the_documented_client(own_chain, file)
    puts = [record.note["part"] for record in own_chain.cloud.oss.records if record.method == "PUT"]
    assert (puts, own_chain.stored_files()[0][1]) == (["1", "2"], CONTENT)
