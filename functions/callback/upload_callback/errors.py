"""The reasons to refuse a callback: each has an HTTP status and a code. OSS answers the browser 203 for all of them.

docs/reference/errors.md explains them. A refused callback has no effect. The last error is of another kind: OSS hands
it on to the browser, which learns that the file was deleted.
"""

from __future__ import annotations

from fc_http.errors import ApiError


class NotFromOss(ApiError):
    """There is no signature of OSS's, the key is not OSS's, or something was changed on the way."""

    status, code = 403, "not_from_oss"
    message = "OSS did not sign this callback."


class UnknownUpload(ApiError):
    """It is for another bucket, or there is no ticket, a ticket for something else, or an expired one."""

    status, code = 403, "unknown_upload"
    message = "This callback does not belong to any form of this service."


class NotStored(ApiError):
    """The bucket has nothing under this key, or something else."""

    status, code = 403, "not_stored"
    message = "The bucket does not have the object of this callback."


class TypeMismatch(ApiError):
    """The file is not of its type, and `CONTENT_CHECK=delete` deleted it."""

    status, code = 200, "type_mismatch"
    message = "The file is not of the type that it has, and was deleted."
