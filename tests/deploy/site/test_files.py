"""Which files of the page's folder are published, and which stop a deployment."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.site.files import PLACEHOLDER, site_files

PRIVATE: dict[str, tuple[str, bytes, str]] = {
    "a key of SSH": ("id_rsa", b"", "is settings or keys"),
    "another key of SSH": ("old/id_ed25519.1", b"", "is settings or keys"),
    "a key of TLS": ("tls.KEY", b"", "is settings or keys"),
    "a certificate": ("tls.pem", b"", "is a certificate or a key"),
    "settings": ("prod.env", b"", "is settings or keys"),
    "hidden settings": (".env", b"", "is settings or keys"),
    "settings of a stage": ("a/.env.prod", b"", "is settings or keys"),
    "a repository": (".git/config", b"", "is settings or keys"),
    "a copy of Emacs": ("index.html~", b"", "is an editor's copy"),
    "a lock of Emacs": (".#index.html", b"", "is an editor's copy"),
    "what Emacs saves": ("#index.html#", b"", "is an editor's copy"),
    "a copy of Vim": (".index.html.swp", b"", "is an editor's copy"),
    "a back-up": ("config.json.bak", b"", "is an editor's copy"),
    "an AccessKey": ("notes.txt", b"LTAI" + b"5tExampleExample1234", "has a key in it"),
    "a private key": ("a.txt", b"-----BEGIN PRIVATE KEY-----\n" + b"A" * 80, "has a key in it"),
    "a key in JSON": ("a.json", b'{"k": "-----BEGIN PRIVATE KEY-----\\n' + b"A" * 64 + b'\\n"}', "has a key in it"),
    "an old key with headers": (
        "a.txt",
        b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n" + b"A" * 80,
        "has a key in it",
    ),
    "PGP's key": ("a.asc", b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n" + b"A" * 80, "has a key in it"),
    "settings of a place": ("prod.env.local", b"", "is settings or keys"),
}


def page_with(folder: Path) -> Path:
    (folder / "web" / "sub").mkdir(parents=True)
    (folder / "web" / "index.html").write_text(f"<meta content='{PLACEHOLDER}'>")
    return folder / "web"


def published_keys(web: Path) -> list[str]:
    files = site_files(web, "https://f.example", "https://u.example", {})
    return [file.key for file in files]


@pytest.mark.parametrize("case", PRIVATE.values(), ids=PRIVATE)
def test_what_is_for_nobody_else_is_not_published(tmp_path: Path, case: tuple[str, bytes, str]) -> None:
    name, content, fault = case
    web = page_with(tmp_path)
    (web / name).parent.mkdir(exist_ok=True)
    (web / name).write_bytes(content)
    with pytest.raises(ValueError, match=r"^These files are not for everybody") as refused:
        published_keys(web)
    assert str(refused.value) == f"These files are not for everybody. Move them out of {web}:\n{name} {fault}"


@pytest.mark.parametrize("target", ["../outside.txt", "../folder", "nowhere", "/etc/hosts", "sub", "a.txt"])
def test_links_that_lead_elsewhere_are_not_published(tmp_path: Path, target: str) -> None:
    web = page_with(tmp_path)
    (tmp_path / "outside.txt").write_text("not for anybody")
    (tmp_path / "folder").mkdir()
    (web / "a.txt").symlink_to(target)
    with pytest.raises(ValueError, match=r"\na\.txt is a link that leads elsewhere$"):
        published_keys(web)


def test_a_link_to_a_file_of_the_page_is_published(tmp_path: Path) -> None:
    web = page_with(tmp_path)
    (web / "sub" / "a.txt").write_text("a")
    (web / "b.txt").symlink_to("sub/a.txt")
    assert published_keys(web) == ["b.txt", "config.json", "sub/a.txt", "index.html"]
