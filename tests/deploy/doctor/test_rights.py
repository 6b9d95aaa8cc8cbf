"""The yardstick of the roles' rights, against the template as it is shipped."""

from __future__ import annotations

import pytest
import yaml

from deploy import declared
from deploy.doctor.rights import ResourceNames, shipped_roles
from support.ros_template import PARAMETERS, Template
from support.scratch import PROJECT
from support.sound_deployment import ACCOUNT, CALLBACK_ROLE, SIGN_ROLE, UPLOAD_ROLE, UPLOADS, SoundDeployment

DEFAULTS = {"MaxSessionDuration": 3600}


@pytest.mark.parametrize("check", ["off", "report", "delete"])
def test_they_are_those_of_the_template_and_no_others(check: str) -> None:
    text = (PROJECT / "deploy" / "ros.yaml").read_text(encoding="utf-8")
    resources = Template(yaml.safe_load(text), {**PARAMETERS, "ContentCheck": check}).resources()
    roles = [each["Properties"] for each in resources.values() if each["Type"] == "ALIYUN::RAM::Role"]
    names = ResourceNames(
        account=PARAMETERS["Account"],
        sign_role=PARAMETERS["SignRole"],
        upload_role=PARAMETERS["UploadRole"],
        callback_role=PARAMETERS["CallbackRole"],
        bucket=PARAMETERS["UploadBucket"],
        prefix=PARAMETERS["UploadPrefix"],
        project=PARAMETERS["LogProject"],
        logstore=PARAMETERS["LogStore"],
        callback_logstore=PARAMETERS["CallbackLogStore"],
        deletes_mismatches=check == "delete",
    )
    without_words = [{name: each[name] for name in each if name != "Description"} for each in roles]
    assert list(shipped_roles(names)) == [{**DEFAULTS, **each} for each in without_words]


def test_the_names_are_those_that_s_yaml_gives_to_functions_and_template() -> None:
    environ = {"NAME": "team", "UPLOAD_PREFIX": "in/here", "CONTENT_CHECK": "delete"}
    assert ResourceNames.of(declared.read(PROJECT, environ, ACCOUNT)) == ResourceNames(
        account=ACCOUNT,
        sign_role="team-sign",
        upload_role="team-upload",
        callback_role="team-callback",
        bucket=f"team-uploads-{ACCOUNT}",
        prefix="in/here",
        project=f"team-{ACCOUNT}",
        logstore="sign",
        callback_logstore="callback",
        deletes_mismatches=True,
    )


def test_without_a_log_of_their_own_the_functions_log_where_the_template_says() -> None:
    given = SoundDeployment()
    given.function["logConfig"] = "auto"
    del given.callback["logConfig"]
    assert ResourceNames.of(given.deployment) == ResourceNames(
        *(ACCOUNT, SIGN_ROLE, UPLOAD_ROLE, CALLBACK_ROLE, UPLOADS, "uploads", "odu", "sign", "callback"),
        deletes_mismatches=False,
    )
