"""s.yaml and the template, read before anything is deployed."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from deploy import declared
from deploy.doctor import command as doctor
from deploy.doctor import roles
from deploy.doctor.context import Context
from support import serverless_devs
from support.sound_deployment import ACCOUNT

S_YAML = """
edition: 3.0.0
vars:
  region: ${env('REGION', 'cn-hongkong')}
  name: ${env('NAME', 'odu')}
  uploads: ${vars.name}-uploads-${config('AccountID')}
  host: ${vars.name}.example.com
  origins: ${env('ALLOWED_ORIGINS', vars.origin)}
  origin: https://${env('SITE_DOMAIN', vars.host)}
resources:
  infra:
    component: ros
    props:
      region: ${vars.region}
      template: ${path('./deploy/ros.yaml')}
      parameters: {UploadBucket: "${vars.uploads}", KeepDays: "${env('KEEP_DAYS', '')}", Role: "${vars.name}-sign", Origins: "${vars.origins},https://b.example"}
  sign:
    component: fc3
    props:
      timeout: 10
      triggers: [{triggerType: http, triggerConfig: {methods: [GET]}}]
      environmentVariables:
        OSS_BUCKET: ${vars.uploads}
        ALLOWED_ORIGINS: ${vars.origins}
        JWT_SECRET: ${env('JWT_SECRET')}
  site:
    component: ${path('./deploy/site')}
    props: {function: "${resources.sign.output.url.system_url}"}
"""

ROS_YAML = """
ROSTemplateFormatVersion: '2015-09-01'
Parameters:
  UploadBucket: {Type: String}
  Role: {Type: String}
  KeepDays: {Type: String, Default: ''}
  Origins: {Type: CommaDelimitedList}
  Acl: {Type: String, Default: private}
Conditions:
  Keep: {'Fn::Not': [{'Fn::Equals': ['', {Ref: KeepDays}]}]}
Resources:
  Sign:
    Type: ALIYUN::RAM::Role
    Properties: {RoleName: !Ref Role}
  Uploads:
    Type: ALIYUN::OSS::Bucket
    Properties:
      BucketName: {Ref: UploadBucket}
      AccessControl: {Ref: Acl}
      CORSConfiguration: {CORSRule: [{AllowedOrigin: {Ref: Origins}}]}
      LifecycleConfiguration:
        'Fn::If': [Keep, {Rule: [{Expiration: {Days: {Ref: KeepDays}}}]}, {Ref: 'ALIYUN::NoValue'}]
      Tags: {Role: !GetAtt Sign.Arn, Of: !Sub '${UploadBucket}/${ALIYUN::AccountId}', By: {'Fn::Join': ['-', [a, {Ref: Role}]]}}
  Extra:
    Condition: Keep
    Type: ALIYUN::OSS::Domain
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "s.yaml").write_text(S_YAML, encoding="utf-8")
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "ros.yaml").write_text(ROS_YAML, encoding="utf-8")
    return tmp_path


def test_variables_of_s_yaml_are_filled_in_as_serverless_devs_does(folder: Path) -> None:
    read = declared.read(folder, {"NAME": "team", "REGION": "", "JWT_SECRET": "s"}, ACCOUNT)
    assert (read.resources["infra"]["props"]["region"], read.function["timeout"], read.function_environ) == (
        "cn-hongkong",
        10,
        {
            "OSS_BUCKET": f"team-uploads-{ACCOUNT}",
            "ALLOWED_ORIGINS": "https://team.example.com",
            "JWT_SECRET": "s",
        },
    )
    assert read.resources["site"]["props"] == {"function": "${resources.sign.output.url.system_url}"}
    assert read.resources["site"]["component"] == str(folder / "deploy" / "site")
    assert read.missing == ()


def test_a_variable_without_value_or_default_is_noted(folder: Path) -> None:
    assert declared.read(folder, {}, ACCOUNT).missing == ("JWT_SECRET",)


def test_parameters_and_functions_of_the_template_are_filled_in(folder: Path) -> None:
    template = declared.read(folder, {"NAME": "team"}, ACCOUNT).template
    assert template == {
        "Sign": {"Type": "ALIYUN::RAM::Role", "Properties": {"RoleName": "team-sign"}},
        "Uploads": {
            "Type": "ALIYUN::OSS::Bucket",
            "Properties": {
                "BucketName": f"team-uploads-{ACCOUNT}",
                "AccessControl": "private",
                "CORSConfiguration": {
                    "CORSRule": [{"AllowedOrigin": ["https://team.example.com", "https://b.example"]}]
                },
                "Tags": {
                    "Role": f"acs:ram::{ACCOUNT}:role/team-sign",
                    "Of": f"team-uploads-{ACCOUNT}/{ACCOUNT}",
                    "By": "a-team-sign",
                },
            },
        },
    }


