"""Spellings of buckets, regions and origins: what the signing function refuses as a setting is refused here too."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from fc_http.environment import is_page_origin
from localcloud.oss import names
from localcloud.standalone import Options, OssCloud
from oss_protocol.bucket import parse_bucket_name, parse_region

REFUSED: list[tuple[Callable[[str], None], str]] = [
    *(
        (names.check_bucket_name, text)
        for text in ("", "ab", "a" * 64, "-abc", "abc-", "Photos", "a_b", "a.b", "../photos")
    ),
    *(
        (names.check_region, text)
        for text in ("", "hangzhou", "oss-cn-hangzhou", "CN-hangzhou", "cn-hangzhou.aliyuncs.com")
    ),
    *(
        (names.check_origin, text)
        for text in (
            *("", "app.example.com", "https://", "https://app.example.com/", "https://app.example.com/page"),
            *("https://App.example.com", "https://app.example.com:443", "http://localhost:80", "ftp://a.example"),
            *("https://me@a.example", "https://a.example?b", "https://a.example:", "https://-a.example", "null"),
            *(
                "capacitor://",
                "capacitor://localhost/",
                "ionic://localhost:80",
                "tauri://Localhost",
                "myapp://localhost",
            ),
        )
    ),
]
ACCEPTED: list[tuple[Callable[[str], None], str]] = [
    *((names.check_bucket_name, text) for text in ("abc", "a" * 63, "1-2", "local-uploads")),
    *((names.check_region, text) for text in ("cn-hangzhou", "us-west-1", "cn-north-2-gov-1")),
    *((names.check_origin, text) for text in ("https://a.example", "http://localhost:3000", "http://127.0.0.1:8080")),
    *((names.check_origin, text) for text in ("capacitor://localhost", "ionic://localhost", "tauri://localhost")),
    (names.check_origin, "http://tauri.localhost"),
]


def function_accepts(check: Callable[[str], None], text: str) -> bool:
    if check is names.check_origin:
        return is_page_origin(text, cleartext=True)
    try:
        (parse_bucket_name if check is names.check_bucket_name else parse_region)(text)
    except ValueError:
        return False
    return True


def name_of(parameter: Callable[[str], None] | str) -> str:
    """Returns the same in every process, as the tests' names must be."""
    return parameter if isinstance(parameter, str) else parameter.__name__


@pytest.mark.parametrize(("check", "text"), REFUSED, ids=name_of)
def test_a_spelling_that_is_refused_by_both(check: Callable[[str], None], text: str) -> None:
    assert not function_accepts(check, text)
    with pytest.raises(ValueError, match=re.escape(repr(text))):
        check(text)


@pytest.mark.parametrize(("check", "text"), ACCEPTED, ids=name_of)
def test_a_spelling_that_is_accepted_by_both(check: Callable[[str], None], text: str) -> None:
    assert function_accepts(check, text)
    check(text)


@pytest.mark.parametrize("text", ["*", "https://*.example.com", "http://localhost:3000"])
def test_a_pattern_of_a_cors_rule_is_an_origin(text: str) -> None:
    names.check_origin(text)


def test_a_cloud_checks_names_before_it_makes_a_folder(tmp_path: Path) -> None:
    for options in (
        Options(buckets=("../photos",)),
        Options(buckets=("photos@oss-cn-hangzhou",)),
        Options(region="oss-cn-hangzhou"),
        Options(cors_origins=("a",)),
    ):
        with pytest.raises(ValueError, match=r"^(The bucket's name is|The region is|No browser sends the origin) "):
            OssCloud(tmp_path / "files", options)
    assert list(tmp_path.iterdir()) == []
