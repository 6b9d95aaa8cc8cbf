"""What a warm answer is made of: the share of each step in the whole, timed while the real handler answers."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import index
from benchmarks.server import warm
from benchmarks.server.table import Table
from direct_upload import form, post_policy, routes
from direct_upload.authorize import Caller
from fc_http import app, invocation
from fc_http.event import Request
from oss_protocol import signature

ROUNDS = 200

STEPS: dict[str, tuple[tuple[Any, str], ...]] = {
    "the event, read": ((Request, "from_event"), (routes, "parse_json")),
    "files and tokens, checked": ((routes, "check_upload"), (routes, "authenticate"), (Caller, "grant")),
    "policies: JSON and base64": (
        (post_policy, "folder_form_conditions"),
        (post_policy, "exact_form_conditions"),
        (post_policy, "eq_conditions"),
        (post_policy, "encode_tail"),
        (post_policy, "encode"),
    ),
    "HMAC": ((form, "_cached_signing_key"), (signature, "sign")),
    "the answer's JSON": ((app, "create_response"),),
    "the log line": ((invocation.Invocation, "log_event"), (app, "redact")),
}
"""Each with the functions that do it."""


def measure() -> Table:
    """Returns a folder form, an exact one, and twenty."""
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere):
        responses = [_shares(event) for event, _ in warm.answer_events()]
    names = (*STEPS, "the rest")
    rows = [(name, *(f"{response[name]:.0%}" for response in responses)) for name in names]
    return Table("shares", rows)


def _shares(event: bytes) -> dict[str, float]:
    """Returns the part of each step in the whole, as the median of many answers."""
    with _time_steps() as spent:
        responses = [_answer(event, spent) for _ in range(ROUNDS)]
    return {name: median(response[name] for response in responses) for name in responses[0]}


def _answer(event: bytes, spent: dict[str, float]) -> dict[str, float]:
    spent.update(dict.fromkeys(STEPS, 0.0))
    begin = time.perf_counter()
    index.handler(event, warm.CONTEXT)
    whole = time.perf_counter() - begin
    shares = {name: seconds / whole for name, seconds in spent.items()}
    return {**shares, "the rest": 1 - sum(shares.values())}


@contextmanager
def _time_steps() -> Iterator[dict[str, float]]:
    """Yields the seconds that each step has taken. Where one step calls another, the outer one alone counts."""
    spent = dict.fromkeys(STEPS, 0.0)
    running: list[str] = []

    def time_function(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call_it(*positional: Any, **named: Any) -> Any:
            if running:
                return function(*positional, **named)
            running.append(name)
            begin = time.perf_counter()
            try:
                return function(*positional, **named)
            finally:
                spent[name] += time.perf_counter() - begin
                running.pop()

        return call_it

    with ExitStack() as patches:
        for name, functions in STEPS.items():
            for owner, function in functions:
                patches.enter_context(patch.object(owner, function, time_function(name, getattr(owner, function))))
        yield spent
