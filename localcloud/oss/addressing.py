"""Finds the bucket and the object that a request is about, by its host or by the first part of its path."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from localcloud.oss.errors import access_denied, no_such_bucket
from localcloud.oss.names import BUCKET
from localcloud.oss.object_headers import key_not_utf_8
from localcloud.stand_in import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from werkzeug.wrappers import Request

    from localcloud.oss.storage.bucket import Bucket


@dataclass(frozen=True)
class Address:
    """The bucket and the object that a request is about."""

    bucket: Bucket
    key: str
    """Empty for the bucket itself."""
    is_bound_domain: bool
    """Whether the host is a domain bound to the bucket, not one that every bucket has."""


class Addresses:
    """The hosts at which buckets are available.

    Which hosts these are is our choice, as the real ones do not exist on loopback. The domains in `domains`, such as
    `www.localhost`, are bound to a bucket (browsers resolve every name below `localhost` to this machine). All others
    stand for OSS's own domains: `<bucket>.localhost` is that bucket. `127.0.0.1` and `localhost` are the default
    bucket; where the first part of the path is the name of a bucket, they are that one, since the vendor's SDKs
    address an IP that way. A host that was allowed by name, such as that of a container, is as `localhost` is.
    """

    def __init__(
        self, buckets: Mapping[str, Bucket], default: str, domains: Mapping[str, Bucket], allowed_hosts: Iterable[str]
    ) -> None:
        self._buckets = buckets
        self._default = default
        self._domains = domains
        self._hosts = frozenset((LOOPBACK, "localhost", *allowed_hosts))

    def find(self, request: Request) -> list[Address]:
        """Returns what a request may be about, the likeliest first. Raises OssError.

        At `127.0.0.1` and the like, `/photos/a` is `a` of the bucket `photos`, else `photos/a` of the default bucket;
        if it is signed for another one, it is that one's, since a client that takes this host for its bucket's own
        domain names the bucket in its signature alone.
        """
        host, path = request.host.lower().partition(":")[0], _path(request)
        if host in self._domains:
            return [Address(self._domains[host], path, is_bound_domain=True)]
        if host not in self._hosts:
            return [Address(*self._find_by_host(host, path), is_bound_domain=False)]
        first, _, rest = path.partition("/")
        of_path = [(self._buckets[first], rest)] if first in self._buckets else []
        names = sorted(self._buckets, key=lambda name: name != self._default)
        if not of_path and self._default not in self._buckets:
            raise no_such_bucket(self._default)
        of_signature = [(self._buckets[name], path) for name in names]
        return [Address(bucket, key, is_bound_domain=False) for bucket, key in (*of_path, *of_signature)]

    def find_missing_bucket(self, request: Request) -> tuple[str, str, bool] | None:
        """Returns the name of a bucket that does not exist, the rest of the path, and whether the name is certain.

        It is the host's first part; else it may be the path's first part. Raises OssError.
        """
        host, path = request.host.lower().partition(":")[0], _path(request)
        first, _, rest = path.partition("/")
        name, _, domain = host.partition(".")
        if domain in self._hosts - {LOOPBACK} and host not in self._domains and name not in self._buckets:
            return name, path, True
        if host in self._hosts and first not in self._buckets and BUCKET.fullmatch(first):
            return first, rest, False
        return None

    def is_service(self, request: Request) -> bool:
        """Returns whether a request may be about the service itself. Raises OssError."""
        return request.host.lower().partition(":")[0] in self._hosts and not _path(request)

    def _find_by_host(self, host: str, path: str) -> tuple[Bucket, str]:
        """Returns the bucket of a host such as `photos.localhost`, and the key. Raises OssError."""
        name, _, domain = host.partition(".")
        first, _, rest = path.partition("/")
        if domain not in self._hosts - {LOOPBACK}:
            raise access_denied(
                "The bucket you are attempting to access must be addressed using the specified endpoint. "
                "Please send all future requests to this endpoint."
            )
        if name not in self._buckets:
            raise no_such_bucket(name)
        return (self._buckets[first], rest) if first in self._buckets else (self._buckets[name], path)


def _path(request: Request) -> str:
    raw = str(request.environ["REQUEST_URI"]).partition("?")[0]
    try:
        return unquote_to_bytes(raw.encode("latin-1")).decode().removeprefix("/")
    except UnicodeDecodeError:
        raise key_not_utf_8() from None
