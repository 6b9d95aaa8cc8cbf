"""How a step may end, and what is printed of a response: its status and its codes, nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable

import requests

Step = Callable[[], str]
Steps = list[tuple[str, Step]]


class StepFailed(Exception):
    """The deployment does not do what it must; the text says what was seen instead."""


class StepSkipped(Exception):
    """The step could not be taken; the text says why."""


def header_values(answer: requests.Response, name: str) -> list[str]:
    """Returns every value of a header, also if it was sent twice."""
    return list(answer.raw.headers.getlist(name))


def expect_refusal(answer: requests.Response, *expected: int) -> str:
    """Returns the status, if it is one of those expected. Raises StepFailed."""
    if answer.status_code not in expected:
        raise StepFailed(describe(answer))
    return describe(answer)


def describe(answer: requests.Response) -> str:
    """Returns the status and the codes of a response."""
    return describe_parts(answer.status_code, answer.text)


def describe_parts(status: int, text: str) -> str:
    """Returns the status and the codes in a body: OSS's XML, the function's and the gateway's JSON. Nothing else."""
    xml = re.search(r"<Code>(\w+)</Code>", text)
    ec = re.search(r"<EC>([\d-]+)</EC>", text)
    member = re.search(r'"(?:code|Code|ErrorCode)"\s*:\s*"([\w.]+)"', text)
    return " ".join(str(each) for each in (status, *(found[1] for found in (xml, ec, member) if found)))
