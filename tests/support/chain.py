"""Provides the whole chain: a cloud with a frozen clock, and functions that post forms to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import requests
import time_machine

from localcloud.dev.cloud import Cloud, CloudOptions
from support import sentinels

FOLDER_FORM = "/get_post_signature_for_oss_upload"


CONTENT = b"seven b"


FILE = {"filename": "photos/cat ü.png", "size": len(CONTENT), "content_type": "image/png"}


class Chain:
    """A cloud whose clock stands still until a test moves it, and the log of its function."""

    def __init__(self, folder: Path, clock: time_machine.Traveller, **more: Any) -> None:
        self.clock = clock
        self.lines: list[str] = []
        self.cloud = Cloud(folder, CloudOptions(log=self.log, **more))

    def log(self, line: str) -> None:
        sentinels.search_log(line)
        self.lines.append(line)

    def new_instance(self) -> None:
        """Ends the instance, so that the next request starts another one, and clears the logs of function and STS."""
        self.cloud.gateway.end_instance()
        self.lines.clear()
        self.cloud.sts.records.clear()

    def forget(self) -> None:
        """Deletes all files, and clears all logs, for the next of several tests."""
        self.cloud.bucket.clear()
        for service in self.cloud.services:
            service.reset()
        self.lines.clear()

    def ask(self, path: str, **more: Any) -> requests.Response:
        method = "GET" if not more else "POST"
        return requests.request(method, self.cloud.gateway.url + path, timeout=60, **more)

    def sign(self, *files: Any) -> Any:
        response = self.ask("/sign", json={"files": list(files or (FILE,))})
        assert response.status_code == 200, response.text
        return response.json()["uploads"]

    def folder_form(self) -> Any:
        return self.ask(FOLDER_FORM).json()

    def stored_files(self) -> list[tuple[str, bytes]]:
        return [(each.key, each.path.read_bytes()) for each in self.cloud.bucket.objects()]


AnyChain = TypeVar("AnyChain", bound=Chain)


@contextmanager
def running(chain: AnyChain) -> Iterator[AnyChain]:
    """Runs a chain, whose stand-ins must have nothing to complain of at the end. pytest shows its log if a test fails."""
    with chain.cloud:
        yield chain
    print(*chain.lines, sep="\n")  # noqa: T201 - pytest keeps it for a test that fails
    chain.cloud.check()


@contextmanager
def sharing(chain: AnyChain) -> Iterator[AnyChain]:
    """Lends a running chain to one of several tests, which turn no clock, switch no fault, and end no instance."""
    chain.forget()
    yield chain
    chain.cloud.check()


def post(
    url: str, fields: dict[str, str], content: bytes = CONTENT, content_type: str = "image/png"
) -> requests.Response:
    """Posts a form as a browser does: the fields in their order, the file last."""
    parts: list[tuple[str, Any]] = [(name, (None, value)) for name, value in fields.items()]
    return requests.post(url, files=[*parts, ("file", ("blob", content, content_type))], timeout=60)


def post_upload(upload: Any, **changed: Any) -> requests.Response:
    return post(upload["url"], upload["fields"], **changed)


def tutorial_fields(form: Any, name: str) -> dict[str, str]:
    """Returns the fields that the tutorial's page sends, in its order."""
    return {
        "success_action_status": "200",
        "policy": form["policy"],
        "x-oss-signature": form["signature"],
        "x-oss-signature-version": form["x_oss_signature_version"],
        "x-oss-credential": form["x_oss_credential"],
        "x-oss-date": form["x_oss_date"],
        "key": form["dir"] + name,
        "x-oss-security-token": form["security_token"],
    }
