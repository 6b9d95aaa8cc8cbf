"""The errors of STS: status, Code and Message."""

from __future__ import annotations


class StsError(Exception):
    """STS refuses a request."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message


def internal_error() -> StsError:
    """Makes a 500."""
    return StsError(500, "InternalError", "STS Server Internal Error happened.")


def invalid_parameter(name: str) -> StsError:
    """Makes a 400 that names the parameter."""
    return StsError(400, f"InvalidParameter.{name}", f"The parameter {name} is wrongly formed.")


def no_permission() -> StsError:
    """Makes a 403."""
    return StsError(403, "NoPermission", "You are not authorized to do this action. You should be authorized by RAM.")


def incomplete_signature() -> StsError:
    """Makes a 400 for an Authorization header that cannot be read, or does not cover what it must."""
    return StsError(400, "IncompleteSignature", "The request signature does not conform to standards.")
