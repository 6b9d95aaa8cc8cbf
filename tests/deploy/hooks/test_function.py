"""A function after its component: what it left behind, and what it left open."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from deploy.hooks import function
from support.deployed_cloud import DeployedCloud

ONCE_MORE = (
    "Nothing more is removed. The component says above why it could not delete it. Set that right, and run `make remove` "
    "again."
)
UNCAPPED = "Without a cap (reservedConcurrency) anybody can call team-sign as often as they like."


@pytest.fixture
def run(cloud: DeployedCloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Returns what runs the hook for the signing function, and returns its exit code and what it says."""

    def run_step(step: str) -> tuple[int, str]:
        request = {"region": "cn-hongkong", "account": "1", "function": "team-sign", "step": step}
        monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(request | {"domain": "sign.example.com"})))
        code = function.main()
        return code, capsys.readouterr().err.strip()

    return run_step


def test_what_is_gone_is_gone(cloud: DeployedCloud, run: Any) -> None:
    cloud.put_function("callback", "team-callback")
    cloud.put(domains={"sign.example.com": ["another"]})
    assert run("removed") == (0, "")


def test_a_function_that_is_still_there_stops_the_removal(cloud: DeployedCloud, run: Any) -> None:
    cloud.put_function("sign", "team-sign")
    assert run("removed") == (1, f"team-sign is still there. {ONCE_MORE}")


def test_the_cap_goes_before_the_function_so_that_what_stays_is_closed(cloud: DeployedCloud, run: Any) -> None:
    cloud.put_function("sign", "team-sign", cap=None)
    assert run("removed") == (
        1,
        f"team-sign is still there. {UNCAPPED} To close it, these were deleted: its trigger http. {ONCE_MORE}",
    )
    assert cloud.state()["sign"]["triggers"] == []


def test_a_domain_that_still_leads_to_the_function_stops_the_removal(cloud: DeployedCloud, run: Any) -> None:
    cloud.put(domains={"sign.example.com": ["another", "team-sign"]})
    assert run("removed") == (
        1,
        f"The domain sign.example.com still leads to team-sign, which is gone. {ONCE_MORE}",
    )


@pytest.mark.parametrize(
    ("step", "operation", "what"),
    [
        ("removed", "GetFunction", "gone"),
        ("removed", "GetCustomDomain", "gone"),
        ("failed", "GetFunction", "open without a cap"),
    ],
)
def test_what_cannot_be_seen_is_not_taken_for_gone(
    cloud: DeployedCloud, run: Any, step: str, operation: str, what: str
) -> None:
    cloud.put(refusals={operation: "AccessDenied"})
    assert run(step) == (1, f"Whether team-sign is {what} could not be seen: AccessDenied")


def test_keys_that_are_refused_show_nothing(cloud: DeployedCloud, run: Any) -> None:
    cloud.put(refusals={"GetFunction": "InvalidAccessKeyId.NotFound"})
    assert run("removed") == (1, "Whether team-sign is gone could not be seen: InvalidAccessKeyId.NotFound")


@pytest.mark.parametrize(("deployed", "cap"), [(False, None), (True, 20), (True, 0)])
def test_a_failed_deployment_leaves_a_capped_function_as_it_is(
    cloud: DeployedCloud, run: Any, deployed: bool, cap: int | None
) -> None:
    if deployed:
        cloud.put_function("sign", "team-sign", cap=cap)
    before = cloud.state()
    assert (run("failed"), cloud.state()) == ((0, ""), before)


@pytest.mark.parametrize(
    ("domains", "closed", "left"),
    [
        ({}, "its trigger http", {}),
        ({"sign.example.com": ["team-sign"]}, "its trigger http, the domain sign.example.com", {}),
        (
            {"sign.example.com": ["team-sign", "another"]},
            "its trigger http",
            {"sign.example.com": ["team-sign", "another"]},
        ),
    ],
)
def test_a_function_without_its_cap_is_closed(
    cloud: DeployedCloud, run: Any, domains: dict[str, Any], closed: str, left: dict[str, Any]
) -> None:
    cloud.put_function("sign", "team-sign", cap=None)
    cloud.put(domains=domains)
    assert run("failed") == (
        1,
        f"{UNCAPPED} To close it, these were deleted: {closed}. Set right what the component says above, and deploy again.",
    )
    assert (cloud.state()["sign"]["triggers"], cloud.state()["domains"]) == ([], left)


def test_what_cannot_be_closed_is_said_aloud(cloud: DeployedCloud, run: Any) -> None:
    cloud.put_function("sign", "team-sign", cap=None)
    cloud.put(refusals={"DeleteTrigger": "AccessDenied"})
    assert run("failed") == (
        1,
        f"{UNCAPPED} It could not be closed (AccessDenied): delete its trigger in the console of Function Compute, now. Set "
        "right what the component says above, and deploy again.",
    )


def test_keys_do_not_go_elsewhere_in_the_clear(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FC_CLIENT_CUSTOM_ENDPOINT", "http://fc.example.com")
    code, said = run("removed")
    assert (code, said.startswith("Function Compute's address must be https://")) == (1, True)
