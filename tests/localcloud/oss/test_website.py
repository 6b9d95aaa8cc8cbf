"""Static website hosting through a bound domain and through OSS's own; and OSS's own domains closed."""

from __future__ import annotations

import alibabacloud_oss_v2 as oss
import pytest
import requests

from localcloud.oss.storage.bucket import Website
from support.oss_client import client, refusal, user
from support.oss_world import BUCKET, DOMAIN, Draft, OssWorld, outcome, post

OBJECTS = {
    "index.html": ("<p>The page", "text/html; charset=utf-8"),
    "app.js": ("export {}", "text/javascript"),
    "404.html": ("<p>Not here", "text/html"),
}


@pytest.fixture
def site(world: OssWorld) -> OssWorld:
    """Returns a bucket that hosts a site."""
    put = client(world, user(world)).put_object
    for key, (content, kind) in OBJECTS.items():
        put(oss.PutObjectRequest(bucket=BUCKET, key=key, body=content, content_type=kind, cache_control="no-cache"))
    world.bucket.allow_public("public-read")
    world.bucket.website = Website()
    return world


def get(world: OssWorld, path: str, host: str) -> requests.Response:
    return requests.get(world.oss.url + path, headers={"Host": f"{host}:{world.oss.port}"}, timeout=60)


PAGES = {
    "/": (200, "index.html"),
    "/index.html": (200, "index.html"),
    "/?a=b": (200, "index.html"),
    "/folder/": (200, "index.html"),
    "/app.js": (200, "app.js"),
    "/none": (404, "404.html"),
    "/folder/none.html": (404, "404.html"),
}


@pytest.mark.parametrize(("path", "expected"), PAGES.items(), ids=PAGES)
@pytest.mark.parametrize(
    ("host", "disposition", "forced"),
    [(DOMAIN, None, None), (f"{BUCKET}.localhost", "attachment", "true"), ("127.0.0.1", "attachment", "true")],
)
def test_pages(
    site: OssWorld, path: str, expected: tuple[int, str], host: str, disposition: str | None, forced: str | None
) -> None:
    answer = get(site, path, host)
    content, kind = OBJECTS[expected[1]]
    headers = ("Content-Type", "Cache-Control", "Content-Disposition", "x-oss-force-download")
    assert (answer.status_code, answer.text, [answer.headers.get(name) for name in headers]) == (
        expected[0],
        content,
        [kind, "no-cache", disposition, forced],
    )


def test_the_head_of_the_root(site: OssWorld) -> None:
    answer = requests.head(site.oss.url, headers={"Host": DOMAIN}, timeout=60)
    assert (answer.status_code, answer.headers["Content-Length"]) == (200, "11")


def test_no_error_document(site: OssWorld) -> None:
    site.bucket.delete("404.html")
    assert outcome(get(site, "/none", DOMAIN)) == (404, "NoSuchKey", None)


def test_a_site_that_is_private(site: OssWorld) -> None:
    site.bucket.acl = "private"
    assert outcome(get(site, "/", DOMAIN)) == (403, "AccessDenied", None)


def test_whoever_signs_gets_the_object_and_no_error_document(site: OssWorld) -> None:
    read = client(site, user(site)).get_object
    assert read(oss.GetObjectRequest(bucket=BUCKET, key="app.js")).body.read() == b"export {}"
    assert refusal(read, oss.GetObjectRequest(bucket=BUCKET, key="none"))[:2] == (404, "NoSuchKey")


def test_through_a_bound_domain_the_path_is_the_key(site: OssWorld) -> None:
    assert get(site, f"/{BUCKET}/app.js", DOMAIN).status_code == 404


FORBIDDEN = (400, "PublicEndpointForbidden", "0048-00000401")


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", f"{BUCKET}.localhost"])
def test_public_endpoints_closed(site: OssWorld, host: str) -> None:
    site.faults.oss_public_endpoint_forbidden = True
    assert (outcome(get(site, "/", host)), get(site, "/", DOMAIN).status_code) == (FORBIDDEN, 200)


def test_public_endpoints_closed_to_the_vendors_client(site: OssWorld) -> None:
    site.faults.oss_public_endpoint_forbidden = True
    sdk = client(site, user(site))
    assert refusal(sdk.list_objects_v2, oss.ListObjectsV2Request(bucket=BUCKET)) == FORBIDDEN
    assert refusal(sdk.put_object, oss.PutObjectRequest(bucket=BUCKET, key="a", body=b"1")) == FORBIDDEN


def test_public_endpoints_closed_to_forms(world: OssWorld, draft: Draft) -> None:
    world.faults.oss_public_endpoint_forbidden = True
    assert outcome(post(world, draft.fields())) == FORBIDDEN
    assert post(world, draft.fields(), headers={"Host": DOMAIN}).status_code == 204


def test_preflights_are_answered_even_so(world: OssWorld) -> None:
    world.faults.oss_public_endpoint_forbidden = True
    answer = requests.options(world.oss.url, headers={"Origin": "https://a.example"}, timeout=60)
    assert outcome(answer)[:2] == (400, "BadRequest")
