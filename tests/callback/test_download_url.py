"""Tests the address at which people download what they have uploaded: for what it is signed, until when, and who gets it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from pytest_httpserver import HTTPServer

from support.callback_world import KEY, OBJECT, STORED_MEMBERS, CallbackWorld
from support.factories import NOON

ID = "1-67431580-0123456789ab"
EXE = b"MZ" + b"\0" * 5000
DAY = 24 * 3600

MakeWorld = Callable[..., CallbackWorld]


@pytest.fixture
def make(httpserver: HTTPServer) -> MakeWorld:
    def make(seconds: str = "600", **more: str) -> CallbackWorld:
        world = CallbackWorld(httpserver, DOWNLOAD_URL_EXPIRES_IN=seconds, **more)
        world.serves_the_key()
        world.holds()
        return world

    return make


def query_of(payload: Any) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(payload["download_url"]).query, strict_parsing=True))


def test_it_is_signed_for_one_object_with_the_functions_own_credentials(make: MakeWorld) -> None:
    status, payload = make().call(now=NOON)
    query = query_of(payload)
    assert len(query.pop("x-oss-signature")) == 64
    assert query == {
        "response-cache-control": "no-store",
        "response-content-disposition": "attachment; filename*=UTF-8''cat%20%C3%BC.png",
        "response-content-encoding": "identity",
        "x-oss-signature-version": "OSS4-HMAC-SHA256",
        "x-oss-credential": "STS.own/20241124/cn-hangzhou/oss/aliyun_v4_request",
        "x-oss-date": "20241124T120000Z",
        "x-oss-expires": "60",
        "x-oss-security-token": "own-token",
    }
    address = payload.pop("download_url").partition("?")[0]
    assert (status, address) == (200, f"https://team-uploads.oss-cn-hangzhou.aliyuncs.com/{KEY}")
    assert payload == {"stored": STORED_MEMBERS, "request_id": ID, "download_url_expires_at": "2024-11-24T12:01:00Z"}


def test_it_is_at_the_buckets_own_domain(make: MakeWorld) -> None:
    _, payload = make(UPLOAD_URL="https://files.example.com").call()
    assert payload["download_url"].startswith(f"https://files.example.com/{KEY}?")


@pytest.mark.parametrize(
    ("seconds", "now", "ticket_end", "expires"),
    [
        ("600", NOON, NOON + 3600, ("600", "2024-11-24T12:10:00Z")),
        ("3600", NOON, NOON + 3600, ("3600", "2024-11-24T13:00:00Z")),
        ("3600", NOON + 0.9, NOON + 3600, ("3599", "2024-11-24T12:59:59Z")),
        ("600", NOON + 3599, NOON + 3600, ("1", "2024-11-24T13:00:00Z")),
    ],
    ids=["as it is set", "as long as its ticket", "whole seconds", "the ticket's last second"],
)
def test_it_ends_when_it_says_and_with_its_ticket_at_the_latest(
    make: MakeWorld, seconds: str, now: float, ticket_end: float, expires: tuple[str, str]
) -> None:
    world = make(seconds)
    _, payload = world.call(world.body(ticket=world.ticket(end=int(ticket_end))), now=now)
    assert (query_of(payload)["x-oss-expires"], payload["download_url_expires_at"]) == expires


@pytest.mark.parametrize(
    ("after", "expires"),
    [(36 * 3600 - 600, "600"), (36 * 3600 - 60, "60"), (36 * 3600 - 0.5, None), (36 * 3600 + 60, None)],
)
def test_no_address_is_promised_longer_than_the_credentials_are_valid(
    make: MakeWorld, after: float, expires: str | None
) -> None:
    world = make()
    _, payload = world.call(world.body(ticket=world.ticket(end=int(NOON) + 2 * DAY)), now=NOON + after)
    assert (query_of(payload)["x-oss-expires"] if expires else payload.get("download_url")) == expires


def test_with_renewed_credentials_it_is_whole_again(make: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world = make()
    ticket = world.ticket(end=int(NOON) + 2 * DAY)
    world.call(world.body(ticket=ticket))
    monkeypatch.setitem(world.own, "ALIBABA_CLOUD_ACCESS_KEY_ID", "STS.renewed")
    _, payload = world.call(world.body(ticket=ticket), now=NOON + 36 * 3600)
    assert query_of(payload)["x-oss-expires"] == "600"


@pytest.mark.parametrize(
    ("meta", "name"),
    [
        ("a.txt", "a.txt"),
        ("photos%2F2024%2Fcat.png", "cat.png"),
        ("%22%3B%20filename%3D%22x.html", "%22%3B%20filename%3D%22x.html"),
        ("a%0D%0AContent-Type%3A%20text%2Fhtml", "html"),
        ("a%0D%0AX%3A%20b.png", "a%0D%0AX%3A%20b.png"),
        ("%E2%80%AEgnp.exe%26x-oss-process%3Dimage", "%E2%80%AEgnp.exe%26x-oss-process%3Dimage"),
        ("..%2F..", ".."),
        ("", ""),
    ],
)
def test_whatever_a_stranger_called_it_it_is_an_attachment_of_that_name(make: MakeWorld, meta: str, name: str) -> None:
    world = make()
    world.server.clear()
    world.serves_the_key()
    world.holds(OBJECT | {"x-oss-meta-filename": meta})
    _, payload = world.call()
    query = query_of(payload)
    assert query["response-content-disposition"] == f"attachment; filename*=UTF-8''{name}"
    assert [each for each in query if not each.startswith("x-oss-")] == [
        "response-cache-control",
        "response-content-disposition",
        "response-content-encoding",
    ]


def test_without_the_setting_there_is_none(make: MakeWorld) -> None:
    assert make("").call() == (200, {"stored": STORED_MEMBERS, "request_id": ID})


def test_a_file_in_a_counted_links_slot_gets_none(make: MakeWorld) -> None:
    """Once it has been moved away, the address would serve what another holder of the link puts there."""
    world = make()
    status, payload = world.call(world.body(ticket=world.ticket(slot=1)))
    assert (status, payload) == (200, {"stored": STORED_MEMBERS | {"slot": 1}, "request_id": ID})


def test_it_is_in_no_line_of_the_log_and_not_in_the_webhook(make: MakeWorld) -> None:
    world = make()
    world.environ |= {"WEBHOOK_URL": f"{world.url}/hook", "WEBHOOK_SECRET": world.webhook_secret}
    world.function = world.instance()
    world.server.expect_request("/hook", "POST").respond_with_data("")
    signature = query_of(world.call()[1])["x-oss-signature"]
    [event] = [request.get_data().decode() for request, _ in world.server.log if request.path == "/hook"]
    assert len(world.log_events("stored")) == 1
    assert [
        text for text in (event, *world.lines) if signature in text or "download" in text or "own-token" in text
    ] == []


@pytest.mark.parametrize(
    ("check", "deletes", "gets_one"), [("report", 204, True), ("delete", 204, False), ("delete", 403, False)]
)
def test_a_file_that_is_deleted_or_was_to_be_gets_none(
    make: MakeWorld, httpserver: HTTPServer, check: str, deletes: int, *, gets_one: bool
) -> None:
    world = make(CONTENT_CHECK=check)
    httpserver.clear()
    world.serves_the_key()
    _, payload = world.call(world.holds_bytes(EXE, deletes))
    assert {name for name in payload if "download" in name} == (
        {"download_url", "download_url_expires_at"} if gets_one else set()
    )


@pytest.mark.parametrize(
    ("changed", "now"),
    [
        ({"etag": "0" * 32}, NOON),
        ({"etag": ""}, NOON),
        ({"object": KEY.replace("anonymous", "another")}, NOON),
        ({"ticket": "forged"}, NOON),
        ({}, NOON + 60),
    ],
    ids=["other bytes", "no checksum", "another key", "forged ticket", "ended ticket"],
)
def test_who_lacks_the_ticket_or_the_checksum_gets_none(make: MakeWorld, changed: Any, now: float) -> None:
    """The owner of any bucket can make OSS call, and reads the answer: the ticket and the file's checksum decide."""
    world = make()
    status, payload = world.call(world.body(**changed), now=now)
    assert (status, list(payload)) == (403, ["error"])


def test_a_callback_sent_again_prolongs_no_address(make: MakeWorld) -> None:
    world = make("3600")
    ticket = world.ticket(end=int(NOON) + 3600)
    ends = {
        world.call(world.body(ticket=ticket), now=NOON + later)[1]["download_url_expires_at"]
        for later in (0, 1800, 3599)
    }
    assert ends == {"2024-11-24T13:00:00Z"}
