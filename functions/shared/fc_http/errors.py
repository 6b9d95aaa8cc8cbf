"""The errors that every function can answer: one root, each error with its HTTP status and its code.

The first line of each docstring says what to do. docs/reference/errors.md repeats it, and a test compares the two.
"""

from __future__ import annotations

from typing import ClassVar


class ApiError(Exception):
    """The root of all errors that go out as a response. Callers read `message`, so nothing internal belongs in it."""

    status: ClassVar[int]
    code: ClassVar[str]
    message = "The request was refused."

    def __init__(self, message: str = "", *, retry_after: int | None = None) -> None:
        self.message = message or self.message
        self.retry_after = retry_after
        """Seconds after which to try again; None if that does not help."""
        super().__init__(self.message)

    @property
    def headers(self) -> dict[str, str]:
        """Returns the headers of the response besides the usual ones."""
        return {}

    def to_json(self, **members: object) -> dict[str, dict[str, object]]:
        """Returns the body of the response, with these members added. Members that are None are left out."""
        error = {"code": self.code, "message": self.message, "retry_after": self.retry_after, **members}
        return {"error": {name: value for name, value in error.items() if value is not None}}


class BadRequest(ApiError):
    """Send what the contract describes: a JSON object with a list `files`."""

    status, code = 400, "bad_request"


class OriginNotAllowed(ApiError):
    """Add the page's origin to ALLOWED_ORIGINS, exactly as the browser sends it."""

    status, code = 403, "origin_not_allowed"
    message = "Pages of this origin may not upload here."


class NotFound(ApiError):
    """Check the address: docs/reference/http-api.md has all of them. Some exist only if they are switched on."""

    status, code = 404, "not_found"
    message = "There is nothing at this address."


class MethodNotAllowed(ApiError):
    """Use the method that the contract names for this address, and the header `Allow`."""

    status, code = 405, "method_not_allowed"

    def __init__(self, allowed: str) -> None:
        super().__init__(f"This address takes {allowed}.")
        self.allowed = allowed

    @property
    def headers(self) -> dict[str, str]:
        """Returns the methods that this address takes (RFC 9110, 15.5.6). OPTIONS is one: browsers send it first."""
        return {"Allow": f"{self.allowed}, OPTIONS"}


class BodyTooLarge(ApiError):
    """Send at most 64 KB: ask for fewer files at a time."""

    status, code = 413, "body_too_large"
    message = "The request is larger than 64 KB."


class Internal(ApiError):
    """Look up the request id in the function's log. This is a bug in the service."""

    status, code = 500, "internal"
    message = "An error occurred in the upload service. It was logged."


class InvalidSettings(ApiError):
    """Look in the function's log, which names every setting at fault; fix them and deploy again."""

    status, code = 500, "misconfigured"
    message = "The upload service is misconfigured. Its log names every fault."

    def __init__(self, faults: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.faults = faults

    def __str__(self) -> str:
        """Returns all faults, one a line, for a terminal."""
        return "\n  - ".join(["Some settings are wrong. Fix these, and start again:", *self.faults])


class StorageUnavailable(ApiError):
    """Try again: the storage did not answer in time. If it lasts, look in the log for its answer."""

    status, code = 503, "storage_unavailable"
    message = "The storage did not answer in time."


class InstanceIsStale(Exception):
    """STS refuses the function's own credentials. They never change in an instance: only a new one has others."""
