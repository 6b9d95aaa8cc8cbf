"""A session for the vendor's SDK that follows no redirect, limits responses in bytes, and keeps to the time-outs.

The SDK's own session follows redirects, with the security token among the headers, and reads a response for as long as
a byte comes now and then. No setting changes either. But the SDK makes its sessions of a class that one of its modules
names, and this class replaces that one.
"""

from __future__ import annotations

import io
import logging
import threading
from typing import Any

import requests
from urllib3.exceptions import HTTPError

MAX_RESPONSE_BYTES = 1024**2
"""STS answers with 2,000 bytes, and no other response that this project reads through the SDK is longer than this."""


class UnusableResponse(Exception):
    """The response is refused; `code` has the reason, and is safe to log."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Session(requests.Session):
    """Sends each request once, to the address that it names."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        """Returns the whole response before the time-outs for connecting and reading are over.

        A socket's time-outs do not limit a response that comes byte by byte. So, as in `http_client`, the request runs
        in a thread that is left behind. Raises UnusableResponse and RequestException.
        """
        outcome: list[requests.Response | Exception] = []

        def run() -> None:
            try:
                outcome.append(self._send(request, options))
            except Exception as error:  # noqa: BLE001 - a thread would print it, with its text
                outcome.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(_total_seconds(options.get("timeout")))
        [response] = outcome[:1] or [requests.Timeout("no response in time")]
        if isinstance(response, Exception):
            raise response
        return response

    def _send(self, request: requests.PreparedRequest, options: dict[str, Any]) -> requests.Response:
        response = super().send(request, **options | {"allow_redirects": False, "stream": True})
        with response:
            if 300 <= response.status_code < 400:
                raise UnusableResponse("redirected")
            content = _read_body(response)
        response.raw = io.BytesIO(content)
        return response


def _total_seconds(timeout: Any) -> float | None:
    """Returns how long a request may take, from one time-out for both connecting and reading, or from one for each."""
    each = timeout if isinstance(timeout, tuple) else (timeout, timeout)
    return None if None in each else sum(each)


def _read_body(response: requests.Response) -> bytes:
    """Returns the body without decompressing it: decompressed it might have any size."""
    content = b""
    try:
        while piece := response.raw.read(MAX_RESPONSE_BYTES + 1 - len(content), decode_content=False):
            content += piece
            if len(content) > MAX_RESPONSE_BYTES:
                raise UnusableResponse("response too long")
    except HTTPError as error:
        raise requests.ConnectionError(type(error).__name__) from None
    return content


def install() -> None:
    """Makes the SDK send its requests through Session, and log nothing. Call it before the SDK's first request.

    Through their own handlers its loggers print headers and URLs with tokens in them.
    """
    import darabonba.core  # noqa: PLC0415 - see without_aiohttp

    darabonba.core.Session = Session
    for name in ("alibabacloud-tea", "darabonba-core", "credentials"):
        logging.getLogger(name).disabled = True


def error_code(error: Exception) -> str:
    """Returns the reason that a service, the network or Session gave.

    Nothing else of the exception may be logged: the SDK's texts have URLs, and its exceptions have requests with tokens
    in their headers.
    """
    inner = getattr(error, "inner_exception", None)
    return str(getattr(error, "code", None) or getattr(inner, "code", None) or type(error).__name__)
