"""Tests post policies, byte by byte, against documents typed by hand."""

from __future__ import annotations

import base64

from direct_upload import post_policy


def test_an_exact_form_pins_bucket_size_type_and_every_field() -> None:
    conditions = post_policy.exact_form_conditions(
        {"key": "uploads/a.png", "x-oss-forbid-overwrite": "true"},
        bucket="b-1",
        part_types=("image/png", "image/x-png"),
        size=7,
    )
    assert conditions == [
        {"bucket": "b-1"},
        ["content-length-range", 7, 7],
        ["in", "$content-type", ["image/png", "image/x-png"]],
        ["eq", "$key", "uploads/a.png"],
        ["eq", "$x-oss-forbid-overwrite", "true"],
    ]


def test_a_folder_form_leaves_open_the_key_below_its_directory_the_size_and_which_allowed_type() -> None:
    conditions = post_policy.folder_form_conditions(
        bucket="b-1",
        directory="uploads/anonymous/0f/",
        content_types=["image/png", "text/plain"],
        max_size=1000,
    )
    assert conditions == [
        {"bucket": "b-1"},
        ["content-length-range", 0, 1000],
        ["starts-with", "$key", "uploads/anonymous/0f/"],
        ["in", "$content-type", ["image/png", "text/plain"]],
    ]


def test_encoded_is_base64_of_compact_json_with_the_expiration_first() -> None:
    encoded = post_policy.encode([{"bucket": "b-1"}, ["eq", "$key", "ü"]], expiration="2024-11-24T12:10:00.000Z")
    assert base64.b64decode(encoded, validate=True) == (
        b'{"expiration":"2024-11-24T12:10:00.000Z","conditions":[{"bucket":"b-1"},["eq","$key","\\u00fc"]]}'
    )


def test_encoded_uses_the_standard_alphabet_with_padding() -> None:
    encoded = post_policy.encode([{"bucket": "??>>~~"}], expiration="e")
    assert encoded == "eyJleHBpcmF0aW9uIjoiZSIsImNvbmRpdGlvbnMiOlt7ImJ1Y2tldCI6Ij8/Pj5+fiJ9XX0="


def test_a_dollar_in_a_value_is_escaped_and_never_a_variable() -> None:
    exact = post_policy.exact_form_conditions({"key": "a/${filename}"}, bucket="b", part_types=["x/$y"], size=1)
    folder = post_policy.folder_form_conditions(bucket="b", directory="$d/", content_types=["x/$y"], max_size=1)
    assert exact[2:] == [["in", "$content-type", [r"x/\$y"]], ["eq", "$key", r"a/\${filename}"]]
    assert folder[2:] == [["starts-with", "$key", r"\$d/"], ["in", "$content-type", [r"x/\$y"]]]


def test_what_looks_like_policy_stays_text() -> None:
    hostile = '1.png"},{"key":"2.png"}]}//'
    encoded = post_policy.encode(
        post_policy.exact_form_conditions({"key": hostile}, bucket="b", part_types=["t"], size=1), expiration="e"
    )
    assert base64.b64decode(encoded).endswith(rb'["eq","$key","1.png\"},{\"key\":\"2.png\"}]}//"]]}')