def test_conditions_of_the_template_decide(folder: Path) -> None:
    template = declared.read(folder, {"KEEP_DAYS": "30"}, ACCOUNT).template
    assert template["Uploads"]["Properties"]["LifecycleConfiguration"] == {"Rule": [{"Expiration": {"Days": "30"}}]}
    assert set(template) == {"Sign", "Uploads", "Extra"}


NOT_TOLD = [
    "Nobody",
    {"Fn::Equals": [{"Fn::Select": ["0", ["a"]]}, "a"]},
    {"Fn::Equals": [{"Ref": "ALIYUN::StackName"}, "team"]},
    {"Fn::Not": [{"Fn::Equals": ["a", {"Fn::GetAtt": ["Uploads", "Name"]}]}]},
    {"Fn::And": ["Keep", {"Fn::MatchPattern": [".*", "a"]}]},
    {"Fn::Or": [{"Condition": "Nobody"}, {"Fn::Equals": ["a", "b"]}]},
    {"Fn::Any": ["Keep", "Keep"]},
    {"Fn::Equals": [30, "30.0"]},
    {"Fn::Equals": [True, "True"]},
]


@pytest.mark.parametrize("condition", NOT_TOLD)
def test_what_depends_on_a_condition_that_only_a_deployment_tells_is_kept_in_all_its_branches(
    condition: object,
) -> None:
    branches = {"Fn::If": [condition, {"Statement": []}, {"Ref": "ALIYUN::NoValue"}]}
    given = {
        "Conditions": {"Keep": {"Fn::Equals": ["a", "a"]}},
        "Resources": {
            "More": {"Type": "ALIYUN::RAM::User", "Condition": condition, "Properties": {"Policy": branches}}
        },
    }
    kept = declared.filled_template(given, {}, ACCOUNT, "cn-hongkong")
    assert kept["More"]["Properties"] == {"Policy": branches}


def test_a_condition_on_a_parameter_that_only_a_deployment_tells_is_not_told() -> None:
    given = {
        "Parameters": {"More": {"Type": "String"}},
        "Resources": {"More": {"Condition": {"Fn::Equals": [{"Ref": "More"}, "yes"]}}},
    }
    parameters = {"More": "${resources.sign.output.more}"}
    assert "More" in declared.filled_template(given, parameters, ACCOUNT, "cn-hongkong")


@pytest.mark.parametrize("condition", [{"Fn::Equals": [1]}, {"a": 1, "b": 2}, {"Condition": "Keep"}])
def test_a_template_that_cannot_be_filled_in_is_of_another_shape(folder: Path, condition: object) -> None:
    file = folder / "deploy" / "ros.yaml"
    text = ROS_YAML.replace("{'Fn::Not': [{'Fn::Equals': ['', {Ref: KeepDays}]}]}", json.dumps(condition))
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="another shape than is documented"):
        declared.read(folder, {}, ACCOUNT)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({"Fn::Equals": [True, "true"]}, True),
        ({"Fn::And": ["No", "Nobody"]}, False),
        ({"Fn::Or": ["Nobody", {"Fn::Not": ["No"]}]}, True),
        ({"Fn::Or": ["No", {"Fn::Equals": [{"Ref": "Days"}, 0]}]}, True),
    ],
)
def test_a_condition_is_told_where_what_is_known_decides(condition: object, holds: bool) -> None:
    given = {
        "Parameters": {"Days": {"Type": "Number"}},
        "Conditions": {"No": {"Fn::Equals": ["a", "b"]}},
        "Resources": {"More": {"Condition": condition}},
    }
    assert bool(declared.filled_template(given, {"Days": "0"}, ACCOUNT, "cn-hongkong")) is holds


ELSEWHERE = [
    ("s.yaml", "edition: 3.0.0", "extend: base.yaml\nenv: env.yaml", ("s.yaml has extend, which is not read here.", "s.yaml has env, which is not read here.")),
    ("s.yaml", "    component: fc3", "    component: fc3\n    extend: {name: more}", ("sign in s.yaml has extend, which is not read here.",)),
    ("s.yaml", "      region: ${vars.region}", "      terraform: ./more", ("infra in s.yaml has terraform, which is not read here.",)),
    ("deploy/ros.yaml", "Parameters:", "Transform: Aliyun::Terraform-v1.5\nParameters:", ("The template has Transform, which is not read here.",)),
]  # fmt: skip


