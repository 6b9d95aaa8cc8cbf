"""OSS's answers about a bucket, read strictly: what has another shape than OSS documents is no answer.

The shapes follow the pages of OSS's API reference on GetBucketVersioning, GetBucketPublicAccessBlock, GetBucketAcl,
GetBucketCors, GetBucketLifecycle, GetBucketWebsite, GetBucketEncryption, GetBucketReferer, GetBucketInfo and
ListObjectsV2.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import TypeAlias
from xml.etree import ElementTree

Shape: TypeAlias = "str | Mapping[str, Shape] | None"
"""What an element holds: a pattern of its text, its children, or None for anything. `?`, `*` and `+` behind a child's
name tell how often it may be there; without one it is there once. The child `*` is any other one."""

_NAMESPACE = re.compile(r"\{http://doc\.oss-[a-z0-9-]+\.aliyuncs\.com\}")
"""OSS's own. Its page on GetBucketVersioning prints answers without a namespace, and one with it: the empty one of a
bucket that never had versioning."""

_TEXT, _FLAG, _NUMBER = "(?s:.*)", "true|false", "[0-9]+"

_LIFECYCLE_RULE: Shape = {
    "ID?": _TEXT,
    "Prefix?": _TEXT,
    "Status": "Enabled|Disabled",
    "Tag*": {"Key": _TEXT, "Value": _TEXT},
    "Filter?": None,
    "AtimeBase?": _NUMBER,
    "Expiration?": {
        "Days?": _NUMBER,
        "CreatedBeforeDate?": _TEXT,
        "Date?": _TEXT,  # so older rules spell it
        "ExpiredObjectDeleteMarker?": _FLAG,
    },
    "AbortMultipartUpload?": {"Days?": _NUMBER, "CreatedBeforeDate?": _TEXT},
    "Transition*": None,
    "NoncurrentVersionExpiration*": None,
    "NoncurrentVersionTransition*": None,
}
_CORS_RULE: Shape = {
    "AllowedOrigin+": _TEXT,
    "AllowedMethod+": _TEXT,
    "AllowedHeader*": _TEXT,
    "ExposeHeader*": _TEXT,
    "MaxAgeSeconds?": _NUMBER,
}
_SHAPES: Mapping[str, tuple[str, Shape]] = {
    "versioning": ("VersioningConfiguration", {"Status?": "Enabled|Suspended"}),
    "publicAccessBlock": ("PublicAccessBlockConfiguration", {"BlockPublicAccess": _FLAG}),
    "acl": (
        "AccessControlPolicy",
        {
            "Owner": {"ID": _NUMBER, "DisplayName?": _TEXT},
            "AccessControlList": {"Grant": "private|public-read|public-read-write"},
        },
    ),
    "cors": ("CORSConfiguration", {"CORSRule+": _CORS_RULE, "ResponseVary?": _FLAG}),
    "lifecycle": ("LifecycleConfiguration", {"Rule+": _LIFECYCLE_RULE}),
    "website": (
        "WebsiteConfiguration",
        {
            "IndexDocument?": {"Suffix": _TEXT, "SupportSubDir?": _FLAG, "Type?": _NUMBER},
            "ErrorDocument?": {"Key": _TEXT, "HttpStatus?": _NUMBER},
            "RoutingRules?": {"RoutingRule*": None},
        },
    ),
    "encryption": (
        "ServerSideEncryptionRule",
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": _TEXT, "*": None}},
    ),
    "referer": (
        "RefererConfiguration",
        {
            "AllowEmptyReferer": _FLAG,
            "RefererList?": {"Referer*": _TEXT},
            "RefererBlacklist?": {"Referer*": _TEXT},
            "*": None,
        },
    ),
    "bucketInfo": (
        "BucketInfo",
        {
            "Bucket": {
                "Name": _TEXT,
                "Location": _TEXT,
                "Owner": {"ID": _NUMBER, "DisplayName?": _TEXT},
                "AccessControlList": {"Grant": "private|public-read|public-read-write"},
                "Versioning?": "Enabled|Suspended",
                "ServerSideEncryptionRule?": {"SSEAlgorithm": _TEXT, "*": None},
                "*": None,
            }
        },
    ),
    "list-type": (
        "ListBucketResult",
        {"Name": _TEXT, "IsTruncated": _FLAG, "Contents*": {"Key": _TEXT, "ETag": _TEXT, "*": None}, "*": None},
    ),
}
"""The root of each answer, and what it holds, by the parameter that asks for it."""


def read(parameter: str, content: bytes) -> ElementTree.Element | None:
    """Returns an answer, its names without OSS's namespace; None if it has another shape than is documented."""
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 - expat bounds what entities may grow to
    except (ElementTree.ParseError, ValueError, LookupError):  # of an unknown encoding, too
        return None
    namespace = _NAMESPACE.match(root.tag)
    if namespace:
        for element in root.iter():
            element.tag = element.tag.removeprefix(namespace[0])
    name, shape = _SHAPES[parameter]
    return root if root.tag == name and _fits(root, shape) else None


def text(element: ElementTree.Element, path: str) -> str:
    """Returns the text at a path; empty if there is none."""
    return element.findtext(path) or ""


def _fits(element: ElementTree.Element, shape: Shape) -> bool:
    if shape is None:
        return True
    if element.attrib:
        return False
    if isinstance(shape, str):
        return not len(element) and re.fullmatch(shape, element.text or "") is not None
    if any((between or "").strip() for between in (element.text, *(child.tail for child in element))):
        return False
    of_name = {key.rstrip("?*+"): key for key in shape if key != "*"}
    count = Counter(child.tag for child in element)
    often_enough = all(_is_as_often(key, count[name]) for name, key in of_name.items())
    return often_enough and all(
        _fits(child, shape[of_name[child.tag]]) if child.tag in of_name else "*" in shape for child in element
    )


def _is_as_often(key: str, count: int) -> bool:
    return {"?": count <= 1, "*": True, "+": count >= 1}.get(key[-1], count == 1)
