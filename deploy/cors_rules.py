"""The CORS rules of a bucket, and which of them OSS takes: the first that fits (its page on PutBucketCors)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar
from xml.etree.ElementTree import Element


@dataclass(frozen=True)
class CorsRule:
    """One rule of a bucket's CORS."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    exposed: tuple[str, ...] = ()
    """The headers of answers that pages may read."""
    headers: tuple[str, ...] = ()
    """Those of requests that pages may send."""

    NAMES: ClassVar = ("AllowedOrigin", "AllowedMethod", "ExposeHeader", "AllowedHeader")
    """What OSS and ROS call them, in the order above."""

    @classmethod
    def parse(cls, rule: Element) -> CorsRule:
        """Reads a rule as OSS prints it."""
        return cls(*(tuple(each.text or "" for each in rule.findall(name)) for name in cls.NAMES))


def rules_for(rules: Iterable[CorsRule], origin: str, method: str) -> list[CorsRule]:
    """Returns the rules for a method of pages of an origin, in their order."""
    return [rule for rule in rules if method in rule.methods and any(matches(each, origin) for each in rule.origins)]


def readable_headers(rules: Iterable[CorsRule], origin: str, method: str) -> set[str]:
    """Returns the headers of answers that pages may read, in small letters."""
    return {name.lower() for rule in rules_for(rules, origin, method)[:1] for name in rule.exposed}


def matches(pattern: str, text: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), text) is not None
