"""The rules that a deployment needs in an upload bucket that was there before, beside the rules of others.

OSS replaces the whole configuration with each change. So what is put is what was there, with this deployment's own
rules in their newest form. They bear a mark: the deployment's name, and a seal over all else that the rule says. A
lifecycle rule bears it as its ID; a CORS rule, which has none, as one more header that pages may read, and that no
answer has. A rule whose seal is not its own was changed by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TypeAlias
from xml.etree.ElementTree import Element, SubElement

from deploy.cors_rules import CorsRule, readable_headers, rules_for
from deploy.counts import number_of
from deploy.lifecycle_rules import ExpiryRule, expiry_rules, parts_rules
from deploy.profiles import profile_folder

METHODS = ("POST", "PUT")
EXPOSED_HEADERS = ("ETag", "x-oss-request-id", "x-oss-ec", "x-oss-hash-crc64ecma")
MAX_AGE_SECONDS = 600
ABANDONED_PARTS_DAYS = 7
"""What deploy/ros.yaml has for a bucket that it makes; a test compares them."""

_SEAL = "([0-9a-f]{12})"
_LIFECYCLE_MARK = re.compile(f"oss-direct-upload_([^_]+)_(uploads|profile_[a-z0-9-]+)_{_SEAL}")
"""Whose rule it is, for what, and its seal."""


@dataclass(frozen=True)
class Needs:
    """What the rules are made of."""

    name: str
    """The deployment's, which is the only one of this name in the bucket's region and account."""
    prefix: str
    origins: tuple[str, ...]
    keep_days: int = 0
    """After which uploads are deleted; 0 for never."""
    days_of: Mapping[str, int] = field(default_factory=dict)
    """The same for the profiles that have days of their own."""
    in_parts: bool = False
    """Whether large files go in parts."""

    @property
    def folder(self) -> str:
        return f"{self.prefix}/"

    @property
    def days_of_folders(self) -> dict[str, int]:
        """Returns how long uploads are kept, by where they lie."""
        of_profiles = {profile_folder(self.prefix, name): days for name, days in self.days_of.items()}
        return {self.folder: self.keep_days, **of_profiles}


def meaning(element: Element, within: str = "") -> tuple[str, ...]:
    """Returns all that an element says, however it is laid out."""
    path = f"{within}/{element.tag}"
    leaves = [f"{path} {(element.text or '').strip()}"] if not len(element) else []
    return tuple(sorted([*leaves, *(line for child in element for line in meaning(child, path))]))


class CorsRules:
    """The CORS rules of a bucket."""

    parameter, root, rule, none = "cors", "CORSConfiguration", "CORSRule", "NoSuchCORSConfiguration"
    words = "CORS rule"
    max_rules = 20

    @staticmethod
    def create(needs: Needs) -> list[Element]:
        """Returns the rule that lets pages upload."""
        rule = Element("CORSRule")
        for name, values in (
            ("AllowedOrigin", needs.origins),
            ("AllowedMethod", METHODS),
            ("ExposeHeader", EXPOSED_HEADERS),
            ("MaxAgeSeconds", (str(MAX_AGE_SECONDS),)),
        ):
            for value in values:
                SubElement(rule, name).text = value
        mark = Element("ExposeHeader")
        mark.text = f"oss-direct-upload-{needs.name}-{_seal(meaning(rule))}"
        rule.insert(len(rule) - 1, mark)
        return [rule]

    @staticmethod
    def seal(rule: Element, name: str) -> str:
        """Returns the seal that a rule of this deployment bears; empty if it is another's rule."""
        marks = (re.fullmatch(f"oss-direct-upload-{name}-{_SEAL}", text) for text in CorsRule.parse(rule).exposed)
        return next((mark[1] for mark in marks if mark), "")

    @staticmethod
    def is_intact(rule: Element, seal: str) -> bool:
        """Tells whether a rule says what it said when it was sealed."""
        lines = [line for line in meaning(rule) if not re.search(f"/ExposeHeader oss-direct-upload-.*-{seal}$", line)]
        return _seal(lines) == seal

    @staticmethod
    def in_words(rule: Element) -> str:
        return f"the CORS rule for {', '.join(CorsRule.parse(rule).origins)}"

    @staticmethod
    def faults(rules: Sequence[Element], needs: Needs) -> list[str]:
        """Returns why pages could not upload with these rules, in this order."""
        parsed = [CorsRule.parse(rule) for rule in rules]
        found: dict[int, tuple[str, str, list[str]]] = {}
        for origin in needs.origins:
            for method in METHODS:
                first = next(iter(rules_for(parsed, origin, method)))
                has = readable_headers(parsed, origin, method)
                if lacks := [header for header in EXPOSED_HEADERS if header.lower() not in has]:
                    found.setdefault(parsed.index(first) + 1, (origin, method, lacks))
        return [
            f"Its CORS rule {number} is the first for {method} of {origin}, so that OSS takes it, and it does not let "
            f"pages read {', '.join(lacks)}: expose these headers there, or take that origin out of it"
            for number, (origin, method, lacks) in found.items()
        ]

    @staticmethod
    def notices(_: Sequence[Element], __: Needs) -> list[str]:
        return []


