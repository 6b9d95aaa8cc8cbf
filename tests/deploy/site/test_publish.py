"""The page's publisher, run against localcloud's OSS: what is sent, what is left alone, what is deleted, what is said."""

from __future__ import annotations

import hashlib
import io
import json
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import alibabacloud_oss_v2 as oss
import pytest

from deploy.site import publish
from deploy.site.files import PLACEHOLDER, site_files
from localcloud.oss.storage.bucket import StoredObject
from localcloud.ram.identities import Identity
from support import sentinels
from support.oss_client import client, user
from support.oss_world import BUCKET, DOMAIN, REGION, OssWorld, new_identity, ram_policy

INDEX = "<meta content=\"connect-src 'self' https://function.invalid https://upload.invalid; base-uri 'none'\">"
FILES = {
    "index.html": INDEX,
    "app.js": "export {};",
    "parts/style.css": "p {}",
    "icon.svg": "<svg/>",
    "en.json": "{}",
    "data.unknown": "?",
    "types.d.ts": "no browser loads this",
    ".hidden/secret": "not for anybody",
}
KEYS = [
    ".published.json",
    "app.js",
    "config.json",
    "data.unknown",
    "en.json",
    "icon.svg",
    "index.html",
    "parts/style.css",
]


@dataclass
class Publisher:
    """Runs the command, and keeps what it says."""

    world: OssWorld
    folder: Path
    capsys: pytest.CaptureFixture[str]
    identity: Identity
    more: dict[str, str] = field(default_factory=dict)
    """Members of what is asked for, over the usual ones."""

    @property
    def environ(self) -> dict[str, str]:
        """Returns the credentials."""
        return {
            "ALIBABA_CLOUD_ACCESS_KEY_ID": self.identity.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": self.identity.access_key_secret,
            "ALIBABA_CLOUD_SECURITY_TOKEN": self.identity.security_token,
        }

    @property
    def request(self) -> dict[str, str]:
        """Returns what is asked for."""
        return {
            "folder": str(self.folder),
            "bucket": BUCKET,
            "region": REGION,
            "endpoint": self.world.oss.url,
            "function": "https://sign.example.com/",
            "upload": "https://files.example.com",
            "domain": "",
            **self.more,
        }

    def run(self, command: str, environ: dict[str, str] | None = None) -> tuple[int, str, list[str]]:
        """Returns exit code, standard output, and the lines on stderr."""
        code = publish.main([command, json.dumps(self.request)], self.environ if environ is None else environ)
        said = self.capsys.readouterr()
        return code, said.out, said.err.splitlines()

    def ok(self, command: str) -> list[str]:
        """Runs a command that must succeed; the lines on stderr."""
        code, _, told = self.run(command)
        assert code == 0, told
        return told

    def fails(self, command: str = "deploy", environ: dict[str, str] | None = None) -> str:
        """Runs a command that must not succeed; the one line that it says."""
        code, out, told = self.run(command, environ)
        assert (code, out, len(told)) == (1, "", 1), told
        return told[0]

    def puts(self) -> list[Any]:
        """Returns the keys put so far, and forgotten by this."""
        found = [record.note["key"] for record in self.world.oss.records if record.method == "PUT"]
        self.world.oss.records.clear()
        return found


