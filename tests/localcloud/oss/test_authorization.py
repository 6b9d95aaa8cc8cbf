"""What RAM policies, the session policy and explicit denials let a caller do, and which of them a refusal names."""

from __future__ import annotations

from typing import Any

import pytest

from localcloud.oss.authorization import authorize
from localcloud.oss.errors import OssError
from localcloud.oss.storage.bucket import Bucket
from support.oss_world import OssWorld, new_identity, ram_policy

PUT, GET = ram_policy("oss:PutObject"), ram_policy("oss:GetObject")
DENY: dict[str, Any] = {"Version": "1", "Statement": [{**PUT["Statement"][0], "Effect": "Deny"}]}
BOTH: dict[str, Any] = {"Version": "1", "Statement": PUT["Statement"] + DENY["Statement"]}

SESSION = ("Access denied by authorizer's policy.", "0003-00000301")
EXPLICIT = ("Access denied by bucket policy.", "0003-00000201")
IMPLICIT = ("You have no right to access this object.", "0003-00000202")


@pytest.fixture
def bucket(world: OssWorld) -> Bucket:
    return world.bucket


@pytest.mark.parametrize("policies", [(PUT,), (PUT, PUT)], ids=["a role", "a role and a session"])
def test_what_all_policies_allow_is_allowed(bucket: Bucket, policies: tuple[dict[str, Any], ...]) -> None:
    authorize(new_identity(*policies), "oss:PutObject", bucket, "uploads/a.txt")


@pytest.mark.parametrize(
    ("policies", "refused"),
    {
        "nothing allows it": ((GET,), IMPLICIT),
        "it is denied": ((DENY,), EXPLICIT),
        "a denial is stronger": ((BOTH,), EXPLICIT),
        "the session does not allow it": ((PUT, GET), SESSION),
        "the session denies it": ((PUT, DENY), SESSION),
        "the role alone does not allow it": ((GET, PUT), IMPLICIT),
        "the role alone denies it": ((DENY, PUT), EXPLICIT),
    }.values(),
)
def test_which_policy_denies(bucket: Bucket, policies: tuple[dict[str, Any], ...], refused: tuple[str, str]) -> None:
    with pytest.raises(OssError) as raised:
        authorize(new_identity(*policies), "oss:PutObject", bucket, "uploads/a.txt")
    error = raised.value
    assert (error.status, error.code, error.message, error.ec) == (403, "AccessDenied", *refused)
