"""docs/deploy.md and docs/from-the-tutorial.md against the files they speak of."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase

import pytest
import yaml

from deploy.serverless_devs import oidc
from support.scratch import PROJECT

DOCS = (PROJECT / "docs" / "deploy.md").read_text(encoding="utf-8")
STEPS = (PROJECT / "docs" / "from-the-tutorial.md").read_text(encoding="utf-8")

QUOTED = re.findall(r"^\| [^|]+ \| `([^`]+)`[^|]*\| `(s\.yaml|deploy/ros\.yaml)` \|$", STEPS, re.MULTILINE)


def test_the_tutorials_steps_are_there() -> None:
    assert len(QUOTED) == 17


@pytest.mark.parametrize(("line", "file"), QUOTED)
def test_a_line_that_replaces_a_step_stands_in_its_file(line: str, file: str) -> None:
    assert line in [found.strip() for found in (PROJECT / file).read_text(encoding="utf-8").splitlines()]


def test_every_setting_named_is_one_of_the_example() -> None:
    known = set(re.findall(r"^#? ?([A-Z_]+)=", (PROJECT / ".env.example").read_text(), re.MULTILINE))
    named = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)(?:=[^`]*)?`", DOCS))
    # States of a stack, what must not be set, what `make deploy` writes, and where all of them are.
    assert named - known == {"CREATE_ROLLBACK_COMPLETE", "DELETE_FAILED", "NODE_DEBUG", "JWT_SECRET", "ENV_FILE"}


def test_the_deployers_policy_is_one() -> None:
    (block,) = re.findall(r"```json\n(.*?)```", DOCS, re.DOTALL)
    policy = json.loads(block)
    assert (policy["Version"], {one["Effect"] for one in policy["Statement"]}) == ("1", {"Allow"})


def test_the_deployer_may_bind_certificates() -> None:
    """OSS's page on PutCname names three actions; Function Compute's component reads the certificate itself."""
    (block,) = re.findall(r"```json\n(.*?)```", DOCS, re.DOTALL)
    actions = {action for one in json.loads(block)["Statement"] for action in one["Action"]}
    assert {action for action in actions if action.startswith("yundun-cert:")} == {
        "yundun-cert:DescribeSSLCertificatePrivateKey",
        "yundun-cert:DescribeSSLCertificatePublicKeyDetail",
        "yundun-cert:CreateSSLCertificate",
        "yundun-cert:DescribeUserCertificateDetail",
    }


WATCHING = [
    ("log:CreateDashboard", "dashboard/uploads"),
    ("log:UpdateDashboard", "dashboard/uploads"),
    ("log:DeleteDashboard", "dashboard/uploads"),
    ("log:CreateJob", "job/server-errors"),
    ("log:UpdateJob", "job/server-errors"),
    ("log:DeleteJob", "job/server-errors"),
    ("log:CreateLogStore", "logstore/internal-alert-history"),
    ("log:CreateIndex", "logstore/internal-alert-history"),
    ("log:UpdateIndex", "logstore/sign"),
]
"""What the log service's page "Authorize a RAM user to manage alerts" names, and the index that charts count by."""


@pytest.mark.parametrize(("action", "place"), WATCHING)
def test_the_deployer_may_make_charts_and_alerts(action: str, place: str) -> None:
    (block,) = re.findall(r"```json\n(.*?)```", DOCS, re.DOTALL)
    resource = f"acs:log:cn-hongkong:ACCOUNT:project/NAME-ACCOUNT/{place}"
    assert [
        one["Effect"]
        for one in json.loads(block)["Statement"]
        if any(fnmatchcase(action, each) for each in one["Action"])
        and any(fnmatchcase(resource, each) for each in one["Resource"])
    ] == ["Allow"]


def test_every_resource_of_the_template_is_in_the_list() -> None:
    template = (PROJECT / "deploy" / "ros.yaml").read_text(encoding="utf-8")
    resources = re.findall(r"^  (\w+):\n    Type: ALIYUN", template, re.MULTILINE)
    assert [name for name in resources if f"`{name}`" not in DOCS] == []


WORKFLOWS = re.findall(
    r"<!-- workflow: (\w+) -->\n```yaml\n(.*?)```",
    (PROJECT / "docs" / "deploy-from-ci.md").read_text(encoding="utf-8"),
    re.DOTALL,
)


@pytest.mark.parametrize(("kind", "text"), WORKFLOWS, ids=[kind for kind, _ in WORKFLOWS])
def test_a_workflow_sets_what_make_deploy_exchanges_and_asks_for_the_right_audience(kind: str, text: str) -> None:
    workflow = yaml.safe_load(text)
    job = workflow["jobs"]["deploy"] if kind == "github" else workflow["deploy"]
    variables = job["env" if kind == "github" else "variables"]
    script = "\n".join([each.get("run", "") for each in job["steps"]] if kind == "github" else job["script"])
    assert set(variables) == set(oidc.NAMES)
    assert re.findall(r"^ *make .*$", script, re.MULTILINE)[-1].strip() == "make deploy"
    assert ("sts.aliyuncs.com" in text, "umask 077" in script) == (True, True)


@pytest.mark.parametrize(("kind", "text"), WORKFLOWS, ids=[kind for kind, _ in WORKFLOWS])
def test_a_workflow_has_the_python_that_makes_the_packages(kind: str, text: str) -> None:
    [minor] = re.findall(r"^RUNTIME=python(\S+)$", (PROJECT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    workflow = yaml.safe_load(text)
    if kind == "github":
        [version] = [each["with"]["python-version"] for each in workflow["jobs"]["deploy"]["steps"] if "setup-python" in each.get("uses", "")]  # fmt: skip
        assert version == minor
    else:
        assert workflow["deploy"]["image"].startswith(f"python:{minor}-")
