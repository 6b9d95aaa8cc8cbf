"""RAM policies, as far as this project's roles use them: Effect, Action and Resource, with wildcards.

Follows "Policy structure and syntax" of RAM. What the stand-in cannot evaluate (conditions, for example) it refuses.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def check(policy: object) -> None:
    """Raises ValueError, with the reason, if this is not a policy, or one that the stand-in cannot evaluate."""
    if not isinstance(policy, dict) or policy.keys() != {"Version", "Statement"}:
        raise ValueError("a policy must have Version and Statement, and nothing else")
    if policy["Version"] != "1":
        raise ValueError('the Version of a policy must be "1"')
    statements = policy["Statement"]
    if not isinstance(statements, list) or not statements:
        raise ValueError("Statement must be a list that is not empty")
    for statement in statements:
        _check_statement(statement)


def _check_statement(statement: object) -> None:
    if not isinstance(statement, dict) or statement.keys() != {"Effect", "Action", "Resource"}:
        raise ValueError("a statement must have Effect, Action and Resource; the stand-in knows nothing else")
    if statement["Effect"] not in ("Allow", "Deny"):
        raise ValueError("Effect must be Allow or Deny")
    for name in ("Action", "Resource"):
        values = _as_list(statement[name])
        if not values or not all(isinstance(value, str) and value for value in values):
            raise ValueError(f"{name} must be a string or a list of strings")


def allows(policies: Iterable[Mapping[str, Any]], action: str, resource: str) -> bool:
    """Returns whether all of the policies allow an action on a resource; without a policy nothing is allowed."""
    decisions = [_allows(policy, action, resource) for policy in policies]
    return bool(decisions) and all(decisions)


def denies(policies: Iterable[Mapping[str, Any]], action: str, resource: str) -> bool:
    """Returns whether one of the policies denies an action on a resource explicitly."""
    return any("Deny" in _find_effects(policy, action, resource) for policy in policies)


def _allows(policy: Mapping[str, Any], action: str, resource: str) -> bool:
    return _find_effects(policy, action, resource) == {"Allow"}


def _find_effects(policy: Mapping[str, Any], action: str, resource: str) -> set[str]:
    return {
        statement["Effect"]
        for statement in policy["Statement"]
        if any(_matches(pattern.lower(), action.lower()) for pattern in _as_list(statement["Action"]))
        and any(_matches(pattern, resource) for pattern in _as_list(statement["Resource"]))
    }


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _matches(pattern: str, text: str) -> bool:
    return _regex(pattern).fullmatch(text) is not None


@lru_cache(maxsize=256)
def _regex(pattern: str) -> re.Pattern[str]:
    """Translates a pattern: `*` is any text, also an empty one; `?` is any one character."""
    parts = {"*": ".*", "?": "."}
    return re.compile("".join(parts.get(character, re.escape(character)) for character in pattern), re.DOTALL)
