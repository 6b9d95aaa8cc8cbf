"""The ROS stack around a deployment and a removal."""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from deploy.hooks import stack
from support.deployed_cloud import DeployedCloud

EVENTS = "Its events: https://ros.console.aliyun.com/cn-hongkong/stacks/s-1"
DEAD = "its creation failed, and it is dead. Set right what its events say, run `make remove`, then `make deploy`."
CHANGING = "something else is changing it. Wait until that is over, and run the same command again."
UNFINISHED = (
    "ROS could not finish its last change. Set right what its events say, in ROS's console; once the state ends in "
    "_COMPLETE, run `make deploy`."
)
UNDELETED = "a part of it could not be deleted. Run `make remove`, then `make deploy`."
OF_BUCKETS = {"own_bucket": "team-uploads-1", "existing": "team-files"}
STAYS = "it is not deleted. Run `make remove` again."


@pytest.fixture
def run(cloud: DeployedCloud, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Returns what runs the hook, and returns its exit code and what it says; and how long it waited."""

    def run_step(step: str) -> tuple[int, str]:
        request = {"region": "cn-hongkong", "name": "team", "step": step, **OF_BUCKETS}
        monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(request)))
        code = stack.main(run_step.waited.append)  # type: ignore[attr-defined]
        return code, capsys.readouterr().err.strip()

    run_step.waited = []  # type: ignore[attr-defined]
    return run_step


def fault(step: str, state: str, reason: str = "") -> str:
    return stack.state_fault(stack.Stack("s-1", state, reason), step, "team", "cn-hongkong")


@pytest.mark.parametrize("step", ["deploy", "deployed", "failed", "remove", "removed"])
def test_a_stack_that_does_not_exist(step: str) -> None:
    assert stack.state_fault(None, step, "team", "cn-hongkong") == ""


@pytest.mark.parametrize("step", ["deploy", "deployed", "failed", "remove"])
@pytest.mark.parametrize(
    "state", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "ROLLBACK_COMPLETE", "CHECK_COMPLETE", "IMPORT_UPDATE_COMPLETE"]
)
def test_a_sound_stack(step: str, state: str) -> None:
    assert fault(step, state) == ""


@pytest.mark.parametrize(
    ("step", "state", "advice"),
    [
        *(("deploy", f"CREATE_{state}", DEAD) for state in ("FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED")),
        ("failed", "CREATE_ROLLBACK_COMPLETE", DEAD),
        *(("deploy", f"{state}_FAILED", UNFINISHED) for state in ("ROLLBACK", "UPDATE", "IMPORT_UPDATE")),
        ("failed", "UPDATE_FAILED", UNFINISHED),
        ("deploy", "DELETE_FAILED", UNDELETED),
        *(("deploy", f"{state}_IN_PROGRESS", CHANGING) for state in ("CREATE", "UPDATE", "ROLLBACK", "DELETE")),
        ("remove", "DELETE_IN_PROGRESS", CHANGING),
        ("removed", "CREATE_COMPLETE", STAYS),
        ("removed", "UPDATE_IN_PROGRESS", STAYS),
    ],
)
def test_what_would_be_waited_for_without_an_end(step: str, state: str, advice: str) -> None:
    assert fault(step, state, "Quota: exceeded") == (
        f"The stack team is in the state {state} (Quota: exceeded): {advice} {EVENTS}"
    )


@pytest.mark.parametrize("state", ["DELETE_FAILED", "CREATE_ROLLBACK_COMPLETE", "ROLLBACK_FAILED"])
def test_a_removal_is_what_helps_a_broken_stack(state: str) -> None:
    assert fault("remove", state) == ""


def test_the_stack_is_found_by_its_name(cloud: DeployedCloud, run: Any) -> None:
    assert run("deploy") == (0, "")
    cloud.put(stack={"Status": "CREATE_ROLLBACK_COMPLETE"})
    assert run("deploy") == (
        1,
        f"The stack team is in the state CREATE_ROLLBACK_COMPLETE: {DEAD} {EVENTS}",
    )


def test_a_deleted_stack_is_none(cloud: DeployedCloud, run: Any) -> None:
    cloud.put(stack={"Status": "DELETE_COMPLETE"})
    assert [run(step)[0] for step in ("deploy", "removed")] == [0, 0]


def test_a_name_that_only_begins_alike_is_another(cloud: DeployedCloud, run: Any) -> None:
    cloud.put(stack={"StackName": "team-2", "Status": "DELETE_FAILED"})
    assert run("deploy") == (0, "")


NOW = datetime(2026, 11, 29, 12, 0, 0, 900_000, timezone.utc)


@pytest.mark.parametrize(
    ("ahead", "said"),
    [
        (-3600, ""),
        (0, ""),
        (2, ""),
        (
            20,
            "This machine's clock is 20 seconds ahead of Alibaba Cloud's: Serverless Devs would wait for ever for what ROS "
            "has already done. Set the clock right, and run the same command again.",
        ),
    ],
)
def test_a_clock_that_is_ahead(ahead: int, said: str) -> None:
    service = NOW.replace(microsecond=0) - timedelta(seconds=ahead)
    assert stack.clock_fault(NOW, service) == said


def test_without_the_services_clock_nothing_is_said() -> None:
    assert stack.clock_fault(NOW, None) == ""


@pytest.fixture
def service_clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Returns what sets the clock of the services."""

    def set_clock(now: datetime) -> None:
        text = format_datetime(now, usegmt=True)
        monkeypatch.setattr(BaseHTTPRequestHandler, "date_time_string", lambda *_: text)

    return set_clock


def test_a_clock_that_is_ahead_stops_the_deployment_alone(cloud: DeployedCloud, run: Any, service_clock: Any) -> None:
    service_clock(datetime.now(timezone.utc) - timedelta(hours=1))
    cloud.put(stack={"Status": "CREATE_COMPLETE"})
    code, said = run("deploy")
    assert (code, said.startswith("This machine's clock is 3,")) == (1, True)
    assert run("remove") == (0, "")


@pytest.mark.parametrize(
    ("before", "step", "said"),
    [
        ("team-files", "deploy", ""),
        ("team-files", "look", ""),
        (
            "team-uploads-1",
            "deploy",
            "The upload bucket of this deployment is team-uploads-1, and would now be team-files. Run `make remove` "
            "without UPLOAD_BUCKET first, or set another NAME.",
        ),
        (
            "others",
            "deploy",
            "The upload bucket of this deployment is others, and would now be team-files. Run `make remove` with "
            "UPLOAD_BUCKET=others first, or set another NAME.",
        ),
        (
            "others",
            "look",
            "The upload bucket of this deployment is others, and would now be team-files. Run it again with "
            "UPLOAD_BUCKET=others.",
        ),
    ],
)
def test_a_deployment_keeps_its_bucket(cloud: DeployedCloud, run: Any, before: str, step: str, said: str) -> None:
    """ROS would delete the bucket that it made; rules in another one would stay."""
    cloud.put(stack={"Status": "CREATE_COMPLETE", "parameters": {"Account": "1", "UploadBucket": before}})
    assert run(step) == (int(bool(said)), said)


@pytest.mark.parametrize("step", ["deployed", "failed", "remove"])
def test_what_its_bucket_was_stops_no_later_step(cloud: DeployedCloud, run: Any, step: str) -> None:
    cloud.put(stack={"Status": "CREATE_COMPLETE", "parameters": {"UploadBucket": "others"}})
    assert run(step)[0] == 0


@pytest.mark.parametrize(("age", "seconds"), [(0, 30), (12, 18), (30, 0), (9999, 0), (-5, 30)])
def test_new_roles_are_waited_for(age: int, seconds: int) -> None:
    made = (NOW.replace(microsecond=0) - timedelta(seconds=age)).strftime("%Y-%m-%dT%H:%M:%S")
    resources = [
        {"ResourceType": "ALIYUN::RAM::Role", "CreateTime": "2026-01-01T00:00:00", "UpdateTime": made},
        {"ResourceType": "ALIYUN::RAM::Role", "CreateTime": "2026-01-01T00:00:00Z"},
        {"ResourceType": "ALIYUN::OSS::Bucket", "CreateTime": "2200-01-01T00:00:00"},
    ]
    assert stack.role_wait_seconds(resources, NOW.replace(microsecond=0)) == seconds


def test_without_roles_nothing_is_waited_for() -> None:
    assert stack.role_wait_seconds([], NOW) == 0


def test_roles_are_as_old_as_the_service_says(cloud: DeployedCloud, run: Any, service_clock: Any) -> None:
    service_clock(datetime(2026, 1, 1, 12, 0, 10, tzinfo=timezone.utc))
    cloud.put(stack={"Status": "CREATE_COMPLETE"}, roles_made="2026-01-01T12:00:00")
    assert (run("deployed"), run.waited) == ((0, ""), [20])


def test_what_cannot_be_seen_stops_the_run(cloud: DeployedCloud, run: Any) -> None:
    cloud.put(refusals={"ListStacks": "NoPermission"})
    assert run("deploy") == (1, "The stack team could not be looked at: NoPermission")
