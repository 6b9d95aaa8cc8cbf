"""A function after the component `fc3`: what it leaves behind without failing, and public without a cap.

fc3 prints an error of a removal, and ends as if there were none. It makes a function, opens it to the internet, and
caps it (reservedConcurrency) last of all: where the cap is refused, anybody can call it as often as they like.
Reads JSON on standard input, `{"region", "account", "function", "domain", "step"}`, from s.yaml. The step `removed`
comes after a removal, `failed` after a deployment that failed.
"""

from __future__ import annotations

import json
import re
import sys
from typing import Any

from deploy.hooks.api import open_api
from deploy.openapi import ApiFailure, OpenApi, Operation
from localcloud.terminal import guard_output

_ROOT = "/2023-03-30"

_AGAIN = (
    "Nothing more is removed. The component says above why it could not delete it. Set that right, and run "
    "`make remove` again."
)
_UNCAPPED = "Without a cap (reservedConcurrency) anybody can call {} as often as they like."


class Function:
    """A function, live, and the domain that may lead to it."""

    def __init__(self, api: OpenApi, name: str, domain: str) -> None:
        self._api = api
        self._name = name
        self._path = f"{_ROOT}/functions/{name}"
        self._domain_path = f"{_ROOT}/custom-domains/{domain}" if domain else ""
        self.domain = domain

    def exists(self) -> bool:
        """Tells whether the function is there. Raises ApiFailure, as everything here does."""
        return self._find("GetFunction", self._path) is not None

    def is_capped(self) -> bool:
        found = self._find("GetConcurrencyConfig", f"{self._path}/concurrency")
        return found is not None and found.get("reservedConcurrency") is not None

    def routes(self) -> list[str]:
        """Returns the functions that the domain leads to."""
        found = self._find("GetCustomDomain", self._domain_path) if self._domain_path else None
        routes = ((found or {}).get("routeConfig") or {}).get("routes") or ()
        return [str(each.get("functionName")) for each in routes]

    def close(self) -> list[str]:
        """Lets nobody call the function any more: deletes its triggers, and the domain if it leads nowhere else."""
        found = self._find("ListTriggers", f"{self._path}/triggers") or {}
        triggers = [str(each.get("triggerName")) for each in found.get("triggers") or ()]
        for trigger in triggers:
            self._delete("DeleteTrigger", f"{self._path}/triggers/{trigger}")
        closed = [f"its trigger {trigger}" for trigger in triggers]
        if set(self.routes()) == {self._name}:
            self._delete("DeleteCustomDomain", self._domain_path)
            closed.append(f"the domain {self.domain}")
        return closed

    def _find(self, action: str, path: str) -> dict[str, Any] | None:
        try:
            return self._api.call(Operation("fc", action, path, "GET")).body
        except ApiFailure as failure:
            # FunctionNotFound, DomainNameNotFound; not InvalidAccessKeyId.NotFound, which shows nothing.
            if re.fullmatch(r"\w+NotFound", str(failure)):
                return None
            raise

    def _delete(self, action: str, path: str) -> None:
        self._api.call(Operation("fc", action, path, "DELETE"))


def fault_after_removal(function: Function, name: str) -> str:
    """Returns what is left of a function, and what to do; empty if nothing is."""
    if function.exists():
        return f"{name} is still there. {_close_uncapped(function, name)}{_AGAIN}"
    if name in function.routes():
        return f"The domain {function.domain} still leads to {name}, which is gone. {_AGAIN}"
    return ""


def fault_after_failure(function: Function, name: str) -> str:
    """Returns what was done about a function that a failed deployment left without its cap; empty if nothing was."""
    closed = _close_uncapped(function, name) if function.exists() else ""
    return f"{closed}Set right what the component says above, and deploy again." if closed else ""


def _close_uncapped(function: Function, name: str) -> str:
    """Closes a function that has no cap. Returns what to say of it; empty if it has one, or nobody could call it."""
    if function.is_capped():
        return ""
    try:
        closed = function.close()
    except ApiFailure as failure:
        return (
            f"{_UNCAPPED.format(name)} It could not be closed ({failure}): delete its trigger in the console of "
            "Function Compute, now. "
        )
    return f"{_UNCAPPED.format(name)} To close it, these were deleted: {', '.join(closed)}. " if closed else ""


def main() -> int:
    """Returns the exit code: 0 if nothing is left behind, 1 with what is, and what to do."""
    request = json.load(sys.stdin)
    name, step = request["function"], request["step"]
    judge = {"removed": fault_after_removal, "failed": fault_after_failure}[step]
    try:
        api = open_api("Function Compute", request["region"], request["account"])
        fault = judge(Function(api, name, request["domain"]), name)
    except ApiFailure as failure:
        fault = (
            f"Whether {name} is {'gone' if step == 'removed' else 'open without a cap'} could not be seen: {failure}"
        )
    except ValueError as unsafe:
        fault = str(unsafe)
    if fault:
        print(fault, file=sys.stderr)
    return 1 if fault else 0


if __name__ == "__main__":
    guard_output()
    sys.exit(main())
