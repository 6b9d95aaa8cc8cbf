"""What RAM policies allow, and which of them the stand-ins take."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.ram import policies

OBJECT = "acs:oss:*:*:team-uploads/uploads/a.txt"


def statement(effect: str, action: Any, resource: Any = OBJECT) -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Resource": resource}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "1", "Statement": list(statements)}


def allow(action: Any, resource: Any = OBJECT) -> dict[str, Any]:
    return policy(statement("Allow", action, resource))


def deny(action: Any, resource: Any = OBJECT) -> dict[str, Any]:
    return policy(statement("Deny", action, resource))


JUDGED: dict[str, tuple[list[dict[str, Any]], bool]] = {
    "the action itself": ([allow("oss:PutObject")], True),
    "another action": ([allow("oss:GetObject")], False),
    "an action with more to it": ([allow("oss:PutObjectAcl")], False),
    "the beginning of the action": ([allow("oss:Put")], False),
    "the action in capitals": ([allow("OSS:PUTOBJECT")], True),
    "the action in small letters": ([allow("oss:putobject")], True),
    "one of several actions": ([allow(["oss:GetObject", "oss:PutObject"])], True),
    "every action of the service": ([allow("oss:*")], True),
    "every action with a beginning": ([allow("oss:Put*")], True),
    "a star for nothing": ([allow("oss:PutObject*")], True),
    "every action of another service": ([allow("sts:*")], False),
    "every action": ([allow("*")], True),
    "a question mark for one character": ([allow("oss:PutObjec?")], True),
    "a question mark for none": ([allow("oss:PutObject?")], False),
    "a full stop in place of a colon": ([allow("oss.PutObject")], False),
    "every resource": ([allow("oss:PutObject", "*")], True),
    "a folder": ([allow("oss:PutObject", "acs:oss:*:*:team-uploads/uploads/*")], True),
    "a star over slashes": ([allow("oss:PutObject", "acs:oss:*:*:team-uploads/*.txt")], True),
    "another folder": ([allow("oss:PutObject", "acs:oss:*:*:team-uploads/elsewhere/*")], False),
    "a folder without its star": ([allow("oss:PutObject", "acs:oss:*:*:team-uploads/uploads/")], False),
    "another bucket": ([allow("oss:PutObject", "acs:oss:*:*:team-uploads-2/*")], False),
    "a resource in capitals": ([allow("oss:PutObject", OBJECT.upper())], False),
    "one of several resources": ([allow("oss:PutObject", ["acs:oss:*:*:a/*", OBJECT])], True),
    "no policy": ([], False),
    "one statement of two": ([policy(statement("Allow", "oss:GetObject"), statement("Allow", "oss:PutObject"))], True),
    "a denial after": ([policy(statement("Allow", "oss:*"), statement("Deny", "oss:PutObject"))], False),
    "a denial before": ([policy(statement("Deny", "oss:PutObject"), statement("Allow", "oss:*"))], False),
    "a denial of something else": ([policy(statement("Allow", "oss:*"), statement("Deny", "oss:GetObject"))], True),
    "a denial elsewhere": ([policy(statement("Allow", "oss:*"), statement("Deny", "oss:*", "acs:oss:*:*:b/*"))], True),
    "a denial alone": ([deny("oss:GetObject")], False),
    "two policies that allow": ([allow("oss:PutObject"), allow("oss:*", "*")], True),
    "a second policy that says nothing of it": ([allow("oss:PutObject"), allow("oss:GetObject")], False),
    "a first policy that says nothing of it": ([allow("oss:GetObject"), allow("oss:PutObject")], False),
    "a second policy that denies": ([allow("oss:PutObject"), deny("oss:PutObject")], False),
}


@pytest.mark.parametrize(("given", "allowed"), JUDGED.values(), ids=JUDGED)
def test_what_policies_allow(given: list[dict[str, Any]], *, allowed: bool) -> None:
    assert policies.allows(given, "oss:PutObject", OBJECT) is allowed


def test_a_star_stands_for_a_line_break_too() -> None:
    assert policies.allows([allow("*", "acs:oss:*:*:b/*")], "oss:PutObject", "acs:oss:*:*:b/a\nb")


REFUSED: dict[str, tuple[Any, str]] = {
    "a list": ([], "a policy must have Version and Statement, and nothing else"),
    "nothing": (None, "a policy must have Version and Statement, and nothing else"),
    "no version": (
        {"Statement": [statement("Allow", "a")]},
        "a policy must have Version and Statement, and nothing else",
    ),
    "no statement": ({"Version": "1"}, "a policy must have Version and Statement, and nothing else"),
    "something else": (allow("a") | {"Id": "1"}, "a policy must have Version and Statement, and nothing else"),
    "another version": (allow("a") | {"Version": "2012-10-17"}, 'the Version of a policy must be "1"'),
    "a number as version": (allow("a") | {"Version": 1}, 'the Version of a policy must be "1"'),
    "no statement in the list": (policy(), "Statement must be a list that is not empty"),
    "a statement without its list": (
        {"Version": "1", "Statement": statement("Allow", "a")},
        "Statement must be a list that is not empty",
    ),
    "a statement of text": (
        {"Version": "1", "Statement": ["Allow"]},
        "a statement must have Effect, Action and Resource; the stand-in knows nothing else",
    ),
    "no resource": (
        policy({"Effect": "Allow", "Action": "a"}),
        "a statement must have Effect, Action and Resource; the stand-in knows nothing else",
    ),
    "a condition": (
        policy(statement("Allow", "a") | {"Condition": {}}),
        "a statement must have Effect, Action and Resource; the stand-in knows nothing else",
    ),
    "another effect": (policy(statement("allow", "a")), "Effect must be Allow or Deny"),
    "a second statement at fault": (
        policy(statement("Allow", "a"), statement("", "a")),
        "Effect must be Allow or Deny",
    ),
    "no action": (allow([]), "Action must be a string or a list of strings"),
    "an empty action": (allow(""), "Action must be a string or a list of strings"),
    "a number among actions": (allow(["a", 1]), "Action must be a string or a list of strings"),
    "no resources": (allow("a", []), "Resource must be a string or a list of strings"),
    "an object as resource": (allow("a", {}), "Resource must be a string or a list of strings"),
}


@pytest.mark.parametrize(("document", "reason"), REFUSED.values(), ids=REFUSED)
def test_a_document_that_is_no_policy(document: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=r".*") as refused:
        policies.check(document)
    assert str(refused.value) == reason


@pytest.mark.parametrize(
    "document", [allow("a"), deny("a"), allow(["a", "b"], ["c", "*"]), policy(statement("Allow", "a"), statement("Deny", "b"))]
)  # fmt: skip
def test_a_document_that_is_one(document: Any) -> None:
    policies.check(document)
