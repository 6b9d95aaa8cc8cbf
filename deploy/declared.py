"""What is declared before anything is deployed: s.yaml with its variables filled in, and the ROS template.

Follows "Yaml 规范" of Serverless Devs 3 (variables) and the ROS template syntax, as far as this project uses them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped,unused-ignore]

NO_ACCOUNT = "0" * 16
"""Stands for the account's ID where the environment does not tell it."""

NOT_VISIBLE = "NotVisible"
"""Marks, among a live role's properties, that the rest of them could not be seen."""

OTHER_SHAPES = (AttributeError, TypeError, LookupError, RecursionError)
"""What reading a document of another shape than its documentation's ends in."""

_VARIABLE = re.compile(r"\$\{(?:(?P<path>[\w.-]+)|(?P<function>\w+)\((?P<arguments>[^}]*)\))\}")
_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"|([^\s,'\"]+)")
_DROPPED = object()


@dataclass(frozen=True)
class Deployment:
    """s.yaml, and the template that it names, with every variable and parameter in its place."""

    resources: dict[str, Any]
    """The resources of s.yaml by name, each with its `props`."""
    template: dict[str, Any]
    """The resources of the ROS template by name, each with `Type` and `Properties`; those that a condition leaves out
    are not here."""
    missing: tuple[str, ...] = ()
    """Environment variables that s.yaml asks for, without a default, and that are not set."""
    unread: tuple[str, ...] = ()
    """What s.yaml or the template takes from elsewhere, which is not read here: in words."""

    @property
    def function(self) -> dict[str, Any]:
        return dict(self.resources.get("sign", {}).get("props") or {})

    @property
    def callback(self) -> dict[str, Any]:
        return dict(self.resources.get("callback", {}).get("props") or {})

    @property
    def parameters(self) -> dict[str, Any]:
        """Returns what s.yaml gives to the template's parameters."""
        return dict((self.resources.get("infra", {}).get("props") or {}).get("parameters") or {})

    @property
    def site_bucket(self) -> str:
        return str((self.resources.get("site", {}).get("props") or {}).get("bucket") or "")

    @property
    def function_environ(self) -> dict[str, str]:
        """Returns the function's environment, as Function Compute would hand it over."""
        return {name: str(value) for name, value in (self.function.get("environmentVariables") or {}).items()}

    def of_type(self, kind: str) -> dict[str, dict[str, Any]]:
        """Returns the properties of the template's resources of a type, such as `ALIYUN::OSS::Bucket`, by resource."""
        return {
            name: resource.get("Properties") or {}
            for name, resource in self.template.items()
            if resource.get("Type") == kind
        }


def read(folder: Path, environ: Mapping[str, str], account: str) -> Deployment:
    """Reads s.yaml of `folder` and its template. Raises OSError, ValueError; `environ` has .env in it already."""
    try:
        return _read(folder, environ, account)
    except OTHER_SHAPES as error:
        raise ValueError("s.yaml, or the template that it names, has another shape than is documented") from error


def _read(folder: Path, environ: Mapping[str, str], account: str) -> Deployment:
    variables = _Variables(yaml_document(folder / "s.yaml"), environ, account or NO_ACCOUNT, folder)
    resources = variables.fill(variables.document.get("resources") or {})
    _refuse_unreadable_triggers(resources)
    infra = (resources.get("infra") or {}).get("props") or {}
    template: dict[str, Any] = {}
    unread = list(_elsewhere(variables.document, resources))
    if isinstance(infra.get("template"), str):
        parameters = infra.get("parameters") or {}
        region = str(infra.get("region", ""))
        document = yaml_document(folder / infra["template"])
        unread += [f"The template has {name}, which is not read here." for name in document if name not in _READ]
        try:
            template = filled_template(document, parameters, account or NO_ACCOUNT, region)
        except ValueError as error:  # a function has more arguments than it takes, or fewer
            raise TypeError from error
    props = [each.get("props") or {} for each in resources.values()]
    mappings = [*props, *(each.get("environmentVariables") for each in props)]
    mappings += [each.get("Properties") for each in template.values()]
    if not all(isinstance(each or {}, dict) for each in mappings):
        raise TypeError
    return Deployment(resources, template, tuple(variables.missing), tuple(unread))


def _refuse_unreadable_triggers(resources: Mapping[str, Any]) -> None:
    for name, resource in resources.items():
        for trigger in (resource.get("props") or {}).get("triggers") or ():
            config = trigger.get("triggerConfig") if isinstance(trigger, dict) else trigger
            if config is not None and not isinstance(config, dict):
                raise ValueError(f"s.yaml: a triggerConfig of {name} is what cannot be read: it must be a mapping")


_READ = (
    *("ROSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Mappings", "Conditions", "Resources"),
    "Outputs",
)
"""What a ROS template may have that is understood here, or makes nothing."""


