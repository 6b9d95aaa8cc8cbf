"""What an upload may say about the object besides its bytes: key, headers, user meta; for forms and for PUT alike."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from localcloud.oss.errors import OssError, invalid_argument
from localcloud.oss.storage.bucket import StoredObject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from localcloud.oss.storage.incoming import Incoming

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
ACLS = ("default", "private", "public-read", "public-read-write")
CLOSED_LISTS = {
    "acl": ACLS,
    "x-oss-object-acl": ACLS,
    "x-oss-storage-class": ("Standard", "IA", "Archive", "ColdArchive", "DeepColdArchive"),
    "x-oss-forbid-overwrite": ("true", "false"),
}
"""Fields and headers whose value must be one of a few. `acl` is a field of forms."""

FORM_ECS = {
    "x-oss-forbid-overwrite": "0006-00000117",
    "x-oss-object-acl": "0017-00000104",
    "x-oss-storage-class": "0013-00000101",
}
"""The ECs for other values in a form. Only the first has a page about forms; the others' are about headers: that they
count for forms too is our choice. The EC of `acl` is not on its page."""

HEADER_ECS = {
    "x-oss-forbid-overwrite": "0017-00000279",
    "x-oss-object-acl": "0017-00000104",
    "x-oss-storage-class": "0017-00000132",
}
"""The ECs for other values in a header of PutObject or InitiateMultipartUpload."""

META = "x-oss-meta-"
META_NAME = re.compile("[a-z0-9-]+")
VERSION_ID = re.compile("[A-Za-z0-9._-]+")
"""The page says letters and digits; others show ids with the rest of these."""

NOT_IN_A_HEADER = re.compile("[\x00-\x08\x0a-\x1f\x7f]")


def is_stored(name: str) -> bool:
    """Returns whether a header, by its lower-case name, is stored with the object."""
    return name in STORED_HEADERS or name.startswith(META)


def check_key(key: str) -> None:
    """Raises OssError unless the key has 1 to 1023 bytes and begins with neither `/` nor `\\`."""
    if not key:
        raise _invalid_object_name("The Object name can not be empty.", "1")
    if len(key.encode()) > 1023:
        raise _invalid_object_name("The Length of Object name must be less than 1024.", "3")
    if key[0] in "/\\":
        raise _invalid_object_name("The specified object is not valid.", "5")


def check_version_id(version_id: str | None) -> str | None:
    """Returns the id of a version, None for the current one. Raises OssError; the Codes and wording are our choice."""
    if version_id == "":
        raise invalid_argument("The version id is empty.", "versionId", "", "0012-00000201")
    if version_id is not None and not VERSION_ID.fullmatch(version_id):
        raise invalid_argument("The version id is invalid.", "versionId", version_id, "0012-00000202")
    return version_id


def key_not_utf_8() -> OssError:
    """Makes a 400 for a key that cannot be decoded."""
    return _invalid_object_name("The specified object is not valid.", "4")


def _invalid_object_name(message: str, ec: str) -> OssError:
    return OssError(400, "InvalidObjectName", message, f"0016-0000000{ec}")


def check(settings: Mapping[str, str], content_type: str, *, is_form: bool) -> None:
    """Raises OssError for a value that no header can have, or that is not on its list. The messages are our choice.

    `settings` are fields or headers by lower-case name. User meta has at most 8 KB, as all of them together have.
    """
    for name, value in settings.items():
        if name in CLOSED_LISTS and (is_form or name != "acl") and value not in CLOSED_LISTS[name]:
            raise _not_listed(name, value, is_form=is_form)
        if name.startswith(META) and not META_NAME.fullmatch(name.removeprefix(META)):
            raise invalid_argument("The name of a user meta header is invalid.", name, value)
    _check_header_values(settings, content_type)
    _check_encryption(settings)


def _not_listed(name: str, value: str, *, is_form: bool) -> OssError:
    ec = (FORM_ECS if is_form else HEADER_ECS).get(name)
    if (name, value, is_form) == ("x-oss-storage-class", "", False):
        ec = "0017-00000131"
    return invalid_argument(f"{name} is not one of {', '.join(CLOSED_LISTS[name])}.", name, value, ec)


def _check_header_values(settings: Mapping[str, str], content_type: str) -> None:
    response_headers = [name for name in settings if is_stored(name)]
    values = {name: settings[name] for name in (*response_headers, "success_action_redirect") if name in settings}
    check_values({**values, "content-type": content_type})


def check_values(values: Mapping[str, str]) -> None:
    """Raises OssError for a value that no header can have; `values` are by the name of a field or of a parameter."""
    for name, value in values.items():
        if NOT_IN_A_HEADER.search(value):
            raise invalid_argument("The value holds what no header can hold.", name, value)


def encode_header(value: str) -> str:
    """Returns a header's value as the HTTP server takes it: it sends latin-1, so that the bytes are those in UTF-8."""
    return value.encode().decode("latin-1")


def _check_encryption(settings: Mapping[str, str]) -> None:
    method = settings.get("x-oss-server-side-encryption")
    key_id = settings.get("x-oss-server-side-encryption-key-id")
    if method not in (None, "AES256", "KMS", "SM4") or (key_id and method != "KMS"):
        message = "The Encryption request you specified is not valid. Supported value: AES256/SM4/KMS."
        raise OssError(400, "InvalidEncryptionAlgorithmError", message)


def describe(key: str, incoming: Incoming, settings: Mapping[str, str], content_type: str, now: float) -> StoredObject:
    """Describes the object that is to be stored; `now` is in seconds since the epoch."""
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