@pytest.fixture
def publisher(world: OssWorld, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Publisher:
    folder = tmp_path / "web"
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    identity = user(world)
    sentinels.keep_secret(identity.access_key_secret)
    return Publisher(world, folder, capsys, identity)


def keys(world: OssWorld) -> list[str]:
    return [stored.key for stored in world.bucket.objects()]


def content(world: OssWorld, key: str) -> str:
    stored = world.bucket.get(key)
    assert stored, key
    return stored.path.read_text(encoding="utf-8")


def put(world: OssWorld, *names: str) -> None:
    """Objects that somebody else has put there."""
    for name in names:
        client(world, user(world)).put_object(oss.PutObjectRequest(bucket=BUCKET, key=name, body=b"theirs"))


def test_every_file_arrives_with_its_headers(publisher: Publisher, world: OssWorld) -> None:
    publisher.ok("deploy")
    assert {stored.key: (stored.content_type, stored.headers) for stored in world.bucket.objects()} == {
        key: (content_type, {"Cache-Control": "no-cache"})
        for key, content_type in {
            "index.html": "text/html; charset=utf-8",
            "app.js": "application/javascript",
            "parts/style.css": "text/css; charset=utf-8",
            "icon.svg": "image/svg+xml",
            "en.json": "application/json",
            "config.json": "application/json",
            "data.unknown": "application/octet-stream",
            ".published.json": "application/json",
        }.items()
    }


def test_the_addresses_are_filled_in(publisher: Publisher, world: OssWorld) -> None:
    publisher.more = {"function": "https://sign.example.com:8443/path/", "upload": "https://files.example.com/x"}
    publisher.ok("deploy")
    assert (content(world, "index.html"), json.loads(content(world, "config.json"))) == (
        "<meta content=\"connect-src 'self' https://sign.example.com:8443 https://files.example.com; base-uri 'none'\">",
        {"function": "https://sign.example.com:8443/path"},
    )


def test_the_look_is_in_the_configuration(publisher: Publisher, world: OssWorld) -> None:
    look = {"title": "Für alle", "logo": "icon.svg", "accent": "#0a58ca", "footer": "Fragen? 12"}
    publisher.more = look
    publisher.ok("deploy")
    assert json.loads(content(world, "config.json")) == {"function": "https://sign.example.com", **look}


def test_progress_and_the_address_are_told(publisher: Publisher, world: OssWorld) -> None:
    code, out, told = publisher.run("deploy")
    assert (code, json.loads(out)) == (0, {"url": f"{world.oss.url}/{BUCKET}/index.html", "domain": ""})
    assert told == [
        "1 of 7: app.js (10 B)",
        "2 of 7: config.json (47 B)",
        "3 of 7: data.unknown (1 B)",
        "4 of 7: en.json (2 B)",
        "5 of 7: icon.svg (6 B)",
        "6 of 7: parts/style.css (4 B)",
        f"7 of 7: index.html ({len(content(world, 'index.html'))} B)",
        "7 sent, 0 unchanged, 0 deleted",
        "this address downloads the page; set SITE_DOMAIN",
    ]


def test_what_has_not_changed_is_not_sent_again(publisher: Publisher) -> None:
    publisher.ok("deploy")
    publisher.puts()
    assert (publisher.ok("deploy")[0], publisher.puts()) == ("0 sent, 7 unchanged, 0 deleted", [])


def test_what_has_changed_is_sent_and_what_is_gone_deleted(publisher: Publisher, world: OssWorld) -> None:
    publisher.ok("deploy")
    publisher.puts()
    (publisher.folder / "app.js").write_text("export default 1;")
    (publisher.folder / "new.txt").write_text("new")
    (publisher.folder / "icon.svg").unlink()
    assert publisher.ok("deploy") == [
        "1 of 2: app.js (17 B)",
        "2 of 2: new.txt (3 B)",
        "deleted icon.svg",
        "2 sent, 5 unchanged, 1 deleted",
        "this address downloads the page; set SITE_DOMAIN",
    ]
    assert publisher.puts() == [".published.json", "app.js", "new.txt", ".published.json"]
    assert keys(world) == sorted({*KEYS, "new.txt"} - {"icon.svg"})


def versions(world: OssWorld) -> set[str]:
    """Returns the page's scripts whose names have a hash, as the text in them says."""
    return {content(world, key) for key in keys(world) if key.startswith("app-")}


@pytest.mark.node_modules
def test_a_page_that_was_opened_before_a_deployment_finds_its_modules_until_the_next(
    publisher: Publisher, world: OssWorld
) -> None:
    (publisher.folder / "index.html").write_text(f'{INDEX}<script type="module" src="app.js"></script>')
    seen = []
    for text in ("one", "two", "two", "three"):
        (publisher.folder / "app.js").write_text(f'document.title="{text}";')
        publisher.ok("deploy")
        seen.append(
            sorted(each for each in ("one", "two", "three") if any(each in script for script in versions(world)))
        )
    assert seen == [["one"], ["one", "two"], ["one", "two"], ["three", "two"]]
    publisher.ok("remove")
    assert keys(world) == []


def test_what_somebody_changed_or_deleted_is_sent_again(publisher: Publisher, world: OssWorld) -> None:
    publisher.ok("deploy")
    put(world, "app.js")
    world.bucket.delete("en.json")
    publisher.puts()
    publisher.ok("deploy")
    assert (publisher.puts(), content(world, "app.js")) == (["app.js", "en.json"], "export {};")


def test_another_type_is_sent_again(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    publisher.ok("deploy")
    publisher.puts()
    monkeypatch.setattr("deploy.site.files._TYPES", {".js": "text/javascript"})
    publisher.ok("deploy")
    assert "app.js" in publisher.puts()


@pytest.mark.parametrize("command", ["deploy", "remove"])
@pytest.mark.parametrize("deployed", [False, True])
def test_what_others_put_there_stops_it_before_anything_is_changed(
    publisher: Publisher, world: OssWorld, command: str, *, deployed: bool
) -> None:
    if deployed:
        publisher.ok("deploy")
        (publisher.folder / "app.js").write_text("changed")
    put(world, *"bcdefgh")
    before = keys(world)
    publisher.puts()
    assert publisher.fails(command) == (
        f"{BUCKET} holds what was not published from here: b, c, d, e, f and 2 more. Nothing was changed. "
        "Move it to another bucket or delete it, then run this again."
    )
    assert (publisher.puts(), keys(world)) == ([], before)


def test_an_object_of_the_same_name_that_others_put_there_stops_it(publisher: Publisher, world: OssWorld) -> None:
    put(world, "index.html")
    assert "not published from here: index.html." in publisher.fails()
    assert content(world, "index.html") == "theirs"


def test_a_list_that_nobody_understands_stops_it(publisher: Publisher, world: OssWorld) -> None:
    put(world, ".published.json")
    assert "not published from here: .published.json." in publisher.fails("remove")
    assert keys(world) == [".published.json"]


def test_a_deployment_that_broke_off_can_be_repeated_and_removed(publisher: Publisher, world: OssWorld) -> None:
    real = world.oss.uploads.fail_if_disk_is_full
    left = 4

    def fills() -> None:
        nonlocal left
        left -= 1
        world.faults.oss_disk_full = left <= 0
        real()

    world.oss.uploads.fail_if_disk_is_full = fills  # type: ignore[method-assign]
    code, _, told = publisher.run("deploy")
    assert (code, told[-1].partition(",")[0]) == (1, "OSS refused (InternalError")
    assert keys(world) == [".published.json", "app.js", "config.json"]
    world.oss.uploads.fail_if_disk_is_full = real  # type: ignore[method-assign]
    world.faults.oss_disk_full = False
    publisher.ok("deploy")
    assert keys(world) == KEYS
    publisher.ok("remove")
    assert keys(world) == []


def test_remove_deletes_all_of_it_and_a_second_one_finds_nothing(publisher: Publisher, world: OssWorld) -> None:
    publisher.ok("deploy")
    first = publisher.run("remove")
    assert (first[0], json.loads(first[1]), first[2][-1], keys(world)) == (0, {"removed": 7}, "7 deleted", [])
    second = publisher.run("remove")
    assert (second[0], json.loads(second[1]), second[2]) == (0, {"removed": 0}, ["nothing to delete"])


def test_remove_needs_neither_folder_nor_addresses(publisher: Publisher, world: OssWorld) -> None:
    publisher.ok("deploy")
    publisher.more = {"folder": "", "function": "${resources.sign.output.url.system_url}", "upload": ""}
    publisher.ok("remove")
    assert keys(world) == []


def store(world: OssWorld, key: str, text: str) -> None:
    """Puts an object into the bucket as no client does: at once."""
    content = text.encode()
    etag = hashlib.md5(content, usedforsecurity=False).hexdigest().upper()
    with world.bucket.incoming() as incoming:
        incoming.write(memoryview(content))
        about = StoredObject(key, len(content), "text/plain", {}, {}, etag, str(incoming.crc64), 0, None, incoming.path)
        world.bucket.put(incoming, about, forbid_overwrite=False)


def test_more_objects_than_one_page_and_one_request_hold(publisher: Publisher, world: OssWorld) -> None:
    published = {f"{number}.txt": "its mark" for number in range(1100)}
    for key in published:
        store(world, key, key)
    store(world, ".published.json", json.dumps({"files": published}))
    assert publisher.ok("remove")[-1] == "1100 deleted"
    assert keys(world) == []


def test_info_asks_nothing(publisher: Publisher) -> None:
    code, out, told = publisher.run("info", environ={})
    assert (code, json.loads(out)["domain"], told, list(publisher.world.oss.records)) == (0, "", [], [])


ADDRESSES = {
    "default": ({"endpoint": ""}, f"https://{BUCKET}.oss-{REGION}.aliyuncs.com/index.html"),
    "domain": ({"endpoint": "", "domain": "upload.example.com"}, "https://upload.example.com/"),
    "local": ({"endpoint": "http://127.0.0.1:1", "domain": "www.localhost:1"}, "http://www.localhost:1/"),
}


@pytest.mark.parametrize(("more", "url"), ADDRESSES.values(), ids=ADDRESSES)
def test_the_address(publisher: Publisher, more: dict[str, str], url: str) -> None:
    publisher.more = more
    assert json.loads(publisher.run("info")[1])["url"] == url


def test_with_a_domain_nothing_is_said_of_downloads(publisher: Publisher) -> None:
    publisher.more = {"domain": "upload.example.com"}
    assert publisher.ok("deploy")[-1] == "7 sent, 0 unchanged, 0 deleted"


def test_what_to_publish_may_come_on_standard_input(publisher: Publisher, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(publisher.request)))
    assert publish.main(["deploy"], publisher.environ) == 0


def test_the_endpoint_may_be_a_variable(publisher: Publisher, world: OssWorld) -> None:
    publisher.more = {"endpoint": ""}
    code, _, told = publisher.run("deploy", {**publisher.environ, "OSS_ENDPOINT": world.oss.url})
    assert (code, keys(world)) == (0, KEYS), told


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "no bucket": ({"bucket": ""}, "Missing option: bucket"),
    "neither": ({"bucket": "", "region": ""}, "Missing option: bucket, region"),
    "an endpoint's region": ({"region": "oss-cn-hongkong"}, "must be an ID such as cn-hongkong (without oss-)"),
    "a URL as domain": ({"domain": "https://a.example"}, "SITE_DOMAIN must be a host name alone"),
    "an unknown name": ({"colour": "red"}, "Unknown option: colour"),
    "no page": ({"folder": "/nowhere"}, "There is no index.html in /nowhere"),
    "a function that is missing": ({"function": ""}, "function must be an address that begins with https://, not ''"),
    "a function left as text": ({"function": "${resources.sign.output}"}, "function must be an address"),
    "a function with a password": (
        {"function": "https://u:p@f.example"},
        "function must be an address that begins with https://, not one with a user's name or password in it",
    ),
    "an insecure function": ({"function": "http://sign.example.com"}, "function must be an address"),
    "an upload that breaks out": ({"upload": "https://a;script-src *"}, "upload must be an address"),
    "a port that is no number": ({"upload": "https://a:b"}, "upload must be an address"),
    "a logo from elsewhere": ({"logo": "https://a.example/b.svg"}, "PAGE_LOGO must be a file in the page's folder"),
    "an accent by name": ({"accent": "red"}, "PAGE_ACCENT must be a colour as #rrggbb, not 'red'"),
}


