"""Callbacks in the whole cloud: what runs, with which settings, and what the callback function's role may do."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from localcloud.dev import cloud as cloud_module
from localcloud.dev.cloud import Cloud, CloudOptions
from localcloud.dev.settings import function_settings
from localcloud.fault_switches import Faults
from localcloud.fc.instance import INHERITED_VARIABLES
from localcloud.oss.authorization import authorize
from localcloud.oss.errors import OssError
from localcloud.ram.identities import Identity
from support.tokens import new_secret

TOY = """
import json, os, pathlib

def initialize(context):
    pathlib.Path(__file__).parent.with_suffix(".json").write_text(json.dumps(dict(os.environ)))

def handler(event, context):
    return {}
"""
"""A function that leaves its environment beside its folder."""


@pytest.fixture
def toys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Returns where toys stand in for both functions, in a folder each."""
    for name in ("sign", "callback"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "index.py").write_text(TOY)
    monkeypatch.setattr(cloud_module, "CALLBACK", tmp_path / "callback")
    return tmp_path


@pytest.fixture
def callback_settings() -> dict[str, str]:
    """Returns all that may be set for callbacks."""
    return {
        "CALLBACK": "on",
        "CALLBACK_SECRET": new_secret(),
        "UPLOAD_PREFIX": "in",
        "WEBHOOK_KIND": "dingtalk",
        "WEBHOOK_LANGUAGE": "zh-CN",
        "WEBHOOK_URL": "https://app.example.com/hook",
        "WEBHOOK_SECRET": new_secret(),
    }


@pytest.fixture
def cloud(toys: Path, callback_settings: dict[str, str]) -> Iterator[Cloud]:
    """Yields a cloud with callbacks on."""
    with Cloud(toys / "files", CloudOptions(settings=callback_settings, code=toys / "sign")) as cloud:
        yield cloud
    cloud.check()


def environment(toys: Path, name: str) -> dict[str, str]:
    """Returns all that the toy was given."""
    seen: dict[str, str] = json.loads((toys / f"{name}.json").read_text())
    return seen


def set_for_callbacks(toys: Path, name: str) -> dict[str, str]:
    """Returns what is about callbacks."""
    return {each: value for each, value in environment(toys, name).items() if each.startswith("CALLBACK")}


def test_the_callback_function_is_set_up(toys: Path, cloud: Cloud, callback_settings: dict[str, str]) -> None:
    ours = {
        **{
            name: callback_settings[name]
            for name in callback_settings
            if name in {"CALLBACK_SECRET", "UPLOAD_PREFIX"} or name.startswith("WEBHOOK_")
        },
        "OSS_BUCKET": "local-uploads",
        "OSS_REGION": "cn-hongkong",
        "UPLOAD_URL": cloud.oss.url,
        "LOCAL": "on",
        "OSS_ENDPOINT": cloud.oss.url,
        "CALLBACK_KEY_ORIGIN": cloud.oss.key_server.url,
    }
    seen = environment(toys, "callback")
    apart = ("FC_", "ALIBABA_CLOUD_", *INHERITED_VARIABLES)
    assert {name: value for name, value in seen.items() if not name.startswith(apart)} == ours


def test_the_signing_function_knows_where_it_is_and_the_same_secret(
    toys: Path, cloud: Cloud, callback_settings: dict[str, str]
) -> None:
    assert set_for_callbacks(toys, "sign") == {
        "CALLBACK": "on",
        "CALLBACK_URL": cloud.callback_gateway.url,
        "CALLBACK_SECRET": callback_settings["CALLBACK_SECRET"],
    }


def test_without_a_secret_given_both_have_the_same_random_one(toys: Path) -> None:
    seen = []
    for _ in range(2):
        with Cloud(toys / "files", CloudOptions(settings={"CALLBACK": "on"}, code=toys / "sign")):
            seen += [environment(toys, name)["CALLBACK_SECRET"] for name in ("sign", "callback")]
    first, same, second, same_again = seen
    assert (first == same, second == same_again, first == second) == (True, True, False)


@pytest.mark.parametrize(("method", "status"), [("GET", 403), ("PUT", 403), ("POST", 200)])
def test_its_trigger_takes_posts_alone(cloud: Cloud, method: str, status: int) -> None:
    assert requests.request(method, cloud.callback_gateway.url, timeout=60).status_code == status


@pytest.mark.parametrize(
    ("action", "key", "may"),
    [
        ("oss:GetObject", "in/a.png", True),
        ("oss:GetObject", "inside.png", False),
        ("oss:GetObject", "elsewhere/a.png", False),
        ("oss:PutObject", "in/a.png", False),
        ("oss:DeleteObject", "in/a.png", False),
    ],
)
def test_its_role_may_look_at_objects_under_the_prefix_and_nothing_else(
    toys: Path, cloud: Cloud, action: str, key: str, may: bool
) -> None:
    assert is_allowed(role(toys, cloud), action, cloud, key) is may


def test_its_role_may_not_assume_another(toys: Path, cloud: Cloud) -> None:
    statements = [statement for policy in role(toys, cloud).policies for statement in policy["Statement"]]
    assert [(each["Effect"], each["Action"]) for each in statements] == [("Allow", "oss:GetObject")]


def test_where_it_is_to_delete_its_role_may(toys: Path) -> None:
    with Cloud(
        toys / "files", CloudOptions(settings={"CALLBACK": "on", "CONTENT_CHECK": "delete"}, code=toys / "sign")
    ) as cloud:
        policies = cloud._callback_role().policies
    actions = [statement["Action"] for policy in policies for statement in policy["Statement"]]
    assert actions == ["oss:GetObject", "oss:DeleteObject"]


def role(toys: Path, cloud: Cloud) -> Identity:
    """Returns whose credentials the callback function gets."""
    found = cloud.identities.find(environment(toys, "callback")["ALIBABA_CLOUD_ACCESS_KEY_ID"])
    assert found
    return found


def is_allowed(identity: Identity, action: str, cloud: Cloud, key: str) -> bool:
    """Returns what RAM says."""
    try:
        authorize(identity, action, cloud.bucket, key)
    except OssError:
        return False
    return True


def test_while_callbacks_are_off_nothing_of_theirs_runs(toys: Path) -> None:
    with Cloud(toys / "files", CloudOptions(code=toys / "sign")) as cloud:
        assert not cloud.callback_gateway.is_running()
        assert set_for_callbacks(toys, "sign") == {}


def test_make_dev_hands_the_settings_on(callback_settings: dict[str, str]) -> None:
    assert function_settings({**callback_settings, "SOMETHING_ELSE": "x"}) == callback_settings


def test_a_fault_that_callbacks_do_not_have_is_named() -> None:
    with pytest.raises(
        ValueError, match=r"^The fault switch callback_mode has the value 'slow'\. Use one of down, html, fail\.$"
    ):
        Faults.parse("callback_mode=slow")
