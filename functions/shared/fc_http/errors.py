"""What every function can answer besides what was asked for: one root, each error with its status and its code."""

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


class OriginNotAllowed(Refused):
    """Add the page's origin to ALLOWED_ORIGINS, exactly as the browser sends it."""

    status, code = 403, "origin_not_allowed"
    message = "Pages of this origin may not upload here."


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


class BodyTooLarge(Refused):
    """Send at most 64 KB: ask for fewer files at a time."""

    status, code = 413, "body_too_large"
    message = "The request is larger than 64 KB."


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


class StorageUnavailable(Refused):
    """Ask again: the storage could not be asked in time. If it lasts, the log has what it said."""

    status, code = 503, "storage_unavailable"
    message = "The storage could not be asked in time."


class InstanceIsStale(Exception):  # noqa: N818 - a state of the instance
    """The function's own credentials are refused and will not change in this instance: only a new one has others."""
