"""Tests the whole way of profiles and counted links: OSS itself stores no more files than a link is for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import time_machine

from support.chain import CONTENT, Chain, post_upload, running
from support.factories import NOON
from support.oss_world import outcome
from support.tokens import bearer, new_secret, token

pytestmark = pytest.mark.any_python

SECRET = new_secret()
FILE = {"filename": "cat.png", "size": len(CONTENT), "content_type": "image/png"}
PROFILES = {"photos": {"content_types": "image/png", "callback": True, "multipart": True, "requires_claim": False}}
STORED_BEFORE = (409, "FileAlreadyExists")


class Link:
    """A page that has a link for some files."""

    def __init__(self, chain: Chain, *, profile: str | None = None, **claims: Any) -> None:
        self.chain = chain
        self.profile = {"profile": profile} if profile else {}
        self.headers = bearer(token(SECRET, **claims, profiles=[profile] if profile else None))

    def ask(self, path: str, **body: Any) -> Any:
        return self.chain.ask(path, headers=self.headers, json=body).json()

    def sign(self, *files: Any) -> Any:
        return self.ask("/sign", files=list(files), **self.profile)["uploads"]

    def begin(self, **file: Any) -> Any:
        return self.ask("/multipart", **FILE, **self.profile, **file)

    def send_parts(self, begun: Any) -> None:
        [part] = self.ask("/multipart/parts", ticket=begun["ticket"], parts=[1])["parts"]
        assert requests.put(part["url"], CONTENT, timeout=60).status_code == 200


@pytest.fixture(scope="module")
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as clock:
        yield clock


@pytest.fixture
def chain(tmp_path: Path, clock: time_machine.Traveller) -> Iterator[Chain]:
    (tmp_path / "profiles.json").write_text(json.dumps(PROFILES), encoding="utf-8")
    settings = {
        "AUTH": "jwt",
        "JWT_SECRET": SECRET,
        "CALLBACK": "on",
        "MULTIPART_THRESHOLD": "1MB",
        "PROFILES_FILE": str(tmp_path / "profiles.json"),
    }
    with running(Chain(tmp_path / "files", clock, settings=settings)) as chain:
        yield chain


def keys(chain: Chain) -> list[str]:
    return sorted(key for key, _ in chain.stored_files())


def test_a_link_for_three_files_stores_three_and_no_more(chain: Chain) -> None:
    link = Link(chain, max_files=3, jti="L1")
    uploads = link.sign(FILE, FILE, FILE)
    again = link.sign(*(FILE | {"slot": slot} for slot in (1, 2, 3)))
    assert [post_upload(upload).status_code for upload in uploads] == [200] * 3
    assert [outcome(post_upload(upload))[:2] for upload in uploads + again] == [STORED_BEFORE] * 6
    assert keys(chain) == [f"uploads/alice/~_4c1/{slot}" for slot in (1, 2, 3)]


def test_a_form_for_a_slot_is_for_no_other_key(chain: Chain) -> None:
    [upload] = Link(chain, max_files=1, jti="L1").sign(FILE)
    for key in ("uploads/alice/~_4c1/2", "uploads/alice/~_4c1/1.png", "uploads/alice/~_4c1/1/x", "uploads/alice/1"):
        changed = {**upload, "fields": {**upload["fields"], "key": key}}
        assert outcome(post_upload(changed))[:2] == (403, "AccessDenied")
    assert keys(chain) == []


def test_a_slot_that_a_form_has_filled_takes_no_parts(chain: Chain) -> None:
    link = Link(chain, max_files=2, jti="L1")
    begun = link.begin(slot=1)
    link.send_parts(begun)
    [upload] = link.sign(FILE | {"slot": 1})
    assert post_upload(upload).status_code == 200
    late = [link.begin(slot=1), link.ask("/multipart/complete", ticket=begun["ticket"])]
    assert [answer["error"]["code"] for answer in late] == ["already_stored"] * 2
    assert keys(chain) == ["uploads/alice/~_4c1/1"]


def test_a_slot_that_parts_have_filled_takes_no_form_and_no_other_parts(chain: Chain) -> None:
    link = Link(chain, max_files=2, jti="L1")
    [upload] = link.sign(FILE | {"slot": 2})
    begun = [link.begin(slot=2) for _ in range(2)]
    for each in begun:
        link.send_parts(each)
    first, second = (link.ask("/multipart/complete", ticket=each["ticket"]) for each in begun)
    assert (first["stored"]["key"], second["error"]["code"]) == ("uploads/alice/~_4c1/2", "already_stored")
    assert outcome(post_upload(upload))[:2] == STORED_BEFORE


def test_a_slot_whose_object_was_deleted_is_free_again(chain: Chain) -> None:
    link = Link(chain, max_files=1, jti="L1")
    [upload] = link.sign(FILE)
    assert post_upload(upload).status_code == 200
    chain.cloud.bucket.delete(upload["key"])
    assert post_upload(link.sign(FILE)[0]).status_code == 200


@pytest.mark.parametrize("in_parts", [False, True], ids=["form", "parts"])
def test_what_is_stored_is_reported_with_its_profile_and_its_slot(chain: Chain, in_parts: bool) -> None:
    link = Link(chain, profile="photos", max_files=5, jti="L1")
    if in_parts:
        begun = link.begin(slot=4)
        link.send_parts(begun)
        answer = link.ask("/multipart/complete", ticket=begun["ticket"])
    else:
        answer = post_upload(link.sign(FILE | {"slot": 4})[0]).json()
    lines = [json.loads(line[25:]) for line in chain.lines if '"event":"stored"' in line]
    names = {"key": "uploads/~photos/alice/~_4c1/4", "profile": "photos", "slot": 4}
    assert [{name: each[name] for name in names} for each in (answer["stored"], *lines)] == [names] * 2


def test_where_oss_calls_nobody_the_function_reports_profile_and_slot(chain: Chain) -> None:
    (Path(chain.cloud._settings["PROFILES_FILE"])).write_text(
        json.dumps({"photos": {"callback": False, "multipart": True}}), encoding="utf-8"
    )
    chain.new_instance()
    link = Link(chain, profile="photos", max_files=5, jti="L1")
    begun = link.begin(slot=4)
    link.send_parts(begun)
    stored = link.ask("/multipart/complete", ticket=begun["ticket"])["stored"]
    [line] = [json.loads(line[25:]) for line in chain.lines if '"event":"stored"' in line]
    names = {"key": "uploads/~photos/alice/~_4c1/4", "profile": "photos", "slot": 4}
    assert [{name: each[name] for name in names} for each in (stored, line)] == [names] * 2
