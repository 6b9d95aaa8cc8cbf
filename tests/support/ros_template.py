"""A ROS template with its parameters put in: as much of the template language as this project uses.

Follows "Template syntax" and "Functions" of the Resource Orchestration Service. What it does not know, it refuses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from support.scratch import PROJECT

Resources = dict[str, dict[str, Any]]

SHIPPED: dict[str, Any] = yaml.load(  # read once, by libyaml: it is long
    (PROJECT / "deploy" / "ros.yaml").read_text(encoding="utf-8"), yaml.CSafeLoader
)

_ARNS = {"ALIYUN::RAM::Role": "acs:ram::{account}:role/{RoleName}"}
_NAMES = {
    ("ALIYUN::SLS::Project", "Name"): "Name",
    ("ALIYUN::SLS::Logstore", "LogstoreName"): "LogstoreName",
    ("ALIYUN::SLS::Dashboard", "DashboardName"): "DashboardName",
    ("ALIYUN::OSS::Bucket", "Name"): "BucketName",
}
_SUBSTITUTED = re.compile(r"\$\{(\w+)\}")


class Template:
    """One template, with texts for its parameters. Raises ValueError for what ROS would not take."""

    def __init__(self, template: Mapping[str, Any], parameters: Mapping[str, str]) -> None:
        self._template = template
        self._parameters = {
            name: _parse(name, declared, parameters.get(name)) for name, declared in template["Parameters"].items()
        }
        unknown = set(parameters) - set(self._parameters)
        if unknown:
            raise ValueError(f"no such parameters: {sorted(unknown)}")

    def resources(self) -> Resources:
        """Returns every resource that is made, by its name, with its `Type` and its `Properties`, evaluated."""
        made = {
            name: {each: part for each, part in resource.items() if each != "Condition"}
            for name, resource in self._template["Resources"].items()
            if "Condition" not in resource or self._holds(resource["Condition"])
        }
        return {name: self._evaluate(resource) for name, resource in made.items()}

    def outputs(self) -> dict[str, Any]:
        """Returns every output's value."""
        return {name: self._evaluate(output["Value"]) for name, output in self._template["Outputs"].items()}

    def _evaluate(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._evaluate(one) for one in value]
        if not isinstance(value, dict):
            return value
        functions = [name for name in value if name == "Ref" or name.startswith("Fn::")]
        if not functions:
            return {name: self._evaluate(one) for name, one in value.items()}
        if len(value) != 1:
            raise ValueError(f"a function stands alone: {value}")
        return self._call(functions[0], value[functions[0]])

    def _call(self, function: str, argument: Any) -> Any:
        if function == "Ref":
            return self._parameters[argument]
        if function == "Fn::Sub":
            return _SUBSTITUTED.sub(lambda found: str(self._parameters[found[1]]), argument)
        if function == "Fn::GetAtt":
            return self._attribute(*argument)
        if function == "Fn::If":
            condition, true, false = argument
            return self._evaluate(true if self._holds(condition) else false)
        if function == "Fn::Equals":
            first, second = self._evaluate(argument)
            return first == second
        return self._call_further(function, argument)

    def _call_further(self, function: str, argument: Any) -> Any:
        if function == "Fn::Not":
            return not self._holds(argument)
        if function == "Fn::Or":
            return any(self._holds(condition) for condition in argument)
        if function == "Fn::FindInMap":
            mapping, first, second = self._evaluate(argument)
            return self._template["Mappings"][mapping][first][second]
        if function == "Fn::Split":
            separator, text = self._evaluate(argument)
            return text.split(separator)
        raise ValueError(f"unknown function {function}")

    def _holds(self, condition: Any) -> bool:
        """Returns whether a condition holds, which is written out or named."""
        written = self._template["Conditions"][condition] if isinstance(condition, str) else condition
        return bool(self._evaluate(written))

    def _attribute(self, name: str, attribute: str) -> str:
        resource = self._template["Resources"][name]
        properties = self._evaluate(resource["Properties"])
        kind = resource["Type"]
        if attribute == "Arn":
            return _ARNS[kind].format(account=self._parameters["Account"], **properties)
        return str(properties[_NAMES[kind, attribute]])


def _parse(name: str, declared: Mapping[str, Any], text: str | None) -> Any:
    if text is None:
        if "Default" not in declared:
            raise ValueError(f"{name} is missing")
        return declared["Default"]
    if "AllowedPattern" in declared and not re.fullmatch(declared["AllowedPattern"], text):
        raise ValueError(f"{name} does not match {declared['AllowedPattern']}")
    if declared["Type"] == "CommaDelimitedList":
        return text.split(",")
    if declared["Type"] == "Number":
        if int(text) < declared["MinValue"]:
            raise ValueError(f"{name} is less than {declared['MinValue']}")
        return int(text)
    return text


ACCOUNT = "1234567890123456"


PARAMETERS = {
    "Account": ACCOUNT,
    "SignRole": "team-sign",
    "UploadRole": "team-upload",
    "CallbackRole": "team-callback",
    "UploadBucket": "team-uploads-1234567890123456",
    "OwnUploadBucket": "team-uploads-1234567890123456",
    "UploadPrefix": "in/here",
    "Origins": "https://upload.example.com,https://app.example.com",
    "KeepDays": "0",
    "ContentCheck": "off",
    "SiteBucket": "team-site-1234567890123456",
    "LogProject": "team-1234567890123456",
    "LogStore": "sign",
    "CallbackLogStore": "callback",
    "LogDays": "30",
    "AlertEmail": "none",
    "AlertKind": "none",
    "AlertUrl": "none",
}
