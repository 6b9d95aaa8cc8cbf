"""Tests the download address on the whole way: OSS serves the uploaded bytes there, to that request and until its end."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import time_machine

from support.chain import CONTENT, FILE, Chain, post, post_upload
from support.factories import NOON
from support.oss_world import outcome

pytestmark = pytest.mark.any_python

LARGE = bytes(range(256)) * 4000
SETTINGS = {"CALLBACK": "on", "DOWNLOAD_URL_EXPIRES_IN": "600", "MULTIPART_THRESHOLD": "1MB"}


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with time_machine.travel(NOON, tick=False) as clock:
        chain = Chain(tmp_path_factory.mktemp("files"), clock, settings=SETTINGS)
        with chain.cloud:
            yield chain
        chain.cloud.check()


@pytest.fixture
def chain(cloud: Chain) -> Chain:
    cloud.clock.move_to(NOON, tick=False)
    cloud.forget()
    return cloud


def send(chain: Chain, *, in_parts: bool) -> Any:
    """Uploads a file as a page does, and returns what that learns."""
    if not in_parts:
        return post_upload(chain.sign()[0]).json()
    begun = chain.ask("/multipart", json=FILE | {"size": len(LARGE)}).json()
    [part] = chain.ask("/multipart/parts", json={"ticket": begun["ticket"], "parts": [1]}).json()["parts"]
    assert requests.put(part["url"], LARGE, timeout=60).status_code == 200
    return chain.ask("/multipart/complete", json={"ticket": begun["ticket"]}).json()


def get(url: str) -> requests.Response:
    return requests.get(url, timeout=60)


@pytest.mark.parametrize(("in_parts", "content"), [(False, CONTENT), (True, LARGE)], ids=["form", "parts"])
def test_it_serves_the_very_bytes_as_an_attachment_until_it_ends(chain: Chain, in_parts: bool, content: bytes) -> None:
    answer = send(chain, in_parts=in_parts)
    assert answer["download_url_expires_at"] == "2024-11-24T12:10:00Z"
    chain.clock.shift(600)
    last = get(answer["download_url"])
    assert (last.status_code, last.content, last.headers["Content-Disposition"]) == (
        200,
        content,
        "attachment; filename*=UTF-8''cat%20%C3%BC.png",
    )
    chain.clock.shift(1)
    assert outcome(get(answer["download_url"])) == (403, "AccessDenied", "0002-00000236")


def test_no_field_that_is_added_to_the_form_changes_what_is_served(chain: Chain) -> None:
    """What a browser would unpack is not what was checked, and what a cache keeps outlives the address."""
    added = {"Content-Encoding": "gzip", "Cache-Control": "public, max-age=31536000"}
    content = gzip.compress(b"another file")
    [upload] = chain.sign(FILE | {"size": len(content)})
    response = post(upload["url"], upload["fields"] | added, content=content)
    served = get(response.json()["download_url"])
    assert (served.content, served.headers["Content-Encoding"], served.headers["Cache-Control"]) == (
        content,
        "identity",
        "no-store",
    )


def test_it_is_good_for_nothing_else(chain: Chain) -> None:
    """OSS refuses it with any of it altered: another key, shown inline, for longer, as a page, under no name."""
    url, other = (post_upload(each).json()["download_url"] for each in chain.sign(FILE, FILE))
    (own, query), theirs = url.split("?"), other.split("?")[0]
    altered = [
        f"{theirs}?{query}",
        url.replace("attachment", "inline"),
        url.replace("x-oss-expires=600", "x-oss-expires=3600"),
        f"{url}&versionId=null",
        f"{url}&response-content-type=text%2Fhtml",
        f"{own}?{query.partition('&')[2]}",
    ]
    assert [get(each).status_code for each in altered] == [403] * len(altered)
    assert get(url).content == CONTENT
