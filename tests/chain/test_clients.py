"""docs/clients: each request on a page is replayed byte for byte against the real function and the stand-in for OSS."""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests
import time_machine

from support.chain import CONTENT, Chain, running
from support.factories import NOON

PAGES = Path(__file__).parents[2] / "docs" / "clients"
REQUEST = re.compile(r"<!-- a test replays this -->\n```http\n(.*?)```", re.DOTALL)
RANDOM = {"{random}": "7MA4YWxkTrZu0gW3", "{digits}": "0123456789"}
NAME = '合同 "1".png'
TYPE = "image/png"

WEB_VIEWS = (
    *("capacitor://localhost", "ionic://localhost", "tauri://localhost", "http://tauri.localhost"),
    "https://tauri.localhost",
)

TEMPLATES = {
    f"{page.stem}-{number}": template
    for page in sorted(PAGES.glob("*.md"))
    for number, template in enumerate(REQUEST.findall(page.read_text(encoding="utf-8")), start=1)
}


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with time_machine.travel(NOON, tick=False) as clock:
        settings = {"ALLOWED_ORIGINS": ",".join(WEB_VIEWS)}
        with running(Chain(tmp_path_factory.mktemp("clients"), clock, settings=settings)) as chain:
            yield chain


def render(template: str, fields: dict[str, str]) -> tuple[list[str], bytes]:
    """Returns the lines of the head and the body of the request on a page, for a form."""
    for placeholder, text in RANDOM.items():
        template = template.replace(placeholder, text)
    head, _, body = template.partition("\n\n")
    field, file = re.fullmatch(r"(--.*?\n)(--.*)", body, re.DOTALL).groups()  # type: ignore[union-attr]
    parts = [
        field.replace("{name}", name).replace("{value_length}", str(len(value))).replace("{value}", value)
        for name, value in fields.items()
    ]
    file = file.replace("{type}", TYPE).replace("{content_length}", str(len(CONTENT)))
    lines = ("".join(parts) + file).replace("\n", "\r\n").encode()
    content = lines.replace(b"{content}", CONTENT)
    return head.replace("{length}", str(len(content))).splitlines(), content


def send(url: str, head: list[str], body: bytes) -> tuple[int, bytes]:
    """Sends these bytes, with the Host that every client sends."""
    address = urlsplit(url)
    request_line, *headers = head
    lines = [request_line, f"Host: {address.netloc}", *headers, "Connection: close", "", ""]
    with socket.create_connection((address.hostname, address.port), timeout=60) as connection:  # type: ignore[arg-type]
        connection.sendall("\r\n".join(lines).encode() + body)
        response = http.client.HTTPResponse(connection)
        response.begin()
        return response.status, response.read()


def sign(chain: Chain) -> Any:
    [upload] = chain.sign({"filename": NAME, "size": len(CONTENT)})
    return upload


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES)
def test_what_a_client_sends_is_stored_under_the_name_and_the_type_in_the_form(chain: Chain, template: str) -> None:
    upload = sign(chain)
    assert send(upload["url"], *render(template, upload["fields"])) == (200, b"")
    [stored] = [each for each in chain.cloud.bucket.objects() if each.key == upload["key"]]
    assert (stored.path.read_bytes(), stored.content_type, stored.meta) == (CONTENT, TYPE, {"filename": quote(NAME)})


@pytest.mark.parametrize("origin", WEB_VIEWS)
def test_a_web_view_whose_origin_is_listed_may_ask_and_post(chain: Chain, origin: str) -> None:
    ask = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    function, bucket = f"{chain.cloud.gateway.url}/sign", sign(chain)["url"]
    answers = [requests.options(url, headers=ask, timeout=60) for url in (function, bucket)]
    answers += [requests.post(url, headers={"Origin": origin}, timeout=60) for url in (function, bucket)]
    allowed = [(answer.status_code, answer.headers["Access-Control-Allow-Origin"]) for answer in answers]
    assert allowed == [(204, origin), (200, origin), (400, origin), (400, origin)]


def test_the_index_says_of_every_page_if_it_was_run_as_the_page_does() -> None:
    index = (PAGES / "index.md").read_text(encoding="utf-8")
    rows = {page: tried.lower() for page, tried in re.findall(r"\]\(([\w-]+\.md)\)[^|]*\| ([\w ]+) \|", index)}
    texts = {page.name: page.read_text(encoding="utf-8") for page in PAGES.glob("*.md") if page.name != "index.md"}
    first_words = {name: re.findall(r"^(Run|Not run here)\b", text, re.MULTILINE) for name, text in texts.items()}
    assert first_words == {name: [tried.capitalize()] for name, tried in rows.items()}


def test_requests_writes_the_body_on_its_page() -> None:
    fields = {"key": "uploads/1.png", "policy": "eyJ9"}
    files: list[Any] = [(name, (None, value)) for name, value in fields.items()]
    prepared = requests.Request("POST", "http://oss", files=[*files, ("file", (NAME, CONTENT, TYPE))]).prepare()
    boundary = prepared.headers["Content-Type"].partition("boundary=")[2]
    _, expected = render(TEMPLATES["python-1"], fields)
    assert prepared.body == expected.replace(RANDOM["{random}"].encode(), boundary.encode())
