"""Tests grants: subjects as parts of keys, and claims that narrow and never widen."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from hypothesis import given as for_all
from hypothesis import strategies as st

from direct_upload.authorize import Grant, authenticate, subject_part
from direct_upload.errors import TokenExpired, TokenInvalid, TokenMissing
from direct_upload.settings import Settings
from support import factories
from support.factories import NOON
from support.tokens import HS256, new_secret, raw_claims, raw_token, token

SECRET = new_secret()
TYPES = {"image/png": "png", "text/plain": "txt"}
SETTINGS = Settings.from_environ(
    factories.ENVIRON | {"AUTH": "jwt", "JWT_SECRET": SECRET, "MAX_SIZE": "1000", "CONTENT_TYPES": ",".join(TYPES)}
)
OPEN = Settings.from_environ(factories.ENVIRON | {"MAX_SIZE": "1000", "CONTENT_TYPES": ",".join(TYPES)})


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def grant_of(**claims: Any) -> Grant:
    return authenticate(SETTINGS, f"Bearer {token(SECRET, **claims)}").grant(None, {})


def test_a_token_grants_its_subject_a_place_of_its_own() -> None:
    assert grant_of() == Grant(
        "alice", "uploads/alice/", 1000, TYPES, SETTINGS.default, "alice", expires_at=int(NOON) + 3600
    )


def test_without_tokens_everybody_is_anonymous_whatever_he_sends() -> None:
    grant = Grant("anonymous", "uploads/anonymous/", 1000, TYPES, OPEN.default)
    headers = (None, "Bearer x", f"Bearer {token(SECRET)}")
    assert [authenticate(OPEN, header).grant(None, {}) for header in headers] == [grant] * 3


def test_no_token_no_grant() -> None:
    with pytest.raises(TokenMissing):
        authenticate(SETTINGS, None)


def test_an_ended_token_no_grant() -> None:
    with pytest.raises(TokenExpired):
        grant_of(exp=int(NOON) - 31)


@pytest.mark.parametrize(("claim", "granted_size"), [(None, 1000), (999, 999), (1, 1), (1000, 1000), (10**30, 1000)])
def test_max_size_narrows_and_never_widens(claim: int | None, granted_size: int) -> None:
    assert grant_of(max_size=claim).max_size == granted_size


@pytest.mark.parametrize(
    ("claim", "types"),
    [
        (None, TYPES),
        (["image/png"], {"image/png": "png"}),
        (["text/html", "text/plain"], {"text/plain": "txt"}),
        (["text/html"], {}),
        ([], {}),
        (["image/*"], {"image/png": "png"}),
        ([".txt", "image/x-png"], TYPES),
        (["*/*", ".exe", "application/*"], {}),
    ],
)
def test_content_types_narrow_and_never_widen(claim: Any, types: Any) -> None:
    assert grant_of(content_types=claim).content_types == types


@pytest.mark.parametrize(
    "claims",
    [
        {"max_size": 0},
        {"max_size": -1},
        {"max_size": 1.5},
        {"max_size": "100"},
        {"max_size": True},
        {"max_size": []},
        {"content_types": "image/png"},
        {"content_types": 7},
        {"content_types": {}},
        {"content_types": [7]},
        {"content_types": [["image/png"]]},
        {"sub": ""},
        {"sub": "x" * 256},
    ],
)
def test_a_claim_that_cannot_be_understood_grants_nothing(claims: Any) -> None:
    with pytest.raises(TokenInvalid):
        authenticate(SETTINGS, f"Bearer {raw_token(HS256, raw_claims(**claims), SECRET.encode())}").grant(None, {})


@pytest.mark.parametrize("name", ["max_size", "content_types"])
def test_a_claim_that_is_null_grants_nothing(name: str) -> None:
    payload = raw_claims()[:-1] + b',"%s":null}' % name.encode()
    with pytest.raises(TokenInvalid):
        authenticate(SETTINGS, f"Bearer {raw_token(HS256, payload, SECRET.encode())}").grant(None, {})


@pytest.mark.parametrize(
    ("sub", "part"),
    [
        ("alice", "alice"),
        ("alice-2", "alice-2"),
        ("Alice", "_41lice"),
        ("a_b", "a_5fb"),
        ("a.b", "a_2eb"),
        ("..", "_2e_2e"),
        ("../admin", "_2e_2e_2fadmin"),
        ("a/b", "a_2fb"),
        ("a\\b", "a_5cb"),
        ("auth0|5f7c8ec7", "auth0_7c5f7c8ec7"),
        ("a@b.example", "a_40b_2eexample"),
        (" ", "_20"),
        ("\n", "_0a"),
        ("\0", "_00"),
        ("*", "_2a"),
        ("${filename}", "_24_7bfilename_7d"),
        ("é", "_c3_a9"),
        ("e\u0301", "e_cc_81"),
        ("anonymous", "anonymous"),
        ("é" * 255, "__" + base64.b32encode(hashlib.sha256(("é" * 255).encode()).digest()).decode().lower()[:52]),
        ("a" * 96, "a" * 96),
        # The SHA-256 of 97 times `a`, as sha256sum gives it: 2a2c60fe…8511cb4.
        ("a" * 97, "__fiwgb7uwv6wjcuouxwjs7w2fxywh4f26akyftbbgzlavyocrds2a"),
    ],
)
def test_a_subject_is_one_safe_part_of_a_key(sub: str, part: str) -> None:
    assert subject_part(sub) == part


@pytest.mark.parametrize("sub", [None, 7, True, [], {}, "\ud800"])
def test_a_subject_that_is_no_text_grants_nothing(sub: Any) -> None:
    with pytest.raises(TokenInvalid):
        subject_part(sub)


# The second kind is full of what a careless escape would confuse.
subjects = st.text(st.characters(codec="utf-8"), min_size=1, max_size=255) | st.text("aA_5fc/é", min_size=1, max_size=4)


@for_all(subjects)
def test_whatever_the_subject_its_part_is_safe(sub: str) -> None:
    assert re.fullmatch("[a-z0-9_-]{1,96}", subject_part(sub))


@for_all(subjects, subjects)
def test_no_two_subjects_share_a_part(one: str, other: str) -> None:
    assert (subject_part(one) == subject_part(other)) == (one == other)


@for_all(st.from_regex("[a-z0-9_-]{1,96}", fullmatch=True))
def test_no_subject_takes_the_part_of_another_by_naming_it(part: str) -> None:
    assert subject_part(part) == part or "_" in part
