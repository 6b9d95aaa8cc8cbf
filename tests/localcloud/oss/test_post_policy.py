"""Post policies, typed by hand, each with one fault."""

from __future__ import annotations

import base64

import pytest

from localcloud.explain.rulebook import ErrorResponse, find_rules
from localcloud.oss import post_policy
from localcloud.oss.errors import OssError

SOON = "2024-11-24T12:10:00Z"
NOON = 1_732_449_600.0


def encode(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def with_condition(condition: str) -> str:
    return encode(f'{{"expiration":"{SOON}","conditions":[{condition}]}}')


def with_expiration(expiration: str) -> str:
    return encode(f'{{"expiration":{expiration},"conditions":[{{"key":"a"}}]}}')


MALFORMED = {
    "an empty field": ("", "205"),
    "nothing but spaces": (encode(" \n"), "205"),
    "not base64": ("eyJ!", "202"),
    "the alphabet of URLs": (encode(b'{"a":"\xc3\xbf\xc3\xbe?"}').replace("+", "-").replace("/", "_") + "-_", "202"),
    "no padding": (encode('{"a":1}').rstrip("="), "202"),
    "a line break in base64": (with_condition('{"key":"a"}')[:76] + "\n" + with_condition('{"key":"a"}')[76:], "202"),
    "base64 beyond ASCII": ("é", "202"),
    "not UTF-8": (encode(b'{"a":"\xff"}'), "203"),
    "not JSON": (encode("expiration"), "204"),
    "a byte order mark": (encode("\ufeff{}"), "204"),
    "JSON with a tail": (encode('{"expiration":1} x'), "204"),
    "NaN": (encode('{"expiration":NaN}'), "204"),
    "a name twice": (encode('{"expiration":"a","expiration":"b"}'), "204"),
    "too deep": (encode("[" * 100_000), "204"),
    "a list": (encode("[]"), "201"),
    "another name": (encode(f'{{"expiration":"{SOON}","conditions":[{{"key":"a"}}],"version":1}}'), "206"),
    "no conditions": (encode(f'{{"expiration":"{SOON}"}}'), "207"),
    "no expiration": (encode('{"conditions":[{"key":"a"}]}'), "208"),
    "neither": (encode("{}"), "209"),
    "a number as expiration": (with_expiration("1732450200"), "210"),
    "an empty expiration": (with_expiration('""'), "211"),
    "an expiration with a space": (with_expiration('"2024-11-24 12:10:00"'), "212"),
    "an expiration with microseconds": (with_expiration('"2024-11-24T12:10:00.000000Z"'), "212"),
    "an expiration elsewhere": (with_expiration('"2024-11-24T20:10:00+08:00"'), "212"),
    "an expiration on no day": (with_expiration('"2024-02-30T12:10:00Z"'), "212"),
    "conditions as an object": (encode(f'{{"expiration":"{SOON}","conditions":{{}}}}'), "214"),
    "conditions as a number": (encode(f'{{"expiration":"{SOON}","conditions":123}}'), "214"),
    "empty conditions": (with_condition(""), "215"),
    "a mode missing": (with_condition('["$key"]'), "216"),
    "an empty condition": (with_condition("[]"), "216"),
    "an unknown mode": (with_condition('["ends-with","$key",".png"]'), "217"),
    "a mode in capitals": (with_condition('["EQ","$key","a"]'), "217"),
    "a number as mode": (with_condition('[1,"$key","a"]'), "217"),
    "a prefix of the bucket": (with_condition('["starts-with","$bucket","a"]'), "217"),
    "a prefix of the credential": (with_condition('["starts-with","$x-oss-credential","a"]'), "217"),
    "too few items": (with_condition('["eq","$key"]'), "218"),
    "a mode alone": (with_condition('["eq"]'), "218"),
    "too many items": (with_condition('["eq","$key","a","b"]'), "218"),
    "a range of one": (with_condition('["content-length-range",1]'), "218"),
    "a range upside down": (with_condition('["content-length-range",2,1]'), "219"),
    "a least size of text": (with_condition('["content-length-range","1",2]'), "220"),
    "a negative least size": (with_condition('["content-length-range",-1,2]'), "220"),
    "a most size with a fraction": (with_condition('["content-length-range",1,2.5]'), "221"),
    "a most size of a list": (with_condition('["content-length-range",1,[2]]'), "223"),
    "a least size of true": (with_condition('["content-length-range",true,2]'), "223"),
    "a condition of text": (with_condition('"key"'), "222"),
    "a number as value": (with_condition('{"success_action_status":200}'), "224"),
    "a list for eq": (with_condition('["eq","$key",["a"]]'), "224"),
    "text for in": (with_condition('["in","$key","a"]'), "224"),
    "text for not-in": (with_condition('["not-in","$key","a"]'), "224"),
    "a number among the values": (with_condition('["in","$key",["a",1]]'), "224"),
    "a number as name": (with_condition('["eq",1,"a"]'), "224"),
    "an empty name": (with_condition('["eq","$","a"]'), "224"),
    "two properties": (with_condition('{"key":"a","bucket":"b"}'), "201"),
    "no property": (with_condition("{}"), "201"),
    "a dollar without its backslash": (with_condition('["eq","$key","${filename}"]'), "201"),
}


@pytest.mark.parametrize(("policy", "ec"), MALFORMED.values(), ids=MALFORMED)
def test_malformed(policy: str, ec: str) -> None:
    with pytest.raises(OssError) as refused:
        post_policy.read_post_policy(policy)
    assert (refused.value.status, refused.value.code) == (400, "InvalidPolicyDocument")
    assert refused.value.ec == f"0006-00000{ec}"
    assert refused.value.message.startswith("Invalid Policy: ")
    assert len(find_rules(ErrorResponse(refused.value.code, refused.value.ec, refused.value.message, 400))) == 1


def test_the_published_text_for_a_condition_of_two() -> None:
    with pytest.raises(OssError) as refused:
        post_policy.read_post_policy(with_condition('{"key":"a","bucket":"b"}'))
    assert refused.value.message == (
        "Invalid Policy: Invalid Simple-Condition: Simple-Conditions must have exactly one property specified."
    )


@pytest.mark.parametrize(
    ("expiration", "seconds"),
    [
        ("2024-11-24T12:00:00Z", NOON),
        ("2024-11-24T12:00:00.000Z", NOON),
        ("2024-11-24T12:00:00.250Z", NOON + 0.25),
    ],
)
def test_expirations(expiration: str, seconds: float) -> None:
    assert post_policy.read_post_policy(with_expiration(f'"{expiration}"')).expiration == seconds


FAILED: list[tuple[str, dict[str, str], str, str]] = [
    ('{"key":"a"}', {"key": "b"}, '["eq", "$key", "a"]', "227"),
    ('{"key":"a"}', {"key": "A"}, '["eq", "$key", "a"]', "227"),
    ('["eq","$key","a"]', {"key": "ab"}, '["eq", "$key", "a"]', "227"),
    ('["starts-with","$key","a/"]', {"key": "a"}, '["starts-with", "$key", "a/"]', "227"),
    ('["in","$key",["a","ü"]]', {"key": "c"}, '["in", "$key", ["a", "ü"]]', "227"),
    ('["not-in","$key",["a","b"]]', {"key": "b"}, '["not-in", "$key", ["a", "b"]]', "227"),
    ('["not-in","cache-control",["a"]]', {"cache-control": "a"}, '["not-in", "$cache-control", ["a"]]', "227"),
    ('{"x-oss-security-token":""}', {}, '["eq", "$x-oss-security-token", ""]', "226"),
    ('["starts-with","$key",""]', {}, '["starts-with", "$key", ""]', "226"),
    ('["not-in","$cache-control",["a"]]', {}, '["not-in", "$cache-control", ["a"]]', "226"),
    (r'{"key":"\\$"}', {"key": "a"}, r'["eq", "$key", "\\$"]', "227"),
]


@pytest.mark.parametrize(("condition", "fields", "text", "ec"), FAILED, ids=[f"{row[0]} {row[1]}" for row in FAILED])
def test_conditions_that_fail(condition: str, fields: dict[str, str], text: str, ec: str) -> None:
    policy = post_policy.read_post_policy(with_condition(condition))
    with pytest.raises(OssError) as refused:
        post_policy.check_policy(policy, fields, NOON)
    assert (refused.value.status, refused.value.code) == (403, "AccessDenied")
    assert refused.value.message == f"Invalid according to Policy: Policy Condition failed: {text}"
    assert refused.value.ec == f"0006-00000{ec}"


HOLDING: list[tuple[str, dict[str, str]]] = [
    ('{"Key":"a"}', {"key": "a"}),
    ('["starts-with","$key",""]', {"key": ""}),
    ('["in","$content-type",["a","b"]]', {"content-type": "b"}),
    ('["not-in","$key",["a"]]', {"key": ""}),
    (r'["eq","$key","\\${filename}"]', {"key": "${filename}"}),
    (r'["eq","$key","a\\b\u00fc"]', {"key": "a\\bü"}),
    ('["eq","$key","a"],["starts-with","$key","a"]', {"key": "a"}),
]


@pytest.mark.parametrize(("conditions", "fields"), HOLDING, ids=[f"{row[0]} {row[1]}" for row in HOLDING])
def test_conditions_that_hold(conditions: str, fields: dict[str, str]) -> None:
    post_policy.check_policy(post_policy.read_post_policy(with_condition(conditions)), fields, NOON)


def test_every_condition_on_one_name_counts() -> None:
    policy = post_policy.read_post_policy(with_condition('["starts-with","$key","a"],["eq","$key","b"]'))
    with pytest.raises(OssError, match=r"\[\"eq\", \"\$key\", \"b\"\]"):
        post_policy.check_policy(policy, {"key": "a"}, NOON)


@pytest.mark.parametrize("name", ["x-oss-signature-version", "x-oss-credential", "x-oss-date", "x-oss-security-token"])
def test_fields_of_the_signature_that_no_condition_names(name: str) -> None:
    policy = post_policy.read_post_policy(with_condition('{"key":"a"}'))
    with pytest.raises(OssError) as refused:
        post_policy.check_policy(policy, {"key": "a", name: "x"}, NOON)
    assert refused.value.message == f"Invalid according to Policy: Extra input fields: {name}"
    assert (refused.value.status, refused.value.code, refused.value.ec) == (403, "AccessDenied", "0006-00000228")


@pytest.mark.parametrize("late", [0.0, 0.001, 3600.0])
def test_expired(late: float) -> None:
    policy = post_policy.read_post_policy(with_condition('{"key":"a"}'))
    with pytest.raises(OssError) as refused:
        post_policy.check_policy(policy, {"key": "a"}, NOON + 600 + late)
    assert refused.value.message == "Invalid according to Policy: Policy expired."
    assert (refused.value.status, refused.value.code, refused.value.ec) == (403, "AccessDenied", "0006-00000213")


@pytest.mark.parametrize(("sizes", "size"), [("1,10", 1), ("1,10", 10), ("0,0", 0)])
def test_sizes_that_fit(sizes: str, size: int) -> None:
    post_policy.check_size(post_policy.read_post_policy(with_condition(f'["content-length-range",{sizes}]')), size)


TOO_LARGE = (400, "EntityTooLarge", "0006-00000003")
TOO_SMALL = (400, "EntityTooSmall", "0006-00000004")
SIZES = [
    ('["content-length-range",1,10]', 0, TOO_SMALL),
    ('["content-length-range",1,10]', 11, TOO_LARGE),
    ('["content-length-range",1,10],["content-length-range",5,6]', 7, TOO_LARGE),
]


@pytest.mark.parametrize(("conditions", "size", "expected"), SIZES)
def test_sizes_that_do_not_fit(conditions: str, size: int, expected: tuple[int, str, str]) -> None:
    policy = post_policy.read_post_policy(with_condition(conditions))
    with pytest.raises(OssError) as refused:
        post_policy.check_size(policy, size)
    assert (refused.value.status, refused.value.code, refused.value.ec) == expected
