"""Tests the function's own requests to OSS: every response that is not the expected one is an error."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from pytest_httpserver import HTTPServer

from direct_upload.errors import AlreadyStored, UploadGone
from direct_upload.multipart_client import OssClient, Part
from fc_http import http_client
from fc_http.errors import ApiError, StorageUnavailable
from localcloud.oss.authentication import authenticate
from localcloud.ram.identities import Identities, Identity
from support import factories
from support.factories import NOON, UPLOAD
from support.function import FILE, Make
from support.tokens import new_secret

KEY = f"uploads/anonymous/{FILE['id']}.png"
PART = "<Part><PartNumber>{}</PartNumber><Size>{}</Size><ETag>{}</ETag></Part>"
LIST = "<ListPartsResult><UploadId>U</UploadId>{}</ListPartsResult>"
ERROR = "<Error><Code>{}</Code><Message>{}</Message></Error>"


class World:
    def __init__(self, server: HTTPServer) -> None:
        self.server = server
        self.reports: list[dict[str, object]] = []
        self.credentials = factories.credentials()
        self.oss = OssClient(
            self.credentials,
            address=server.url_for("").rstrip("/"),
            bucket="team-uploads",
            region="cn-hangzhou",
            now=NOON,
            log_event=lambda **facts: self.reports.append(facts),
        )

    def answers(self, body: str | bytes, status: int = 200) -> None:
        headers = {"x-oss-request-id": "6743"}
        self.server.expect_request(f"/{UPLOAD.key}").respond_with_data(body, status, headers)

    def error(self, ask: Callable[[OssClient], object]) -> type[ApiError]:
        with pytest.raises(ApiError) as caught:
            ask(self.oss)
        return type(caught.value)


@pytest.fixture
def world(httpserver: HTTPServer) -> World:
    return World(httpserver)


def begin(oss: OssClient) -> object:
    return oss.initiate(UPLOAD.key, content_type="video/mp4", filename="a.mp4")


def look(oss: OssClient) -> object:
    return oss.list_parts(UPLOAD)


def end(oss: OssClient) -> object:
    return oss.complete(UPLOAD, [Part(1, 7, "E")], {})


Ask = Callable[[OssClient], object]
WHAT: dict[Ask, str] = {
    begin: "InitiateMultipartUploadResult",
    look: "ListPartsResult",
    end: "CompleteMultipartUploadResult",
}


COMPLETED = (
    b"<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>E&amp;1</ETag></Part>"
    b"<Part><PartNumber>2</PartNumber><ETag>E2</ETag></Part></CompleteMultipartUpload>"
)
ONCE = {"x-oss-forbid-overwrite": "true"}
NAMED = {"x-oss-meta-filename": "a.mp4", "content-disposition": "attachment; filename*=UTF-8''a.mp4"}
ID = {"uploadId": UPLOAD.upload_id}

# For each operation: its method, query, headers, body and time-out in seconds.
REQUESTS: dict[str, tuple[Ask, tuple[str, dict[str, str], dict[str, str], bytes, float]]] = {
    "initiate": (begin, ("POST", {"uploads": ""}, {"content-type": "video/mp4", **NAMED, **ONCE}, b"", 2)),
    "list": (look, ("GET", {"max-parts": "1000", **ID}, {}, b"", 2)),
    "complete": (
        lambda oss: oss.complete(UPLOAD, [Part(1, 7, "E&1"), Part(2, 8, "E2")], {"x-oss-callback": "e30="}),
        ("POST", ID, {"x-oss-callback": "e30=", **ONCE}, COMPLETED, 7),
    ),
    "abort": (lambda oss: oss.abort(UPLOAD), ("DELETE", ID, {}, b"", 2)),
}
MADE_BY_THE_LIBRARY = {"host", "accept-encoding", "content-length"}


@pytest.mark.parametrize(("ask", "expected"), REQUESTS.values(), ids=REQUESTS)
def test_each_operation_is_one_signed_request(
    httpserver: HTTPServer,
    monkeypatch: pytest.MonkeyPatch,
    ask: Ask,
    expected: tuple[str, dict[str, str], dict[str, str], bytes, float],
) -> None:
    """The stand-in's own reading of the signature finds who signed it, over all that is sent."""
    world = World(httpserver)
    ids = "<InitiateMultipartUploadResult><UploadId>U</UploadId></InitiateMultipartUploadResult>"
    world.answers(ids if ask is begin else LIST.format(""))
    timeouts = []
    send = http_client.request

    def request(*words: Any, timeout_seconds: float, **more: Any) -> http_client.Response:
        timeouts.append((timeout_seconds, more["max_bytes"]))
        return send(*words, timeout_seconds=20, **more)

    monkeypatch.setattr(http_client, "request", request)
    ask(world.oss)
    [(sent, _)] = httpserver.log
    query = {name: value for name, value in sent.args.items() if not name.startswith("x-oss-")}
    headers = {name.lower(): value for name, value in sent.headers.items()}
    own = {name: value for name, value in headers.items() if name not in MADE_BY_THE_LIBRARY}
    method, expected_query, expected_headers, body, seconds = expected
    assert (sent.method, query, own, sent.data) == (method, expected_query, expected_headers, body)
    assert (sent.args["x-oss-expires"], timeouts) == ("60", [(seconds, 2**20)])
    signer = Identity(
        *(world.credentials.access_key_id, world.credentials.access_key_secret, world.credentials.security_token),
        *("acs:ram::1234567890123456:assumed-role/upload/sign", NOON + 3600, ()),
    )
    identities = Identities()
    identities.add(signer)
    assert authenticate(sent, f"/team-uploads/{UPLOAD.key}", identities, "cn-hangzhou", NOON) is signer


