"""Why a callback is not believed: each with its HTTP status and its code. OSS tells the browser 203 for any of them.

docs/callback.md explains them; nothing happens where one is raised.
"""

from __future__ import annotations

from fc_http.errors import Refused


class NotFromOss(Refused):
    """OSS did not sign this, or named a key that is not OSS's, or it was changed on its way."""

    status, code = 403, "not_from_oss"
    message = "This is no callback that OSS signed."


class NotOurUpload(Refused):
    """It belongs to no form of ours: another bucket, no ticket, a ticket for something else, or one that has ended."""

    status, code = 403, "unknown_upload"
    message = "This callback belongs to no form of this service."


class NotStored(Refused):
    """The bucket does not hold what was told."""

    status, code = 403, "not_stored"
    message = "The bucket does not hold what this callback tells."
