"""Upload callbacks of the stand-in OSS: what is refused, what is sent, and what comes of it."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from support.oss_world import ACCOUNT, BUCKET, Draft, OssWorld, elements, outcome, post

ETAG = "5D41402ABC4B2A76B9719D911017C592"
CANNOT = "Error status : -1. OSS can not connect to your callbackUrl, please check it."
TOO_LONG = "Error Status : 400.User server return too long content-length value."


@pytest.fixture
def receiver(world: OssWorld, httpserver: HTTPServer) -> Iterator[HTTPServer]:
    """Yields a server that OSS may call."""
    world.oss.callbacks.receivers.add(f"{httpserver.host}:{httpserver.port}")
    yield httpserver
    httpserver.check()


def callback(receiver: HTTPServer, **changed: Any) -> str:
    """Returns a form field `callback`; what is changed to None is left out."""
    sound = {"callbackUrl": receiver.url_for("/told"), "callbackBody": "object=${object}&size=${size}"}
    members = {name: value for name, value in (sound | changed).items() if value is not None}
    return base64.b64encode(json.dumps(members).encode()).decode()


def ask(world: OssWorld, draft: Draft, field: str, **variables: str) -> requests.Response:
    draft.extra = {"callback": field, **{name.replace("_", ":", 1): value for name, value in variables.items()}}
    return post(world, draft.fields())


def keys(world: OssWorld) -> list[str]:
    return [stored.key for stored in world.bucket.objects()]


def test_the_receivers_answer_goes_to_the_client(world: OssWorld, draft: Draft, receiver: HTTPServer) -> None:
    receiver.expect_request("/told", "POST").respond_with_json({"a": 1})
    answer = ask(world, draft, callback(receiver))
    assert (answer.status_code, answer.json(), answer.headers["Content-Type"]) == (200, {"a": 1}, "application/json")
    assert answer.headers["ETag"] == f'"{ETAG}"'


def test_a_form_body_has_its_variables_percent_encoded(world: OssWorld, draft: Draft, receiver: HTTPServer) -> None:
    receiver.expect_request("/told").respond_with_json({})
    body = "b=${bucket}&o=${object}&e=${etag}&s=${size}&m=${mimeType}&v=${x:var}&n=${imageInfo.height}&u=${x:none}"
    ask(world, draft, callback(receiver, callbackBody=body), x_var="a b&c")
    [(request, _)] = receiver.log
    assert request.get_data() == (
        f"b={BUCKET}&o=uploads%2Fa.txt&e={ETAG}&s=5&m=text%2Fplain&v=a%20b%26c&n=&u=".encode()
    )
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_in_a_json_body_oss_quotes_what_is_text_and_leaves_numbers_bare(
    world: OssWorld, draft: Draft, receiver: HTTPServer
) -> None:
    receiver.expect_request("/told").respond_with_json({})
    body = '{"object":${object},"size":${size},"v":${x:var}}'
    ask(world, draft, callback(receiver, callbackBody=body, callbackBodyType="application/json"), x_var='a"b')
    [(request, _)] = receiver.log
    assert request.get_data() == b'{"object":"uploads/a.txt","size":5,"v":"a\\"b"}'
    assert request.headers["Content-Type"] == "application/json"


def test_the_headers_are_those_of_oss(world: OssWorld, draft: Draft, receiver: HTTPServer) -> None:
    receiver.expect_request("/told").respond_with_json({})
    answer = ask(world, draft, callback(receiver, callbackHost="app.example.com", additionalHeaders={"X-Mine": "v"}))
    [(request, _)] = receiver.log
    sent = {name: value for name, value in request.headers.items() if name not in ("Authorization", "Accept-Encoding")}
    assert sent == {
        "Host": "app.example.com",
        "Content-Length": "29",
        "Content-Md5": base64.b64encode(
            hashlib.md5(b"object=uploads%2Fa.txt&size=5", usedforsecurity=False).digest()
        ).decode(),
        "Content-Type": "application/x-www-form-urlencoded",
        "Date": "Sun, 24 Nov 2024 12:00:00 GMT",
        "User-Agent": "aliyun-oss-callback",
        "X-Oss-Bucket": BUCKET,
        "X-Oss-Pub-Key-Url": base64.b64encode(world.oss.key_server.key_url.encode()).decode(),
        "X-Oss-Request-Id": answer.headers["x-oss-request-id"],
        "X-Oss-Requester": ACCOUNT,
        "X-Oss-Signature-Version": "1.0",
        "X-Oss-Tag": "CALLBACK",
        "X-Mine": "v",
    }


def test_additional_headers_do_not_replace_oss_own(world: OssWorld, draft: Draft, receiver: HTTPServer) -> None:
    receiver.expect_request("/told").respond_with_json({})
    theirs = {"host": "evil.example", "content-length": "1", "User-agent": "mine"}
    ask(world, draft, callback(receiver, additionalHeaders=theirs))
    [(request, _)] = receiver.log
    assert [request.headers.get_all(name) for name in theirs] == [
        [f"{receiver.host}:{receiver.port}"],
        ["29"],
        ["aliyun-oss-callback"],
    ]


@pytest.mark.parametrize(
    ("target", "signed"),
    [("/told", b"/told\n"), ("/a%20b?c=%41", b"/a b?c=%41\n"), ("", b"/\n")],
    ids=["path", "query", "no path"],
)
def test_openssl_verifies_the_signature(
    world: OssWorld, draft: Draft, receiver: HTTPServer, tmp_path: Path, target: str, signed: bytes
) -> None:
    receiver.expect_request(target.partition("?")[0].replace("%20", " ") or "/").respond_with_json({})
    ask(world, draft, callback(receiver, callbackUrl=receiver.url_for("").rstrip("/") + target))
    [(request, _)] = receiver.log
    key_url = base64.b64decode(request.headers["x-oss-pub-key-url"]).decode()
    (tmp_path / "key.pem").write_bytes(requests.get(key_url, timeout=60).content)
    (tmp_path / "signature").write_bytes(base64.b64decode(request.headers["Authorization"]))
    (tmp_path / "signed").write_bytes(signed + request.get_data())
    command = ["openssl", "dgst", "-md5", "-verify", "key.pem", "-signature", "signature", "signed"]
    done = subprocess.run(  # noqa: S603
        command, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("Verified OK", 0), done.stderr


@pytest.mark.parametrize(
    ("answer", "message", "ec"),
    [
        (Response("<html>", 200, content_type="text/html"), "Response body is not valid json format.", None),
        (Response("", 200), "Response body is not valid json format.", None),
        (Response("[" * 100_000, 200), "Response body is not valid json format.", None),
        (Response("{}", 500), "Error status : 500.", "0007-00000203"),
        (Response("{}", 201), "Error status : 201.", "0007-00000203"),
        (Response("{}", 302, {"Location": "/elsewhere"}), "Error status : 302.", "0007-00000203"),
        (Response(b" " * (3 * 1024 * 1024) + b"{}", 200), TOO_LONG, None),
        (Response(iter(["{}"]), 200), TOO_LONG, None),
    ],
    ids=["html", "empty", "deep", "500", "201", "redirect", "too long", "no length"],
)
def test_a_receiver_that_answers_anything_else_makes_a_203_and_the_object_stays(
    world: OssWorld, draft: Draft, receiver: HTTPServer, answer: Response, message: str, ec: str | None
) -> None:
    receiver.expect_request("/told").respond_with_response(answer)
    refused = ask(world, draft, callback(receiver))
    assert outcome(refused) == (203, "CallbackFailed", ec)
    assert (elements(refused)["Message"], keys(world)) == (message, ["uploads/a.txt"])


def test_xml_may_be_answered_too(world: OssWorld, draft: Draft, receiver: HTTPServer) -> None:
    receiver.expect_request("/told").respond_with_data("<ok/>", content_type="application/xml")
    assert ask(world, draft, callback(receiver)).text == "<ok/>"


@pytest.mark.parametrize("url", ["https://app.example.com/told", "http://8.8.8.8/told"])
def test_the_public_network_is_never_asked(world: OssWorld, draft: Draft, receiver: HTTPServer, url: str) -> None:
    refused = ask(world, draft, callback(receiver, callbackUrl=url))
    assert (refused.status_code, elements(refused)["Message"]) == (203, CANNOT)


def test_a_receiver_that_takes_too_long_is_given_up(world: OssWorld, draft: Draft, receiver: HTTPServer) -> None:
    ended = threading.Event()

    def wait(_: Request) -> Response:
        ended.wait(60)
        return Response("{}")

    receiver.expect_request("/told").respond_with_handler(wait)
    world.oss.callbacks.timeout = 0.2
    refused = ask(world, draft, callback(receiver))
    ended.set()
    assert (refused.status_code, elements(refused)["Message"]) == (203, "Cost too long time.")
    assert keys(world) == ["uploads/a.txt"]


def test_a_receiver_that_answers_byte_by_byte_has_no_more_time(
    world: OssWorld, draft: Draft, receiver: HTTPServer
) -> None:
    never = threading.Event()
    slow = (b" " for _ in range(1000) if not never.wait(0.05))
    receiver.expect_request("/told").respond_with_response(Response(slow, 200, {"Content-Length": "1000"}))
    world.oss.callbacks.timeout = 0.3
    begin = time.monotonic()
    refused = ask(world, draft, callback(receiver))
    assert (refused.status_code, elements(refused)["Message"]) == (203, "Cost too long time.")
    assert time.monotonic() - begin < 30


def test_a_receiver_without_a_certificate_is_not_called_by_https(
    world: OssWorld, draft: Draft, receiver: HTTPServer
) -> None:
    url = receiver.url_for("/told").replace("http:", "https:")
    refused = ask(world, draft, callback(receiver, callbackUrl=url))
    assert (refused.status_code, elements(refused)["Message"], receiver.log) == (203, CANNOT, [])


def test_several_addresses_are_tried_in_order(world: OssWorld, draft: Draft, receiver: HTTPServer) -> None:
    receiver.expect_request("/told").respond_with_json({})
    urls = f"http://8.8.8.8/;{receiver.url_for('/told')};{receiver.url_for('/never')}"
    assert ask(world, draft, callback(receiver, callbackUrl=urls)).status_code == 200
    assert [request.path for request, _ in receiver.log] == ["/told"]


@pytest.mark.parametrize(
    "failed", [Response("{}", 500), Response("<html>", 200), Response(iter(["{}"]), 200)], ids=["500", "html", "length"]
)
def test_an_address_that_fails_is_followed_by_the_next(
    world: OssWorld, draft: Draft, receiver: HTTPServer, failed: Response
) -> None:
    receiver.expect_request("/first").respond_with_response(failed)
    receiver.expect_request("/told").respond_with_json({"a": 1})
    answer = ask(
        world, draft, callback(receiver, callbackUrl=f"{receiver.url_for('/first')};{receiver.url_for('/told')}")
    )
    assert (answer.status_code, answer.json()) == (200, {"a": 1})
    assert [request.path for request, _ in receiver.log] == ["/first", "/told"]


def test_where_all_addresses_fail_the_last_one_is_told(world: OssWorld, draft: Draft, receiver: HTTPServer) -> None:
    receiver.expect_request("/told").respond_with_data("{}", 500)
    refused = ask(world, draft, callback(receiver, callbackUrl=f"http://8.8.8.8/;{receiver.url_for('/told')}"))
    assert (elements(refused)["Message"], keys(world)) == ("Error status : 500.", ["uploads/a.txt"])


def encode(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


NOT_BASE64 = ("The callback configuration is not base64 encoded.", "0007-00000002")
NOT_JSON = ("The callback configuration is not json format.", None)
BAD_URL = ("The callback url configuration is invalid.", "0007-00000004")
PRIVATE = ("Private address is forbidden to callback.", "0007-00000008")
BAD_HOST = ("The callback host configuration is invalid.", None)
BAD_HEADERS = ("The callback additional headers are invalid.", "0007-00000026")
NO_BODY = ("The callback body is empty.", "0007-00000011")


@pytest.mark.parametrize(
    ("field", "refusal"),
    [
        ("%%%", NOT_BASE64),
        (encode(b"no json"), NOT_JSON),
        (encode(b"[]"), NOT_JSON),
        (encode(b"[" * 3000), NOT_JSON),
        (encode(b"\xff"), NOT_JSON),
        ({"callbackBody": "\ud800"}, NOT_JSON),
        (encode(b" " * 4000), ("The length of callback exceed max value.", "0007-00000001")),
        ({"callbackUrl": None}, BAD_URL),
        ({"callbackUrl": "app.example.com"}, BAD_URL),
        ({"callbackUrl": "ftp://app.example.com/"}, BAD_URL),
        ({"callbackUrl": "https://u:p@app.example.com/"}, BAD_URL),
        ({"callbackUrl": "https://app.example.com/a b"}, BAD_URL),
        ({"callbackUrl": "https://app.example.com/\u4e2d"}, BAD_URL),
        ({"callbackUrl": "https://app.example.com/\r\nX: y"}, BAD_URL),
        ({"callbackUrl": ["https://app.example.com/"]}, BAD_URL),
        (
            {"callbackUrl": ";".join(["https://a.example/"] * 6)},
            ("The number of callback url exceed max value.", "0007-00000005"),
        ),
        ({"callbackUrl": "http://127.0.0.1:1/"}, PRIVATE),
        ({"callbackUrl": "http://10.0.0.1/"}, PRIVATE),
        ({"callbackUrl": "http://169.254.169.254/latest"}, PRIVATE),
        ({"callbackUrl": "http://localhost/"}, PRIVATE),
        ({"callbackUrl": "https://a.example/;http://192.168.0.1/"}, PRIVATE),
        ({"callbackBody": None}, NO_BODY),
        ({"callbackBody": ""}, NO_BODY),
        ({"callbackBodyType": "text/plain"}, ("The callback body type configuration is invalid.", None)),
        ({"callbackBodyType": ["application/json"]}, ("The callback body type configuration is invalid.", None)),
        ({"callbackHost": "app.example.com\r\nX: y"}, BAD_HOST),
        ({"callbackHost": "app.example.com:\r\nX: y"}, BAD_HOST),
        ({"callbackHost": "\u4e2d"}, BAD_HOST),
        ({"callbackHost": 5}, BAD_HOST),
        ({"additionalHeaders": {"X-Oss-Mine": "v"}}, BAD_HEADERS),
        ({"additionalHeaders": "X-Mine: v"}, BAD_HEADERS),
        ({"additionalHeaders": {"X-Mine": "v\r\nX: y"}}, BAD_HEADERS),
        ({"additionalHeaders": {"X-Mine": "\u4e2d"}}, BAD_HEADERS),
        ({"additionalHeaders": {"X-Mine": 5}}, BAD_HEADERS),
        ({"callbackUrl": "https://[::1/"}, BAD_URL),
        ({"callbackUrl": "https://app.example.com:port/"}, BAD_URL),
        ({"additionalHeaders": {"X Mine": "v"}}, BAD_HEADERS),
    ],
    ids=str,
)
def test_a_callback_that_cannot_be_made_is_refused_before_anything_is_stored(
    world: OssWorld, draft: Draft, receiver: HTTPServer, field: Any, refusal: tuple[str, str | None]
) -> None:
    field = callback(receiver, **field) if isinstance(field, dict) else field
    refused = ask(world, draft, field)
    assert outcome(refused) == (400, "InvalidArgument", refusal[1])
    assert (elements(refused)["Message"], keys(world), receiver.log) == (refusal[0], [], [])


def test_what_the_policy_pins_is_accepted_as_it_is(world: OssWorld, draft: Draft, receiver: HTTPServer) -> None:
    receiver.expect_request("/told").respond_with_json({"a": 1})
    draft.extra = {"callback": callback(receiver), "x:var": "value"}
    draft.conditions = [["eq", f"${field}", value] for field, value in draft.extra.items()]
    answer = post(world, draft.fields())
    assert (answer.status_code, answer.json()) == (200, {"a": 1})


@pytest.mark.parametrize("name", ["callback", "x:var"])
@pytest.mark.parametrize("change", ["dropped", "altered"])
def test_what_the_policy_pins_cannot_be_left_out_or_changed(
    world: OssWorld, draft: Draft, receiver: HTTPServer, name: str, change: str
) -> None:
    fields = {"callback": callback(receiver), "x:var": "value"}
    draft.conditions = [["eq", f"${field}", value] for field, value in fields.items()]
    draft.extra = fields | {name: callback(receiver, callbackBody="other")}
    if change == "dropped":
        del draft.extra[name]
    assert outcome(post(world, draft.fields()))[:2] == (403, "AccessDenied")
    assert (keys(world), receiver.log) == ([], [])


def test_what_no_condition_names_may_be_added(world: OssWorld, draft: Draft, receiver: HTTPServer) -> None:
    receiver.expect_request("/told").respond_with_json({})
    assert ask(world, draft, callback(receiver), x_mine="v").status_code == 200


def test_a_refused_form_calls_nobody(world: OssWorld, draft: Draft, receiver: HTTPServer) -> None:
    draft.conditions = [["content-length-range", 1, 2]]
    assert ask(world, draft, callback(receiver)).status_code == 400
    assert receiver.log == []


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("down", CANNOT),
        ("html", "Response body is not valid json format."),
        ("fail", "Error status : 500."),
    ],
)
def test_under_a_fault_switch_the_receiver_hears_nothing(
    world: OssWorld, draft: Draft, receiver: HTTPServer, mode: str, message: str
) -> None:
    receiver.expect_request("/told").respond_with_json({})
    world.faults.callback_mode = mode
    refused = ask(world, draft, callback(receiver))
    assert (refused.status_code, elements(refused)["Message"], receiver.log) == (203, message, [])


def test_a_latency_longer_than_oss_waits(world: OssWorld, draft: Draft, receiver: HTTPServer) -> None:
    world.oss.callbacks.timeout = 0.1
    world.faults.callback_latency = 6
    refused = ask(world, draft, callback(receiver))
    assert (refused.status_code, elements(refused)["Message"]) == (203, "Cost too long time.")
    assert receiver.log == []


@pytest.mark.parametrize("path", ["/", "/callback_pub_key_v2.pem"])
def test_the_key_server_has_one_file(world: OssWorld, path: str) -> None:
    assert requests.get(world.oss.key_server.url + path, timeout=60).status_code == 404


def test_what_goes_wrong_in_the_key_server_is_told_with_the_rest(world: OssWorld) -> None:
    world.oss.key_server.add_assertion("something went wrong")
    with pytest.raises(AssertionError, match=r"^something went wrong$"):
        world.oss.check()
