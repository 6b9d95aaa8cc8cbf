"""The CORS rules of a bucket, as PutBucketCors and OptionObject document them: the first rule that matches decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from localcloud.oss.errors import OssError

if TYPE_CHECKING:
    from collections.abc import Iterable

METHODS = frozenset({"GET", "PUT", "DELETE", "POST", "HEAD"})

EXPOSED_HEADERS = ("ETag", "x-oss-request-id", "x-oss-ec", "x-oss-hash-crc64ecma")
"""What pages may read of OSS's responses, where a local cloud makes a rule for them."""


@dataclass(frozen=True)
class CorsRule:
    """One rule. An allowed origin or header may contain one `*`; an exposed header none."""

    allowed_origins: tuple[str, ...]
    allowed_methods: tuple[str, ...]
    allowed_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age_seconds: int = 0

    def __post_init__(self) -> None:
        """Raises ValueError for what PutBucketCors refuses."""
        if not self.allowed_origins or not self.allowed_methods:
            raise ValueError("a CORS rule names at least one origin and one method")
        if not METHODS.issuperset(self.allowed_methods):
            raise ValueError(f"a CORS rule allows methods out of {', '.join(sorted(METHODS))}")
        if any(text.count("*") > 1 for text in (*self.allowed_origins, *self.allowed_headers)):
            raise ValueError("an allowed origin or header contains at most one *")
        if any("*" in name for name in self.expose_headers):
            raise ValueError("an exposed header contains no *")

    def matches(self, origin: str, method: str, headers: Iterable[str] = ()) -> bool:
        """Returns whether this rule allows a request with these headers (compared without regard to case)."""
        return (
            any(_matches(origin, pattern) for pattern in self.allowed_origins)
            and method in self.allowed_methods
            and all(any(_matches(name.lower(), p.lower()) for p in self.allowed_headers) for name in headers)
        )

    def response_headers(self, origin: str) -> dict[str, str]:
        """Returns the headers of the response to a request that this rule allows."""
        headers = {"Access-Control-Allow-Origin": "*" if "*" in self.allowed_origins else origin}
        if self.expose_headers:
            headers["Access-Control-Expose-Headers"] = ", ".join(self.expose_headers)
        return headers


def _matches(text: str, pattern: str) -> bool:
    head, star, tail = pattern.partition("*")
    if not star:
        return text == pattern
    return len(text) >= len(head) + len(tail) and text.startswith(head) and text.endswith(tail)


def response_headers(rules: Iterable[CorsRule], origin: str | None, method: str) -> dict[str, str]:
    """Returns what CORS adds to the response to a request other than a preflight: nothing, if no rule allows it."""
    rules = tuple(rules)
    if not rules:
        return {}
    rule = next((rule for rule in rules if origin is not None and rule.matches(origin, method)), None)
    return {"Vary": "Origin", **(rule.response_headers(origin) if rule and origin else {})}


def preflight_headers(
    rules: Iterable[CorsRule], origin: str | None, method: str | None, headers: str | None
) -> dict[str, str]:
    """Returns the headers that allow a preflight, given its Origin and Access-Control-Request-*. Raises OssError."""
    if origin is None:
        raise _insufficient("Origin")
    if method is None:
        raise _insufficient("Access-Control-Request-Method")
    names = [name.strip() for name in (headers or "").split(",") if name.strip()]
    rule = next((rule for rule in rules if rule.matches(origin, method, names)), None)
    if rule is None:
        raise _access_forbidden()
    response = {
        "Vary": "Origin",
        **rule.response_headers(origin),
        "Access-Control-Allow-Methods": ", ".join(rule.allowed_methods),
    }
    if names:
        response["Access-Control-Allow-Headers"] = ", ".join(names)
    if rule.max_age_seconds:
        response["Access-Control-Max-Age"] = str(rule.max_age_seconds)
    return response


def _insufficient(header: str) -> OssError:
    return OssError(400, "BadRequest", f"Insufficient information. {header} request header needed.")


def _access_forbidden() -> OssError:
    # The misspellings are the published ones.
    return OssError(
        403,
        "AccessForbidden",
        "CORSResponse: This CORS request is not allowed. This is usually because the evalution of Origin, request "
        "method / Access-Control-Request-Method or Access-Control-Requet-Headers are not whitelisted by the "
        "resource's CORS spec.",
    )
