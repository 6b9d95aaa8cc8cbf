"""PutObject: one request with a signature in its header or its query, from its headers to the stored object."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from localcloud.oss import object_headers
from localcloud.oss.authorization import authorize
from localcloud.oss.errors import Refused, not_implemented
from localcloud.oss.post_object import MAX_OBJECT
from localcloud.oss.responses import stored_headers
from localcloud.stand_in import CHUNK

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from localcloud.oss.addressing import Address
    from localcloud.oss.post_object import Body
    from localcloud.oss.storage.bucket import Bucket, Incoming
    from localcloud.ram.identities import Identity

NOT_SUPPORTED = ("x-oss-callback", "x-oss-copy-source", "x-oss-symlink-target", "x-oss-tagging")
"""Headers that would make it another operation, or do more than store an object."""


def check(request: Request, address: Address, identity: Identity) -> dict[str, str]:
    """What can be judged before the body is there. The headers, by lower-case name. Raises Refused."""
    settings = {name.lower(): _text(value) for name, value in request.headers.items()}
    for name in NOT_SUPPORTED:
        if name in settings:
            raise not_implemented(f"the header {name} of a PUT")
    object_headers.check_key(address.key)
    object_headers.check(settings, settings.get("content-type", ""))
    authorize(identity, "oss:PutObject", address.bucket, address.key)
    if "x-oss-object-acl" in settings:
        # That an ACL takes a right of its own is our choice, as it is for forms.
        authorize(identity, "oss:PutObjectAcl", address.bucket, address.key)
    return settings


def receive(body: Body, incoming: Incoming, content_md5: str | None) -> None:
    """Read the whole body. Raises Refused, and OSError of the disk."""
    while chunk := body.read(CHUNK):
        if incoming.size + len(chunk) > MAX_OBJECT:
            raise Refused(400, "InvalidArgument", "The object you want to upload is larger than 5 GB.")
        incoming.write(memoryview(chunk))
    if content_md5 is not None and content_md5 != base64.b64encode(incoming.md5.digest()).decode():
        raise Refused(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")


def store(incoming: Incoming, bucket: Bucket, key: str, settings: dict[str, str], now: float) -> Response:
    """The object is there. 200, nothing in it but headers. Raises Refused."""
    described = object_headers.describe(key, incoming, settings, settings.get("content-type", ""), now)
    forbid = settings.get("x-oss-forbid-overwrite") == "true"
    return Response(headers=stored_headers(bucket.put(incoming, described, forbid_overwrite=forbid)))


def _text(value: str) -> str:
    """A header's value, which Python's HTTP server has read as latin-1, as the UTF-8 that it is meant to be."""
    return value.encode("latin-1").decode(errors="replace")
