"""DeleteObject: deletes an object, marks it as deleted where versions are made, or deletes one version for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from localcloud.oss.authorization import authorize, authorize_write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from localcloud.oss.request import OssRequest
    from localcloud.oss.storage.bucket import StoredObject


def delete_object(request: OssRequest) -> Response:
    """Returns 204, whether the object was there or not. Raises OssError."""
    version_id = request.version_id
    (deleted,) = delete_versions(request, [(request.key, version_id)])
    headers = {}
    if deleted and deleted.is_delete_marker:
        headers["x-oss-delete-marker"] = "true"
    if named := version_id or (deleted and deleted.is_delete_marker and deleted.version_id):
        headers["x-oss-version-id"] = named
    return Response(status=204, headers=headers)


def delete_versions(request: OssRequest, versions: Sequence[tuple[str, str | None]]) -> list[StoredObject | None]:
    """Deletes objects, or versions of them, by key: all of them or none. Returns what was deleted. Raises OssError.

    What OSS does where only some may be deleted is not documented; all or nothing is our choice. So is that a
    version that does not exist is no error, as with objects.
    """
    identity, bucket = request.identity(), request.bucket
    for key, version_id in versions:
        if version_id is None:
            authorize_write(identity, "oss:DeleteObject", bucket, key)
        else:
            authorize(request.signer(), "oss:DeleteObjectVersion", bucket, key)
    return [bucket.delete(key, version_id, request.now()) for key, version_id in versions]
