"""Tests the way from the form to the stored object: the stand-in OSS calls the real callback function."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
import standardwebhooks
import time_machine
from pytest_httpserver import HTTPServer

from support import sentinels
from support.chain import CONTENT, FILE, FOLDER_FORM, Chain, post_upload, running
from support.oss_world import elements, outcome
from support.tokens import new_secret

pytestmark = pytest.mark.any_python

ETAG = "0AD78EC8FF0372FB2C260E47086B5EA8"

CRC64 = "9462167828911914984"
"""Of CONTENT, by the vendor's SDK (alibabacloud_oss_v2.crc)."""
"""As md5sum prints it for the content."""


def on(**more: str) -> dict[str, str]:
    return {"CALLBACK": "on", "CALLBACK_SECRET": new_secret(), **more}


@pytest.fixture(params=[False, True], ids=["python3.12", "python3.10"])
def chain(request: pytest.FixtureRequest, tmp_path: Path, clock: time_machine.Traveller) -> Iterator[Chain]:
    """Runs the test as in both runtimes: with the credentials in the environment, and in the context."""
    with running(Chain(tmp_path / "files", clock, settings=on(), context_credentials=request.param)) as chain:
        yield chain


def log_events(chain: Chain, event: str) -> list[Any]:
    lines = [json.loads(line[25:]) for line in chain.lines if line[:2] == "20"]
    return [line for line in lines if line["event"] == event]


def stored_members(upload: Any) -> dict[str, object]:
    names = {"size": 7, "content_type": "image/png", "etag": ETAG, "filename": "photos/cat \u00fc.png", "crc64": CRC64}
    return {"key": upload["key"], **names}


def test_the_browser_is_answered_what_is_stored(chain: Chain) -> None:
    [upload] = chain.sign()
    response = post_upload(upload)
    request_id = log_events(chain, "stored")[0]["request_id"]
    assert (response.status_code, response.json()) == (
        200,
        {"stored": stored_members(upload), "request_id": request_id},
    )
    assert chain.stored_files() == [(upload["key"], CONTENT)]


def test_of_an_empty_file_the_fact_says_so(chain: Chain) -> None:
    [upload] = chain.sign(FILE | {"size": 0})
    told = post_upload(upload, content=b"").json()["stored"]
    assert told == stored_members(upload) | {"size": 0, "etag": "D41D8CD98F00B204E9800998ECF8427E", "crc64": "0"}


def test_the_first_callbacks_come_all_at_once(chain: Chain) -> None:
    uploads = chain.sign(*[FILE] * 4)
    with ThreadPoolExecutor(4) as pool:
        responses = list(pool.map(post_upload, uploads))
    assert [response.json()["stored"]["key"] for response in responses] == [upload["key"] for upload in uploads]


def test_the_fact_is_in_the_callback_functions_log(chain: Chain) -> None:
    [upload] = chain.sign()
    post_upload(upload)
    [line] = log_events(chain, "stored")
    told = {name: line[name] for name in line if name not in ("event", "id", "request_id")}
    assert told == {"bucket": chain.cloud.bucket.name, **stored_members(upload), "subject": "anonymous"}


@pytest.mark.parametrize("name", ["callback", "x:ticket"])
@pytest.mark.parametrize("change", ["dropped", "altered"])
def test_without_its_callback_or_its_ticket_oss_refuses_the_form(chain: Chain, name: str, change: str) -> None:
    [upload] = chain.sign()
    value = upload["fields"].pop(name)
    if change == "altered":
        other = base64.b64encode(b'{"callbackUrl":"https://evil.example/","callbackBody":"a=b"}').decode()
        upload["fields"][name] = other if name == "callback" else value[::-1]
    assert outcome(post_upload(upload))[:2] == (403, "AccessDenied")
    assert (chain.stored_files(), log_events(chain, "stored")) == ([], [])


def test_a_ticket_of_another_form_is_refused(chain: Chain) -> None:
    first, second = chain.sign(FILE, FILE)
    first["fields"]["x:ticket"] = second["fields"]["x:ticket"]
    assert outcome(post_upload(first))[:2] == (403, "AccessDenied")


