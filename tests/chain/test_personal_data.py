"""What of a person is in the log and goes to the webhook: docs/personal-data.md has all of it."""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import time_machine
from pytest_httpserver import HTTPServer

from support.chain import Chain, post_upload
from support.factories import NOON
from support.tokens import bearer, new_secret, token

ROOT = Path(__file__).parents[2]
DOC = ROOT / "docs" / "personal-data.md"

SUBJECT, PART = "rosebud@example.com", "rosebud_40example_2ecom"
NAME, TITLE, NOTE = "letters to nightingale.txt", "Papers of thistledown", "Call foxglove"
CLIENT, AGENT = "127.0.0.1", "Browser/of-honeysuckle"

OF_A_PERSON = re.compile("|".join(map(re.escape, ("rosebud", "nightingale", "thistledown", "foxglove", CLIENT, AGENT))))


FORM: dict[str, Any] = {"filename": NAME, "size": 7, "content_type": "text/plain"}
PARTS: dict[str, Any] = FORM | {"size": 1_000_001}


class OnePerson(Chain):
    """A chain, and one person who uploads."""

    headers: dict[str, str]

    def post(self, path: str, **body: Any) -> Any:
        response = requests.post(self.cloud.gateway.url + path, json=body, headers=self.headers, timeout=60)
        assert response.status_code == 200, response.text
        return response.json()

    def begin(self) -> Any:
        return self.post("/multipart", **PARTS)["ticket"]

    def complete(self) -> None:
        ticket = self.begin()
        [part] = self.post("/multipart/parts", ticket=ticket, parts=[1])["parts"]
        assert requests.put(part["url"], b"a" * PARTS["size"], timeout=60).status_code == 200
        self.post("/multipart/complete", ticket=ticket)

    def abort_twice(self) -> None:
        ticket = self.begin()
        for _ in range(2):
            self.post("/multipart/abort", ticket=ticket)

    def events(self) -> list[Any]:
        return [json.loads(line[25:]) for line in self.lines if line[:2] == "20"]


@pytest.fixture
def hook(httpserver: HTTPServer) -> HTTPServer:
    httpserver.expect_request("/hook").respond_with_data("")
    return httpserver


@pytest.fixture
def chain(tmp_path: Path, hook: HTTPServer) -> Iterator[OnePerson]:
    secret, webhook_secret = new_secret(), "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    settings = {
        "AUTH": "jwt",
        "JWT_SECRET": secret,
        "MULTIPART_THRESHOLD": "1MB",
        "CALLBACK": "on",
        "CONTENT_CHECK": "delete",
        "CALLBACK_SECRET": new_secret(),
        "WEBHOOK_URL": hook.url_for("/hook"),
        "WEBHOOK_SECRET": webhook_secret,
    }
    with time_machine.travel(NOON, tick=False) as clock:
        chain = OnePerson(tmp_path / "files", clock, settings=settings)
        chain.headers = {**bearer(token(secret, sub=SUBJECT, title=TITLE, note=NOTE)), "User-Agent": AGENT}
        with chain.cloud:
            yield chain
        chain.cloud.check()


def read_table(table: str) -> set[tuple[str, str]]:
    """Returns the lines of a table of the document, and the fields of each."""
    text = DOC.read_text(encoding="utf-8").partition(f"<!-- {table}:")[2].partition(f"<!-- /{table} -->")[0]
    cells = re.findall(r"^\| (`.*?) \| (.*?) \|$", text, re.MULTILINE)
    rows = [[re.findall(r"`(\w+)`", cell) for cell in row] for row in cells]
    return {(event, name) for events, fields in rows for event in events for name in fields}


def events_with_names() -> set[str]:
    """Returns the events whose lines have a key, or members that are put together elsewhere."""
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "functions").rglob("*.py"))
    calls = re.findall(r'log_event\(\s*event="(\w+)", ([^\n]*)', source)
    return {event for event, members in calls if "key=" in members or "**" in members}


def test_the_document_has_every_field_of_the_log_that_says_something_of_a_person(
    chain: OnePerson, hook: HTTPServer
) -> None:
    requests.get(chain.cloud.gateway.url + "/limits", headers=chain.headers, timeout=60)
    [upload] = chain.post("/sign", files=[FORM])["uploads"]
    assert post_upload(upload, content_type="text/plain").status_code == 200
    [upload] = chain.post("/sign", files=[FORM | {"content_type": "image/png"}])["uploads"]
    assert "deleted" in post_upload(upload, content=b"MZ\x90\0\x03\0\0").json()
    chain.complete()
    chain.abort_twice()
    chain.cloud.faults.callback_mode = "down"
    chain.complete()
    said = {
        (line["event"], name)
        for line in chain.events()
        for name, value in line.items()
        if OF_A_PERSON.search(json.dumps(value))
    }
    table = read_table("log")
    assert {event for event, _ in table} == events_with_names()
    # Nothing here makes OSS fail while the contents are looked at.
    assert said == {(event, name) for event, name in table if event != "content_check_failed"}
    bodies = [json.loads(request.get_data())["data"] for request, _ in hook.log]
    said = {("data", name) for body in bodies for name, value in body.items() if OF_A_PERSON.search(json.dumps(value))}
    assert said == read_table("webhook")
