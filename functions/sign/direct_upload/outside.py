"""Requests to the outside: one try, no redirect, a limit in bytes and one in seconds.

With `sts` the only room with a socket. The signing function loads it for multipart uploads alone.
"""

from __future__ import annotations

import http.client
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit


class Unreachable(Exception):  # noqa: N818 - a state of the network
    """There was no answer in time, or none that fits; the text says which, and nothing of the request."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


def ask(
    method: str,
    url: str,
    *,
    seconds: float,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    limit: int = 64 * 1024,
) -> Answer:
    """The answer to one request, a redirect being an answer as any other; at most `limit` bytes of it.

    Raises Unreachable after `seconds` at the latest, whatever hangs: the look-up of the name, the handshake, or a peer
    that sends a byte now and then. Time-outs of a socket bound none of these, so the request runs in a thread that is
    left behind; it ends by its own time-outs, or with the instance.
    """
    outcome: list[Answer | Unreachable] = []

    def run() -> None:
        outcome.append(_asked(method, url, seconds, dict(headers or {}), body, limit))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    [answer] = outcome[:1] or [Unreachable("no answer in time")]
    if isinstance(answer, Unreachable):
        raise answer
    return answer


def _asked(  # noqa: PLR0917 - what a request is made of
    method: str, url: str, seconds: float, headers: dict[str, str], body: bytes | None, limit: int
) -> Answer | Unreachable:
    parts = urlsplit(url)
    connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = connect(parts.netloc, timeout=seconds)
    try:
        connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, headers)
        response = connection.getresponse()
        length = response.getheader("Content-Length", "0")
        if not (length.isascii() and length.isdigit()):
            return Unreachable("the answer has no length")  # and what was read until the end might be half of it
        content = response.read(limit + 1)
    except (OSError, http.client.HTTPException, ValueError) as fault:
        # By its kind alone: the text of some holds the address.
        return Unreachable(type(fault).__name__)
    finally:
        connection.close()
    if len(content) > limit:
        return Unreachable("the answer is too long")
    return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, content)
