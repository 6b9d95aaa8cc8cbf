"""How what `make smoke` tries may end, and what is told of an answer: its status and its codes, nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable

import requests

Step = Callable[[], str]
Steps = list[tuple[str, Step]]


class NotHeld(Exception):
    """What must hold does not; the text says what was seen instead."""


class NotTried(Exception):
    """Something could not be tried; the text says why."""


def header_values(answer: requests.Response, name: str) -> list[str]:
    """Every value of a header, also where it was sent twice."""
    return list(answer.raw.headers.getlist(name))


def refused(answer: requests.Response, *expected: int) -> str:
    """The status, if it is one of those expected. Raises NotHeld."""
    if answer.status_code not in expected:
        raise NotHeld(status_of(answer))
    return status_of(answer)


def status_of(answer: requests.Response) -> str:
    """What an answer came to, in a few words."""
    return in_short(answer.status_code, answer.text)


def in_short(status: int, text: str) -> str:
    """The status, and whatever code an answer has: OSS's XML, ours and the gateway's JSON. Nothing else of it."""
    xml = re.search(r"<Code>(\w+)</Code>", text)
    ec = re.search(r"<EC>([\d-]+)</EC>", text)
    ours = re.search(r'"(?:code|Code|ErrorCode)"\s*:\s*"([\w.]+)"', text)
    return " ".join(str(each) for each in (status, *(found[1] for found in (xml, ec, ours) if found)))
