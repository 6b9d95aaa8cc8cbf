"""How OSS says no: status, Code, Message, EC and the XML around them, as its error pages print them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    Content: TypeAlias = "str | Sequence[tuple[str, Content]]"
    """What an element holds: text, or elements by name, in order."""

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
REPLACEMENT = "\ufffd"

MALFORMED_BODY = "0006-00000104"
MALFORMED_PART = "0006-00000109"


class Refused(Exception):
    """OSS does not do what it was asked to. `extras` are the elements that follow HostId in the answer's XML."""

    def __init__(self, status: int, code: str, message: str, ec: str | None = None, **extras: str) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.ec = ec
        self.extras = extras

    def xml(self, request_id: str, host: str) -> str:
        """The body of the answer; `host` is the host that was asked."""
        elements = {"Code": self.code, "Message": self.message, "RequestId": request_id, "HostId": host, **self.extras}
        if self.ec:
            elements["EC"] = self.ec
            elements["RecommendDoc"] = f"https://api.aliyun.com/troubleshoot?q={self.ec}"
        return xml_document("Error", list(elements.items()))


def xml_document(root: str, content: Content) -> str:
    """An XML document; what XML cannot carry becomes U+FFFD."""
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', *_lines(root, content), ""])


def _lines(name: str, content: Content) -> list[str]:
    if isinstance(content, str):
        return [f"<{name}>{escape(NOT_XML.sub(REPLACEMENT, content))}</{name}>"]
    inner = [f"  {line}" for child, held in content for line in _lines(child, held)]
    return [f"<{name}>", *inner, f"</{name}>"]


def invalid_argument(message: str, name: str, value: str, ec: str | None = None) -> Refused:
    """400 InvalidArgument, with the argument it is about."""
    return Refused(400, "InvalidArgument", message, ec, ArgumentName=name, ArgumentValue=value)


def access_denied(message: str, ec: str | None = None) -> Refused:
    """403 AccessDenied."""
    return Refused(403, "AccessDenied", message, ec)


def malformed(ec: str = MALFORMED_BODY) -> Refused:
    """400 for a body that is not well-formed multipart/form-data."""
    return Refused(
        400, "MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data", ec
    )


def signature_does_not_match(access_key_id: str, provided: str, string_to_sign: str, ec: str, **extras: str) -> Refused:
    """403, with what OSS signed, so that a caller can compare it with what he signed."""
    return Refused(
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


def time_too_skewed(request_time: str, server_time: str, ec: str) -> Refused:
    """403 for a request from too far in the past or the future; times as ISO 8601 UTC."""
    return Refused(
        403,
        "RequestTimeTooSkewed",
        "The difference between the request time and the current time is too large.",
        ec,
        MaxAllowedSkewMilliseconds="900000",
        RequestTime=request_time,
        ServerTime=server_time,
    )


def already_exists() -> Refused:
    """409."""
    return Refused(409, "FileAlreadyExists", "The object you specified already exists and can not be overwritten.")


def malformed_xml() -> Refused:
    """400."""
    message = "The XML you provided was not well-formed or did not validate against our published schema."
    return Refused(400, "MalformedXML", message)


def public_endpoint_forbidden() -> Refused:
    """400. Code and EC are the published ones, the words ours. That it holds for every operation is our choice."""
    message = "The public endpoint is not allowed for access to data. Use a domain bound to the bucket."
    return Refused(400, "PublicEndpointForbidden", message, "0048-00000401")


def not_implemented(what: str) -> Refused:
    """501 for what OSS can do and this stand-in cannot."""
    return Refused(501, "NotImplemented", f"The stand-in for OSS does not support {what}.")
