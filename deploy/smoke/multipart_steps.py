"""What `make smoke` tries of multipart uploads: one file in two parts, and a part of another length."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import requests

from deploy.smoke.outcome import NotHeld, NotTried, Steps, header_values, refused, status_of

SIZE = 8 * 1024**2 + 6
"""Bytes: one whole part and a short one."""

PATIENCE = 60
"""Seconds to wait for an answer to a part, at most."""


class PartsTrial:
    """One upload in parts. Steps are to be taken in the order given."""

    def __init__(
        self,
        ask: Callable[[str, dict[str, Any]], requests.Response],
        session: requests.Session,
        *,
        limits: Callable[[], Any],
        origin: str,
        made: list[str],
    ) -> None:
        """`ask` posts JSON to a path of the function; `made` takes the key of what is stored."""
        self._ask = ask
        self._session = session
        self._limits = limits
        self._origin = origin
        self._made = made
        self._ticket = ""
        self._key = ""
        self._parts: list[Any] = []

    def musts(self) -> Steps:
        """What must hold where MULTIPART_THRESHOLD is set."""
        return [
            ("The function begins an upload in parts", self._begins),
            ("OSS lets the page put parts", self._preflight),
            ("OSS refuses a part of another length", self._other_length),
            ("OSS takes the parts, and the page may read their ETags", self._puts),
            ("The parts become one file", self._completes),
        ]

    def _begins(self) -> str:
        limits = self._limits()
        if "multipart_threshold" not in limits:
            raise NotTried("MULTIPART_THRESHOLD is not set")
        if limits["max_size"] < SIZE:
            raise NotTried(f"MAX_SIZE is less than {SIZE:,} bytes")
        declared = {"filename": "smoke.bin", "size": SIZE, "content_type": limits["content_types"][0]}
        begun = self._told("/multipart", declared)
        self._ticket, self._key = begun["ticket"], begun["key"]
        self._parts = self._told("/multipart/parts", {"ticket": self._ticket, "parts": [1, 2]})["parts"]
        if sum(part["size"] for part in self._parts) != SIZE:
            raise NotHeld("the parts are not the file")
        return f"{self._key}, {len(self._parts)} parts"

    def _preflight(self) -> str:
        headers = {"Origin": self._origin, "Access-Control-Request-Method": "PUT"}
        url = self._part(1)["url"]
        answer = self._session.options(url, headers=headers, timeout=PATIENCE, allow_redirects=False)
        allowed = header_values(answer, "Access-Control-Allow-Origin")
        if not answer.ok or allowed not in ([self._origin], ["*"]):
            raise NotHeld(f"{status_of(answer)}, allowing {', '.join(allowed) or 'no origin'}")
        return f"{answer.status_code}, {allowed[0]}"

    def _other_length(self) -> str:
        return refused(self._put(self._part(2), 1), 403)

    def _puts(self) -> str:
        for answer in [self._put(self._part(number), 0) for number in (1, 2)]:
            exposed = ",".join(header_values(answer, "Access-Control-Expose-Headers"))
            if not answer.ok or "etag" not in exposed.lower():
                raise NotHeld(f"{status_of(answer)}; headers that the page may read: {exposed or 'none'}")
        return "200"

    def _completes(self) -> str:
        self._part(1)
        answer = self._ask("/multipart/complete", {"ticket": self._ticket})
        if answer.status_code != 200:
            self._ask("/multipart/abort", {"ticket": self._ticket})
            raise NotHeld(f"{status_of(answer)}; it was given up")
        self._made.append(self._key)
        stored = answer.json().get("stored") or {}
        if (stored.get("key"), stored.get("size")) != (self._key, SIZE):
            raise NotHeld(status_of(answer))
        return f"{stored['size']:,} bytes"

    def _told(self, path: str, asked: dict[str, Any]) -> Any:
        answer = self._ask(path, asked)
        if answer.status_code != 200:
            raise NotHeld(status_of(answer))
        return answer.json()

    def _part(self, number: int) -> Any:
        if not self._parts:
            raise NotTried("no upload was begun")
        return self._parts[number - 1]

    def _put(self, part: Any, more: int) -> requests.Response:
        """Send a part, with so many bytes more than it should have."""
        body = b"\n" * (part["size"] + more)
        headers = {"Origin": self._origin}
        return self._session.put(part["url"], data=body, headers=headers, timeout=PATIENCE, allow_redirects=False)
