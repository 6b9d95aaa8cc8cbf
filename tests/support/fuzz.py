"""Sends the function events that no gateway would send: `make fuzz` 200,000 of them, the tests a slice.

Every response must be well formed and not a 5xx, and no form or URL of a part in it may name a key outside the
caller's prefix.
"""

from __future__ import annotations

import base64
import json
import random
import re
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any
from unittest.mock import patch
from urllib.parse import unquote, urlsplit

from direct_upload import multipart_routes, sts
from direct_upload.multipart import MultipartUpload
from direct_upload.multipart_client import Part
from direct_upload.routes import FOLDER_FORM, Routes
from direct_upload.settings import Settings
from fc_http.app import App
from fc_http.environment import listed_origins
from fc_http.runtime import Runtime
from oss_protocol.credentials import Credentials, OwnCredentials
from support import factories, fuzz_provider, tokens

SECRET = tokens.new_secret()
CLAIMS = tokens.raw_claims(sub="Mallory/..", exp=4_000_000_000)
TOKEN = tokens.raw_token(tokens.HS256, CLAIMS, SECRET.encode())
PREFIX = "uploads/_4dallory_2f_2e_2e/"
PLACE = re.compile(
    r"uploads/(~photos/)?_4dallory_2f_2e_2e/(~[a-z0-9_-]{1,96}/[1-9][0-9]{0,3}|[0-9a-f-]{36}\.[a-z0-9_]{1,16})"
)
"""Every key of Mallory's."""
DIRECTORY = re.compile(r"uploads/(~photos/)?_4dallory_2f_2e_2e/[0-9a-f]{32}/")

PROFILES = b'{"photos":{"content_types":"image/*","max_size":"10MB","requires_claim":false},"closed":{}}'

TICKET_SECRET = tokens.new_secret()
UPLOAD = MultipartUpload(
    key=f"{PREFIX}0f8fad5b-d9cb-469f-a165-70867728950e.png",
    upload_id="U",
    size=10_000_000,
    content_type="image/png",
    filename="a.png",
    subject=PREFIX.split("/")[1],
    begin=int(factories.NOON),
)
SLOT_UPLOAD = MultipartUpload(
    **UPLOAD._asdict() | {"key": f"uploads/~photos/{UPLOAD.subject}/~l/3", "profile": "photos", "slot": 3}
)
TICKET, SLOT_TICKET = (each.ticket(TICKET_SECRET, factories.NOON)[0] for each in (UPLOAD, SLOT_UPLOAD))

OWN = {f"ALIBABA_CLOUD_{name}": "x" for name in ("ACCESS_KEY_ID", "ACCESS_KEY_SECRET", "SECURITY_TOKEN")}

RUNS = re.compile(r"html|[/+]xml|svg|script|multipart|message|\*|php|msdownload|x-sh\b")
"""Parts of the names of types that browsers or people would run."""

HOSTILE: list[Any] = [
    *(None, True, False, 0, -1, 1, 1.5, 10**30, 5_000_000_000, float("inf"), float("nan")),
    *(
        "",
        " ",
        "\0",
        "\ud800",
        "../../x",
        "a/../b",
        "/etc/passwd",
        "${filename}",
        '1.png"},{"key":"2.png"}]}//',
        "x" * 5000,
    ),
    *(
        "POST",
        "GET",
        "OPTIONS",
        "/sign",
        FOLDER_FORM,
        "/limits",
        "https://app.example.com",
        "null",
        "\r\nX: y",
        *("image/png", "text/html", "TEXT/HTML;x", "image/svg+xml", "image/*", "x/y", "a.html", "a.svg", "CUBE.STL"),
        *("photos", "closed", "default", "~photos", "photos/../closed", "L 1", "\u202e", "a\nb"),
        "/multipart",
        TICKET,
        SLOT_TICKET,
        f"{TICKET[:-1]}A",
        MultipartUpload(**UPLOAD._asdict() | {"subject": "alice"}).ticket(TICKET_SECRET, factories.NOON)[0],
    ),
    *(1000, 1001, -0.0, ["photos"], ["default", "photos"], {"slot": 1}),
    *([], {}, [[]], {"files": []}, {"filename": {}}, [None] * 30, TOKEN, f"Bearer {TOKEN}", f"Bearer {TOKEN[:-1]}A"),
]


def hostile_bearer(rng: random.Random) -> dict[str, str]:
    """Returns the header of a sound token of Mallory's, some of whose claims are hostile."""
    claims = {"max_files": 5, "jti": "L1", "profiles": ["photos"], "title": "a", "note": "b\nc", "exp": 4_000_000_000}
    claims = {name: claims[name] for name in claims if rng.random() < 0.7}
    for name in ("max_files", "jti", "profiles", "title", "note", "max_size", "content_types", "exp"):
        if rng.random() < 0.1:
            claims[name] = rng.choice(HOSTILE)
    payload = tokens.raw_claims(**{"sub": "Mallory/..", "exp": 4_000_000_000} | claims)
    return tokens.bearer(tokens.raw_token(tokens.HS256, payload, SECRET.encode()))