@pytest.mark.parametrize(("more", "said"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_published(publisher: Publisher, world: OssWorld, more: dict[str, str], said: str) -> None:
    publisher.more = more
    assert said in publisher.fails()
    assert list(world.oss.records) == []


def test_an_index_without_a_place_for_the_addresses(publisher: Publisher) -> None:
    (publisher.folder / "index.html").write_text("<p>")
    assert publisher.fails().startswith("index.html must have https://function.invalid https://upload.invalid")


@pytest.mark.parametrize("text", ["", "[]", '{"bucket":1}', "{"])
def test_no_object(capsys: pytest.CaptureFixture[str], text: str) -> None:
    assert publish.main(["deploy", text], {}) == 1
    assert capsys.readouterr().err.startswith("The options must be one JSON object of texts")


@pytest.mark.parametrize("arguments", [[], ["publish"], ["deploy", "{}", "more"]])
def test_usage(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    assert publish.main(arguments, {}) == 1
    assert capsys.readouterr().err.startswith("usage: python -m deploy.site.publish deploy|remove|info")


@pytest.mark.parametrize("command", ["deploy", "remove"])
def test_no_credentials(publisher: Publisher, command: str) -> None:
    assert publisher.fails(command, {}).startswith("There are no credentials: set ALIBABA_CLOUD_ACCESS_KEY_ID")


def wrong_secret(publisher: Publisher) -> None:
    publisher.identity = Identity(**{**vars(publisher.identity), "access_key_secret": "wrong"})


def unknown_key(publisher: Publisher) -> None:
    publisher.identity = new_identity(sts=False)


def expired_session(publisher: Publisher) -> None:
    session = Identity(**{**vars(new_identity()), "expiration": time.time() - 1})
    publisher.identity = publisher.world.add(session)


def reader(publisher: Publisher) -> None:
    publisher.identity = user(publisher.world, ram_policy("oss:GetObject"))


def clock(publisher: Publisher) -> None:
    publisher.world.clock.now += 1000


def region(publisher: Publisher) -> None:
    publisher.more = {"region": "cn-beijing"}


def closed_endpoint(publisher: Publisher) -> None:
    publisher.world.faults.oss_public_endpoint_forbidden = True


REFUSED: dict[str, tuple[Callable[[Publisher], None], str]] = {
    "a wrong secret": (
        wrong_secret,
        "OSS does not accept this signature: check the AccessKeySecret (SignatureDoesNotMatch, requ",
    ),
    "an unknown key": (
        unknown_key,
        "OSS does not accept these credentials: check them, and whether they have expired (Inv",
    ),
    "credentials that have ended": (
        expired_session,
        "OSS does not accept these credentials: check them, and whether they have expired",
    ),
    "too few rights": (
        reader,
        "on team-uploads they need oss:ListObjects, and on its objects oss:GetObject, oss:PutObj",
    ),
    "a wrong clock": (
        clock,
        "This machine's clock is wrong by more than 15 minutes: set it (RequestTimeTooSkewed, requ",
    ),
    "a wrong region": (
        region,
        "The bucket team-uploads is in another region than cn-beijing: set REGION to its own (InvalidArg",
    ),
    "a closed address": (
        closed_endpoint,
        "bind a domain to each bucket and set SITE_DOMAIN and UPLOAD_DOMAIN, or choose a region",
    ),
}


@pytest.mark.parametrize("command", ["deploy", "remove"])
@pytest.mark.parametrize(("change", "said"), REFUSED.values(), ids=REFUSED)
def test_what_oss_refuses(
    publisher: Publisher, world: OssWorld, command: str, change: Callable[[Publisher], None], said: str
) -> None:
    change(publisher)
    line = publisher.fails(command)
    assert said in line
    assert keys(world) == []


@pytest.fixture
def names_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has every name below localhost be this machine, as it is for browsers, and every one below example, too."""
    real = socket.getaddrinfo

    def look_up(host: Any, *more: Any, **named: Any) -> Any:
        return real("127.0.0.1" if str(host).endswith((".localhost", ".example")) else host, *more, **named)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)


@pytest.mark.usefixtures("names_of_this_machine")
def test_no_such_bucket(publisher: Publisher, world: OssWorld) -> None:
    publisher.more = {"bucket": "nobodys-bucket", "endpoint": f"http://localhost:{world.oss.port}"}
    said = "There is no bucket nobodys-bucket in cn-hangzhou: deploy everything (make deploy) before the page alone ("
    assert publisher.fails().startswith(said)
    code, out, told = publisher.run("remove")
    assert (code, json.loads(out), told) == (0, {"removed": 0}, ["nothing to delete"])


@pytest.mark.usefixtures("names_of_this_machine")
def test_another_region(publisher: Publisher, world: OssWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.oss_client.safe_endpoint", str)  # this name is this machine's here
    publisher.more = {"endpoint": f"http://oss-elsewhere.example:{world.oss.port}"}
    assert publisher.fails().startswith("The bucket team-uploads is in another region than cn-hangzhou: set REGION")


@pytest.mark.usefixtures("names_of_this_machine")
@pytest.mark.parametrize("command", ["deploy", "remove"])
def test_where_the_own_address_is_closed_it_goes_through_the_domain(
    publisher: Publisher, world: OssWorld, command: str
) -> None:
    closed_endpoint(publisher)
    publisher.more = {"domain": f"{DOMAIN}:{world.oss.port}"}
    assert (
        publisher.ok(command)[0]
        == f"OSS closes its own address to this account: going through {publisher.more['domain']}"
    )
    assert keys(world) == (KEYS if command == "deploy" else [])


def test_no_network(publisher: Publisher) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
        publisher.more = {"endpoint": f"http://{host}"}
        said = publisher.fails()
    assert said.startswith(f"OSS cannot be reached at {host} (")
    assert said.endswith("): check the network, and that cn-hangzhou is the region")


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


def test_keys_go_to_no_other_machine_in_the_clear(publisher: Publisher) -> None:
    publisher.more = {"endpoint": "http://oss.example.com"}
    assert publisher.fails() == "OSS's address must be https://…, not http://…: keys go there"


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
