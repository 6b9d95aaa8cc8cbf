"""Every way to say no: one root, each child with its HTTP status and a code that callers may rely on.

The first line of each docstring says what to do; the table in docs/reference/errors.md is checked against it.
"""

from __future__ import annotations

from fc_http.errors import Refused


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


class TicketInvalid(Refused):
    """Send the ticket that this caller was given last, unchanged, with the token of the same person."""

    status, code = 403, "ticket_invalid"
    message = "This ticket belongs to no upload of yours."


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


class TooLarge(Refused):
    """Upload a smaller file, or raise MAX_SIZE."""

    status, code = 413, "too_large"


class TypeNotAllowed(Refused):
    """Upload a file of an allowed type, or add the type to CONTENT_TYPES."""

    status, code = 415, "type_not_allowed"


class FormTooLarge(Refused):
    """Tell the site's owner: with this security token no form stays within what OSS takes (8,000 bytes)."""

    status, code = 500, "form_too_large"
    message = "The form would be larger than the storage accepts."


class CredentialsUnavailable(Refused):
    """Ask again after `retry_after` seconds; if it lasts, the log has the code that STS gave."""

    status, code = 503, "credentials_unavailable"
    message = "The upload service cannot get its credentials at the moment."
