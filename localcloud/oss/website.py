"""Static website hosting, as PutBucketWebsite documents it: what anonymous readers get from a bucket that hosts a site.

OSS's own domains make a browser save a page; only a domain bound to the bucket shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.oss.authorization import authorize_read
from localcloud.oss.errors import no_such_key
from localcloud.oss.responses import object_response

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from localcloud.oss.request import OssRequest
    from localcloud.oss.storage.bucket import Website


def get_page(request: OssRequest, website: Website) -> Response:
    """Sends the object; for a path that ends in `/`, the index; for a missing key, the error document with 404.

    Raises OssError.
    """
    bucket = request.bucket
    key = website.index if not request.key or request.key.endswith("/") else request.key
    authorize_read(None, "oss:GetObject", bucket, key, bucket.get(key))
    as_download = not request.address.is_bound_domain
    if found := bucket.open(key):
        return object_response(request.http, *found, as_download=as_download)
    if error_document := bucket.open(website.error):
        return object_response(request.http, *error_document, as_download=as_download, status=404)
    raise no_such_key(key)
