"""RAM policies, as far as this project's roles use them: Effect, Action and Resource, with wildcards.

Follows "Policy structure and syntax" of RAM. What the stand-in cannot judge (conditions, say) it refuses to take.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def check(policy: object) -> None:
    """Raise ValueError, with the reason, if this is no policy, or one that the stand-in cannot judge."""
    if not isinstance(policy, dict) or policy.keys() != {"Version", "Statement"}:
        raise ValueError("a policy has Version and Statement, and nothing else")
    if policy["Version"] != "1":
        raise ValueError('the Version of a policy is "1"')
    statements = policy["Statement"]
    if not isinstance(statements, list) or not statements:
        raise ValueError("Statement is a list that is not empty")
    for statement in statements:
        _check_statement(statement)


def _check_statement(statement: object) -> None:
    if not isinstance(statement, dict) or statement.keys() != {"Effect", "Action", "Resource"}:
        raise ValueError("a statement has Effect, Action and Resource; the stand-in knows nothing else")
    if statement["Effect"] not in ("Allow", "Deny"):
        raise ValueError("Effect is Allow or Deny")
    for name in ("Action", "Resource"):
        values = _listed(statement[name])
        if not values or not all(isinstance(value, str) and value for value in values):
            raise ValueError(f"{name} is a string or a list of strings")


def allows(policies: Iterable[Mapping[str, Any]], action: str, resource: str) -> bool:
    """Whether every one of the policies allows an action on a resource; with no policy at all nothing is allowed."""
    verdicts = [_allows(policy, action, resource) for policy in policies]
    return bool(verdicts) and all(verdicts)


def _allows(policy: Mapping[str, Any], action: str, resource: str) -> bool:
    effects = {
        statement["Effect"]
        for statement in policy["Statement"]
        if any(_fits(pattern.lower(), action.lower()) for pattern in _listed(statement["Action"]))
        and any(_fits(pattern, resource) for pattern in _listed(statement["Resource"]))
    }
    return effects == {"Allow"}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _fits(pattern: str, text: str) -> bool:
    return _regex(pattern).fullmatch(text) is not None


@lru_cache(maxsize=256)
def _regex(pattern: str) -> re.Pattern[str]:
    """`*` is any text, the empty one too; `?` is any one character."""
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(character, re.escape(character)) for character in pattern), re.DOTALL)
