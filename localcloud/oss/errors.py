"""The errors of OSS: status, Code, Message, EC and the XML around them, as its error pages print them."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from localcloud import xml_document

if TYPE_CHECKING:
    from collections.abc import Mapping

MALFORMED_BODY = "0006-00000104"
MALFORMED_PART = "0006-00000109"

NO_RIGHT = "You have no right to access this object because of bucket acl."


class OssError(Exception):
    """OSS refuses a request. `extras` are the elements that follow HostId in the response's XML."""

    headers: Mapping[str, str] = MappingProxyType({})
    """What the response has besides."""

    def __init__(self, status: int, code: str, message: str, ec: str | None = None, **extras: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.ec = ec
        self.extras = extras

    def xml(self, request_id: str, host: str) -> str:
        """Writes the body of the response; `host` is the one that the request named."""
        elements = {"Code": self.code, "Message": self.message, "RequestId": request_id, "HostId": host, **self.extras}
        if self.ec:
            elements["EC"] = self.ec
            elements["RecommendDoc"] = f"https://api.aliyun.com/troubleshoot?q={self.ec}"
        return xml_document.render("Error", list(elements.items()))


class UnknownOperationError(OssError):
    """The stand-in does not have this operation. A test that provokes this fails: it relies on more than is here."""

    def __init__(self, operation: str) -> None:
        super().__init__(501, "NotImplemented", _not_supported(operation))
        self.operation = operation


def not_implemented(feature: str) -> OssError:
    """Makes a 501 for what OSS can do and this stand-in cannot."""
    return OssError(501, "NotImplemented", _not_supported(feature))


def _not_supported(feature: str) -> str:
    return f"The stand-in for OSS does not support {feature}."


def invalid_argument(message: str, name: str, value: str, ec: str | None = None) -> OssError:
    """Makes a 400 InvalidArgument that names the argument."""
    return OssError(400, "InvalidArgument", message, ec, ArgumentName=name, ArgumentValue=value)


def access_denied(message: str, ec: str | None = None) -> OssError:
    """Makes a 403 AccessDenied."""
    return OssError(403, "AccessDenied", message, ec)


def malformed_form(ec: str = MALFORMED_BODY) -> OssError:
    """Makes a 400 for a body that is not well-formed multipart/form-data."""
    return OssError(
        400, "MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data", ec
    )


def malformed_xml() -> OssError:
    """Makes a 400 for a body that is not the XML document that the operation takes."""
    message = "The XML you provided was not well-formed or did not validate against our published schema."
    return OssError(400, "MalformedXML", message)


def missing_content_length() -> OssError:
    """Makes a 411 for a body without a length."""
    return OssError(411, "MissingContentLength", "You must provide the Content-Length HTTP header.")


def ambiguous_length() -> OssError:
    """Makes a 400 for a body whose length is given in two ways. Refusing it is our choice; RFC 9112 allows that."""
    message = "Content-Length and Transfer-Encoding, or several Content-Length headers, contradict each other."
    return OssError(400, "InvalidRequest", message)


def invalid_digest() -> OssError:
    """Makes a 400 for a body that Content-MD5 does not match."""
    return OssError(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")


def internal_error() -> OssError:
    """Makes a 500."""
    return OssError(500, "InternalError", "We encountered an internal error. Please try again.")


def no_such_bucket(name: str) -> OssError:
    """Makes a 404 for a bucket that does not exist."""
    return OssError(404, "NoSuchBucket", "The specified bucket does not exist.", "0015-00000101", BucketName=name)


def no_such_key(key: str) -> OssError:
    """Makes a 404 for an object that does not exist."""
    return OssError(404, "NoSuchKey", "The specified key does not exist.", Key=key)


def no_such_version(key: str, version_id: str) -> OssError:
    """Makes a 404 for a version that does not exist. The EC has a page; the Code and the wording are our choice."""
    message = "The specified version does not exist."
    return OssError(404, "NoSuchVersion", message, "0012-00000203", Key=key, VersionId=version_id)


def is_delete_marker(error: OssError, version_id: str) -> OssError:
    """Returns the error of a request that finds a delete marker, with the headers that say so."""
    error.headers = {"x-oss-delete-marker": "true", "x-oss-version-id": version_id}
    return error


def already_exists() -> OssError:
    """Makes a 409 for a key that must not be overwritten."""
    return OssError(409, "FileAlreadyExists", "The object you specified already exists and can not be overwritten.")


def signature_does_not_match(
    access_key_id: str, provided: str, string_to_sign: str, ec: str, **extras: str
) -> OssError:
    """Makes a 403 that shows what OSS signed, so that callers can compare it with what they signed."""
    return OssError(
        403,
        "SignatureDoesNotMatch",
        "The request signature we calculated does not match the signature you provided. "
        "Check your key and signing method.",
        ec,
        OSSAccessKeyId=access_key_id,
        SignatureProvided=provided,
        StringToSign=string_to_sign,
        StringToSignBytes=string_to_sign.encode().hex(" ").upper(),
        **extras,
    )


def time_too_skewed(request_time: str, server_time: str, ec: str) -> OssError:
    """Makes a 403 for a request from too far in the past or the future; times as ISO 8601 UTC."""
    return OssError(
        403,
        "RequestTimeTooSkewed",
        "The difference between the request time and the current time is too large.",
        ec,
        MaxAllowedSkewMilliseconds="900000",
        RequestTime=request_time,
        ServerTime=server_time,
    )


def public_endpoint_forbidden() -> OssError:
    """Makes a 400. Code and EC are published; the wording, and that it holds for every operation, is our choice."""
    message = "The public endpoint is not allowed for access to data. Use a domain bound to the bucket."
    return OssError(400, "PublicEndpointForbidden", message, "0048-00000401")
