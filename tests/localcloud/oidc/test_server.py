"""Tests the stand-in for an identity provider, with joserfc as the one that reads its keys and tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from localcloud.fault_switches import OIDC_MODES, Faults
from localcloud.oidc.server import IdentityProvider
from support import sentinels
from support.oss_world import NOON, Clock

CONFIGURATION = "/.well-known/openid-configuration"


@pytest.fixture
def provider() -> Iterator[IdentityProvider]:
    with IdentityProvider(Clock(), Faults(), audience="uploads") as provider:
        yield provider
    provider.check()


def get(provider: IdentityProvider, path: str) -> Any:
    return requests.get(provider.url + path, timeout=60).json()


def post(provider: IdentityProvider, path: str, body: str = "") -> tuple[int, Any]:
    response = requests.post(provider.url + path, data=body.encode(), timeout=60)
    return response.status_code, response.json()


def read(provider: IdentityProvider, token: str) -> Any:
    """Returns header and claims, as somebody reads them who has only the address."""
    sentinels.keep_secret(token.rpartition(".")[2])
    keys = KeySet.import_key_set(get(provider, get(provider, CONFIGURATION)["jwks_uri"].removeprefix(provider.url)))
    token_read = jwt.decode(token, keys, algorithms=["RS256"])
    return token_read.header, token_read.claims


USUAL = {"aud": "uploads", "sub": "alice", "iat": int(NOON), "exp": int(NOON) + 12 * 3600}


def test_its_configuration_names_itself_and_its_keys(provider: IdentityProvider) -> None:
    assert get(provider, CONFIGURATION) == {
        "issuer": provider.url,
        "jwks_uri": f"{provider.url}/keys",
        "token_endpoint": f"{provider.url}/token",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }


def test_it_issues_a_token_for_alice(provider: IdentityProvider) -> None:
    status, answer = post(provider, "/token")
    assert (status, answer["token_type"], answer["expires_in"]) == (200, "Bearer", 12 * 3600)
    expected = ({"alg": "RS256", "typ": "JWT", "kid": "key-1"}, {"iss": provider.url} | USUAL)
    assert read(provider, answer["access_token"]) == expected


def test_it_issues_a_token_with_the_claims_that_are_named(provider: IdentityProvider) -> None:
    _, answer = post(provider, "/token", '{"sub":"bob","max_size":1000,"aud":null}')
    _, claims = read(provider, answer["access_token"])
    assert claims == {"iss": provider.url, "sub": "bob", "max_size": 1000, "iat": USUAL["iat"], "exp": USUAL["exp"]}


def test_a_claim_may_have_any_name(provider: IdentityProvider) -> None:
    status, answer = post(provider, "/token", '{"self": "bob"}')
    assert status == 200
    assert read(provider, answer["access_token"])[1]["self"] == "bob"


@pytest.mark.parametrize("body", ["{", "[]", "[" * 9999, "sub=bob"])
def test_claims_that_are_no_object_are_refused(provider: IdentityProvider, body: str) -> None:
    status, answer = post(provider, "/token", body)
    assert (status, answer["error"]) == (400, "invalid_request")


def test_a_rotated_key_is_published_until_the_next_but_one(provider: IdentityProvider) -> None:
    tokens = [provider.token()]
    for number in (2, 3):
        assert post(provider, "/rotate") == (200, {"kid": f"key-{number}"})
        tokens.append(provider.token())
    assert [read(provider, token)[0]["kid"] for token in tokens[1:]] == ["key-2", "key-3"]
    with pytest.raises((JoseError, ValueError)):
        read(provider, tokens[0])


def test_a_private_half_is_never_published(provider: IdentityProvider) -> None:
    assert [sorted(member) for member in get(provider, "/keys")["keys"]] == [["alg", "e", "kid", "kty", "n", "use"]]


@pytest.mark.parametrize("path", [CONFIGURATION, "/keys"])
@pytest.mark.parametrize(
    ("mode", "status", "body"),
    [
        ("fail", 500, b'{"error": "server_error"}'),
        ("redirect", 302, b""),
        ("html", 200, b"<html><body>Sign in</body></html>"),
        ("list", 200, b"[]"),
        ("huge", 200, b" " * 2_000_000),
    ],
)
def test_both_documents_can_be_nonsense(
    provider: IdentityProvider, mode: str, path: str, status: int, body: bytes
) -> None:
    assert post(provider, "/mode", mode) == (200, {"mode": mode})
    response = requests.get(provider.url + path, timeout=60, allow_redirects=False)
    assert (response.status_code, response.content) == (status, body)


@pytest.mark.parametrize("path", [CONFIGURATION, "/keys"])
def test_it_can_be_down(provider: IdentityProvider, path: str) -> None:
    post(provider, "/mode", "down")
    with pytest.raises(requests.ConnectionError):
        get(provider, path)


def test_its_documents_can_lie(provider: IdentityProvider) -> None:
    provider.faults.oidc_mode = "other_issuer"
    assert get(provider, CONFIGURATION)["issuer"] == "https://id.example.com"
    provider.faults.oidc_mode = "http_keys"
    assert get(provider, CONFIGURATION)["jwks_uri"] == "http://keys.example.com/keys"
    provider.faults.oidc_mode = "no_keys"
    assert get(provider, "/keys") == {"keys": []}


def test_an_unknown_mode_is_refused_with_those_that_there_are(provider: IdentityProvider) -> None:
    status, answer = post(provider, "/mode", "asleep")
    assert (status, answer["error"]) == (400, "invalid_request")
    assert answer["error_description"].endswith(f"Use one of {', '.join(OIDC_MODES[1:])}.")


def test_tokens_are_issued_whatever_its_documents_do(provider: IdentityProvider) -> None:
    provider.faults.oidc_mode = "down"
    assert post(provider, "/token")[0] == 200
    assert post(provider, "/mode") == (200, {"mode": ""})
    assert len(get(provider, "/keys")["keys"]) == 1


@pytest.mark.parametrize(("method", "path"), [("GET", "/token"), ("POST", "/keys"), ("GET", "/")])
def test_there_is_nothing_else(provider: IdentityProvider, method: str, path: str) -> None:
    assert requests.request(method, provider.url + path, timeout=60).status_code == 404


@pytest.mark.parametrize("path", ["/token", "/rotate", "/mode"])
def test_no_web_page_controls_it(provider: IdentityProvider, path: str) -> None:
    headers = {"Origin": "https://evil.example"}
    assert requests.post(provider.url + path, headers=headers, timeout=60).status_code == 403
    assert (provider.faults.oidc_mode, len(get(provider, "/keys")["keys"])) == ("", 1)


def test_no_token_is_in_a_record(provider: IdentityProvider) -> None:
    post(provider, "/token", '{"sub":"bob"}')
    assert [record.note for record in provider.records] == [{"sub": "bob"}]
