"""The little of Function Compute and ROS that the hooks of s.yaml ask, over what the recorders have deployed.

Both read and write one file of JSON, in which each function is by its resource's name, and the rest by what it is.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

FUNCTIONS = ("callback", "sign")


@dataclass
class DeployedCloud:
    """What there is in the account."""

    file: Path
    """`stack` has a Status, `refusals` the codes by operation, `roles_made` is a time."""

    def serve(self, server: HTTPServer) -> None:
        """Answers for both services on a server."""
        server.expect_request(re.compile(".*")).respond_with_handler(self.answer)

    def state(self) -> dict[str, Any]:
        return dict(json.loads(self.file.read_text())) if self.file.exists() else {}

    def put(self, **state: Any) -> None:
        """Changes what there is; None takes it away."""
        known = {**self.state(), **state}
        self.file.write_text(json.dumps({name: each for name, each in known.items() if each is not None}))

    def put_function(
        self, resource: str, name: str, cap: int | None = 20, triggers: tuple[str, ...] = ("http",)
    ) -> None:
        """Deploys a function, with a cap or without."""
        made = {"functionName": name, "triggers": [{"triggerName": each} for each in triggers]}
        self.put(**{resource: made if cap is None else made | {"reservedConcurrency": cap}})

    def answer(self, request: Request) -> Response:
        """Returns what the service would say to the operation that the SDK names in a header."""
        action, state = request.headers["x-acs-action"], self.state()
        code = state.get("refusals", {}).get(action)
        body = {"Code": code} if code else getattr(self, _method(action))(request, state)
        status = 200 if "Code" not in body else 404 if body["Code"].endswith("NotFound") else 403
        return Response(json.dumps(body), status, content_type="application/json")

    def _list_stacks(self, request: Request, state: dict[str, Any]) -> dict[str, Any]:
        name, stack = request.args["StackName.1"], state.get("stack")
        stacks = [{"StackId": "s-1", "StackName": name, **stack}] if stack else []
        return {"TotalCount": len(stacks), "Stacks": stacks}

    def _get_stack(self, _: Request, state: dict[str, Any]) -> dict[str, Any]:
        parameters = state["stack"].get("parameters", {})
        return {"Parameters": [{"ParameterKey": name, "ParameterValue": each} for name, each in parameters.items()]}

    def _list_stack_resources(self, _: Request, state: dict[str, Any]) -> dict[str, Any]:
        made = state.get("roles_made", "2026-01-01T00:00:00")
        kinds = {"ALIYUN::RAM::Role": made, "ALIYUN::OSS::Bucket": "2200-01-01T00:00:00"}
        return {"Resources": [{"ResourceType": kind, "CreateTime": each} for kind, each in kinds.items()]}

    def _get_function(self, request: Request, state: dict[str, Any]) -> dict[str, Any]:
        return _function(request, state)[1] or {"Code": "FunctionNotFound"}

    def _list_triggers(self, request: Request, state: dict[str, Any]) -> dict[str, Any]:
        found = _function(request, state)[1]
        return {"triggers": found.get("triggers", [])} if found else {"Code": "FunctionNotFound"}

    def _delete_trigger(self, request: Request, state: dict[str, Any]) -> dict[str, Any]:
        resource, found = _function(request, state)
        name = request.path.rpartition("/")[2]
        left = [each for each in found["triggers"] if each["triggerName"] != name]
        self.put(**{resource: {**found, "triggers": left}})
        return {}

    def _get_concurrency_config(self, request: Request, state: dict[str, Any]) -> dict[str, Any]:
        found = _function(request, state)[1]
        cap = found.get("reservedConcurrency") if found else None
        return {"Code": "ConcurrencyConfigNotFound"} if cap is None else {"reservedConcurrency": cap}

    def _get_custom_domain(self, request: Request, state: dict[str, Any]) -> dict[str, Any]:
        functions = state.get("domains", {}).get(request.path.rpartition("/")[2])
        if functions is None:
            return {"Code": "DomainNameNotFound"}
        return {"routeConfig": {"routes": [{"functionName": each, "path": "/*"} for each in functions]}}

    def _delete_custom_domain(self, request: Request, state: dict[str, Any]) -> dict[str, Any]:
        name = request.path.rpartition("/")[2]
        self.put(domains={each: routes for each, routes in state["domains"].items() if each != name})
        return {}


def _method(action: str) -> str:
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", action)


def _function(request: Request, state: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Returns the function that the path names, and its resource's name; nothing where it is not there."""
    name = request.path.split("/")[3]
    found = ((each, state[each]) for each in FUNCTIONS if each in state and state[each].get("functionName") == name)
    return next(found, ("", {}))
