"""All checks of `make doctor`, and the functions that select and run them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from deploy.declared import OTHER_SHAPES
from deploy.doctor import (
    bucket,
    callback,
    cors,
    domains,
    drift,
    existence,
    existing_bucket,
    function,
    lifetimes,
    live_functions,
    multipart,
    page,
    profiles,
    roles,
    settings,
    watching,
)
from deploy.doctor.check import Check, Finding
from deploy.doctor.context import Context

_MODULES = (
    *(settings, profiles, existence, drift, function, roles),
    *(bucket, existing_bucket, cors, lifetimes, page, domains, callback, multipart, watching),
)
"""A module for each subject, in the order in which their findings are printed."""

CHECKS = tuple(each for module in _MODULES for each in vars(module).values() if isinstance(each, Check))


def select(only: Iterable[str] = (), skip: Iterable[str] = ()) -> tuple[Check, ...]:
    """Returns the checks with the IDs of `only`, or all, without those of `skip`. Raises ValueError for unknown IDs."""
    wanted, unwanted = set(only), set(skip)
    known = {each.id for each in CHECKS}
    if unknown := sorted((wanted | unwanted) - known):
        raise ValueError(f"Unknown check: {', '.join(unknown)}. The checks are: {', '.join(sorted(known))}")
    return tuple(each for each in CHECKS if each.id not in unwanted and (each.id in wanted or not wanted))


def examine(context: Context, checks: Iterable[Check] = CHECKS) -> list[Finding]:
    """Returns all findings about what is declared, then those about what is live.

    Raises ValueError if what a check looks at has another shape than is documented.
    """
    checks = tuple(checks)
    declared = [Finding(check, message) for check in checks for message in _find(check, context)]
    if context.live_functions is None:
        return declared
    live = Context(context.environ, context.live_functions, declared=context.deployment)
    return declared + [
        Finding(check, f"Live: {message}")
        for check in checks
        if _is_of_functions(check, context.not_visible)
        for message in _find(check, live)
    ]


def _find(check: Check, context: Context) -> list[str]:
    try:
        return list(check.find(context))
    except (ValueError, *OTHER_SHAPES) as error:
        raise ValueError(
            f"The check {check.id} cannot read what it looks at: in s.yaml, in the template or in the account, "
            "something has another shape than is documented. Correct it, or leave the check out (--skip)."
        ) from error


def _is_of_functions(check: Check, not_visible: Mapping[str, str]) -> bool:
    """Tells whether a check looks at the live functions. Of the roles, those that are visible are looked at."""
    return check.live == "roles" or (check.live in live_functions.FACTS and check.live not in not_visible)


def count(checks: Iterable[Check]) -> int:
    """Counts the checks to be made. A check of what is declared and of what is live counts as two."""
    return sum(bool(check.live) + check.declared for check in checks)


def not_made(checks: Iterable[Check], not_visible: Mapping[str, str]) -> dict[str, list[str]]:
    """Returns the IDs of the checks of what is live that were not made, by the reason."""
    found: dict[str, list[str]] = {}
    for check in checks:
        reason = not_visible.get(check.live) or not_visible.get(check.also)
        if reason:
            found.setdefault(reason, []).append(check.id)
    return found