def _elsewhere(document: Mapping[str, Any], resources: Mapping[str, Any]) -> Iterator[str]:
    """Names what s.yaml takes from other files, or from a part of it that is not a resource."""
    yield from (f"s.yaml has {name}, which is not read here." for name in ("extend", "env") if name in document)
    for name, resource in resources.items():
        if "extend" in resource:
            yield f"{name} in s.yaml has extend, which is not read here."
        if name == "infra" and "terraform" in (resource.get("props") or {}):
            yield "infra in s.yaml has terraform, which is not read here."


def filled_template(
    document: Mapping[str, Any], parameters: Mapping[str, Any], account: str, region: str
) -> dict[str, Any]:
    """Returns the resources of a ROS template that its conditions keep, with parameters and functions in their place.

    What depends on a condition that only a deployment decides is kept as well.
    """
    template = _Template(document, parameters, account, region)
    kept = {
        name: resource
        for name, resource in (document.get("Resources") or {}).items()
        if "Condition" not in resource or template.holds(resource["Condition"]) is not False
    }
    filled: dict[str, Any] = template.fill(kept)
    return filled


@dataclass
class _Variables:
    """The variables of s.yaml."""

    document: dict[str, Any]
    environ: Mapping[str, str]
    account: str
    folder: Path
    missing: list[str] = field(default_factory=list)

    def fill(self, value: Any) -> Any:
        """Returns `value` without variables; those that only a deployment fills (outputs) stay as text."""
        if isinstance(value, dict):
            return {name: self.fill(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.fill(each) for each in value]
        if not isinstance(value, str):
            return value
        whole = _VARIABLE.fullmatch(value)
        return self._value(whole) if whole else _VARIABLE.sub(lambda match: str(self._value(match)), value)

    def _value(self, match: re.Match[str]) -> Any:
        if match["function"]:
            arguments = [self._argument(*each) for each in _QUOTED.findall(match["arguments"])]
            return self._call(match["function"], arguments, match[0])
        return self._at(match["path"], match[0])

    def _argument(self, single: str, double: str, bare: str) -> str:
        """Returns text in quotes as it is, and the value of a bare variable."""
        return str(self._at(bare, bare)) if bare else single or double

    def _at(self, path: str, as_written: str) -> Any:
        found: Any = self.document if path.startswith("vars.") else {}
        for name in path.split("."):
            if not isinstance(found, dict) or name not in found:
                return as_written
            found = found[name]
        return self.fill(found)

    def _call(self, function: str, arguments: list[str], as_written: str) -> Any:
        name = arguments[0] if arguments else ""
        if function == "env":
            return self._env(name, arguments[1:], as_written)
        if function == "config" and name == "AccountID":
            return self.account
        if function == "path":
            return str(self.folder / name)
        return name if function == "str" else as_written

    def _env(self, name: str, default: list[str], as_written: str) -> str:
        if self.environ.get(name):
            return self.environ[name]
        if not default:
            self.missing.append(name)
            return as_written
        return default[0]


class _Template:
    """A ROS template: its functions."""

    def __init__(self, document: Mapping[str, Any], given: Mapping[str, Any], account: str, region: str) -> None:
        self._conditions = document.get("Conditions") or {}
        self._mappings = document.get("Mappings") or {}
        self._resources = document.get("Resources") or {}
        self._account = account
        declared = document.get("Parameters") or {}
        self._parameters = {
            **{name: self._parse(each, given.get(name, each.get("Default", ""))) for name, each in declared.items()},
            "ALIYUN::AccountId": account,
            "ALIYUN::TenantId": account,
            "ALIYUN::Region": region,
            "ALIYUN::NoValue": _DROPPED,
        }
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": lambda name: self._parameters.get(name, name),
            "Fn::Sub": self._sub,
            "Fn::Join": lambda value: str(value[0]).join(str(self.fill(each)) for each in self.fill(value[1])),
            "Fn::Split": lambda value: str(self.fill(value[1])).split(value[0]),
            "Fn::FindInMap": self._find_in_map,
            "Fn::If": self._if,
            "Fn::GetAtt": self._attribute,
        }

    @staticmethod
    def _parse(parameter: Mapping[str, Any], value: Any) -> Any:
        listed = parameter.get("Type") == "CommaDelimitedList" and isinstance(value, str)
        return [each.strip() for each in value.split(",")] if listed else value

    def fill(self, value: Any) -> Any:
        """Returns `value` without functions; those that are not known here stay."""
        if isinstance(value, dict):
            if len(value) == 1 and next(iter(value)) in self._functions:
                [(name, argument)] = value.items()
                return self._functions[name](argument)
            pairs = ((name, self.fill(each)) for name, each in value.items())
            return {name: each for name, each in pairs if each is not _DROPPED}
        if isinstance(value, list):
            return [each for each in map(self.fill, value) if each is not _DROPPED]
        return value

    def _find_in_map(self, value: Any) -> Any:
        """Returns the value of a mapping; all as it is written where the mapping has none."""
        mapping, first, second = (str(self.fill(each)) for each in value)
        return ((self._mappings.get(mapping) or {}).get(first) or {}).get(second, {"Fn::FindInMap": value})

    def _if(self, value: Any) -> Any:
        """Returns the branch that a condition chooses; if only a deployment decides it, all as it is written."""
        holds = self.holds(value[0])
        return {"Fn::If": value} if holds is None else self.fill(value[1] if holds else value[2])

    def holds(self, condition: Any) -> bool | None:
        """Tells whether a condition, or the one of that name, holds; None if only a deployment decides it."""
        if isinstance(condition, str):
            condition = self._conditions.get(condition)
        if not isinstance(condition, dict):
            return condition if isinstance(condition, bool) else None
        [(name, of)] = condition.items()
        if name == "Fn::Equals":
            first, second = map(self._plain, of)
            return None if first is None or second is None else _are_equal(first, second)
        if name == "Condition":
            return self.holds(of)
        each_holds = [self.holds(each) for each in (of if isinstance(of, list) else [of])]
        if name == "Fn::Not":
            return None if each_holds[0] is None else not each_holds[0]
        if name not in ("Fn::Or", "Fn::And"):
            return None
        decisive = name == "Fn::Or"
        return decisive if decisive in each_holds else None if None in each_holds else not decisive

    def _plain(self, value: Any) -> str | None:
        """Returns a value, or a parameter's, as text; None for what is known only while deploying."""
        if isinstance(value, dict):
            name = value.get("Ref") if len(value) == 1 else None
            return self._plain(self._parameters[name]) if name in self._parameters else None
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return None if "${" in text else text

    def _sub(self, argument: Any) -> str:
        text, more = (argument, {}) if isinstance(argument, str) else (argument[0], self.fill(argument[1]))
        known = {**self._parameters, **more}
        return re.sub(r"\$\{([^}!]+)\}", lambda match: str(self._substitute(match[1], known)), text)

    def _substitute(self, name: str, known: Mapping[str, Any]) -> Any:
        if name in known:
            return known[name]
        return self._attribute(name.split(".", 1)) if "." in name else name

    def _attribute(self, argument: Any) -> str:
        """Returns a role's ARN is known before it exists; everything else stays named by resource and attribute."""
        name, attribute = argument
        resource = self._resources.get(name) or {}
        properties = self.fill(resource.get("Properties") or {}) if attribute == "Arn" else {}
        if resource.get("Type") == "ALIYUN::RAM::Role":
            # Function Compute's component writes ARNs in lower case, and RAM does not mind.
            return f"acs:ram::{self._account}:role/{properties.get('RoleName', name)}"
        return f"{name}.{attribute}"


