"""The page as static hosting serves it: files as they are, with the run's addresses filled in."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from localcloud.dev.site import Site, read_look
from support.oss_world import Clock

FUNCTION = "http://127.0.0.1:9001"
UPLOAD = "http://127.0.0.1:9002"
INDEX = "<meta content=\"connect-src 'self' https://function.invalid https://upload.invalid; base-uri 'none'\">"
FILLED_IN = "<meta content=\"connect-src 'self' http://127.0.0.1:9001 http://127.0.0.1:9002; base-uri 'none'\">"


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """Returns the folder served; beside it lies what nobody may read."""
    web = tmp_path / "web"
    (web / "parts").mkdir(parents=True)
    (web / "index.html").write_text(INDEX, encoding="utf-8")
    (web / "parts" / "form.js").write_text("// https://function.invalid https://upload.invalid", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    return web


@pytest.fixture
def site(web: Path) -> Iterator[Site]:
    site = Site(Clock(), web, lambda: (FUNCTION, UPLOAD))
    with site:
        yield site
    site.check()


def get(site: Site, path: str) -> requests.Response:
    return requests.get(site.url + path, timeout=60)


@pytest.mark.parametrize("path", ["/", "/index.html", "/?a=b"])
def test_the_page_has_the_addresses_it_may_talk_to(site: Site, path: str) -> None:
    page = get(site, path)
    assert (page.status_code, page.headers["Content-Type"], page.text) == (200, "text/html; charset=utf-8", FILLED_IN)


def test_other_files_stay_as_they_are(site: Site) -> None:
    assert get(site, "/parts/form.js").text == "// https://function.invalid https://upload.invalid"


def test_the_configuration_has_the_look_that_the_environment_names(web: Path) -> None:
    environ = {"PAGE_TITLE": "Team files", "PAGE_ACCENT": "#a0431c", "PAGE_LOGO": "", "PAGE_FOOTER": "Ask Ann."}
    with Site(Clock(), web, lambda: (FUNCTION, UPLOAD), look=read_look(environ)) as site:
        assert get(site, "/config.json").json() == {
            "function": FUNCTION,
            "title": "Team files",
            "accent": "#a0431c",
            "footer": "Ask Ann.",
        }


def test_the_configuration(site: Site) -> None:
    answer = get(site, "/config.json")
    assert (answer.status_code, answer.headers["Content-Type"], answer.json()) == (
        200,
        "application/json",
        {"function": FUNCTION},
    )


def test_the_configuration_is_of_this_run_even_if_there_is_a_file(site: Site, web: Path) -> None:
    (web / "config.json").write_text('{"function":"https://elsewhere.example"}', encoding="utf-8")
    assert get(site, "/config.json").json() == {"function": FUNCTION}


TYPES = {
    "a.html": "text/html; charset=utf-8",
    "a.js": "text/javascript; charset=utf-8",
    "a.css": "text/css; charset=utf-8",
    "a.json": "application/json",
    "a.svg": "image/svg+xml",
    "a.png": "image/png",
    "a": "application/octet-stream",
    "a.unheard-of": "application/octet-stream",
}


@pytest.mark.parametrize(("name", "content_type"), TYPES.items())
def test_content_types(site: Site, web: Path, name: str, content_type: str) -> None:
    (web / name).write_bytes(b"\0\xff")
    answer = get(site, f"/{name}")
    assert (answer.headers["Content-Type"], answer.content) == (content_type, b"\0\xff")


@pytest.mark.parametrize("path", ["/", "/parts/form.js", "/config.json"])
def test_a_browser_asks_again_each_time(site: Site, path: str) -> None:
    assert get(site, path).headers["Cache-Control"] == "no-cache"


def test_an_edit_shows_on_reload(site: Site, web: Path) -> None:
    before = get(site, "/").text
    (web / "index.html").write_text("edited", encoding="utf-8")
    assert (before, get(site, "/").text) == (FILLED_IN, "edited")


def test_a_new_file_is_there_at_once_and_a_removed_one_is_gone(site: Site, web: Path) -> None:
    before = get(site, "/new.js").status_code
    (web / "new.js").write_text("", encoding="utf-8")
    there = get(site, "/new.js").status_code
    (web / "new.js").unlink()
    assert (before, there, get(site, "/new.js").status_code) == (404, 200, 404)


def raw(site: Site, path: str) -> str:
    """Returns the whole answer to a path that no client would send as it is."""
    with socket.create_connection((site.host, site.port), timeout=60) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


NOWHERE = [
    *("/nothing", "/parts", "/parts/", "/parts/form.js/a", "/Index.html", "/" + "a" * 300),
    *("/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt", "/parts/../../secret.txt", "/./../secret.txt"),
    *("/..\\secret.txt", "/%5c..%5csecret.txt", "/%2e%2e%5csecret.txt"),
    *("//etc/passwd", "/%2fetc/passwd", "/%2f%2fetc/passwd", "/file:///etc/passwd"),
    *("/%00", "/index.html%00", "/..%00/secret.txt", "/%ff", "/%"),
]


@pytest.mark.parametrize("path", NOWHERE)
def test_there_is_nothing_else(site: Site, path: str) -> None:
    answer = raw(site, path)
    assert answer.startswith("HTTP/1.1 404 ")
    assert answer.endswith("\r\n\r\nThis page does not exist.\n")


def test_nothing_else_by_its_absolute_path(site: Site, tmp_path: Path) -> None:
    for path in (f"/{tmp_path}/secret.txt", f"/%2f{tmp_path}/secret.txt", f"{tmp_path}/secret.txt"):
        assert raw(site, path).startswith("HTTP/1.1 404 ")


def test_the_head_of_a_page(site: Site) -> None:
    head = requests.head(site.url, timeout=60)
    assert (head.status_code, head.headers["Content-Length"], head.content) == (200, str(len(FILLED_IN)), b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_changed(site: Site, web: Path, method: str) -> None:
    answer = requests.request(method, site.url + "/index.html", data=b"mine", timeout=60)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET, HEAD")
    assert (web / "index.html").read_text(encoding="utf-8") == INDEX
