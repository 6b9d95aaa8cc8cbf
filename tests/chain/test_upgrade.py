"""Tests that an upgrade loses nothing: what an earlier version has given out, and uploads that are under way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import time_machine
from pytest_httpserver import HTTPServer

from direct_upload.multipart import MultipartUpload
from support.callback_world import CallbackWorld
from support.chain import Chain, post_upload, running
from support.factories import NOON
from support.function import Make

KEPT = json.loads((Path(__file__).parents[2] / "vectors" / "previous-versions.json").read_text(encoding="utf-8"))

each_version = pytest.mark.parametrize("kept", KEPT, ids=lambda kept: kept["version"])


@each_version
def test_a_link_of_an_earlier_version_is_still_good(make: Make, kept: Any) -> None:
    function = make(AUTH="jwt", JWT_SECRET=kept["link"]["JWT_SECRET"], CONTENT_TYPES="image/png,text/plain")
    with time_machine.travel(NOON + 3600, tick=False):
        response = function.request("GET", "/limits", headers={"Authorization": f"Bearer {kept['link']['token']}"})
    limits = json.loads(response["body"])
    assert {name: limits.get(name) for name in kept["link"]["limits"]} == kept["link"]["limits"]


@each_version
def test_an_unfinished_upload_of_an_earlier_version_goes_on(kept: Any) -> None:
    ticket, secret = kept["multipart"]["ticket"], kept["multipart"]["MULTIPART_SECRET"]
    upload = MultipartUpload.from_ticket(ticket, (secret,), "alice", NOON + 3600)
    assert {name: upload._asdict().get(name) for name in kept["multipart"]["upload"]} == kept["multipart"]["upload"]


@each_version
def test_a_form_of_an_earlier_version_still_calls_back(httpserver: HTTPServer, kept: Any) -> None:
    world = CallbackWorld(httpserver, CALLBACK_SECRET=kept["callback"]["CALLBACK_SECRET"])
    world.serves_the_key()
    world.holds()
    status, payload = world.call(kept["callback"]["body"])
    stored = payload.get("stored", payload)
    assert (status, {name: stored.get(name) for name in kept["callback"]["stored"]}) == (
        200,
        kept["callback"]["stored"],
    )


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    with time_machine.travel(NOON, tick=False) as clock, running(Chain(tmp_path / "files", clock)) as chain:
        yield chain


@pytest.mark.any_python
def test_200_uploads_with_a_deployment_in_their_midst_are_all_stored(chain: Chain) -> None:
    """Function Compute replaces the instances. Forms are signed before and after, and each is posted after it."""
    files = [{"filename": f"{number}.png", "size": 7, "content_type": "image/png"} for number in range(200)]
    before = [upload for first in range(0, 100, 20) for upload in chain.sign(*files[first : first + 20])]
    with ThreadPoolExecutor(4) as posts:
        running = [posts.submit(post_upload, upload) for upload in before]
        chain.cloud.gateway.end_instance()
        after = [upload for first in range(100, 200, 20) for upload in chain.sign(*files[first : first + 20])]
        running += [posts.submit(post_upload, upload) for upload in after]
        statuses = {each.result().status_code for each in running}
    keys = {upload["key"] for upload in before + after}
    assert (statuses, {key for key, _ in chain.stored_files()}, len(keys)) == ({200}, keys, 200)