@pytest.mark.parametrize(("file", "line", "other", "unread"), ELSEWHERE)
def test_what_comes_from_elsewhere_is_named(
    folder: Path, file: str, line: str, other: str, unread: tuple[str, ...]
) -> None:
    text = (folder / file).read_text(encoding="utf-8")
    (folder / file).write_text(text.replace(line, other, 1), encoding="utf-8")
    deployment = declared.read(folder, {}, ACCOUNT)
    assert deployment.unread == unread
    assert list(roles.extra_resources.find(Context({}, deployment)))[-len(unread) :] == list(unread)


def test_a_mapping_that_names_something_twice_is_refused(folder: Path) -> None:
    file = folder / "deploy" / "ros.yaml"
    file.write_text(ROS_YAML.replace("{RoleName: !Ref Role}", "{RoleName: a, RoleName: b}"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"^ros\.yaml, line 14, column 31: this is no YAML, or a name stands"):
        declared.read(folder, {}, ACCOUNT)


def test_a_trigger_config_that_is_no_mapping_is_refused(folder: Path) -> None:
    text = "resources: {sign: {props: {triggers: [{triggerName: http, triggerConfig: [hush]}]}}}"
    (folder / "s.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"^s\.yaml: a triggerConfig of sign is what cannot be read") as fault:
        declared.read(folder, {}, ACCOUNT)
    assert "hush" not in str(fault.value)


@pytest.mark.parametrize(
    "line",
    [
        "JWT_SECRET: 'hush",
        "JWT_SECRET: hush: hush",
        "JWT_SECRET: !!hush hush",
        "JWT_SECRET: *hush",
        "JWT_SECRET: !!int hush",
        "JWT_SECRET: `hush",
        "JWT_SECRET: {[hush]: a, [hush]: b}",
        "{hush: a, hush: b}",
        "JWT_SECRET: hush\x00",
    ],
)
@pytest.mark.parametrize("name", ["s.yaml", "deploy/ros.yaml"])
def test_what_is_no_yaml_is_not_shown(folder: Path, name: str, line: str) -> None:
    file = folder / name
    file.write_text(f"{file.read_text(encoding='utf-8')}{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=file.name) as fault:
        declared.read(folder, {}, ACCOUNT)
    assert "hush" not in str(fault.value)


def test_what_is_merged_into_a_mapping_may_be_named_there_too(folder: Path) -> None:
    (folder / "s.yaml").write_text(
        "vars: {a: &a {x: 1}, b: &b {<<: *a, x: 2}}\nresources: {c: {props: {<<: *b, x: 3}}}\n"
    )
    assert declared.read(folder, {}, ACCOUNT).resources == {"c": {"props": {"x": 3}}}


@pytest.mark.node_modules
@pytest.mark.parametrize(
    "environ",
    [
        {},
        {
            "SITE_DOMAIN": "up.example.com",
            "UPLOAD_DOMAIN": "f.example.com",
            "KEEP_DAYS": "30",
            "NAME": "team",
            "REGION": "",
        },
        pytest.param(
            {"ALLOWED_ORIGINS": "https://a.example,https://b.example", "MAX_SIZE": "1GB", "AUTH": "none"},
            marks=pytest.mark.thorough,
        ),
    ],
)
def test_s_yaml_is_read_as_serverless_devs_reads_it(tmp_path: Path, environ: dict[str, str]) -> None:
    """Against `s preview` of the real CLI, offline, with a home of its own."""
    for name in ("s.yaml", "deploy", "web"):
        (tmp_path / name).symlink_to(doctor.ROOT / name)
    own = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "serverless_devs_config_home": str(tmp_path)}
    quiet = {**serverless_devs.ENVIRON, "AccountID": ACCOUNT, "AccessKeyID": "LTAI1", "AccessKeySecret": "none"}
    done = subprocess.run(  # noqa: S603 - our own command
        [serverless_devs.PROGRAM, "preview", "-o", "json", "--silent"],
        cwd=tmp_path,
        env={**own, **quiet, **environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    resolved = json.loads(done.stdout)["resources"]
    ours = declared.read(tmp_path, environ, ACCOUNT).resources
    assert {name: ours[name]["props"] for name in ours} == {name: resolved[name]["props"] for name in resolved}
