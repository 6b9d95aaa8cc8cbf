"""What an upload may say of the object besides its bytes: a key, headers, user meta. The same for forms and for PUT."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from localcloud.oss.errors import Refused, invalid_argument
from localcloud.oss.storage.bucket import StoredObject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localcloud.oss.storage.bucket import Incoming

STORED_HEADERS = {
    "cache-control": "Cache-Control",
    "content-disposition": "Content-Disposition",
    "content-encoding": "Content-Encoding",
    "expires": "Expires",
    "x-oss-object-acl": "x-oss-object-acl",
    "x-oss-storage-class": "x-oss-storage-class",
    "x-oss-server-side-encryption": "x-oss-server-side-encryption",
    "x-oss-server-side-encryption-key-id": "x-oss-server-side-encryption-key-id",
    "x-oss-server-side-data-encryption": "x-oss-server-side-data-encryption",
}
CLOSED_LISTS = {
    "x-oss-object-acl": ("default", "private", "public-read", "public-read-write"),
    "x-oss-storage-class": ("Standard", "IA", "Archive", "ColdArchive", "DeepColdArchive"),
    "x-oss-forbid-overwrite": ("true", "false"),
}
META = "x-oss-meta-"
META_NAME = re.compile("[a-z0-9-]+")
NOT_IN_A_HEADER = re.compile("[\x00-\x08\x0a-\x1f\x7f]")


def is_kept(name: str) -> bool:
    """Whether a header, by its lower-case name, is stored with the object."""
    return name in STORED_HEADERS or name.startswith(META)


def check_key(key: str) -> None:
    """1 to 1023 bytes, with neither `/` nor `\\` at its start. Raises Refused."""
    if not key:
        raise Refused(400, "InvalidObjectName", "The Object name can not be empty.")
    if len(key.encode()) > 1023:
        raise Refused(400, "InvalidObjectName", "The Length of Object name must be less than 1024.")
    if key[0] in "/\\":
        raise Refused(400, "InvalidObjectName", "The specified object is not valid.")


def check(settings: Mapping[str, str], content_type: str) -> None:
    """What goes out again as a header can be one, and a closed list is kept to. Messages are ours. Raises Refused.

    `settings` have lower-case names. User meta is at most 8 KB, as all fields or headers together are.
    """
    for name, value in settings.items():
        if name in CLOSED_LISTS and value not in CLOSED_LISTS[name]:
            raise invalid_argument(f"{name} is not one of {', '.join(CLOSED_LISTS[name])}.", name, value)
        if name.startswith(META) and not META_NAME.fullmatch(name.removeprefix(META)):
            raise invalid_argument("The name of a user meta header is invalid.", name, value)
    _can_be_headers(settings, content_type)
    _encryption_is_valid(settings)


def _can_be_headers(settings: Mapping[str, str], content_type: str) -> None:
    outward = [name for name in settings if is_kept(name)]
    values = {name: settings[name] for name in (*outward, "success_action_redirect") if name in settings}
    for name, value in (*values.items(), ("content-type", content_type)):
        if NOT_IN_A_HEADER.search(value):
            raise invalid_argument("The value holds what no header can hold.", name, value)


def _encryption_is_valid(settings: Mapping[str, str]) -> None:
    method = settings.get("x-oss-server-side-encryption")
    key_id = settings.get("x-oss-server-side-encryption-key-id")
    if method not in (None, "AES256", "KMS", "SM4") or (key_id and method != "KMS"):
        message = "The Encryption request you specified is not valid. Supported value: AES256/SM4/KMS."
        raise Refused(400, "InvalidEncryptionAlgorithmError", message)


def describe(key: str, incoming: Incoming, settings: Mapping[str, str], content_type: str, now: float) -> StoredObject:
    """The object as it is to be stored; `now` is in seconds since the epoch."""
    return StoredObject(
        key=key,
        size=incoming.size,
        content_type=content_type or "application/octet-stream",
        headers={STORED_HEADERS[name]: value for name, value in settings.items() if name in STORED_HEADERS},
        meta={name.removeprefix(META): text for name, text in settings.items() if name.startswith(META)},
        etag=incoming.md5.hexdigest().upper(),
        crc64=str(incoming.crc64),
        last_modified=now,
        version_id=None,
        path=incoming.path,
    )
