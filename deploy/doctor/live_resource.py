"""A live resource that was looked for, and what its service answered."""

from __future__ import annotations

from dataclasses import dataclass

NOT_THERE = frozenset({"NoSuchBucket", "FunctionNotFound", "EntityNotExist.Role"})
"""The services' codes for what does not exist."""


@dataclass(frozen=True)
class LiveResource:
    """A function, a bucket or a role, by the name that the deployment gives it."""

    name: str
    """Its kind and its name, for people."""
    fact: str
    """The fact that is not visible where the resource is not."""
    code: str = ""
    """The service's code; empty if the service showed the resource."""