def counted_seeds(rng: random.Random) -> list[bytes]:
    """Returns sound events about profiles and slots, with a token of its own each."""
    file = {"filename": "a.png", "size": 7, "content_type": "image/png", "slot": rng.randrange(1, 7)}
    body = json.dumps({"profile": "photos", "files": [file, {**file, "slot": None}]})
    query = {"profile": rng.choice(["photos", "closed", "default", ""])}
    more: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/sign", {"body": body}),
        ("POST", "/multipart", {"body": json.dumps({**file, "profile": "photos"})}),
        ("GET", "/limits", {"query": query}),
        ("GET", FOLDER_FORM, {"query": query}),
        ("POST", "/multipart/parts", {"body": json.dumps({"ticket": SLOT_TICKET, "parts": [1]})}),
        ("POST", "/multipart/list", {"body": json.dumps({"ticket": SLOT_TICKET})}),
    ]
    return [factories.event(method, path, headers=hostile_bearer(rng), **rest) for method, path, rest in more]


def seeds() -> list[bytes]:
    """Returns sound events, which the other functions make unsound."""
    elsewhere = {
        "bucket": "another",
        "role_arn": "acs:ram::1:role/admin",
        "region": "us-west-1",
        "key": "x",
        "policy": "x",
    }
    file = elsewhere | {
        "filename": "a b/ü.png",
        "size": 7,
        "content_type": "image/png",
        "id": "0f8fad5b-d9cb-469f-a165-70867728950e",
    }
    body = json.dumps(elsewhere | {"files": [file, file | {"id": None}]})
    bearer = tokens.bearer(TOKEN)
    return [
        factories.event("POST", "/sign", body=body, headers=bearer),
        factories.event("POST", "/sign", body=body.encode(), headers=bearer),
        factories.event("GET", FOLDER_FORM, headers=bearer),
        factories.event("GET", "/limits"),
        factories.event("OPTIONS", "/sign"),
        factories.event("POST", "/multipart", body=json.dumps(file), headers=bearer),
        factories.event(
            "POST", "/multipart/parts", body=json.dumps({"ticket": TICKET, "parts": [1, 2]}), headers=bearer
        ),
        *(
            factories.event("POST", f"/multipart/{step}", body=json.dumps({"ticket": TICKET}), headers=bearer)
            for step in ("list", "complete", "abort")
        ),
    ]


class Storage:
    """An OSS that has only received the first part."""

    def __init__(self, *_: object, **__: object) -> None: ...

    def initiate(self, key: str, **_: object) -> str:
        assert PLACE.fullmatch(key), key
        return "U"

    def list_parts(self, upload: MultipartUpload) -> list[Part]:
        assert upload in (UPLOAD, SLOT_UPLOAD)
        return [Part(1, 8 * 1024**2, "E")]

    def abort(self, upload: MultipartUpload) -> None:
        assert upload in (UPLOAD, SLOT_UPLOAD)


def noise(rng: random.Random) -> bytes:
    """Returns any bytes at all."""
    return rng.randbytes(rng.randrange(200))


def with_bytes_changed(rng: random.Random, event: bytes) -> bytes:
    """Replaces, removes or repeats some bytes."""
    for _ in range(rng.randrange(1, 6)):
        begin = rng.randrange(len(event) + 1)
        end = min(len(event), begin + rng.randrange(8))
        event = (
            event[:begin] + rng.choice([b"", rng.randbytes(2), event[begin:end] * 2, b'"', b"[" * 500]) + event[end:]
        )
    return event


def with_values_changed(rng: random.Random, event: bytes) -> bytes:
    """Replaces some values of the event, or of the JSON in its body, by hostile ones."""
    tree = json.loads(event)
    if not tree["isBase64Encoded"] and tree["body"]:
        body = json.loads(tree["body"])
        _change(rng, body)
        tree["body"] = json.dumps(body)
    if rng.random() < 0.5:
        _change(rng, tree)
    return json.dumps(tree).encode()


def _change(rng: random.Random, tree: Any) -> None:
    places = list(_places(tree))
    for _ in range(rng.randrange(1, 4)):
        container, name = rng.choice(places)
        container[name] = rng.choice(HOSTILE)


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    names = tree.keys() if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else ()
    for name in names:
        yield tree, name
        yield from _places(tree[name])


