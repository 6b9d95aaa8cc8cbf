"""Tests bearer tokens: which are accepted, and the attacks that RFC 7515, 7519 and 8725 warn of."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from hypothesis import given as for_all
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from direct_upload.errors import TokenExpired, TokenInvalid, TokenMissing
from direct_upload.tokens import Issuer, Key, parse_public_keys, parse_secret_keys, unverified_kid
from fc_http.errors import ApiError
from support.factories import NOON
from support.tokens import HS256, SELF, b64, claims, new_secret, raw_claims, raw_token, token

SECRET = new_secret()
NONE = b'{"alg":"none"}'


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[None]:
    with time_machine.travel(NOON, tick=False):
        yield


def issuer(*keys: Key) -> Issuer:
    return Issuer(SELF, SELF, keys or parse_secret_keys(SECRET))


def error_of(authorization: str | None, of: Issuer | None = None) -> type[ApiError]:
    with pytest.raises(ApiError) as refused:
        (of or issuer()).verify(authorization)
    assert refused.value.__cause__ is None
    return type(refused.value)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_a_sound_token_gives_its_claims(scheme: str) -> None:
    assert issuer().verify(f"{scheme} {token(SECRET)}") == claims()


@pytest.mark.parametrize("authorization", [None, ""])
def test_no_token_is_told_apart_from_a_bad_one(authorization: str | None) -> None:
    assert error_of(authorization) is TokenMissing


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer",
        "Bearer ",
        "Basic dXNlcjpwYXNz",
        f"Basic {token(SECRET)}",
        token(SECRET),
        f"Bearer  {token(SECRET)}",
        f"Bearer {token(SECRET)} ",
        f"Bearer {token(SECRET)},Bearer {token(SECRET)}",
        "Bearer a",
        "Bearer a.b",
        "Bearer a.b.c",
        "Bearer ..",
        "Bearer é.é.é",
        f"Bearer {token(SECRET)}.{token(SECRET)}",
        f"Bearer {token(SECRET, sub='x' * 4096)}",
        f"Bearer {b64(b'[' * 2900)}.e30.x",
    ],
)
def test_what_is_no_token_is_refused(authorization: str) -> None:
    assert error_of(authorization) is TokenInvalid


def test_a_token_has_at_most_4096_characters() -> None:
    header = b64(b'{"kid":"a"}') + "."
    assert unverified_kid(f"Bearer {header.ljust(4096, 'x')}") == "a"
    with pytest.raises(TokenInvalid):
        unverified_kid(f"Bearer {header.ljust(4097, 'x')}")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"exp": None}, TokenInvalid),
        ({"iss": None}, TokenInvalid),
        ({"aud": None}, TokenInvalid),
        ({"sub": None}, TokenInvalid),
        ({"iss": "https://another.example"}, TokenInvalid),
        ({"iss": ""}, TokenInvalid),
        ({"iss": [SELF]}, TokenInvalid),
        ({"aud": "another"}, TokenInvalid),
        ({"aud": ["another"]}, TokenInvalid),
        ({"aud": []}, TokenInvalid),
        ({"aud": {"oss-direct-upload": 1}}, TokenInvalid),
        ({"sub": 7}, TokenInvalid),
        ({"exp": int(NOON) - 30}, TokenExpired),
        ({"exp": 0}, TokenExpired),
        ({"exp": "soon"}, TokenInvalid),
        ({"exp": [1]}, TokenInvalid),
        ({"nbf": int(NOON) + 31}, TokenInvalid),
        ({"iat": int(NOON) + 31}, TokenInvalid),
    ],
)
def test_every_claim_must_be_there_and_fit(changed: dict[str, Any], expected: type[ApiError]) -> None:
    assert error_of(f"Bearer {raw_token(HS256, raw_claims(**changed), SECRET.encode())}") is expected


@pytest.mark.parametrize(
    "changed",
    [
        {"exp": int(NOON) - 29},
        {"nbf": int(NOON) + 30},
        {"aud": ["another", SELF]},
        {"sub": "ü|1"},
        {"jti": "x", "scope": "whatever"},
    ],
)
def test_clocks_may_differ_by_half_a_minute_and_more_claims_do_no_harm(changed: dict[str, Any]) -> None:
    assert issuer().verify(f"Bearer {token(SECRET, **changed)}") == claims(**changed)


@pytest.mark.parametrize(
    "header",
    [
        b'{"alg":"none"}',
        b'{"alg":"None"}',
        b'{"alg":"HS384"}',
        b'{"alg":"HS512"}',
        b'{"alg":"RS256"}',
        b'{"alg":["HS256"]}',
        b"{}",
        b"[]",
        b'"HS256"',
        b"{",
        b'{"alg":"HS256","crit":["exp"]}',
        b'{"alg":"HS256","crit":["http://example.com/unknown"],"http://example.com/unknown":1}',
        b'{"alg":"HS256","b64":false,"crit":["b64"]}',
    ],
)
def test_the_algorithm_is_ours_and_what_is_critical_must_be_understood(header: bytes) -> None:
    assert error_of(f"Bearer {raw_token(header, raw_claims(), SECRET.encode())}") is TokenInvalid


def test_a_token_without_a_signature_is_refused() -> None:
    unsigned = f"{b64(NONE)}.{b64(raw_claims())}."
    assert error_of(f"Bearer {unsigned}") is TokenInvalid


def test_of_a_member_given_twice_the_last_counts_for_everything() -> None:
    payload = raw_claims()[:-1] + b',"sub":"bob"}'
    assert issuer().verify(f"Bearer {raw_token(HS256, payload, SECRET.encode())}")["sub"] == "bob"


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"null", b"{", b"\xff", b'{"exp":Infinity}', b'{"exp":NaN}', b"[" * 2000, b'{"exp":1e999}']
)
def test_a_payload_that_is_no_set_of_claims_is_refused(payload: bytes) -> None:
    assert error_of(f"Bearer {raw_token(HS256, payload, SECRET.encode())}") is TokenInvalid


@pytest.mark.parametrize("part", [0, 1, 2])
def test_one_changed_character_makes_it_invalid(part: int) -> None:
    parts = token(SECRET).split(".")
    middle = len(parts[part]) // 2
    other = "A" if parts[part][middle] != "A" else "B"
    parts[part] = parts[part][:middle] + other + parts[part][middle + 1 :]
    assert error_of(f"Bearer {'.'.join(parts)}") is TokenInvalid


def test_another_secret_makes_it_invalid() -> None:
    assert error_of(f"Bearer {token(new_secret())}") is TokenInvalid


def test_while_one_secret_replaces_the_other_both_are_good() -> None:
    new, old, gone = new_secret(), new_secret(), new_secret()
    both = issuer(*parse_secret_keys(f"{new}, {old}"))
    assert [both.verify(f"Bearer {token(secret)}")["sub"] for secret in (new, old)] == ["alice", "alice"]
    assert error_of(f"Bearer {token(gone)}", both) is TokenInvalid
    assert error_of(f"Bearer {token(old, exp=1)}", both) is TokenExpired
    assert error_of(f"Bearer {token(new, exp=1)}", both) is TokenExpired


@pytest.mark.parametrize(
    "kid",
    ["../../dev/null", "/dev/null", "' OR 1=1 --", "https://evil.example/jwks.json", "", 7, None, ["a"], {"a": 1}],
)
def test_a_secret_is_tried_whatever_key_a_token_names(kid: Any) -> None:
    header = json.dumps({"alg": "HS256", "kid": kid, "jku": "https://evil.example", "x5u": "https://evil.example"})
    authorization = f"Bearer {raw_token(header.encode(), raw_claims(), SECRET.encode())}"
    assert unverified_kid(authorization) == (kid if isinstance(kid, str) else None)
    try:
        taken = issuer().verify(authorization)
    except TokenInvalid:
        assert not isinstance(kid, str)  # RFC 7515, 4.1.4: it must be a string
    else:
        assert taken == claims()


RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})
PUBLIC = {"keys": [RSA.as_dict(private=False), EC.as_dict(private=False)]}


def named_keys() -> Issuer:
    return issuer(*parse_public_keys(json.dumps(PUBLIC)))


def sign_token(algorithm: str, key: Any, kid: str | None) -> str:
    header = {"alg": algorithm} | ({} if kid is None else {"kid": kid})
    return jwt.encode(header, claims(), key, algorithms=[algorithm])


@pytest.mark.parametrize(("algorithm", "key", "kid"), [("RS256", RSA, "rsa"), ("ES256", EC, "ec")])
def test_a_jwks_verifies_what_its_keys_signed(algorithm: str, key: Any, kid: str) -> None:
    assert named_keys().verify(f"Bearer {sign_token(algorithm, key, kid)}") == claims()


@pytest.mark.parametrize(
    ("algorithm", "key", "kid"),
    [
        ("RS256", RSA, None),
        ("RS256", RSA, "ec"),
        ("RS256", RSA, "unknown"),
        ("ES256", EC, "rsa"),
        ("RS384", RSA, "rsa"),
        ("PS256", RSA, "rsa"),
        ("RS256", RSAKey.generate_key(2048), "rsa"),
        ("ES256", ECKey.generate_key("P-256"), "ec"),
    ],
)
def test_a_key_is_found_by_its_name_and_used_for_its_one_algorithm(algorithm: str, key: Any, kid: str | None) -> None:
    assert error_of(f"Bearer {sign_token(algorithm, key, kid)}", named_keys()) is TokenInvalid


@pytest.mark.parametrize("kid", ["rsa", "ec"])
def test_a_public_key_is_no_secret(kid: str) -> None:
    key = {"rsa": RSA, "ec": EC}[kid]
    for secret in (
        key.as_pem(private=False),
        key.as_der(private=False),
        json.dumps(key.as_dict(private=False)).encode(),
    ):
        forged = raw_token(json.dumps({"alg": "HS256", "kid": kid}).encode(), raw_claims(), secret)
        assert error_of(f"Bearer {forged}", named_keys()) is TokenInvalid


def test_the_only_key_may_be_without_a_name() -> None:
    member = {name: value for name, value in EC.as_dict(private=False).items() if name != "kid"}
    only = issuer(*parse_public_keys(json.dumps({"keys": [member]})))
    assert only.verify(f"Bearer {sign_token('ES256', EC, None)}") == claims()
    assert only.verify(f"Bearer {sign_token('ES256', EC, 'whatever')}") == claims()


def test_a_point_that_is_on_no_curve_verifies_nothing() -> None:
    member = EC.as_dict(private=False) | {"x": b64(b"\x01" * 32)}
    off = issuer(*parse_public_keys(json.dumps({"keys": [member]})))
    assert error_of(f"Bearer {sign_token('ES256', EC, 'ec')}", off) is TokenInvalid


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "must be one secret, or two with a comma between them while one replaces the other"),
        (",", "must be one secret, or two with a comma between them while one replaces the other"),
        (",".join([SECRET] * 3), "must be one secret, or two with a comma between them while one replaces the other"),
        ("x" * 31, "must have at least 32 bytes; make one with: openssl rand -hex 32"),
        (f"{SECRET},short", "must have at least 32 bytes; make one with: openssl rand -hex 32"),
    ],
    ids=["none", "two that are none", "three", "31 bytes", "the second of 5 bytes"],
)
def test_a_weak_secret_is_a_fault(text: str, fault: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the text is compared below
        parse_secret_keys(text)
    assert str(refused.value) == fault


RSA_MEMBER, EC_MEMBER = PUBLIC["keys"]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", 'must be a JWK Set: {"keys":[…]}'),
        ("[]", 'must be a JWK Set: {"keys":[…]}'),
        ("{}", 'must be a JWK Set: {"keys":[…]}'),
        ("[" * 9999, 'must be a JWK Set: {"keys":[…]}'),
        ('{"keys":[]}', "must hold at least one key"),
        ('{"keys":{}}', "must hold at least one key"),
        ('{"keys":[{"kty":[]}]}', "holds a key that is neither RSA nor EC; a shared secret belongs in JWT_SECRET"),
        ('{"keys":[{"kty":{}}]}', "holds a key that is neither RSA nor EC; a shared secret belongs in JWT_SECRET"),
        ('{"keys":[7]}', "holds a key that is neither RSA nor EC; a shared secret belongs in JWT_SECRET"),
        (
            '{"keys":[{"kty":"oct","k":"AAAA"}]}',
            "holds a key that is neither RSA nor EC; a shared secret belongs in JWT_SECRET",
        ),
    ],
)
def test_what_is_no_jwks_is_a_fault(text: str, fault: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the text is compared below
        parse_public_keys(text)
    assert str(refused.value) == fault


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ([RSA.as_dict(private=True)], "holds a private key: remove its private parts, and replace the key"),
        ([RSA_MEMBER | {"p": b64(b"\xff" * 128)}], "holds a private key: remove its private parts"),
        ([EC_MEMBER | {"key_ops": ["sign"]}], "holds a key of kind EC that is not for ES256 signatures"),
        ([EC_MEMBER | {"key_ops": 7}], "holds a key of kind EC that is not for ES256 signatures"),
        ([RSA_MEMBER | {"alg": "RS512"}], "holds a key of kind RSA that is not for RS256 signatures"),
        ([RSA_MEMBER | {"use": "enc"}], "holds a key of kind RSA that is not for RS256 signatures"),
        ([EC_MEMBER | {"alg": "RS256"}], "holds a key of kind EC that is not for ES256 signatures"),
        ([RSA_MEMBER | {"n": b64(b"\xff" * 255)}], "holds an RSA key of less than 2048 bits"),
        ([RSA_MEMBER | {"n": b64(bytes(128) + b"\xff" * 128)}], "holds an RSA key of less than 2048 bits"),
        ([RSA_MEMBER | {"e": b64(b"\x01")}], "holds an RSA key whose exponent is less than 3"),
        ([EC_MEMBER | {"crv": "P-384"}], "holds an EC key that is not on the curve P-256"),
        ([EC_MEMBER | {"y": b64(b"\xff" * 31)}], "holds an EC key that is not on the curve P-256"),
        ([RSA_MEMBER | {"e": 3}], "holds a key whose part e is missing or is not base64url"),
        (
            [{"kty": "EC", "crv": "P-256", "x": EC_MEMBER["x"]}],
            "holds a key whose part y is missing or is not base64url",
        ),
        ([RSA_MEMBER | {"kid": 7}], "holds a key whose kid is not a string"),
        ([RSA_MEMBER, EC_MEMBER | {"kid": "rsa"}], "must give every key its own kid"),
    ],
)
def test_a_key_that_is_not_fit_for_its_purpose_is_a_fault(members: list[Any], fault: str) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011 - the text is compared below
        parse_public_keys(json.dumps({"keys": members}))
    assert str(refused.value).startswith(fault)


def test_a_secret_of_32_bytes_will_do() -> None:
    assert parse_secret_keys("é" * 16) == (Key("HS256", None, "é" * 16),)


def test_no_secret_is_in_a_repr() -> None:
    assert SECRET not in repr(issuer())


@pytest.mark.any_python
@for_all(st.text(max_size=200) | st.from_regex(r"[A-Za-z0-9_-]{1,40}\.[A-Za-z0-9_-]{1,40}\.[A-Za-z0-9_-]{1,40}"))
def test_whatever_is_sent_it_is_refused_and_nothing_else_happens(text: str) -> None:
    assert error_of(f"Bearer {text}") is TokenInvalid
