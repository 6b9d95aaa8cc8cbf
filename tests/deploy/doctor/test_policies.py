"""How doctor reads the policies of roles and buckets, however they are written."""

from __future__ import annotations

import json

import pytest

from deploy.doctor.checks import examine
from deploy.doctor.context import Context
from support.sound_deployment import (
    CALLBACK_ROLE,
    DEFAULT_DECISIONS,
    MAY_BECOME,
    PLACE,
    SIGN_ROLE,
    UPLOAD_ROLE,
    SoundDeployment,
    arn,
)


def test_rights_are_compared_however_they_are_written() -> None:
    given = SoundDeployment()
    given.statements("UploadRole")[:] = [
        {"Effect": "Allow", "Action": ["oss:listparts", "oss:PUTOBJECT"], "Resource": PLACE},
        {"Effect": "Allow", "Action": "oss:AbortMultipartUpload", "Resource": [PLACE, PLACE]},
    ]
    given.statement("SignRole").update(
        Action="sts:assumerole", Resource=MAY_BECOME.upper().replace("ACS:RAM", "acs:ram")
    )
    given.trust("UploadRole", RAM=[arn(SIGN_ROLE).upper()])
    assert [name for name, _ in given.findings()] == DEFAULT_DECISIONS


@pytest.mark.parametrize("twice", ["Principal", "Action", "Resource"])
def test_a_statement_that_says_something_in_two_ways_is_not_taken_for_one_of_them(twice: str) -> None:
    given = SoundDeployment()
    statement = {"Effect": "Deny", "Principal": ["42"], "Action": "x:y", "Resource": "r", f"Not{twice}": "z"}
    given.see(policy=json.dumps({"Statement": [statement]}))
    unreadable = "The live bucket b has a policy that allows what cannot be read here on what cannot be read here."
    assert ("policy", unreadable) in given.findings()


EVERYTHING = '{"Effect":"Allow","Principal":["*"],"Action":"oss:*","Resource":"*"}'


@pytest.mark.parametrize(
    "text",
    [
        f'{{"Statement":[],"statement":[{EVERYTHING}]}}',
        f'{{"Statement":[{EVERYTHING}],"Statement":[]}}',
        f'{{"Statement":[{EVERYTHING.replace("}", ",")}"Effect":"Deny"}}]}}',
        "[" * 100_000,
    ],
)
def test_a_policy_that_others_may_read_otherwise_is_not_taken_for_what_it_says_here(text: str) -> None:
    unreadable = "what cannot be read here on what cannot be read here."
    given = SoundDeployment()
    given.see(policy=text)
    given.properties("UploadRole")["Policies"].append({"PolicyName": "more", "PolicyDocument": text})
    assert [each for each in given.findings() if each[0] in ("policy", "grants")] == [
        ("grants", f"The role {UPLOAD_ROLE} may do {unreadable}"),
        ("policy", f"The live bucket b has a policy that allows {unreadable}"),
    ]


def test_another_prefix_than_the_roles_is_more_and_less() -> None:
    given = SoundDeployment()
    given.settings["UPLOAD_PREFIX"] = "inbox"
    inbox = PLACE.replace("/uploads/", "/inbox/")
    assert [finding for finding in given.findings() if finding[0] not in DEFAULT_DECISIONS] == [
        ("grants", f"The role {UPLOAD_ROLE} may do oss:PutObject, oss:AbortMultipartUpload, oss:ListParts on {PLACE}."),
        ("grants", f"The role {CALLBACK_ROLE} may do oss:GetObject on {PLACE}."),
        ("upload-right", f"The role {UPLOAD_ROLE} may not do oss:PutObject on {inbox}."),
        ("callback-right", f"The role {CALLBACK_ROLE} may not do oss:GetObject on {inbox}."),
        ("multipart-rights", f"The role {UPLOAD_ROLE} may not do oss:AbortMultipartUpload, oss:ListParts on {inbox}."),
    ]


def test_who_names_a_right_does_not_write_lines_of_the_report() -> None:
    given = SoundDeployment()
    given.see(
        policy=json.dumps({"Statement": [{"Effect": "Allow", "Action": "x\n\nFaults:\u2028  none", "Principal": "*"}]})
    )
    [found] = [each for each in examine(Context({}, given.deployment, given.live)) if each.check.id == "policy"]
    assert str(found).splitlines() == [
        r"policy: The live bucket b has a policy that allows * x\n\nFaults:\u2028  none.",
        f"  Impact: {found.check.impact}",
        f"  Fix: {found.check.fix}",
    ]
