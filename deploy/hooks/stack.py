"""The ROS stack around a deployment and a removal: what the component `ros` would wait for until somebody stops it.

It waits for an event that is younger than its own start, by this machine's clock. It takes a stack whose creation
failed for one that has not changed, and a stack that something else is changing for a deleted one.
Reads JSON on standard input, `{"region", "name", "own_bucket", "existing", "step"}`, from s.yaml. The steps `deploy`,
`look` (before anything is removed) and `remove` come first and change nothing; `deployed`, `failed` and `removed` come
after the component.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from deploy.hooks.api import open_api
from deploy.openapi import Answer, ApiFailure, OpenApi, Operation
from localcloud.terminal import guard_output

MAX_AHEAD_SECONDS = 2
"""How far this machine's clock may be ahead. An event of the service comes later than that after a change begins."""

ROLE_AGE_SECONDS = 30
"""How old a role is before a function is given it: Function Compute refuses one that it does not know yet.

A guess: no operation says whether it knows a role, except that which creates a function, and fc3 tries that once.
"""

_BEFORE_DEPLOY = ("deploy", "failed")
_ADVICE = (
    (("removed",), ".*", "it is not deleted. Run `make remove` again."),
    (
        ("deploy", "remove"),
        ".*_IN_PROGRESS",
        "something else is changing it. Wait until that is over, and run the same command again.",
    ),
    (
        _BEFORE_DEPLOY,
        "CREATE_(FAILED|ROLLBACK_COMPLETE|ROLLBACK_FAILED)",
        "its creation failed, and it is dead. Set right what its events say, run `make remove`, then `make deploy`.",
    ),
    (_BEFORE_DEPLOY, "DELETE_FAILED", "a part of it could not be deleted. Run `make remove`, then `make deploy`."),
    (
        _BEFORE_DEPLOY,
        ".*_FAILED",
        "ROS could not finish its last change. Set right what its events say, in ROS's console; once the state ends in "
        "_COMPLETE, run `make deploy`.",
    ),
)
"""What to do, by the step and the state; the first that fits counts."""


@dataclass(frozen=True)
class Stack:
    """A stack that exists."""

    stack_id: str
    state: str
    reason: str


def find(answer: Answer, name: str) -> Stack | None:
    """Returns the stack of that name, of an answer to ListStacks."""
    found = (each for each in answer.body.get("Stacks") or () if each.get("StackName") == name)
    stacks = (
        Stack(*(str(each.get(key) or "") for key in ("StackId", "Status", "StatusReason")))
        for each in found
        if each.get("Status") != "DELETE_COMPLETE"
    )
    return next(stacks, None)


def clock_fault(now: datetime, date: datetime | None) -> str:
    """Returns what is wrong with this machine's clock; empty if it is right, or the service did not tell its own."""
    # The service leaves parts of a second out.
    ahead = (now - date).total_seconds() - 1 if date else 0
    if ahead <= MAX_AHEAD_SECONDS:
        return ""
    return (
        f"This machine's clock is {ahead:,.0f} seconds ahead of Alibaba Cloud's: Serverless Devs would wait for ever "
        "for what ROS has already done. Set the clock right, and run the same command again."
    )


def state_fault(stack: Stack | None, step: str, name: str, region: str) -> str:
    """Returns why the stack stops this step, and what to do; empty if it does not."""
    if stack is None:
        return ""
    advice = (advice for steps, states, advice in _ADVICE if step in steps and re.fullmatch(states, stack.state))
    what_to_do = next(advice, "")
    if not what_to_do:
        return ""
    reason = f" ({stack.reason})" if stack.reason else ""
    events = f"https://ros.console.aliyun.com/{region}/stacks/{stack.stack_id}"
    return f"The stack {name} is in the state {stack.state}{reason}: {what_to_do} Its events: {events}"


def bucket_fault(parameters: Iterable[Mapping[str, Any]], bucket: str, own: str, step: str) -> str:
    """Returns why a stack that was made with another upload bucket stops this step; of an answer to GetStack.

    ROS would delete the bucket that it has made, and the rules in one that was there before would stay.
    """
    found = (str(each.get("ParameterValue")) for each in parameters if each.get("ParameterKey") == "UploadBucket")
    before = next(found, bucket)
    if before == bucket:
        return ""
    setting = "without UPLOAD_BUCKET" if before == own else f"with UPLOAD_BUCKET={before}"
    what_to_do = {
        "deploy": f"Run `make remove` {setting} first, or set another NAME.",
        "look": f"Run it again {setting}.",
    }[step]
    return f"The upload bucket of this deployment is {before}, and would now be {bucket}. {what_to_do}"


def role_wait_seconds(resources: Iterable[Mapping[str, Any]], now: datetime) -> float:
    """Returns how long it takes until the youngest role is old enough, of an answer to ListStackResources."""
    times = [
        datetime.fromisoformat(str(each[key]).removesuffix("Z")).replace(tzinfo=timezone.utc)
        for each in resources
        if each.get("ResourceType") == "ALIYUN::RAM::Role"
        for key in ("CreateTime", "UpdateTime")
        if each.get(key)
    ]
    age = min(((now - each).total_seconds() for each in times), default=ROLE_AGE_SECONDS)
    return min(max(ROLE_AGE_SECONDS - age, 0), ROLE_AGE_SECONDS)


def wait_for_roles(api: OpenApi, region: str, stack: Stack, sleep: Callable[[float], None]) -> None:
    """Waits until Function Compute may know the roles of a stack that was just made."""
    answer = api.call(Operation("ros", "ListStackResources"), RegionId=region, StackId=stack.stack_id)
    seconds = role_wait_seconds(answer.body.get("Resources") or (), answer.date or datetime.now(timezone.utc))
    if seconds:
        print(f"The roles are new. Waiting {seconds:.0f} seconds, until Function Compute knows them.", flush=True)
        sleep(seconds)


def _find_bucket_fault(api: OpenApi, stack: Stack, request: Mapping[str, str]) -> str:
    answer = api.call(Operation("ros", "GetStack"), RegionId=request["region"], StackId=stack.stack_id)
    own = request["own_bucket"]
    return bucket_fault(answer.body.get("Parameters") or (), request["existing"] or own, own, request["step"])


def main(sleep: Callable[[float], None] = time.sleep) -> int:
    """Returns the exit code: 0, or 1 with what stops the run."""
    request: Mapping[str, str] = json.load(sys.stdin)
    region, name, step = request["region"], request["name"], request["step"]
    now = datetime.now(timezone.utc)
    try:
        api = open_api("ROS", region)
        answer = api.call(Operation("ros", "ListStacks"), RegionId=region, **{"StackName.1": name})
        stack = find(answer, name)
        if step == "deployed" and stack:
            wait_for_roles(api, region, stack, sleep)
        bucket = _find_bucket_fault(api, stack, request) if step in ("deploy", "look") and stack else ""
    except ApiFailure as failure:
        print(f"The stack {name} could not be looked at: {failure}", file=sys.stderr)
        return 1
    except ValueError as fault:
        print(fault, file=sys.stderr)
        return 1
    faults = [state_fault(stack, step, name, region), bucket]
    if step == "deploy":
        faults.append(clock_fault(now, answer.date))
    print("\n".join(filter(None, faults)), end="\n" if any(faults) else "", file=sys.stderr)
    return 1 if any(faults) else 0


if __name__ == "__main__":
    guard_output()
    sys.exit(main())
