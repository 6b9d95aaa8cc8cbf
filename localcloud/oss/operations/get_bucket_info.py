"""GetBucketInfo, GetBucketLocation and GetBucketStat: describe a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from localcloud.oss.authorization import authorize
from localcloud.oss.responses import owner_elements, xml_response
from localcloud.oss.signature_v4 import iso_8601

if TYPE_CHECKING:
    from werkzeug.wrappers import Response

    from localcloud.oss.request import OssRequest
    from localcloud.xml_document import Content


def get_bucket_info(request: OssRequest) -> Response:
    """Returns what is known of the bucket. Raises OssError."""
    bucket, region = request.bucket, request.region
    authorize(request.signer(), "oss:GetBucketInfo", bucket)
    elements: list[tuple[str, Content]] = [
        ("CreationDate", iso_8601(bucket.created)),
        ("ExtranetEndpoint", f"oss-{region}.aliyuncs.com"),
        ("IntranetEndpoint", f"oss-{region}-internal.aliyuncs.com"),
        ("Location", f"oss-{region}"),
        ("StorageClass", "Standard"),
        ("DataRedundancyType", "LRS"),
        ("TransferAcceleration", "Disabled"),
        ("CrossRegionReplication", "Disabled"),
        ("AccessMonitor", "Disabled"),
        ("BlockPublicAccess", str(bucket.public_access_blocked).lower()),
        ("Name", bucket.name),
        ("Owner", owner_elements(bucket)),
        ("AccessControlList", [("Grant", bucket.acl)]),
        ("ServerSideEncryptionRule", [("SSEAlgorithm", "None")]),
        ("BucketPolicy", [("LogBucket", ""), ("LogPrefix", "")]),
        ("Comment", ""),
        *([("Versioning", bucket.versioning)] if bucket.versioning else []),
    ]
    return xml_response("BucketInfo", [("Bucket", elements)])


def get_bucket_location(request: OssRequest) -> Response:
    """Returns the region, written as endpoints begin. Raises OssError."""
    authorize(request.signer(), "oss:GetBucketLocation", request.bucket)
    return xml_response("LocationConstraint", f"oss-{request.region}")


def get_bucket_stat(request: OssRequest) -> Response:
    """Returns how much is stored: of every version, the bytes. Raises OssError; all is of the class Standard here."""
    bucket = request.bucket
    authorize(request.signer(), "oss:GetBucketStat", bucket)
    versions = [version for version, _ in bucket.versions()]
    objects = [version for version in versions if not version.is_delete_marker]
    size, count = str(sum(version.size for version in objects)), str(len(objects))
    elements = [
        ("Storage", size),
        ("ObjectCount", count),
        ("MultipartUploadCount", str(len(bucket.multipart_uploads.ids()))),
        ("LiveChannelCount", "0"),
        ("LastModifiedTime", str(int(request.now()))),
        ("StandardStorage", size),
        ("StandardObjectCount", count),
        ("DeleteMarkerCount", str(len(versions) - len(objects))),
    ]
    return xml_response("BucketStat", elements)
