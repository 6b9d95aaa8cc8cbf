"""What examples/ shows of Uppy works."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from localcloud.dev.cloud import ROOT, Cloud, CloudOptions
from localcloud.dev.site import Site
from localcloud.oss.cors import CorsRule
from support.page_steps import types_stored
from support.tokens import new_secret, token

FILES = [FilePayload(name=name, mimeType="text/plain", buffer=name.encode()) for name in ("a.txt", "b.txt")]

UPPY_PAGE = """<!doctype html>
<link rel="icon" href="data:,">
<title>Uppy</title>
<input type="file" multiple>
<output></output>
<script type="module" src="page.js"></script>
"""

UPPY_SCRIPT = """
import { uppy } from "./uppy.js";
window.uppy = uppy;
uppy.on("complete", ({ successful, failed }) => {
    document.querySelector("output").textContent = `${successful.length} stored, ${failed.length} failed`;
});
document.querySelector("input").onchange = ({ target }) => {
    uppy.addFiles([...target.files].map((file) => ({ name: file.name, type: file.type, data: file })));
    uppy.upload();
};
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    folder.mkdir()
    return folder


@pytest.fixture
def site(folder: Path) -> Iterator[Site]:
    """Yields somebody else's site."""
    with Site(time.time, folder, lambda: ("", "")) as site:
        yield site


def stored_files(cloud: Cloud) -> list[tuple[str, bytes]]:
    return sorted((each.meta["filename"], each.path.read_bytes()) for each in cloud.bucket.objects())


ALL = [("a.txt", b"a.txt"), ("b.txt", b"b.txt")]


SECRET = new_secret()


@pytest.fixture
def uppy_cloud(tmp_path: Path, site: Site) -> Iterator[Cloud]:
    """Provides a cloud that asks for tokens, has a profile, and takes files in parts from 1 MB on."""
    profiles = tmp_path / "profiles.json"
    profiles.write_text('{"notes": {"requires_claim": false}}', encoding="utf-8")
    settings = {"ALLOWED_ORIGINS": site.url, "PROFILES_FILE": str(profiles), "AUTH": "jwt", "JWT_SECRET": SECRET}
    with Cloud(tmp_path / "files", CloudOptions(settings=settings | {"MULTIPART_THRESHOLD": "1MB"})) as cloud:
        cloud.bucket.cors_rules.append(CorsRule((site.url,), ("POST", "PUT"), expose_headers=("ETag",)))
        yield cloud
    cloud.check()


@pytest.fixture
def uppy(page: Page, uppy_cloud: Cloud, site: Site, folder: Path, tmp_path: Path) -> Page:
    """Provides a page with examples/uppy.js in it."""
    example = (ROOT / "examples" / "uppy.js").read_text(encoding="utf-8").replace("ADDRESS", uppy_cloud.gateway.url)
    for name, value in (
        ("TOKEN", f'"{token(SECRET, exp=int(time.time()) + 600)}"'),
        ("PROFILE", '"notes"'),
        ("PARTS_FROM", "1e6"),
    ):
        example = re.sub(f"const {name} = .*;", f"const {name} = {value};", example)
    (tmp_path / "uppy.js").write_text(example, encoding="utf-8")
    (tmp_path / "page.js").write_text(UPPY_SCRIPT, encoding="utf-8")
    (folder / "index.html").write_text(UPPY_PAGE, encoding="utf-8")
    esbuild = str(ROOT / "node_modules/.bin/esbuild")
    subprocess.run(  # noqa: S603
        [esbuild, tmp_path / "page.js", "--bundle", "--format=esm", f"--outfile={folder / 'page.js'}"],
        env={**os.environ, "NODE_PATH": str(ROOT / "node_modules")},
        capture_output=True,
        check=True,
        timeout=60,
    )
    page.goto(site.url)
    return page


def test_uppy_posts_through_the_function(uppy: Page, uppy_cloud: Cloud) -> None:
    uppy.set_input_files("input", FILES)
    expect(uppy.locator("output")).to_have_text("2 stored, 0 failed")
    assert stored_files(uppy_cloud) == ALL
    uppy.set_input_files("input", [FilePayload(name="c.stl", mimeType="application/x-unheard-of", buffer=b"solid")])
    expect(uppy.locator("output")).to_have_text("1 stored, 0 failed")
    assert types_stored(uppy_cloud) == {
        "a.txt": ("text/plain", "txt"),
        "b.txt": ("text/plain", "txt"),
        "c.stl": ("model/stl", "stl"),
    }
    assert {each.key.rpartition("/")[0] for each in uppy_cloud.bucket.objects()} == {"uploads/~notes/alice"}


def test_uppy_sends_a_large_file_in_the_functions_parts_and_resumes_after_a_failure(
    uppy: Page, uppy_cloud: Cloud
) -> None:
    content = os.urandom(9 * 1024 * 1024)
    second = re.compile("partNumber=2&")
    uppy.route(second, lambda route: route.abort())
    uppy.set_input_files("input", [FilePayload(name="film.mp4", mimeType="video/mp4", buffer=content)])
    expect(uppy.locator("output")).to_have_text("0 stored, 1 failed")
    uppy.unroute(second)
    uppy.evaluate("uppy.retryAll()")
    expect(uppy.locator("output")).to_have_text("1 stored, 0 failed")
    assert stored_files(uppy_cloud) == [("film.mp4", content)]
    assert [record.status for record in uppy_cloud.oss.records if record.method == "PUT"] == [200, 200]