class LifecycleRules:
    """The lifecycle rules of a bucket."""

    parameter, root, rule, none = "lifecycle", "LifecycleConfiguration", "Rule", "NoSuchLifecycle"
    words = "lifecycle rule"
    max_rules = 1000

    @staticmethod
    def create(needs: Needs) -> list[Element]:
        """Returns the rules for abandoned parts and old uploads: one for each prefix, since OSS takes no two."""
        return [
            _lifecycle_rule(needs, f"profile_{name}", profile_folder(needs.prefix, name), days)
            if name
            else _lifecycle_rule(needs, "uploads", needs.folder, days, parts=ABANDONED_PARTS_DAYS)
            for name, days in {"": needs.keep_days, **needs.days_of}.items()
        ]

    @staticmethod
    def seal(rule: Element, name: str) -> str:
        """Returns the seal that a rule of this deployment bears; empty if it is another's rule."""
        mark = _LIFECYCLE_MARK.fullmatch(_id(rule))
        return mark[3] if mark and mark[1] == name else ""

    @staticmethod
    def is_intact(rule: Element, seal: str) -> bool:
        """Tells whether a rule says what it said when it was sealed."""
        return _lifecycle_seal(rule) == seal

    @staticmethod
    def in_words(rule: Element) -> str:
        return f"the lifecycle rule {_id(rule)} for {rule.findtext('Prefix')}"

    @staticmethod
    def faults(rules: Sequence[Element], needs: Needs) -> list[str]:
        """Returns what others' rules do to uploads, or OSS would refuse beside them."""
        others = [rule for rule in rules if not LifecycleRules.seal(rule, needs.name)]
        folders = needs.days_of_folders
        found = [
            f"Its lifecycle rule {_id(rule)} is for {rule.findtext('Prefix')}, and OSS takes no two rules for one "
            "prefix: set another UPLOAD_PREFIX"
            for rule in others
            if rule.findtext("Prefix") in folders and rule.find("Tag") is None
        ]
        found += _nested_deployments(others, needs)
        for rule in (each for each in others if each.findtext("Status") == "Enabled" and each.find("Tag") is None):
            found += [*_deletions(rule, folders), *_aborts(rule, needs), *_refused_transitions(rule, folders)]
        return found

    @staticmethod
    def notices(rules: Sequence[Element], needs: Needs) -> list[str]:
        """Returns what others' rules do to uploads, and may go on doing."""
        return [
            f"Its lifecycle rule {_id(rule)} moves uploads to {transition.findtext('StorageClass')}: that stays so."
            for rule in rules
            if rule.findtext("Status") == "Enabled" and _overlaps(rule.findtext("Prefix") or "", needs.folder)
            for transition in rule.findall("Transition")
        ]


Rules: TypeAlias = type[CorsRules] | type[LifecycleRules]
KINDS: tuple[Rules, ...] = (CorsRules, LifecycleRules)


def merge(kind: Rules, rules: Sequence[Element], needs: Needs) -> list[Element]:
    """Returns what a bucket's rules are to be: those that stay are the very same elements.

    Raises ValueError with each reason why they cannot be that.
    """
    new = {meaning(rule): rule for rule in kind.create(needs)}
    stay = [rule for rule in rules if not kind.seal(rule, needs.name) or new.pop(meaning(rule), None) is not None]
    after = [*stay, *new.values()]
    faults = kind.faults(after, needs)
    if len(after) > kind.max_rules:
        faults.append(f"It would have {len(after):,} {kind.words}s, and OSS takes {kind.max_rules:,}: delete some")
    if faults:
        raise ValueError("\n".join(faults))
    return after


