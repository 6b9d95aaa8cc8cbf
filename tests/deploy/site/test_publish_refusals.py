"""Where the page's publisher publishes nothing: what is asked for is wrong, or OSS refuses it."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable
from typing import Any

import pytest

from deploy.site import publish
from localcloud.ram.identities import Identity
from support.oss_client import user
from support.oss_world import DOMAIN, OssWorld, new_identity, ram_policy
from support.publisher import KEYS, Publisher, keys

WRONG: dict[str, tuple[dict[str, str], str]] = {
    "no bucket": ({"bucket": ""}, "Missing option: bucket"),
    "neither": ({"bucket": "", "region": ""}, "Missing option: bucket, region"),
    "an endpoint's region": ({"region": "oss-cn-hongkong"}, "must be an ID such as cn-hongkong (without oss-)"),
    "a URL as domain": ({"domain": "https://a.example"}, "SITE_DOMAIN must be a host name alone"),
    "an unknown name": ({"colour": "red"}, "Unknown option: colour"),
    "no page": ({"folder": "/nowhere"}, "There is no index.html in /nowhere"),
    "a function that is missing": ({"function": ""}, "function must be an address that begins with https://, not ''"),
    "a function left as text": ({"function": "${resources.sign.output}"}, "function must be an address"),
    "a function with a password": (
        {"function": "https://u:p@f.example"},
        "function must be an address that begins with https://, not one with a user's name or password in it",
    ),
    "an insecure function": ({"function": "http://sign.example.com"}, "function must be an address"),
    "an upload that breaks out": ({"upload": "https://a;script-src *"}, "upload must be an address"),
    "a port that is no number": ({"upload": "https://a:b"}, "upload must be an address"),
    "a logo from elsewhere": ({"logo": "https://a.example/b.svg"}, "PAGE_LOGO must be a file in the page's folder"),
    "an accent by name": ({"accent": "red"}, "PAGE_ACCENT must be a colour as #rrggbb, not 'red'"),
}


@pytest.mark.parametrize(("more", "said"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_published(publisher: Publisher, world: OssWorld, more: dict[str, str], said: str) -> None:
    publisher.more = more
    assert said in publisher.fails()
    assert list(world.oss.records) == []


def test_an_index_without_a_place_for_the_addresses(publisher: Publisher) -> None:
    (publisher.folder / "index.html").write_text("<p>")
    assert publisher.fails().startswith("index.html must have https://function.invalid https://upload.invalid")


@pytest.mark.parametrize("text", ["", "[]", '{"bucket":1}', "{"])
def test_no_object(capsys: pytest.CaptureFixture[str], text: str) -> None:
    assert publish.main(["deploy", text], {}) == 1
    assert capsys.readouterr().err.startswith("The options must be one JSON object of texts")


@pytest.mark.parametrize("arguments", [[], ["publish"], ["deploy", "{}", "more"]])
def test_usage(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert publish.main(arguments, {}) == 1
    assert capsys.readouterr().err.startswith("usage: python -m deploy.site.publish deploy|remove|info")


@pytest.mark.parametrize("command", ["deploy", "remove"])
def test_no_credentials(publisher: Publisher, command: str) -> None:
    assert publisher.fails(command, {}).startswith("There are no credentials: set ALIBABA_CLOUD_ACCESS_KEY_ID")


def wrong_secret(publisher: Publisher) -> None:
    publisher.identity = Identity(**{**vars(publisher.identity), "access_key_secret": "wrong"})


def unknown_key(publisher: Publisher) -> None:
    publisher.identity = new_identity(sts=False)


def expired_session(publisher: Publisher) -> None:
    session = Identity(**{**vars(new_identity()), "expiration": time.time() - 1})
    publisher.identity = publisher.world.add(session)


def reader(publisher: Publisher) -> None:
    publisher.identity = user(publisher.world, ram_policy("oss:GetObject"))


def clock(publisher: Publisher) -> None:
    publisher.world.clock.now += 1000


def region(publisher: Publisher) -> None:
    publisher.more = {"region": "cn-beijing"}


def closed_endpoint(publisher: Publisher) -> None:
    publisher.world.faults.oss_public_endpoint_forbidden = True


REFUSED: dict[str, tuple[Callable[[Publisher], None], str]] = {
    "a wrong secret": (
        wrong_secret,
        "OSS does not accept this signature: check the AccessKeySecret (SignatureDoesNotMatch, requ",
    ),
    "an unknown key": (
        unknown_key,
        "OSS does not accept these credentials: check them, and whether they have expired (Inv",
    ),
    "credentials that have ended": (
        expired_session,
        "OSS does not accept these credentials: check them, and whether they have expired",
    ),
    "too few rights": (
        reader,
        "on team-uploads they need oss:ListObjects, and on its objects oss:GetObject, oss:PutObj",
    ),
    "a wrong clock": (
        clock,
        "This machine's clock is wrong by more than 15 minutes: set it (RequestTimeTooSkewed, requ",
    ),
    "a wrong region": (
        region,
        "The bucket team-uploads is in another region than cn-beijing: set REGION to its own (InvalidArg",
    ),
    "a closed address": (
        closed_endpoint,
        "bind a domain to each bucket and set SITE_DOMAIN and UPLOAD_DOMAIN, or choose a region",
    ),
}


@pytest.mark.parametrize("command", ["deploy", "remove"])
@pytest.mark.parametrize(("change", "said"), REFUSED.values(), ids=REFUSED)
def test_what_oss_refuses(
    publisher: Publisher, world: OssWorld, command: str, change: Callable[[Publisher], None], said: str
) -> None:
    change(publisher)
    line = publisher.fails(command)
    assert said in line
    assert keys(world) == []


@pytest.fixture
def names_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has every name below localhost be this machine, as it is for browsers, and every one below example, too."""
    real = socket.getaddrinfo

    def look_up(host: Any, *more: Any, **named: Any) -> Any:
        return real("127.0.0.1" if str(host).endswith((".localhost", ".example")) else host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


@pytest.mark.usefixtures("names_of_this_machine")
def test_no_such_bucket(publisher: Publisher, world: OssWorld) -> None:
    publisher.more = {"bucket": "nobodys-bucket", "endpoint": f"http://localhost:{world.oss.port}"}
    said = "There is no bucket nobodys-bucket in cn-hangzhou: deploy everything (make deploy) before the page alone ("
    assert publisher.fails().startswith(said)
    code, out, told = publisher.run("remove")
    assert (code, json.loads(out), told) == (0, {"removed": 0}, ["nothing to delete"])


@pytest.mark.usefixtures("names_of_this_machine")
def test_another_region(publisher: Publisher, world: OssWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.oss_client.safe_endpoint", str)  # this name is this machine's here
    publisher.more = {"endpoint": f"http://oss-elsewhere.example:{world.oss.port}"}
    assert publisher.fails().startswith("The bucket team-uploads is in another region than cn-hangzhou: set REGION")


@pytest.mark.usefixtures("names_of_this_machine")
@pytest.mark.parametrize("command", ["deploy", "remove"])
def test_where_the_own_address_is_closed_it_goes_through_the_domain(
    publisher: Publisher, world: OssWorld, command: str
) -> None:
    closed_endpoint(publisher)
    publisher.more = {"domain": f"{DOMAIN}:{world.oss.port}"}
    assert (
        publisher.ok(command)[0]
        == f"OSS closes its own address to this account: going through {publisher.more['domain']}"
    )
    assert keys(world) == (KEYS if command == "deploy" else [])


def test_no_network(publisher: Publisher) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
        publisher.more = {"endpoint": f"http://{host}"}
        said = publisher.fails()
    assert said.startswith(f"OSS cannot be reached at {host} (")
    assert said.endswith("): check the network, and that cn-hangzhou is the region")


def test_keys_go_to_no_other_machine_in_the_clear(publisher: Publisher) -> None:
    publisher.more = {"endpoint": "http://oss.example.com"}
    assert publisher.fails() == "OSS's address must be https://…, not http://…: keys go there"
