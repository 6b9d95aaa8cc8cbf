"""The lifecycle rules of a bucket: which of them delete files, and which clear abandoned parts away."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from deploy.bucket_answers import text


@dataclass(frozen=True)
class PartsRule:
    """One lifecycle rule that is enabled and clears away the parts of unfinished uploads."""

    prefix: str
    days: int
    """After the upload began; 0 where the rule names a date instead."""
    spares_some: bool = False
    """A filter excepts some."""


@dataclass(frozen=True)
class ExpiryRule:
    """One lifecycle rule that is enabled and deletes objects, whatever their tags."""

    prefix: str
    days: int
    """After the object was stored; 0 where the rule names a date instead."""
    spares_some: bool = False
    """A filter excepts some."""


def parts_rules(rules: Iterable[Element]) -> Iterator[PartsRule]:
    """Yields what clears parts away, of the rules of a lifecycle."""
    for rule in rules:
        when = rule.find("AbortMultipartUpload")
        if text(rule, "Status") == "Enabled" and when is not None:
            yield PartsRule(text(rule, "Prefix"), int(text(when, "Days") or 0), rule.find("Filter") is not None)


def expiry_rules(rules: Iterable[Element]) -> Iterator[ExpiryRule]:
    """Yields what deletes files, of the rules of a lifecycle."""
    for rule in rules:
        when = rule.find("Expiration")
        if text(rule, "Status") != "Enabled" or rule.find("Tag") is not None or when is None:
            continue
        if text(when, "ExpiredObjectDeleteMarker") != "true":  # it deletes no file
            yield ExpiryRule(text(rule, "Prefix"), int(text(when, "Days") or 0), rule.find("Filter") is not None)