def split(kind: Rules, rules: Iterable[Element], name: str) -> tuple[list[Element], list[Element], list[Element]]:
    """Returns others' rules, those of this deployment as it put them, and those that were changed by hand since."""
    others: list[Element] = []
    own: list[Element] = []
    changed: list[Element] = []
    for rule in rules:
        seal = kind.seal(rule, name)
        (others if not seal else own if kind.is_intact(rule, seal) else changed).append(rule)
    return others, own, changed


def _lifecycle_rule(needs: Needs, what: str, folder: str, days: int, parts: int = 0) -> Element:
    rule = Element("Rule")
    mark = SubElement(rule, "ID")
    SubElement(rule, "Prefix").text = folder
    SubElement(rule, "Status").text = "Enabled"
    for name, after in (("AbortMultipartUpload", parts), ("Expiration", days)):
        if after:
            SubElement(SubElement(rule, name), "Days").text = str(after)
    mark.text = f"oss-direct-upload_{needs.name}_{what}_{_lifecycle_seal(rule)}"
    return rule


def _lifecycle_seal(rule: Element) -> str:
    """Returns the seal over all that a rule says besides its ID."""
    return _seal(line for line in meaning(rule) if not line.startswith("/Rule/ID "))


def _seal(lines: Iterable[str]) -> str:
    return sha256("\n".join(lines).encode()).hexdigest()[:12]


def _id(rule: Element) -> str:
    return rule.findtext("ID") or "(without an ID)"


def _when(days: int) -> str:
    """Returns in words when a rule acts; it has no days where it names a date."""
    return f"after {number_of(days, 'day')}" if days else "of before a date"


def _overlaps(prefix: str, folder: str) -> bool:
    return folder.startswith(prefix) or prefix.startswith(folder)


def _nested_deployments(others: Iterable[Element], needs: Needs) -> Iterator[str]:
    """Yields which deployments' files would lie among this one's, or around them."""
    for rule in others:
        mark = _LIFECYCLE_MARK.fullmatch(_id(rule))
        folder = rule.findtext("Prefix") or ""
        if mark and mark[2] == "uploads" and folder != needs.folder and _overlaps(folder, needs.folder):
            yield (
                f"{folder} is the UPLOAD_PREFIX of the deployment {mark[1]}, and one of the two lies in the other: "
                "`make files` and KEEP_DAYS of the outer one would be for both. Set an UPLOAD_PREFIX beside it"
            )


def _deletions(rule: Element, folders: Mapping[str, int]) -> Iterator[str]:
    for expiry in expiry_rules([rule]):
        for folder in _folders_of(expiry, folders):
            days = folders[folder]
            if not days or expiry.days < days:
                kept = f"they are to be kept {number_of(days, 'day')}" if days else "they are to be kept"
                yield (
                    f"Its lifecycle rule {_id(rule)} deletes files in {folder} {_when(expiry.days)}, and {kept}: "
                    "set KEEP_DAYS, or keep_days of the profile, to no more than that, or except that prefix from the "
                    "rule"
                )
                break


def _folders_of(expiry: ExpiryRule, folders: Mapping[str, int]) -> list[str]:
    """Returns where a rule deletes: what lies within a profile's folder is that profile's alone."""
    around = [folder for folder in folders if expiry.prefix.startswith(folder)]
    return around[-1:] + [folder for folder in folders if folder.startswith(expiry.prefix) and folder not in around]


def _aborts(rule: Element, needs: Needs) -> Iterator[str]:
    for parts in parts_rules([rule]) if needs.in_parts else ():
        if _overlaps(parts.prefix, needs.folder) and parts.days < ABANDONED_PARTS_DAYS:
            yield (
                f"Its lifecycle rule {_id(rule)} clears unfinished uploads in {needs.folder} away {_when(parts.days)}, "
                f"and they can be resumed for {ABANDONED_PARTS_DAYS - 1}: let it wait {ABANDONED_PARTS_DAYS} days, or "
                "except that prefix from the rule"
            )


def _refused_transitions(rule: Element, folders: Mapping[str, int]) -> Iterator[str]:
    prefix = rule.findtext("Prefix") or ""
    ends = [days for folder, days in folders.items() if days and _overlaps(prefix, folder)]
    for transition in rule.findall("Transition"):
        days = int(transition.findtext("Days") or 0)
        if ends and days >= min(ends):
            yield (
                f"Its lifecycle rule {_id(rule)} moves files to {transition.findtext('StorageClass')} after "
                f"{number_of(days, 'day')}, and uploads would be deleted after {min(ends)}: OSS refuses such a pair. "
                "Keep uploads longer, or except their prefix from the rule"
            )