@pytest.mark.parametrize(("status", "is_refused"), [(200, False), (299, False), (300, True), (404, True)])
def test_only_a_status_from_200_to_299_is_an_answer(world: World, status: int, is_refused: bool) -> None:
    world.answers(LIST.format(""), status)
    try:
        outcome: object = look(world.oss)
    except StorageUnavailable as refusal:
        outcome = refusal
    assert isinstance(outcome, StorageUnavailable) is is_refused


def test_a_storage_that_cannot_be_reached_is_logged(httpserver: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(httpserver)

    def request(*_: object, **__: object) -> NoReturn:
        raise http_client.RequestFailed("no response in time")

    monkeypatch.setattr(http_client, "request", request)
    assert (world.error(look), world.reports) == (
        StorageUnavailable,
        [{"event": "storage_unreachable", "reason": "no response in time"}],
    )


def test_parts_are_listed_as_they_are(world: World) -> None:
    world.answers(LIST.format(PART.format(1, 8388608, '"E1"') + PART.format(1000, 0, '"E2"')))
    assert look(world.oss) == [Part(1, 8388608, '"E1"'), Part(1000, 0, '"E2"')]


def test_a_parts_checksum_is_in_the_list_if_oss_names_it(world: World) -> None:
    part = PART.format(1, 7, "E").replace("</Part>", "<HashCrc64ecma>11051210869376104954</HashCrc64ecma></Part>")
    world.answers(LIST.format(part))
    assert look(world.oss) == [Part(1, 7, "E", "11051210869376104954")]


def test_no_parts_are_none(world: World) -> None:
    world.answers(LIST.format(""))
    assert look(world.oss) == []


@pytest.mark.parametrize("value", ["", "x", "-1", "1.5", "1e3", " 1", "\u0661", "0x1", "1_0", "9" * 20, "9" * 5000])
@pytest.mark.parametrize("member", ["number", "size"])
def test_a_number_that_is_none_is_no_answer(world: World, member: str, value: str) -> None:
    values = {"number": "1", "size": "7"} | {member: value}
    world.answers(LIST.format(PART.format(values["number"], values["size"], "E")))
    assert world.error(look) is StorageUnavailable


@pytest.mark.parametrize("part", ["<Part/>", "<Part><PartNumber>1</PartNumber><Size>7</Size></Part>"])
def test_a_part_that_lacks_a_member_is_no_answer(world: World, part: str) -> None:
    world.answers(LIST.format(part))
    assert world.error(look) is StorageUnavailable


@pytest.mark.parametrize(
    "body",
    [
        *(
            "",
            "no XML",
            "<html><body>Sign in</body></html>",
            "<ListPartsResult>",
            "{}",
            ERROR.format("InternalError", ""),
        ),
        *("<ListBucketResult/>", "<x:ListPartsResult xmlns:x='urn:x'/>", "<Result><ListPartsResult/></Result>"),
        *('<?xml version="1.0" encoding="utf-7"?><a/>', '<?xml version="1.0" encoding="nobody-knows"?><a/>'),
    ],
)
@pytest.mark.parametrize("ask", WHAT, ids=WHAT.get)
def test_a_200_that_says_something_else_is_no_answer(world: World, ask: Ask, body: str) -> None:
    world.answers(body)
    assert (world.error(ask), world.reports) == (
        StorageUnavailable,
        [{"event": "storage_unreachable", "reason": f"the response is not a {WHAT[ask]}"}],
    )


def test_an_upload_without_an_id_has_not_begun(world: World) -> None:
    world.answers("<InitiateMultipartUploadResult/>")
    assert world.error(begin) is StorageUnavailable


@pytest.mark.parametrize(
    ("code", "refusal"),
    [("FileAlreadyExists", AlreadyStored), ("NoSuchUpload", UploadGone), ("AccessDenied", StorageUnavailable)],
)
def test_a_refusal_is_known_by_its_code(world: World, code: str, refusal: type[ApiError]) -> None:
    world.answers(ERROR.format(code, "secret"), 403)
    assert world.error(look) is refusal
    assert "secret" not in str(world.reports)


@pytest.mark.parametrize("body", ["", "<html>", '<?xml version="1.0" encoding="nobody-knows"?><a/>', "<Error/>"])
def test_a_refusal_without_a_code_is_one_all_the_same(world: World, body: str) -> None:
    world.answers(body, 502)
    assert world.error(look) is StorageUnavailable
    assert world.reports == [{"event": "storage_refused", "status": 502, "code": "", "oss_request_id": "6743"}]


@pytest.mark.parametrize("said", ["", "[]", "null", "{}", '{"stored":7}', "<html>"])
def test_a_completion_that_somebody_else_answered_is_stored_and_told_nobody(
    make: Make, httpserver: HTTPServer, said: str
) -> None:
    """OSS hands on any 200 from the callback's address."""
    settings = {
        "LOCAL": "on",
        "OSS_ENDPOINT": httpserver.url_for("").rstrip("/"),
        "MULTIPART_THRESHOLD": "1MB",
        "MULTIPART_SECRET": new_secret(),
        "CALLBACK": "on",
        "CALLBACK_URL": "https://callback.example.com",
        "CALLBACK_SECRET": new_secret(),
    }
    function = make(**settings)
    begun = "<InitiateMultipartUploadResult><UploadId>U</UploadId></InitiateMultipartUploadResult>"
    httpserver.expect_ordered_request(f"/{KEY}", "POST").respond_with_data(begun)
    httpserver.expect_ordered_request(f"/{KEY}", "GET").respond_with_data(LIST.format(PART.format(1, 7, "E")))
    httpserver.expect_ordered_request(f"/{KEY}", "POST").respond_with_data(said, headers={"ETag": '"E-1"'})
    ticket = json.loads(function.request("POST", "/multipart", body=json.dumps(FILE))["body"])["ticket"]
    answer = function.request("POST", "/multipart/complete", body=json.dumps({"ticket": ticket}))
    fact = {"key": KEY, "size": 7, "content_type": "image/png", "etag": "E-1", "filename": "a.png"}
    request_id = "1-67431580-0123456789ab"
    assert json.loads(answer["body"]) == {"stored": fact, "request_id": request_id, "webhook_delivered": False}
