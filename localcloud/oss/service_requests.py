"""Requests that are about no bucket that exists: ListBuckets, GetPublicAccessBlock, PutBucket, and those to a bucket
that does not exist; and which bucket all others are about.

At one port, `/new/` may be a bucket or an object of the default bucket, and `/` the service or the default bucket. The
real OSS tells them apart by the host; here the signature does, since it covers the bucket's name: our choice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.oss.authentication import authenticate, raw_query, require_signed
from localcloud.oss.authorization import authorize_bucket
from localcloud.oss.errors import OssError, UnknownOperationError, no_such_bucket
from localcloud.oss.operations.list_buckets import list_buckets
from localcloud.oss.operations.public_access_block import block_response
from localcloud.oss.operations.put_bucket import put_bucket
from localcloud.stand_in import note

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.wrappers import Request, Response

    from localcloud.oss.addressing import Address, Addresses
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

    def answer(self, http: Request, subresources: frozenset[str]) -> Response | None:
        """Answers such a request; None for all others. Raises OssError."""
        place = self._addresses.find_missing_bucket(http)
        if place is None:
            return self._answer_for_account(http, subresources) if self._addresses.is_service(http) else None
        name, rest, is_certain = place
        resource = f"/{name}/{rest}"
        if not is_certain and self._find_signer(http, resource) is None:
            return None
        if http.method != "PUT" or rest or subresources:
            raise no_such_bucket(name)
        if self._make_bucket is None:
            raise UnknownOperationError(f"PutBucket: PUT {http.path}")
        note(http, operation="PutBucket")
        return put_bucket(http, name, require_signed(self._authenticate(http, resource)), self._make_bucket)

    def choose(self, http: Request, addresses: list[Address]) -> Address:
        """Returns the address for which a request is signed; the first one if it is signed for no other."""
        is_signed = "Authorization" in http.headers or "x-oss-signature" in raw_query(http)
        if is_signed and len(addresses) > 1:
            for each in addresses:
                if self._find_signer(http, f"/{each.bucket.name}/{each.key}", each.bucket.region):
                    return each
        return addresses[0]

    def _answer_for_account(self, http: Request, subresources: frozenset[str]) -> Response | None:
        is_about_block = subresources == {"publicAccessBlock"}
        identity = self._find_signer(http, "/") if not subresources or is_about_block else None
        if identity is None or (http.method != "GET" and not is_about_block):
            return None
        if not is_about_block:
            note(http, operation="ListBuckets")
            return list_buckets(http, identity, self._service.buckets.values(), self._service.region)
        if http.method != "GET":
            raise UnknownOperationError(f"PutPublicAccessBlock or DeletePublicAccessBlock: {http.method} {http.path}")
        note(http, operation="GetPublicAccessBlock")
        authorize_bucket(identity, "oss:GetPublicAccessBlock", identity.account_id, "*")
        # Here it is each bucket that blocks public access, and never the account.
        return block_response(blocked=False)

    def _find_signer(self, http: Request, resource: str, region: str = "") -> Identity | None:
        """Returns who signed a request for this resource; None if nobody did."""
        try:
            return self._authenticate(http, resource, region)
        except OssError:
            return None

    def _authenticate(self, http: Request, resource: str, region: str = "") -> Identity | None:
        service = self._service
        return authenticate(http, resource, service.identities, region or service.region, service.clock())
