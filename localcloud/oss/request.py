"""A request to OSS as every operation gets it: where it goes, who signed it, and what the service has for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import unquote

from localcloud import stand_in
from localcloud.oss.authentication import authenticate, raw_query, require_signed
from localcloud.oss.object_headers import check_version_id
from localcloud.oss.signature_v4 import raw_pairs

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

    from werkzeug.wrappers import Request

    from localcloud.oss.addressing import Address
    from localcloud.oss.callback import Callbacks
    from localcloud.oss.request_body import UploadReceiver
    from localcloud.oss.storage.bucket import Bucket
    from localcloud.ram.identities import Identities, Identity


@dataclass(frozen=True)
class Service:
    """What all operations share."""

    clock: Callable[[], float]
    identities: Identities
    region: str
    uploads: UploadReceiver
    callbacks: Callbacks
    buckets: MutableMapping[str, Bucket]
    """All buckets, by name."""


@dataclass
class OssRequest:
    """One request. An operation takes it and returns the response."""

    http: Request
    address: Address
    request_id: str
    service: Service
    form_policy: str = ""
    """The post policy of a form, in base64, once it has been read: an error is explained with it."""
    file_size: int | None = None
    """Bytes of a form's file, once they have been received."""

    @property
    def bucket(self) -> Bucket:
        """Returns the bucket that the request is about."""
        return self.address.bucket

    @property
    def key(self) -> str:
        """Returns the key of the object that the request is about; empty for the bucket itself."""
        return self.address.key

    @cached_property
    def parameters(self) -> dict[str, str]:
        """Returns the parameters of the query, decoded."""
        return {unquote(name): unquote(value) for name, value in raw_pairs(raw_query(self.http))}

    @property
    def version_id(self) -> str | None:
        """Returns the version that the request is about; None for the current one. Raises OssError."""
        return check_version_id(self.parameters.get("versionId"))

    @property
    def region(self) -> str:
        """Returns the region of the bucket."""
        return self.bucket.region or self.service.region

    @property
    def base_url(self) -> str:
        """Returns the address at which the bucket was reached, without a slash at its end."""
        return self.http.host_url.rstrip("/")

    def header(self, name: str) -> str | None:
        """Returns a header's value."""
        return self.http.headers.get(name)

    def now(self) -> float:
        """Returns the service's time, in seconds since the epoch."""
        return self.service.clock()

    def identity(self) -> Identity | None:
        """Returns who signed the request; None if nobody did. Raises OssError."""
        resource = f"/{self.bucket.name}/{self.key}"
        return authenticate(self.http, resource, self.service.identities, self.region, self.now())

    def signer(self) -> Identity:
        """Returns who signed the request. Raises OssError if nobody did."""
        return require_signed(self.identity())

    def note(self, **members: object) -> None:
        """Adds to the record of this request."""
        stand_in.note(self.http, **members)
