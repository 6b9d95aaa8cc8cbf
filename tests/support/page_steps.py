"""What tests of the page do and look at."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from playwright.sync_api import FilePayload, Locator, Page, expect

from localcloud.dev.cloud import Cloud

MakeCloud = Callable[..., Cloud]


PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""A whole image."""


PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40


LOADED = """async (element) => {
    while (!element.queue) await new Promise(requestAnimationFrame);
}"""


def open_page(page: Page, cloud: Cloud) -> Page:
    """Opens the page, and waits until it has loaded what a list of files needs."""
    page.goto(cloud.site.url)
    expect(page.locator("#rules")).not_to_be_empty()
    page.locator("oss-upload").evaluate(LOADED)
    return page


def isolate(name: str) -> str:
    """Returns a file's name as it stands within other words: none of these can reorder the others."""
    return f"\u2068{name}\u2069"


def choose(page: Page, *files: tuple[str, str, bytes]) -> None:
    """Chooses files: name, type, content."""
    payloads = [FilePayload(name=name, mimeType=kind, buffer=content) for name, kind, content in files]
    page.set_input_files("#files", payloads)


def row(page: Page, name: str) -> Locator:
    return page.locator("li").filter(has=page.get_by_text(name, exact=True))


def expect_status(page: Page, name: str, text: str | re.Pattern[str]) -> None:
    expect(row(page, name).locator(".status")).to_have_text(text)


def posts(cloud: Cloud) -> list[Any]:
    return [record for record in cloud.oss.records if record.method == "POST"]


def signings(cloud: Cloud) -> list[Any]:
    return [record for record in cloud.gateway.records if (record.method, record.path) == ("POST", "/sign")]


def stored_files(cloud: Cloud) -> list[tuple[str, bytes]]:
    return [(each.meta["filename"], each.path.read_bytes()) for each in cloud.bucket.objects()]


def types_stored(cloud: Cloud) -> dict[str, tuple[str, str]]:
    """Returns the type of each stored file, and the extension of its key."""
    return {
        unquote(each.meta["filename"]): (each.content_type, each.key.rpartition(".")[2])
        for each in cloud.bucket.objects()
    }


WITHOUT_PAUSES = "Math.random = () => 0"
"""Chance decides how long the page waits before another try."""
