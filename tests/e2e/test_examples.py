"""What examples/ shows works: the uploader in somebody else's page, and Uppy."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from localcloud.dev.cloud import ROOT, Cloud
from localcloud.dev.site import Site
from localcloud.oss.cors import CorsRule
from support.page_steps import types_stored

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
    """Somebody else's site."""
    with Site(time.time, folder, lambda: ("", "")) as site:
        yield site


@pytest.fixture
def cloud(tmp_path: Path, site: Site) -> Iterator[Cloud]:
    profiles = tmp_path / "profiles.json"
    profiles.write_text('{"notes": {"requires_claim": false}}', encoding="utf-8")
    settings = {"ALLOWED_ORIGINS": site.url, "PROFILES_FILE": str(profiles)}
    with Cloud(tmp_path / "files", settings=settings) as cloud:
        cloud.bucket.cors_rules.append(CorsRule((site.url,), ("POST",)))
        yield cloud
    cloud.check()


def stored_files(cloud: Cloud) -> list[tuple[str, bytes]]:
    return sorted((each.meta["filename"], each.path.read_bytes()) for each in cloud.bucket.objects())


ALL = [("a.txt", b"a.txt"), ("b.txt", b"b.txt")]


def test_the_uploader_in_a_page_of_ones_own(page: Page, cloud: Cloud, site: Site, folder: Path) -> None:
    html = (ROOT / "examples" / "drop-in.html").read_text(encoding="utf-8")
    (folder / "index.html").write_text(html.replace("ADDRESS", cloud.gateway.url), encoding="utf-8")
    for name in ("uploader", "queue", "retry", "bandwidth", "oss", "files", "fingerprint"):
        shutil.copy(ROOT / "web" / f"{name}.js", folder)
    page.goto(site.url)
    page.set_input_files("input", FILES[:1])
    expect(page.locator("output")).to_contain_text("a.txt: done uploads/anonymous/")
    page.set_input_files("input", FILES[1:])
    expect(page.locator("output")).to_contain_text("b.txt: done")
    assert stored_files(cloud) == ALL


def test_uppy_posts_through_the_function(page: Page, cloud: Cloud, site: Site, folder: Path, tmp_path: Path) -> None:
    example = (ROOT / "examples" / "uppy.js").read_text(encoding="utf-8")
    example = example.replace("ADDRESS", cloud.gateway.url).replace("PROFILE = undefined", 'PROFILE = "notes"')
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
    page.set_input_files("input", FILES)
    expect(page.locator("output")).to_have_text("2 stored, 0 failed")
    assert stored_files(cloud) == ALL
    page.set_input_files("input", [FilePayload(name="c.stl", mimeType="application/x-unheard-of", buffer=b"solid")])
    expect(page.locator("output")).to_have_text("1 stored, 0 failed")
    assert types_stored(cloud) == {
        "a.txt": ("text/plain", "txt"),
        "b.txt": ("text/plain", "txt"),
        "c.stl": ("model/stl", "stl"),
    }
    assert {each.key.rpartition("/")[0] for each in cloud.bucket.objects()} == {"uploads/~notes/anonymous"}
