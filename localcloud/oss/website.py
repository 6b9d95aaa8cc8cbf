"""Static website hosting, as PutBucketWebsite documents it: what anonymous readers get of a bucket that hosts a site.

The domains that OSS gives make a browser save what it would show; only a domain bound to the bucket shows a page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.oss.authorization import NO_RIGHT
from localcloud.oss.errors import access_denied
from localcloud.oss.get_object import no_such_key, send

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

    from localcloud.oss.addressing import Address
    from localcloud.oss.storage.bucket import Website


def page(request: Request, address: Address, website: Website) -> Response:
    """The object; for a path that ends in `/`, the index; for a key that is not there, the error document with 404.

    Raises Refused.
    """
    if not address.bucket.public_read:
        raise access_denied(NO_RIGHT)
    key = website.index if not address.key or address.key.endswith("/") else address.key
    as_download = not address.is_bound_domain
    if found := address.bucket.open(key):
        return send(request, *found, as_download=as_download)
    if error := address.bucket.open(website.error):
        return send(request, *error, as_download=as_download, status=404)
    raise no_such_key(key)
