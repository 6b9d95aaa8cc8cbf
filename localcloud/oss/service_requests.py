"""Requests that are about no bucket that exists: ListBuckets, PutBucket, and those to a bucket that does not exist.

At one port, `/new/` may be a bucket or an object of the default bucket, and `/` the service or the default bucket. The
real OSS tells them apart by the host; here the signature does, since it covers the bucket's name: our choice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.oss.authentication import authenticate, require_signed
from localcloud.oss.errors import OssError, UnknownOperationError, no_such_bucket
from localcloud.oss.operations.list_buckets import list_buckets
from localcloud.oss.operations.put_bucket import put_bucket
from localcloud.stand_in import note

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Request, Response

    from localcloud.oss.addressing import Addresses
    from localcloud.oss.request import Service
    from localcloud.oss.storage.bucket import Bucket
    from localcloud.ram.identities import Identity


class ServiceRequests:
    """Answers them. Without `make_bucket`, which takes a name and an account, no bucket can be made."""

    def __init__(
        self, service: Service, addresses: Addresses, make_bucket: Callable[[str, str], Bucket] | None
    ) -> None:
        self._service = service
        self._addresses = addresses
        self._make_bucket = make_bucket

    def answer(self, http: Request, *, is_plain: bool) -> Response | None:
        """Answers such a request; None for all others. Raises OssError. `is_plain`: the query has no sub-resource."""
        place = self._addresses.find_missing_bucket(http)
        if place is None:
            return self._list_buckets(http) if is_plain and self._addresses.is_service(http) else None
        name, rest, is_certain = place
        resource = f"/{name}/{rest}"
        if not is_certain and self._find_signer(http, resource) is None:
            return None
        if http.method != "PUT" or rest or not is_plain:
            raise no_such_bucket(name)
        if self._make_bucket is None:
            raise UnknownOperationError(f"PutBucket: PUT {http.path}")
        note(http, operation="PutBucket")
        return put_bucket(http, name, require_signed(self._authenticate(http, resource)), self._make_bucket)

    def _list_buckets(self, http: Request) -> Response | None:
        identity = self._find_signer(http, "/") if http.method == "GET" else None
        if identity is None:
            return None
        note(http, operation="ListBuckets")
        return list_buckets(http, identity, self._service.buckets.values(), self._service.region)

    def _find_signer(self, http: Request, resource: str) -> Identity | None:
        """Returns who signed a request for this resource; None if nobody did."""
        try:
            return self._authenticate(http, resource)
        except OssError:
            return None

    def _authenticate(self, http: Request, resource: str) -> Identity | None:
        service = self._service
        return authenticate(http, resource, service.identities, service.region, service.clock())
