"""Every way to say no: one root, each child with its HTTP status and a code that callers may rely on.

The first line of each docstring says what to do; the table in docs/reference/errors.md is checked against it.
"""

from __future__ import annotations

from typing import ClassVar


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not a fault
    """The root of all refusals; `message` is for people and goes out, so nothing internal belongs in it."""

    status: ClassVar[int]
    code: ClassVar[str]
    message = "The request was refused."

    def __init__(self, message: str = "", *, retry_after: int | None = None) -> None:
        self.message = message or self.message
        self.retry_after = retry_after
        """Seconds after which to ask again; None where asking again does not help."""
        super().__init__(self.message)

    @property
    def headers(self) -> dict[str, str]:
        """What the answer has besides the usual ones."""
        return {}

    def payload(self, **more: object) -> dict[str, dict[str, object]]:
        """The refusal as it goes out, with what else is to be said of it; what is None is left out."""
        told = {"code": self.code, "message": self.message, "retry_after": self.retry_after, **more}
        return {"error": {name: value for name, value in told.items() if value is not None}}


class BadRequest(Refused):
    """Send what the contract describes: a JSON object with a list `files`."""

    status, code = 400, "bad_request"


class InvalidFilename(Refused):
    """Send a relative file name of at most 4,096 characters, without control characters, marks of direction or `..`."""

    status, code = 400, "invalid_filename"


class InvalidSize(Refused):
    """Send the size of the file in bytes, a whole number from 0; in parts (`POST /multipart`) from 1."""

    status, code = 400, "invalid_size"


class InvalidId(Refused):
    """Send a UUID, another one for each file, or none."""

    status, code = 400, "invalid_id"


class TooManyFiles(Refused):
    """Ask for 1 to 20 files at a time."""

    status, code = 400, "too_many_files"


class TokenMissing(Refused):
    """Open the page by its upload link, or send `Authorization: Bearer` and a token."""

    status, code = 401, "token_missing"
    message = "Uploading here takes an upload link or a token."


class TokenExpired(Refused):
    """Get a new upload link or a new token: this one has ended."""

    status, code = 401, "token_expired"
    message = "The upload link or token has ended."


class TokenInvalid(Refused):
    """Get a new upload link or a new token: this one is none of this service, or was changed on its way."""

    status, code = 401, "token_invalid"
    message = "The upload link or token is not valid here."


class OriginNotAllowed(Refused):
    """Add the page's origin to ALLOWED_ORIGINS, exactly as the browser sends it."""

    status, code = 403, "origin_not_allowed"
    message = "Pages of this origin may not upload here."


class TicketInvalid(Refused):
    """Send the ticket that this caller was given last, unchanged, with the token of the same person."""

    status, code = 403, "ticket_invalid"
    message = "This ticket belongs to no upload of yours."


class NotFound(Refused):
    """Check the address: there are /sign, /limits, /get_post_signature_for_oss_upload and, if it is on, /multipart."""

    status, code = 404, "not_found"
    message = "There is nothing at this address."


class MethodNotAllowed(Refused):
    """Use the method that the contract names for this address, and the header `Allow`."""

    status, code = 405, "method_not_allowed"

    def __init__(self, allowed: str) -> None:
        super().__init__(f"This address takes {allowed}.")
        self.allowed = allowed

    @property
    def headers(self) -> dict[str, str]:
        """What this address takes (RFC 9110, 15.5.6): browsers ask every one with OPTIONS first."""
        return {"Allow": f"{self.allowed}, OPTIONS"}


class AlreadyStored(Refused):
    """With an `id` of your own: take it for done. The file is stored under this key."""

    status, code = 409, "already_stored"
    message = "The file is there already."


class PartsMissing(Refused):
    """Send the parts that `parts` lists, then ask for completion again."""

    status, code = 409, "parts_missing"

    def __init__(self, numbers: list[int]) -> None:
        super().__init__("Some parts have not arrived whole.")
        self.numbers = numbers
        """The first of those that are missing."""

    def payload(self, **more: object) -> dict[str, dict[str, object]]:
        """With the numbers."""
        return super().payload(parts=self.numbers, **more)


class TicketExpired(Refused):
    """Begin the upload again, with the same `id`."""

    status, code = 410, "ticket_expired"
    message = "The time for this upload has ended."


class UploadGone(Refused):
    """Begin the upload again, with the same `id`: if it was completed before, the answer is `already_stored`."""

    status, code = 410, "upload_gone"
    message = "There is no such upload any more: it was completed, aborted, or cleared away."


class BodyTooLarge(Refused):
    """Send at most 64 KB: ask for fewer files at a time."""

    status, code = 413, "body_too_large"
    message = "The request is larger than 64 KB."


class TooLarge(Refused):
    """Upload a smaller file, or raise MAX_SIZE."""

    status, code = 413, "too_large"


class TypeNotAllowed(Refused):
    """Upload a file of an allowed type, or add the type to CONTENT_TYPES."""

    status, code = 415, "type_not_allowed"


class Internal(Refused):
    """Look up the request id in the function's log; it is a fault of ours."""

    status, code = 500, "internal"
    message = "Something went wrong here. It was logged."


class Misconfigured(Refused):
    """Look in the function's log, which names every setting at fault; mend them and deploy again."""

    status, code = 500, "misconfigured"
    message = "The upload service is set up wrongly. Its log names every fault."

    def __init__(self, faults: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.faults = faults

    def __str__(self) -> str:
        """All faults, one a line, for whoever starts the function at a terminal."""
        return "\n  - ".join(["The settings are not right:", *self.faults])


class FormTooLarge(Refused):
    """Tell the site's owner: with this security token no form stays within what OSS takes (8,000 bytes)."""

    status, code = 500, "form_too_large"
    message = "The form would be larger than the storage accepts."


class CredentialsUnavailable(Refused):
    """Ask again after `retry_after` seconds; if it lasts, the log has the code that STS gave."""

    status, code = 503, "credentials_unavailable"
    message = "The upload service cannot get its credentials at the moment."


class StorageUnavailable(Refused):
    """Ask again: the storage could not be asked in time. If it lasts, the log has what it said."""

    status, code = 503, "storage_unavailable"
    message = "The storage could not be asked in time."
