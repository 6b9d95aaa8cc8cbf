"""The npm package in React, Vue and Svelte: each example is built with its own tools, and uploads in Chromium."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from localcloud.dev.cloud import ROOT, Cloud, CloudOptions
from localcloud.dev.site import Site
from localcloud.oss.cors import CorsRule
from support import npm_package, webdriver
from support.webdriver import Page

pytestmark = [pytest.mark.node_modules, pytest.mark.registry]


@pytest.fixture(scope="module")
def tarball() -> Path:
    return npm_package.pack()


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with webdriver.browser("Chromium", tmp_path_factory.mktemp("browser")) as page:
        yield page


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "project"


@pytest.fixture
def site(folder: Path) -> Iterator[Site]:
    with Site(time.time, folder / "dist", lambda: ("", "")) as site:
        yield site


@pytest.fixture
def cloud(tmp_path: Path, site: Site) -> Iterator[Cloud]:
    with Cloud(tmp_path / "files", CloudOptions(settings={"ALLOWED_ORIGINS": site.url})) as cloud:
        cloud.bucket.cors_rules.append(CorsRule((site.url,), ("POST",)))
        yield cloud
    cloud.check()


def build(example: str, folder: Path, tarball: Path, function: str) -> None:
    """Builds an example with the tarball for its dependency of that name."""
    shutil.copytree(ROOT / "examples" / example, folder)
    for file in folder.glob("*.*"):
        file.write_text(file.read_text(encoding="utf-8").replace("ADDRESS", function), encoding="utf-8")
    manifest = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    manifest["dependencies"]["oss-direct-upload"] = f"file:{tarball}"
    (folder / "package.json").write_text(json.dumps(manifest), encoding="utf-8")
    for command in (["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"], ["npm", "run", "build"]):
        subprocess.run(command, cwd=folder, check=True, timeout=300, stdout=subprocess.DEVNULL)  # noqa: S603


@pytest.mark.parametrize("example", ["react", "vue", "svelte"])
def test_an_application_stores_a_file_and_learns_its_key(
    page: Page, cloud: Cloud, site: Site, folder: Path, tarball: Path, tmp_path: Path, example: str
) -> None:
    build(example, folder, tarball, cloud.gateway.url)
    (tmp_path / "a.txt").write_text("a")
    page.open(site.url)
    page.wait_for("return Boolean(shadow?.querySelector('#rules').textContent)", True)
    page.choose("#files", tmp_path / "a.txt")
    page.wait_for("return document.querySelector('output').textContent !== ''", True)
    assert [page.run("return document.querySelector('output').textContent")] == [
        each.key for each in cloud.bucket.objects()
    ]
