"""The errors of the signing function: each has an HTTP status, and a code that callers may rely on.

The first line of each docstring says what to do. docs/reference/errors.md repeats it, and a test compares the two.
"""

from __future__ import annotations

from fc_http.errors import ApiError


class InvalidFilename(ApiError):
    """Send a relative file name of at most 4,096 characters, without control characters, marks of direction or `..`."""

    status, code = 400, "invalid_filename"


class InvalidSize(ApiError):
    """Send the size of the file in bytes, a whole number from 0; in parts (`POST /multipart`) from 1."""

    status, code = 400, "invalid_size"


class InvalidId(ApiError):
    """Send a UUID, another one for each file, or none."""

    status, code = 400, "invalid_id"


class InvalidSlot(ApiError):
    """With a link for a number of files send a whole number from 1 to it, another one for each file; or send none."""

    status, code = 400, "invalid_slot"


class TooManyFiles(ApiError):
    """Ask for 1 to 20 files at a time."""

    status, code = 400, "too_many_files"


class UnknownProfile(ApiError):
    """Name a profile of profiles.json, or none."""

    status, code = 400, "unknown_profile"
    message = "There is no such profile."


class TokenMissing(ApiError):
    """Open the page by its upload link, or send `Authorization: Bearer` and a token."""

    status, code = 401, "token_missing"
    message = "Uploading here requires an upload link or a token."


class TokenExpired(ApiError):
    """Get a new upload link or a new token: this one has expired."""

    status, code = 401, "token_expired"
    message = "The upload link or token has expired."


class TokenInvalid(ApiError):
    """Get a new upload link or a new token: this one was not issued by this service, or was altered."""

    status, code = 401, "token_invalid"
    message = "The upload link or token is not valid here."


class ProfileNotAllowed(ApiError):
    """Name a profile that the token allows, or get a token whose claim `profiles` has this one."""

    status, code = 403, "profile_not_allowed"
    message = "The upload link or token is not for this profile."


class FolderFormNotAllowed(ApiError):
    """Ask for exact forms (`POST /sign`): a link for a number of files gets no folder form."""

    status, code = 403, "folder_form_not_allowed"
    message = "An upload link for a number of files gets no form for a folder."


class TicketInvalid(ApiError):
    """Send the latest ticket of this upload, unchanged, with a token of the same person and counted link."""

    status, code = 403, "ticket_invalid"
    message = "This ticket does not belong to any of your uploads."


class AlreadyStored(ApiError):
    """If you chose the `id`, the upload is done: the file is stored under this key."""

    status, code = 409, "already_stored"
    message = "The file is already stored."


class PartsMissing(ApiError):
    """Send the parts that `parts` lists, then ask for completion again."""

    status, code = 409, "parts_missing"

    def __init__(self, numbers: list[int]) -> None:
        super().__init__("Some parts are missing or incomplete.")
        self.numbers = numbers
        """The first of the missing ones."""

    def to_json(self, **members: object) -> dict[str, dict[str, object]]:
        """Returns the body of the response, with the numbers."""
        return super().to_json(parts=self.numbers, **members)


class TicketExpired(ApiError):
    """Begin the upload again, with the same `id`."""

    status, code = 410, "ticket_expired"
    message = "The time for this upload is over."


class UploadGone(ApiError):
    """Begin the upload again, with the same `id`. If it was completed before, the error is `already_stored`."""

    status, code = 410, "upload_gone"
    message = "This upload no longer exists: it was completed, aborted, or cleared away."


class TooLarge(ApiError):
    """Upload a smaller file, or raise MAX_SIZE."""

    status, code = 413, "too_large"


class TypeNotAllowed(ApiError):
    """Upload a file of an allowed type, or add the type to CONTENT_TYPES."""

    status, code = 415, "type_not_allowed"


class FormTooLarge(ApiError):
    """Tell the site's owner: with this security token every form is larger than OSS takes (8,000 bytes)."""

    status, code = 500, "form_too_large"
    message = "The form would be larger than the storage accepts."


class CredentialsUnavailable(ApiError):
    """Try again after `retry_after` seconds. If it lasts, look in the log for the code that STS gave."""

    status, code = 503, "credentials_unavailable"
    message = "The upload service cannot get its credentials at the moment."


class IdentityProviderUnavailable(ApiError):
    """Try again after `retry_after` seconds. If it lasts, the log says why the provider's keys cannot be read."""

    status, code = 503, "identity_provider_unavailable"
    message = "The upload service cannot read the keys of its identity provider at the moment."
