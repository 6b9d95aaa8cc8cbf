"""Tests the webhook: receivers' own libraries verify its requests, and nothing is lost if a receiver is down."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
import standardwebhooks
import time_machine
from pytest_httpserver import HTTPServer

from support.callback_world import EVENT, STORED_MEMBERS, CallbackWorld
from support.factories import NOON

ID = "1-67431580-0123456789ab"


@pytest.fixture
def world(httpserver: HTTPServer) -> CallbackWorld:
    world = CallbackWorld(httpserver)
    world.environ |= {"WEBHOOK_URL": f"{world.url}/hook?team=a", "WEBHOOK_SECRET": world.webhook_secret}
    world.function = world.instance()
    world.serves_the_key()
    world.holds()
    return world


def takes(world: CallbackWorld, status: int = 204, **more: Any) -> None:
    world.server.expect_request("/hook", "POST").respond_with_data("", status, **more)


def hook_requests(world: CallbackWorld) -> list[Any]:
    return [request for request, _ in world.server.log if request.path == "/hook"]


def test_a_receivers_own_library_verifies_it(world: CallbackWorld) -> None:
    takes(world)
    world.call()
    [request] = hook_requests(world)
    with time_machine.travel(NOON, tick=False):
        told = standardwebhooks.Webhook(world.webhook_secret).verify(request.get_data(), dict(request.headers))
    assert told == {"type": "upload.stored", "timestamp": "2024-11-24T12:00:00Z", "data": EVENT}


def test_a_receiver_with_another_secret_does_not_believe_it(world: CallbackWorld) -> None:
    takes(world)
    world.call()
    [request] = hook_requests(world)
    other = standardwebhooks.Webhook(CallbackWorld(world.server).webhook_secret)
    with (
        time_machine.travel(NOON, tick=False),
        pytest.raises(standardwebhooks.WebhookVerificationError),
    ):
        other.verify(request.get_data(), dict(request.headers))


def test_it_is_sent_to_the_address_as_it_is_set(world: CallbackWorld) -> None:
    takes(world)
    world.call()
    [request] = hook_requests(world)
    assert (request.full_path, request.headers["Content-Type"]) == ("/hook?team=a", "application/json")


def test_the_answer_and_the_log_say_that_it_was_told(world: CallbackWorld) -> None:
    takes(world)
    assert world.call() == (200, {"stored": STORED_MEMBERS, "webhook_delivered": True, "request_id": ID})
    [line] = world.log_events("stored")
    assert (line["webhook_delivered"], "webhook_error" in line) == (True, False)


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 410, 500, 503])
def test_a_receiver_that_does_not_take_it_was_not_told(world: CallbackWorld, status: int) -> None:
    takes(world, status, headers={"Location": f"{world.url}/other"})
    assert world.call() == (200, {"stored": STORED_MEMBERS, "webhook_delivered": False, "request_id": ID})
    [line] = world.log_events("stored")
    assert (line["webhook_delivered"], line["webhook_error"]) == (False, f"status {status}")
    assert len(hook_requests(world)) == 1


def test_a_receiver_that_is_down_loses_nothing(world: CallbackWorld) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        world.environ["WEBHOOK_URL"] = f"http://127.0.0.1:{nobody.getsockname()[1]}/"
        assert world.call(app=world.instance()) == (
            200,
            {"stored": STORED_MEMBERS, "webhook_delivered": False, "request_id": ID},
        )
    [line] = world.log_events("stored")
    assert {name: line[name] for name in EVENT} == EVENT
    assert (line["webhook_delivered"], line["webhook_error"]) == (False, "ConnectionRefusedError")


def test_a_replay_tells_nobody_again(world: CallbackWorld) -> None:
    takes(world)
    body = world.body()
    assert (
        world.call(body)
        == world.call(body)
        == (200, {"stored": STORED_MEMBERS, "webhook_delivered": True, "request_id": ID})
    )
    assert len(hook_requests(world)) == 1


def test_a_replay_after_a_failure_tries_again(world: CallbackWorld) -> None:
    world.server.expect_oneshot_request("/hook").respond_with_data("", 500)
    takes(world)
    body = world.body()
    assert [world.call(body)[1]["webhook_delivered"], world.call(body)[1]["webhook_delivered"]] == [False, True]


def test_in_another_instance_it_has_the_same_id_so_that_a_receiver_knows_it_again(world: CallbackWorld) -> None:
    takes(world)
    body = world.body()
    world.call(body)
    world.call(body, app=world.instance())
    ids = [request.headers["webhook-id"] for request in hook_requests(world)]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert ids[0] == world.log_events("stored")[0]["id"]


def test_the_log_does_not_hold_the_address(world: CallbackWorld) -> None:
    takes(world, 500)
    world.call()
    assert [line for line in world.lines if "team=a" in line] == []


def test_a_refused_callback_tells_nobody(world: CallbackWorld) -> None:
    world.call(json.dumps({"bucket": "another"}))
    assert hook_requests(world) == []
