"""Tests the way from an identity provider to a stored file: the real function reads the keys of the stand-in."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine

from localcloud.fault_switches import OIDC_MODES
from localcloud.oidc.server import IdentityProvider
from support import sentinels
from support.chain import CONTENT, FILE, Chain, post_upload, running
from support.tokens import bearer

pytestmark = pytest.mark.any_python

DOCUMENTS = ["/.well-known/openid-configuration", "/keys"]
FAULTY = [mode for mode in OIDC_MODES if mode]


@pytest.fixture
def chain(tmp_path: Path, clock: time_machine.Traveller) -> Iterator[Chain]:
    with running(Chain(tmp_path / "files", clock, identity_provider=True)) as chain:
        yield chain


def provider(chain: Chain) -> IdentityProvider:
    assert chain.cloud.identity_provider
    return chain.cloud.identity_provider


def new_token(chain: Chain, **claims: Any) -> str:
    token = provider(chain).token(**claims)
    sentinels.keep_secret(token.rpartition(".")[2])
    return token


def sign(chain: Chain, token: str) -> tuple[int, Any]:
    response = chain.ask("/sign", json={"files": [FILE]}, headers=bearer(token))
    return response.status_code, response.json()


def verdict(chain: Chain, token: str) -> Any:
    """Returns the status, and the code of an error."""
    status, answer = sign(chain, token)
    return status, answer.get("error", {}).get("code")


def fetched_paths(chain: Chain) -> list[str]:
    return [record.path for record in provider(chain).records]


def reasons(chain: Chain) -> list[str]:
    lines = [json.loads(line[25:]) for line in chain.lines if line[:2] == "20"]
    return [line["reason"] for line in lines if line["event"] == "key_fetch_failed"]


def test_a_token_of_the_provider_uploads_a_file(chain: Chain) -> None:
    status, answer = sign(chain, new_token(chain, sub="bob", max_size=len(CONTENT)))
    assert status == 200
    assert post_upload(answer["uploads"][0]).status_code == 200
    [(key, content)] = chain.stored_files()
    assert (key.startswith("uploads/bob/"), content) == (True, CONTENT)


def test_a_cold_start_makes_two_requests_more_and_requests_make_none(chain: Chain) -> None:
    chain.new_instance()
    provider(chain).records.clear()
    for _ in range(3):
        assert verdict(chain, new_token(chain)) == (200, None)
    assert (fetched_paths(chain), len(chain.cloud.sts.records)) == (DOCUMENTS, 1)


def test_keys_that_are_rotated_are_followed_at_once(chain: Chain) -> None:
    old = new_token(chain)
    provider(chain).rotate()
    assert [verdict(chain, token) for token in (new_token(chain), old)] == [(200, None)] * 2


def test_however_the_provider_fails_its_known_keys_go_on_serving(chain: Chain, clock: time_machine.Traveller) -> None:
    token = new_token(chain)
    verdicts = {}
    for mode in FAULTY:
        chain.cloud.faults.oidc_mode = mode
        clock.shift(600)
        verdicts[mode] = verdict(chain, token)
    # Only a provider that answers that it has no keys has withdrawn them.
    assert verdicts == dict.fromkeys(FAULTY, (200, None)) | {"no_keys": (503, "identity_provider_unavailable")}
    assert len(reasons(chain)) == len(FAULTY) - 1


def test_however_the_provider_fails_at_the_cold_start_nothing_is_signed_until_it_is_up(
    chain: Chain, clock: time_machine.Traveller
) -> None:
    token = new_token(chain)
    verdicts = {}
    for mode in (mode for mode in FAULTY if mode not in ("stall", "trickle")):
        chain.cloud.faults.oidc_mode = mode
        chain.new_instance()
        failed = verdict(chain, token)
        chain.cloud.faults.oidc_mode = ""
        clock.shift(60)
        verdicts[mode] = (failed, verdict(chain, token))
    assert {*verdicts.values()} == {((503, "identity_provider_unavailable"), (200, None))}
    assert len(verdicts) == 9


def test_what_is_said_of_each_failure(chain: Chain) -> None:
    told = {}
    for mode in FAULTY:
        chain.cloud.faults.oidc_mode = mode
        chain.new_instance()
        verdict(chain, "a.b.c")  # no token: the initializer alone reads the keys
        told[mode] = reasons(chain)
    # A connection that is reset ends in one error or another, as the kernel's buffers happen to be.
    [down] = told.pop("down")
    assert re.fullmatch(r"configuration: [A-Z]\w+", down)
    assert told == {
        "stall": ["configuration: no response in time"],
        "fail": ["configuration: status 500"],
        "redirect": ["configuration: status 302"],
        "html": ["configuration: not JSON"],
        "list": ["configuration: not a JSON object"],
        "huge": ["configuration: the response is too long"],
        "trickle": ["configuration: no response in time"],
        "other_issuer": ["configuration: it is another issuer's than JWT_ISSUER"],
        "http_keys": ["configuration: jwks_uri is not an https address"],
        "no_keys": [],
    }
    assert "/elsewhere" not in fetched_paths(chain)


def test_a_token_of_another_provider_is_refused(chain: Chain) -> None:
    with IdentityProvider(chain.cloud.clock, chain.cloud.faults, audience="uploads") as other:
        token = other.token(iss=provider(chain).url)
        sentinels.keep_secret(token.rpartition(".")[2])
        assert verdict(chain, token) == (401, "token_invalid")
        assert list(other.records) == []