def test_a_bucket_of_another_tenant_makes_oss_call_and_nothing_happens(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner of any bucket can make OSS call the function, with its signature: the ticket decides."""
    theirs = Chain(tmp_path / "theirs", chain.clock, settings=on())
    secret = {"CALLBACK_SECRET": theirs.cloud.callback_secret}
    ours = chain.cloud.callback_gateway
    monkeypatch.setattr(theirs.cloud, "_callback_settings", lambda: {"CALLBACK_URL": ours.url, **secret})
    # OSS has one key for all buckets.
    monkeypatch.setattr(theirs.cloud.oss.callbacks, "_key_server", chain.cloud.oss.key_server)
    theirs.cloud.oss.callbacks.receivers.add(f"{ours.host}:{ours.port}")
    with theirs.cloud:
        [forged] = theirs.sign()
        refused = post_upload(forged)
    assert (refused.status_code, elements(refused)["Message"]) == (203, "Error status : 403.")
    assert [line["code"] for line in log_events(chain, "request") if line["path"] == "/stored"] == ["unknown_upload"]
    assert (log_events(chain, "stored"), chain.stored_files()) == ([], [])


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("down", "Error status : -1. OSS can not connect to your callbackUrl, please check it."),
        ("html", "Response body is not valid json format."),
        ("fail", "Error status : 500."),
    ],
)
def test_a_callback_that_fails_keeps_the_object(chain: Chain, mode: str, message: str) -> None:
    chain.cloud.faults.callback_mode = mode
    [upload] = chain.sign()
    refused = post_upload(upload)
    assert (refused.status_code, elements(refused)["Message"]) == (203, message)
    assert chain.stored_files() == [(upload["key"], CONTENT)]


def test_a_slow_callback_keeps_the_object(chain: Chain) -> None:
    chain.cloud.faults.callback_latency = 6
    chain.cloud.oss.callbacks.timeout = 0.1
    [upload] = chain.sign()
    refused = post_upload(upload)
    assert (refused.status_code, elements(refused)["Message"]) == (203, "Cost too long time.")
    assert chain.stored_files() == [(upload["key"], CONTENT)]


def test_folder_forms_are_off_and_the_start_says_so(chain: Chain) -> None:
    assert chain.ask(FOLDER_FORM).status_code == 404
    assert [line["reason"] for line in log_events(chain, "folder_forms_off")] == [
        "CALLBACK is on: a folder form could skip it"
    ]


def test_a_callback_sent_again_changes_nothing(chain: Chain) -> None:
    """Someone who has seen the callback could replay it; only OSS and the function see it."""
    seen: list[tuple[dict[str, str], bytes]] = []
    handle = chain.cloud.callback_gateway.handle

    def listening(request: Any) -> Any:
        seen.append((dict(request.headers), request.get_data()))
        return handle(request)

    chain.cloud.callback_gateway.clear_all_handlers()
    chain.cloud.callback_gateway.expect_request("/stored").respond_with_handler(listening)
    [upload] = chain.sign()
    first = post_upload(upload).json()["stored"]
    [(headers, body)] = seen
    again = requests.post(chain.cloud.callback_gateway.url + "/stored", data=body, headers=headers, timeout=60)
    assert (again.status_code, again.json()["stored"]) == (200, first)
    assert [len(log_events(chain, event)) for event in ("stored", "callback_repeated")] == [1, 1]


def test_a_webhook_is_told_and_the_browser_hears_of_it(
    tmp_path: Path, clock: time_machine.Traveller, httpserver: HTTPServer
) -> None:
    secret = f"whsec_{base64.b64encode(b'k' * 32).decode()}"
    sentinels.keep_secret(secret.removeprefix("whsec_"))
    httpserver.expect_request("/hook").respond_with_data("")
    chain = Chain(
        tmp_path, clock, settings=on(WEBHOOK_URL=httpserver.url_for("/hook"), WEBHOOK_SECRET=secret, AUTH="none")
    )
    with chain.cloud:
        [upload] = chain.sign()
        assert post_upload(upload).json()["webhook_delivered"] is True
    [(request, _)] = httpserver.log
    told = standardwebhooks.Webhook(secret).verify(request.get_data(), dict(request.headers))
    assert told["data"]["key"] == upload["key"]
    chain.cloud.check()
