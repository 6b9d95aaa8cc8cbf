"""How the vendor's SDK sends its requests here: it follows no redirect, reads at most LIMIT bytes of an answer, and
waits no longer than its time-outs say.

By itself it follows them, with the security token among the headers, and reads whatever comes, for as long as a byte
comes now and then. It has no setting for either; but it makes its sessions of a class that its module names, and of
this one its calls are the same.
"""

from __future__ import annotations

import io
import threading
from typing import Any

import requests
from urllib3.exceptions import HTTPError

LIMIT = 1024**2
"""Bytes: STS answers with 2,000, and nothing that this project asks of the vendor's services is longer than this."""


class NoAnswer(Exception):  # noqa: N818 - an outcome
    """What came back is not taken for an answer; `code` says why, and is safe to log."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Session(requests.Session):
    """Sends a request once, to where it was addressed."""

    def send(self, request: requests.PreparedRequest, **how: Any) -> requests.Response:
        """The answer, wholly read, before the time-outs for connecting and reading are over. Raises NoAnswer,
        RequestException.

        A socket's time-outs bound no answer that trickles in. As in `outside`, the request runs in a thread that is
        left behind then.
        """
        outcome: list[requests.Response | Exception] = []

        def run() -> None:
            try:
                outcome.append(self._answer(request, how))
            except Exception as fault:  # noqa: BLE001 - out of a thread it would be printed, with its text
                outcome.append(fault)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(_seconds(how.get("timeout")))
        [answer] = outcome[:1] or [requests.Timeout("no answer in time")]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _answer(self, request: requests.PreparedRequest, how: dict[str, Any]) -> requests.Response:
        answer = super().send(request, **how | {"allow_redirects": False, "stream": True})
        with answer:
            if 300 <= answer.status_code < 400:
                raise NoAnswer("redirected")
            content = _content(answer)
        answer.raw = io.BytesIO(content)
        return answer


def _seconds(timeout: Any) -> float | None:
    """How long requests may take with a time-out of theirs: one for both, or one to connect and one to read."""
    each = timeout if isinstance(timeout, tuple) else (timeout, timeout)
    return None if None in each else sum(each)


def _content(answer: requests.Response) -> bytes:
    """What came, as it came: unpacked it might be of any size."""
    content = b""
    try:
        while piece := answer.raw.read(LIMIT + 1 - len(content), decode_content=False):
            content += piece
            if len(content) > LIMIT:
                raise NoAnswer("too long an answer")
    except HTTPError as fault:
        raise requests.ConnectionError(type(fault).__name__) from None
    return content


def install() -> None:
    """Have the SDK send through Session. To be called before its first request."""
    import darabonba.core  # noqa: PLC0415 - see without_aiohttp

    darabonba.core.Session = Session


def code_of(fault: Exception) -> str:
    """What a service, the network or Session gave for a reason: no more may leave, since the SDK's texts hold URLs and
    its exceptions hold requests with tokens in their headers."""
    inner = getattr(fault, "inner_exception", None)
    return str(getattr(fault, "code", None) or getattr(inner, "code", None) or type(fault).__name__)
