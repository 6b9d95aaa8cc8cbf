"""Tests how an identity provider's keys are read: whose documents are accepted, and what an address may answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given as for_all
from hypothesis import settings as repeat
from hypothesis import strategies as st
from joserfc.jwk import ECKey, RSAKey
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from direct_upload import discovery
from direct_upload.discovery import DiscoveryFailed, KeySet, fetch_keys, is_provider_address, parse_key_set
from fc_http import http_client
from support.provider import json_response
from support.tokens import b64

RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
OTHER_RSA = RSAKey.generate_key(2048, {"kid": "other"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})

PROVIDERS = Path(__file__).parent / "providers"


def member(key: Any, **more: object) -> dict[str, Any]:
    return {**key.as_dict(private=False), **more}


CERTIFICATE = {"x5c": ["MIIC"], "x5t": "t"}
SETS: dict[str, list[dict[str, Any]]] = {
    "auth0": [
        member(RSA, use="sig", alg="RS256", **CERTIFICATE),
        member(OTHER_RSA, use="sig", alg="RS256", **CERTIFICATE),
    ],
    "keycloak": [
        member(OTHER_RSA, use="enc", alg="RSA-OAEP", **CERTIFICATE, **{"x5t#S256": "t"}),
        member(RSA, use="sig", alg="RS256", **CERTIFICATE, **{"x5t#S256": "t"}),
    ],
    "authing": [member(RSA, use="sig", alg="RS256", e="AQAB")],
    # Without alg, and with a member of its own.
    "entra": [
        member(RSA, use="sig", issuer="https://login.microsoftonline.com/x/v2.0", **CERTIFICATE),
        member(OTHER_RSA, use="sig", cloud_instance_name="microsoftonline.com", **CERTIFICATE),
    ],
}
"""Keys as each provider publishes them."""


@pytest.mark.parametrize(
    ("name", "kids", "skipped"),
    [
        ("auth0", ["rsa", "other"], ()),
        ("keycloak", ["rsa"], ("holds a key of kind RSA that is not for RS256 signatures",)),
        ("authing", ["rsa"], ()),
        ("entra", ["rsa", "other"], ()),
    ],
)
def test_the_documents_of_known_providers_are_read(
    name: str, kids: list[str], skipped: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    document = json.loads((PROVIDERS / f"{name}.json").read_text(encoding="utf-8"))
    addresses = {
        document["found_at"]: document["configuration"],
        document["configuration"]["jwks_uri"]: {"keys": SETS[name]},
    }
    monkeypatch.setattr(http_client, "request", lambda method, url, **_: json_response(addresses[url]))
    key_set = fetch_keys(document["configuration"]["issuer"])
    assert ([key.kid for key in key_set.keys], {key.algorithm for key in key_set.keys}) == (kids, {"RS256"})
    assert key_set.skipped == skipped


Serve = Callable[..., str]


@pytest.fixture
def serve(httpserver: HTTPServer) -> Serve:
    """Returns a provider on this machine, whose two documents a test may change; None leaves a member out."""

    def start(keys: Any = None, **changed: Any) -> str:
        issuer = httpserver.url_for("/team")
        configuration = {"issuer": issuer, "jwks_uri": httpserver.url_for("/keys")} | changed
        configuration = {name: value for name, value in configuration.items() if value is not None}
        httpserver.expect_request("/team/.well-known/openid-configuration").respond_with_json(configuration)
        httpserver.expect_request("/keys").respond_with_json({"keys": [member(EC)]} if keys is None else keys)
        return issuer

    return start


def paths(server: HTTPServer) -> list[str]:
    return [request.path for request, _ in server.log]


def reason(issuer: str) -> str:
    with pytest.raises(DiscoveryFailed) as caught:
        fetch_keys(issuer)
    assert caught.value.__cause__ is None
    return str(caught.value)


def test_keys_are_read_in_two_requests_that_say_who_asks(serve: Serve, httpserver: HTTPServer) -> None:
    assert [key.kid for key in fetch_keys(serve()).keys] == ["ec"]
    assert paths(httpserver) == ["/team/.well-known/openid-configuration", "/keys"]
    sent = [
        (request.method, request.headers["User-Agent"], request.headers.get("Authorization"))
        for request, _ in httpserver.log
    ]
    assert sent == [("GET", "oss-direct-upload", None)] * 2


def test_a_slash_at_the_end_of_an_issuer_is_part_of_its_name_and_not_of_the_address(
    serve: Serve, httpserver: HTTPServer
) -> None:
    issuer = httpserver.url_for("/team/")
    assert [key.kid for key in fetch_keys(serve(issuer=issuer) + "/").keys] == ["ec"]


OTHERS = "configuration: it is another issuer's than JWT_ISSUER"
NO_ADDRESS = "configuration: jwks_uri is not an https address"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"issuer": "https://id.example.com"}, OTHERS),
        ({"issuer": None}, OTHERS),
        ({"issuer": 7}, OTHERS),
        ({"jwks_uri": None}, NO_ADDRESS),
        ({"jwks_uri": ["https://id.example.com"]}, NO_ADDRESS),
        ({"jwks_uri": "http://id.example.com/keys"}, NO_ADDRESS),
        ({"jwks_uri": "http://127.0.0.1.example.com/keys"}, NO_ADDRESS),
        ({"jwks_uri": "file:///etc/passwd"}, NO_ADDRESS),
        ({"jwks_uri": "/keys"}, NO_ADDRESS),
        ({"jwks_uri": ""}, NO_ADDRESS),
    ],
)
def test_a_configuration_at_fault_is_refused_and_no_other_address_is_fetched(
    serve: Serve, httpserver: HTTPServer, changed: dict[str, Any], expected: str
) -> None:
    assert reason(serve(**changed)) == expected
    assert len(httpserver.log) == 1


@pytest.mark.parametrize("path", ["/team/", "/Team"])
def test_an_issuer_that_differs_in_one_character_is_another(serve: Serve, httpserver: HTTPServer, path: str) -> None:
    assert reason(serve(issuer=httpserver.url_for(path))) == OTHERS


@pytest.mark.parametrize("jwks_uri", ["http://127.0.0.1:1/keys", "http://localhost/keys"])
def test_a_provider_in_the_cloud_cannot_send_the_function_to_this_machine(
    monkeypatch: pytest.MonkeyPatch, jwks_uri: str
) -> None:
    issuer = "https://id.example.com"
    requests = []

    def request(_: str, url: str, **__: object) -> object:
        requests.append(url)
        return json_response({"issuer": issuer, "jwks_uri": jwks_uri})

    monkeypatch.setattr(http_client, "request", request)
    assert (reason(issuer), len(requests)) == (NO_ADDRESS, 1)


@pytest.mark.parametrize("path", ["/team/.well-known/openid-configuration", "/keys"])
@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (Response(status=302, headers={"Location": "/elsewhere"}), "status 302"),
        (Response(status=500), "status 500"),
        (Response(status=404), "status 404"),
        (Response(b" " * 2_000_000), "the response is too long"),
        (Response(b" " * 65_537), "the response is too long"),
        (Response("<html>"), "not JSON"),
        (Response(""), "not JSON"),
        (Response(b"\xff\xfe{"), "not JSON"),
        (Response("[" * 30_000), "not JSON"),
        (Response("[]"), "not a JSON object"),
        (Response('"keys"'), "not a JSON object"),
    ],
)
def test_an_answer_that_is_no_document_is_refused(
    serve: Serve, httpserver: HTTPServer, path: str, response: Response, expected: str
) -> None:
    issuer = serve()
    httpserver.clear_all_handlers()
    httpserver.expect_request(path).respond_with_response(response)
    serve()
    name = "keys" if path == "/keys" else "configuration"
    assert reason(issuer) == f"{name}: {expected}"
    assert "/elsewhere" not in paths(httpserver)


def test_a_provider_that_does_not_answer_is_given_up(
    serve: Serve, httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = threading.Event()

    def trickle(_: Request) -> Response:
        def body() -> Any:
            while not ended.wait(0.02):
                yield b" "

        return Response(body(), headers={"Content-Length": "60000"})

    request = http_client.request

    def request_hastily(method: str, url: str, *, timeout_seconds: float, **more: Any) -> http_client.Response:
        assert timeout_seconds == discovery.TIMEOUT_SECONDS
        return request(method, url, timeout_seconds=0.1 if url.endswith("/keys") else 60, **more)

    monkeypatch.setattr(http_client, "request", request_hastily)
    httpserver.expect_request("/keys").respond_with_handler(trickle)
    issuer = serve()
    assert reason(issuer) == "keys: no response in time"
    ended.set()


def test_a_provider_that_is_down_says_nothing_of_its_address() -> None:
    assert reason("http://127.0.0.1:1/secret") == "configuration: ConnectionRefusedError"


@pytest.mark.parametrize(
    ("text", "is_local", "expected"),
    [
        ("https://id.example.com", False, True),
        ("https://id.example.com:8443/realms/team", False, True),
        ("http://id.example.com", False, False),
        ("http://127.0.0.1:8080", False, False),
        ("http://127.0.0.1:8080", True, True),
        ("http://localhost/realms/team", True, True),
        ("http://id.example.com", True, False),
        ("http://127.0.0.1@id.example.com", True, False),
        ("https://user:password@id.example.com", False, False),
        ("https://id.example.com/#x", False, False),
        ("https://id.example.com/ x", False, False),
        ("https://id.example.com/\r\nX: y", False, False),
        ("https://id.example.com:port", False, False),
        ("https://[", False, False),
        ("https:///x", False, False),
        ("https://ünicode.example", False, False),
        ("ftp://id.example.com", True, False),
        ("", True, False),
    ],
)
def test_which_addresses_keys_may_be_read_from(text: str, is_local: bool, expected: bool) -> None:
    assert is_provider_address(text, is_local=is_local) is expected


@pytest.mark.parametrize("document", [{}, {"keys": {}}, {"keys": None}, {"keys": "x"}])
def test_what_is_no_set_of_keys_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(DiscoveryFailed, match=r"^keys: not a JWK Set$"):
        parse_key_set(document)


def test_an_empty_set_has_no_keys() -> None:
    assert parse_key_set({"keys": []}) == KeySet((), ())


def test_of_a_key_nothing_is_kept_but_what_verifies() -> None:
    [key] = parse_key_set({"keys": [member(EC, use="sig", x5c=["MIIC"], jku="https://evil.example")]}).keys
    assert json.loads(key.material) == {name: EC.as_dict(private=False)[name] for name in ("kty", "crv", "x", "y")}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=4,
)
MEMBERS = st.dictionaries(
    st.sampled_from(["kty", "crv", "x", "y", "n", "e", "d", "k", "kid", "alg", "use", "key_ops"]),
    JSON
    | st.sampled_from(
        ["RSA", "EC", "oct", "P-256", "RS256", "ES256", "sig", "AQAB", b64(b"\1" * 32), b64(b"\xff" * 256)]
    ),
)


@repeat(max_examples=40)
@for_all(st.lists(MEMBERS | JSON, max_size=3))
def test_whatever_a_provider_publishes_a_good_key_beside_it_is_read(members: list[Any]) -> None:
    key_set = parse_key_set({"keys": [*members, member(EC)]})
    assert key_set.keys[-1].kid == "ec"
    assert {key.algorithm for key in key_set.keys} <= {"RS256", "ES256"}
