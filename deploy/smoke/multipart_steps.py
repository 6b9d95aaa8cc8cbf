"""The steps of multipart uploads: one file in two parts, and a part of another length."""

from __future__ import annotations

from typing import Any

import requests

from deploy.counts import number_of
from deploy.smoke.outcome import StepFailed, Steps, StepSkipped, describe, expect_refusal, header_values
from deploy.smoke.session import Session

SIZE = 8 * 1024**2 + 6
"""Bytes: one whole part and a short one."""

TIMEOUT_SECONDS = 60
"""For a part, which takes longer than other requests."""


class MultipartSteps:
    """One multipart upload. The steps are taken in their order."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._ticket = ""
        self._key = ""
        self._parts: list[Any] = []

    def steps(self) -> Steps:
        """Returns what must hold if MULTIPART_THRESHOLD is set, in order."""
        return [
            ("The function begins a multipart upload", self._begins),
            ("OSS lets the page put parts", self._preflight),
            ("OSS refuses a part of another length", self._other_length),
            ("OSS accepts the parts, and the page may read their ETags", self._puts),
            ("The parts become one file", self._completes),
        ]

    def _begins(self) -> str:
        limits = self._session.limits()
        if "multipart_threshold" not in limits:
            raise StepSkipped("MULTIPART_THRESHOLD is not set")
        if limits["max_size"] < SIZE:
            raise StepSkipped(f"MAX_SIZE is less than {SIZE:,} bytes")
        declared = {"filename": "smoke.bin", "size": SIZE, "content_type": limits["content_types"][0]}
        begun = self._ask_for("/multipart", declared)
        self._ticket, self._key = begun["ticket"], begun["key"]
        self._parts = self._ask_for("/multipart/parts", {"ticket": self._ticket, "parts": [1, 2]})["parts"]
        if sum(part["size"] for part in self._parts) != SIZE:
            raise StepFailed("the parts are not the file")
        return f"{self._key}, {number_of(len(self._parts), 'part')}"

    def _preflight(self) -> str:
        headers = {"Origin": self._session.target.origin, "Access-Control-Request-Method": "PUT"}
        url = self._part(1)["url"]
        answer = self._session.http.options(url, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        allowed = header_values(answer, "Access-Control-Allow-Origin")
        if not answer.ok or allowed not in ([self._session.target.origin], ["*"]):
            raise StepFailed(f"{describe(answer)}, allowing {', '.join(allowed) or 'no origin'}")
        return f"{answer.status_code}, {allowed[0]}"

    def _other_length(self) -> str:
        return expect_refusal(self._put(self._part(2), 1), 403)

    def _puts(self) -> str:
        for answer in [self._put(self._part(number), 0) for number in (1, 2)]:
            exposed = ",".join(header_values(answer, "Access-Control-Expose-Headers"))
            if not answer.ok or "etag" not in exposed.lower():
                raise StepFailed(f"{describe(answer)}; headers that the page may read: {exposed or 'none'}")
        return "200"

    def _completes(self) -> str:
        self._part(1)
        answer = self._ask("/multipart/complete", {"ticket": self._ticket})
        if answer.status_code != 200:
            self._ask("/multipart/abort", {"ticket": self._ticket})
            raise StepFailed(f"{describe(answer)}; it was aborted")
        self._session.uploaded_keys.append(self._key)
        stored = answer.json().get("stored") or {}
        if (stored.get("key"), stored.get("size")) != (self._key, SIZE):
            raise StepFailed(describe(answer))
        return f"{stored['size']:,} bytes"

    def _ask_for(self, path: str, body: dict[str, Any]) -> Any:
        answer = self._ask(path, body)
        if answer.status_code != 200:
            raise StepFailed(describe(answer))
        return answer.json()

    def _part(self, number: int) -> Any:
        if not self._parts:
            raise StepSkipped("no multipart upload was begun")
        return self._parts[number - 1]

    def _put(self, part: Any, more: int) -> requests.Response:
        """Sends a part with so many bytes more than it should have."""
        body = b"\n" * (part["size"] + more)
        headers = {"Origin": self._session.target.origin}
        return self._session.http.put(
            part["url"], data=body, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False
        )

    def _ask(self, path: str, body: dict[str, Any]) -> requests.Response:
        return self._session.ask("POST", path, json=body, origin=self._session.target.origin)
