"""DeleteObject."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from localcloud.oss.authorization import authorize
from localcloud.oss.errors import not_implemented

if TYPE_CHECKING:
    from collections.abc import Iterable

    from localcloud.oss.request import OssRequest
    from localcloud.oss.storage.bucket import Bucket
    from localcloud.ram.identities import Identity


def delete_object(request: OssRequest) -> Response:
    """Returns 204, whether the object was there or not. Raises OssError."""
    delete_keys(request.bucket, (request.key,), request.signer())
    return Response(status=204)


def delete_keys(bucket: Bucket, keys: Iterable[str], identity: Identity) -> None:
    """Deletes all of them or none. Raises OssError.

    What OSS does where only some may be deleted is not documented; all or nothing is our choice.
    """
    if bucket.versioning:
        raise not_implemented("deleting where versions are kept")
    for key in keys:
        authorize(identity, "oss:DeleteObject", bucket, key)
    for key in keys:
        bucket.delete(key)