def events(rng: random.Random, number: int) -> Iterator[bytes]:
    """Yields so many unsound events."""
    ways: list[Callable[[bytes], bytes]] = [
        lambda _: noise(rng),
        lambda event: with_bytes_changed(rng, event),
        lambda event: with_values_changed(rng, event),
        lambda event: with_bytes_changed(rng, with_values_changed(rng, event)),
        lambda _: rng.choice(counted_seeds(rng)),
        lambda _: with_values_changed(rng, rng.choice(counted_seeds(rng))),
    ]
    sound = seeds()
    for _ in range(number):
        yield rng.choice(ways)(rng.choice(sound))


def check_response(response: Any) -> int:
    """Returns the status of a response. Raises AssertionError if the response is not what it should be."""
    assert set(response) == {"statusCode", "headers", "isBase64Encoded", "body"}, response
    assert response["headers"]["Access-Control-Allow-Origin"] in (
        "https://app.example.com",
        "https://www.example.com:8443",
    )
    json.dumps(response).encode()
    status: int = response["statusCode"]
    assert status in (200, 204, 400, 401, 403, 404, 405, 409, 413, 415), response
    if status != 204:
        payload = json.loads(response["body"])
        for policy in _policies(payload):
            check_policy(json.loads(base64.b64decode(policy))["conditions"])
        for url in _urls(payload):
            check_url(url)
    return status


def _policies(payload: Any) -> list[str]:
    """Returns the policies of the forms in a response."""
    policies = [upload["fields"]["policy"] for upload in payload.get("uploads", ()) if "fields" in upload]
    return policies + ([payload["policy"]] if "policy" in payload else [])


def _urls(payload: Any) -> list[str]:
    """Returns the URLs of parts in a response. (Where an upload begins, `parts` is their number.)"""
    parts = payload.get("parts")
    return [part["url"] for part in parts if "url" in part] if isinstance(parts, list) else []


def check_policy(conditions: list[Any]) -> None:
    """Raises AssertionError if a form fits another bucket or prefix, or exceeds the limits."""
    listed = {condition[1]: condition for condition in conditions if isinstance(condition, list)}
    assert [condition for condition in conditions if isinstance(condition, dict)] == [{"bucket": "team-uploads"}]
    kind, _, place = listed["$key"]
    assert {"eq": PLACE, "starts-with": DIRECTORY}[kind].fullmatch(place), place
    assert [
        0 <= condition[1] <= condition[2] <= 100_000_000
        for condition in conditions
        if "content-length-range" in condition
    ] == [True]
    types = listed["$content-type"][2]
    assert not RUNS.search(types if isinstance(types, str) else " ".join(types)), types
    assert listed["$x-oss-credential"][2].endswith("/cn-hangzhou/oss/aliyun_v4_request")


def check_url(url: str) -> None:
    """Raises AssertionError if a part's URL is for another object, or for a part of any length."""
    parts = urlsplit(url)
    assert parts.netloc == "team-uploads.oss-cn-hangzhou.aliyuncs.com", url
    assert unquote(parts.path)[1:] in (UPLOAD.key, SLOT_UPLOAD.key), url
    assert "x-oss-additional-headers=content-length" in parts.query, url


def run(number: int, seed: int) -> dict[int, int]:
    """Handles so many unsound events, and returns how often each status came out. Raises AssertionError."""
    in_parts = {"MULTIPART_THRESHOLD": "1MB", "MULTIPART_SECRET": TICKET_SECRET}
    settings = Settings.from_environ(factories.ENVIRON | in_parts | {"AUTH": "jwt", "JWT_SECRET": SECRET}, PROFILES)
    counts: dict[int, int] = {}
    rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
    asked: list[Any] = []

    def assume(own: OwnCredentials, session: str) -> Credentials:
        asked.append((own, session))
        return factories.credentials(expiration=4_000_000_000)

    with patch.object(sts, "role_assumer", lambda _: assume):
        runtime = Runtime(OWN, lambda: 0, lambda n: rng.randbytes(n).hex(), lambda line: None, lambda: None)
        routes = Routes(settings, runtime)
    app = App(routes.handle, runtime, allowed_origins=listed_origins(factories.ENVIRON))
    with patch.object(multipart_routes, "OssClient", Storage):
        for event in events(rng, number):
            try:
                status = check_response(app.handle(event, factories.context(), now=factories.NOON))
            except BaseException:
                sys.stderr.write(f"the event was {event!r}\n")
                raise
            counts[status] = counts.get(status, 0) + 1
    assert asked == [(OwnCredentials("x", "x", "x"), "oss-direct-upload-sign")]
    return counts


if __name__ == "__main__":
    seed = time.time_ns()
    sys.stdout.write(f"seed {seed}\n")
    counts = run(int(sys.argv[1]), seed)
    sys.stdout.write(f"{sum(counts.values())} events: {dict(sorted(counts.items()))}\n")
    sys.stdout.write(f"documents of an identity provider: {fuzz_provider.run(int(sys.argv[1]) // 10, seed)}\n")
