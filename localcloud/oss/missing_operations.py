"""OSS's names of operations that the stand-in does not have, so that its refusal says what was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

VERBS = {"GET": "Get", "PUT": "Put", "DELETE": "Delete"}

SUBJECTS = {
    "acl": "Acl",
    "cors": "Cors",
    "encryption": "Encryption",
    "lifecycle": "Lifecycle",
    "location": "Location",
    "logging": "Logging",
    "policy": "Policy",
    "referer": "Referer",
    "replication": "Replication",
    "stat": "Stat",
    "symlink": "Symlink",
    "tagging": "Tagging",
    "versioning": "Versioning",
    "website": "Website",
    "worm": "Worm",
}
"""What an operation is about, by its sub-resource: `PUT /?acl` is PutBucketAcl, `PUT /key?acl` PutObjectAcl."""

OTHERS = {
    ("GET", True, "x-oss-process"): "image processing",
    ("POST", True, "x-oss-process"): "image processing",
    ("GET", True, "objectMeta"): "GetObjectMeta",
    ("HEAD", True, "objectMeta"): "GetObjectMeta",
    ("POST", True, "append"): "AppendObject",
    ("POST", True, "restore"): "RestoreObject",
    ("GET", True, "symlink"): "GetSymlink",
    ("PUT", True, "symlink"): "PutSymlink",
}
"""The other names, by method, whether there is a key, and the first sub-resource that has one."""


def name_operation(method: str, *, has_key: bool, subresources: Collection[str]) -> str | None:
    """Returns the name of an operation; None where there is no such one, or none that is listed here."""
    for subresource in sorted(subresources) or [""]:
        if name := OTHERS.get((method, has_key, subresource)):
            return name
        if method in VERBS and subresource in SUBJECTS:
            return f"{VERBS[method]}{'Object' if has_key else 'Bucket'}{SUBJECTS[subresource]}"
    return None
