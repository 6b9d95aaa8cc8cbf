"""The page's publisher, run against localcloud's OSS: what is sent, what is left alone, what is deleted, what is said."""

from __future__ import annotations

import hashlib
import io
import json

import alibabacloud_oss_v2 as oss
import pytest

from deploy.site import publish
from localcloud.oss.storage.bucket import StoredObject
from support.oss_client import client, user
from support.oss_world import BUCKET, REGION, OssWorld
from support.publisher import INDEX, KEYS, Publisher, keys


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