def _are_equal(first: str, second: str) -> bool | None:
    """Tells whether texts are equal; None where ROS may take what is spelt otherwise for one number or one boolean."""
    if first == second:
        return True
    return None if _spelling(first) == _spelling(second) else False


def _spelling(text: str) -> str:
    """Returns a number in one spelling; of other texts, such as booleans, their small letters."""
    try:
        return str(float(text))
    except ValueError:
        return text.lower()


def as_list(value: Any) -> list[str]:
    """Returns what may be one thing or a list of things, as a list."""
    if value is None:
        return []
    return [str(each) for each in value] if isinstance(value, list) else [str(value)]


class _Loader(yaml.CSafeLoader):  # type: ignore[misc,unused-ignore]
    """YAML with the short forms of ROS functions: `!Ref x` is `{Ref: x}`. No mapping names anything twice: others might
    take the other one."""

    def get_single_node(self) -> Any:
        document = super().get_single_node()
        nodes, seen = [document], set()
        while nodes:
            node = nodes.pop()
            if id(node) in seen or not isinstance(node, yaml.CollectionNode):
                continue
            seen.add(id(node))
            if isinstance(node, yaml.MappingNode):
                _refuse_doubles(node)
            for each in node.value:
                nodes += each if isinstance(each, tuple) else (each,)
        return document


def _refuse_doubles(mapping: Any) -> None:
    seen = set()
    for key, _ in mapping.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in seen:
                raise yaml.composer.ComposerError(None, None, None, key.start_mark)
            seen.add(key.value)


def _short_form(loader: Any, suffix: str, node: Any) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix == "Ref" else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)


def yaml_document(path: Path) -> dict[str, Any]:
    """Returns a YAML file. Raises OSError, and ValueError in which nothing of it is quoted."""
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError) as fault:
        # Its own words quote the line, and a secret may stand there.
        mark = getattr(fault, "problem_mark", None)
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ValueError(f"{path.name}{where}: this is no YAML, or a name stands there twice") from None
    if not isinstance(document, dict):
        raise ValueError(f"{path.name} must be a YAML mapping")  # noqa: TRY004 - what is in a file is a value
    return document
