"""GetBucketLifecycle, GetBucketPolicy, GetBucketEncryption and GetBucketReferer, of what no bucket here has; and
GetBucketWebsite, of a website as it was set up.

No bucket can be given rules for its lifecycle, a policy, a way to encrypt or Referer rules. So it is true that there
are none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.oss.authorization import authorize
from localcloud.oss.errors import OssError
from localcloud.oss.responses import xml_response

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from localcloud.oss.request import OssRequest


def get_bucket_lifecycle(request: OssRequest) -> Response:
    """Raises OssError: there are no rules."""
    authorize(request.signer(), "oss:GetBucketLifecycle", request.bucket)
    raise OssError(404, "NoSuchLifecycle", "No Row found in Lifecycle Table.")


def get_bucket_policy(request: OssRequest) -> Response:
    """Raises OssError: there is no policy."""
    authorize(request.signer(), "oss:GetBucketPolicy", request.bucket)
    raise OssError(404, "NoSuchBucketPolicy", "The bucket policy does not exist.")


def get_bucket_encryption(request: OssRequest) -> Response:
    """Raises OssError: nothing is encrypted unless its request says so."""
    authorize(request.signer(), "oss:GetBucketEncryption", request.bucket)
    message = "The server side encryption configuration is not found."
    raise OssError(404, "NoSuchServerSideEncryptionRule", message)


def get_bucket_referer(request: OssRequest) -> Response:
    """Returns the default, under which the Referer does not matter. Raises OssError."""
    authorize(request.signer(), "oss:GetBucketReferer", request.bucket)
    return xml_response("RefererConfiguration", [("AllowEmptyReferer", "true"), ("RefererList", [])])


def get_bucket_website(request: OssRequest) -> Response:
    """Returns the index and the error document. Raises OssError if the bucket hosts no website."""
    authorize(request.signer(), "oss:GetBucketWebsite", request.bucket)
    website = request.bucket.website
    if website is None:
        message = "The specified bucket does not have a website configuration."
        raise OssError(404, "NoSuchWebsiteConfiguration", message, BucketName=request.bucket.name)
    index, error = [("Suffix", website.index)], [("Key", website.error)]
    return xml_response("WebsiteConfiguration", [("IndexDocument", index), ("ErrorDocument", error)])
