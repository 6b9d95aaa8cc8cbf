"""CORS as OSS does it: what a preflight is answered, and what is added to other answers."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from localcloud.oss.cors import CorsRule
from localcloud.oss.storage.bucket import Bucket
from support.oss_world import Draft, OssWorld, elements, outcome, post

APP = "https://app.example.com"
FORBIDDEN = (
    "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request method / "
    "Access-Control-Request-Method or Access-Control-Requet-Headers are not whitelisted by the resource's CORS spec."
)


def preflight(world: OssWorld, headers: dict[str, str]) -> requests.Response:
    return requests.options(world.oss.url, headers=headers, timeout=60)


def asking(origin: str = APP, method: str = "POST", headers: str | None = None) -> dict[str, str]:
    asked = {"Origin": origin, "Access-Control-Request-Method": method}
    return asked | ({} if headers is None else {"Access-Control-Request-Headers": headers})


def cors_headers(answer: requests.Response) -> dict[str, str]:
    return {
        name: value for name, value in answer.headers.items() if name.startswith("Access-Control") or name == "Vary"
    }


def test_a_preflight_that_a_rule_allows(world: OssWorld) -> None:
    world.bucket.cors_rules = [CorsRule((APP,), ("POST", "GET"), ("*",), ("ETag", "x-oss-request-id"), 600)]
    answer = preflight(world, asking(headers="X-A, x-b"))
    assert (answer.status_code, answer.content) == (200, b"")
    assert cors_headers(answer) == {
        "Access-Control-Allow-Origin": APP,
        "Access-Control-Allow-Methods": "POST, GET",
        "Access-Control-Allow-Headers": "X-A, x-b",
        "Access-Control-Expose-Headers": "ETag, x-oss-request-id",
        "Access-Control-Max-Age": "600",
        "Vary": "Origin",
    }


def test_a_preflight_for_a_progress_bar_asks_for_no_headers(world: OssWorld) -> None:
    world.bucket.cors_rules = [CorsRule((APP,), ("POST",))]
    assert cors_headers(preflight(world, asking())) == {
        "Access-Control-Allow-Origin": APP,
        "Access-Control-Allow-Methods": "POST",
        "Vary": "Origin",
    }


RULES: dict[str, tuple[CorsRule, dict[str, str], bool]] = {
    "the same origin": (CorsRule((APP,), ("POST",)), asking(), True),
    "another origin": (CorsRule((APP,), ("POST",)), asking("https://evil.example.com"), False),
    "another scheme": (CorsRule((APP,), ("POST",)), asking("http://app.example.com"), False),
    "any origin": (CorsRule(("*",), ("POST",)), asking("null"), True),
    "an origin with a star": (CorsRule(("https://*.example.com",), ("POST",)), asking(), True),
    "a star that needs its dot": (
        CorsRule(("https://*.example.com",), ("POST",)),
        asking("https://example.com"),
        False,
    ),
    "ends that would overlap": (CorsRule(("https://a*a",), ("POST",)), asking("https://a"), False),
    "another method": (CorsRule((APP,), ("GET",)), asking(), False),
    "a header": (CorsRule((APP,), ("POST",), ("X-A",)), asking(headers="x-a"), True),
    "a header with a star": (CorsRule((APP,), ("POST",), ("x-oss-*",)), asking(headers="X-Oss-Meta-A"), True),
    "one header too many": (CorsRule((APP,), ("POST",), ("x-a",)), asking(headers="x-a,x-b"), False),
    "a header where none is allowed": (CorsRule((APP,), ("POST",)), asking(headers="x-a"), False),
}


@pytest.mark.parametrize(("rule", "headers", "allowed"), RULES.values(), ids=RULES)
def test_rules(world: OssWorld, rule: CorsRule, headers: dict[str, str], allowed: bool) -> None:
    world.bucket.cors_rules = [rule]
    answer = preflight(world, headers)
    if allowed:
        assert answer.status_code == 200
    else:
        assert outcome(answer) == (403, "AccessForbidden", None)
        assert elements(answer)["Message"] == FORBIDDEN
        assert cors_headers(answer) == {}


def test_the_first_rule_that_matches_decides(world: OssWorld) -> None:
    rules = [CorsRule((APP,), ("GET",)), CorsRule((APP,), ("POST",), (), ("ETag",)), CorsRule(("*",), ("POST",))]
    world.bucket.cors_rules = rules
    answer = preflight(world, asking())
    assert answer.headers["Access-Control-Allow-Origin"] == APP
    assert answer.headers["Access-Control-Expose-Headers"] == "ETag"


def test_a_star_answers_with_a_star(world: OssWorld) -> None:
    world.bucket.cors_rules = [CorsRule(("*",), ("POST",))]
    assert preflight(world, asking()).headers["Access-Control-Allow-Origin"] == "*"


def test_no_rules(world: OssWorld) -> None:
    assert outcome(preflight(world, asking())) == (403, "AccessForbidden", None)


@pytest.mark.parametrize("missing", ["Origin", "Access-Control-Request-Method"])
def test_a_preflight_that_says_too_little(world: OssWorld, missing: str) -> None:
    world.bucket.cors_rules = [CorsRule((APP,), ("POST",))]
    headers = asking()
    del headers[missing]
    answer = preflight(world, headers)
    assert outcome(answer) == (400, "BadRequest", None)
    assert elements(answer)["Message"] == f"Insufficient information. {missing} request header needed."


def test_a_form_from_an_allowed_origin(world: OssWorld, draft: Draft) -> None:
    world.bucket.cors_rules = [CorsRule((APP,), ("POST",), (), ("ETag",))]
    answer = post(world, draft.fields(), headers={"Origin": APP})
    assert answer.status_code == 204
    assert cors_headers(answer) == {
        "Access-Control-Allow-Origin": APP,
        "Access-Control-Expose-Headers": "ETag",
        "Vary": "Origin",
    }
    assert world.oss.records[-1].origin == APP


def test_a_refusal_can_be_read_too(world: OssWorld) -> None:
    world.bucket.cors_rules = [CorsRule((APP,), ("POST",))]
    answer = post(world, {"key": "a"}, headers={"Origin": APP})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (403, APP)


def test_a_form_from_a_foreign_origin_is_stored_all_the_same(world: OssWorld, draft: Draft) -> None:
    world.bucket.cors_rules = [CorsRule((APP,), ("POST",))]
    answer = post(world, draft.fields(), headers={"Origin": "https://evil.example.com"})
    assert (answer.status_code, cors_headers(answer)) == (204, {"Vary": "Origin"})
    assert [each.key for each in world.bucket.objects()] == ["uploads/a.txt"]


@pytest.mark.parametrize(
    "rule",
    [
        {"allowed_origins": (), "allowed_methods": ("POST",)},
        {"allowed_origins": ("*",), "allowed_methods": ()},
        {"allowed_origins": ("*",), "allowed_methods": ("PATCH",)},
        {"allowed_origins": ("https://*.*",), "allowed_methods": ("POST",)},
        {"allowed_origins": ("*",), "allowed_methods": ("POST",), "allowed_headers": ("x-*-*",)},
        {"allowed_origins": ("*",), "allowed_methods": ("POST",), "expose_headers": ("*",)},
    ],
)
def test_rules_that_cannot_be_put(rule: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"CORS rule|at most one|contains no"):
        CorsRule(**rule)


def test_too_many_rules(world: OssWorld) -> None:
    rules = [CorsRule((f"https://{number}.example.com",), ("POST",)) for number in range(21)]
    with pytest.raises(ValueError, match=r"^The CORS Rules num is beyond limit\.$"):
        Bucket("bucket", "1", world.folder.with_name("b"), rules)
