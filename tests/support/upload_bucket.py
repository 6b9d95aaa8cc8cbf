"""The little of OSS that the hooks of s.yaml speak with: answers as its documents print them, and what it was asked."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from hashlib import md5
from itertools import pairwise
from urllib.parse import parse_qs, quote
from xml.etree import ElementTree

from pytest_httpserver import HTTPServer
from pytest_httpserver.httpserver import QueryMatcher
from werkzeug import Request, Response


@dataclass
class Bucket:
    """An upload bucket: versions of objects by key and version, unfinished uploads by key and ID."""

    files: dict[tuple[str, str], int] = field(default_factory=dict)
    """Bytes of each."""
    unfinished: list[tuple[str, str]] = field(default_factory=list)
    exists: bool = True
    refusal: str = ""
    """A code that everything is refused with."""
    domains: dict[str, str] = field(default_factory=dict)
    """Those bound, and the ID of the certificate of each."""
    proven: bool = True
    """Whether the TXT record of a domain is found."""
    lifecycle: str = ""
    """The document of its lifecycle rules; empty if it has none."""
    cors: str = ""
    """The document of its CORS rules; empty if it has none."""
    info: dict[str, str] = field(default_factory=dict)
    """What GetBucketInfo prints of a bucket otherwise than of a sound one, by the element's name."""
    interfere: str = ""
    """What somebody else puts as its CORS rules right after each PutBucketCors."""
    tokens: set[str] = field(default_factory=set)
    """The security tokens that requests came with."""
    asked: list[str] = field(default_factory=list)
    """What changed something, in order."""

    def serve(self, server: HTTPServer) -> None:
        """Answers for the bucket, whatever its name, on a server."""
        server.expect_request(re.compile(".*")).respond_with_handler(self.answer)

    def answer(self, request: Request) -> Response:
        """Returns what OSS would say."""
        if request.headers.get("Authorization", "").startswith("OSS4-HMAC-SHA256 ") is False:
            return _refusal("AccessDenied", 403)
        self.tokens |= {request.headers.get("x-oss-security-token", "")} - {""}
        if self.refusal:
            return _refusal(self.refusal, 403)
        if not self.exists:
            return _refusal("NoSuchBucket", 404)
        return self._operation(request)

    def _operation(self, request: Request) -> Response:
        operation = (request.method, next((name for name in _OPERATIONS if name in request.args), ""))
        return {
            ("GET", "versions"): self._versions,
            ("GET", "uploads"): self._uploads,
            ("POST", "delete"): self._delete,
            ("DELETE", "uploadId"): self._abort,
            ("PUT", "publicAccessBlock"): self._note,
            ("PUT", "acl"): self._note,
            ("GET", "lifecycle"): self._get_lifecycle,
            ("PUT", "lifecycle"): self._put_lifecycle,
            ("DELETE", "lifecycle"): self._delete_lifecycle,
            ("GET", "cors"): self._get_cors,
            ("PUT", "cors"): self._put_cors,
            ("DELETE", "cors"): self._delete_cors,
            ("GET", "bucketInfo"): self._bucket_info,
            ("GET", "list-type"): self._objects,
            ("GET", "cname"): self._cnames,
            ("POST", "cname"): self._cname,
        }[operation](request)

    def _versions(self, request: Request) -> Response:
        """Returns two at a time, so that pages are turned."""
        after = (request.args.get("key-marker", ""), request.args.get("version-id-marker", ""))
        left = [name for name in sorted(self.files) if name > after]
        page = left[:2]
        more = len(left) > 2
        marker = f"<NextKeyMarker>{quote(page[-1][0])}</NextKeyMarker>" if more else ""
        marker += f"<NextVersionIdMarker>{page[-1][1]}</NextVersionIdMarker>" if more else ""
        found = "".join(
            f"<Version><Key>{quote(key)}</Key><VersionId>{version}</VersionId><Size>{self.files[key, version]}</Size></Version>"
            for key, version in page
        )
        return _xml(
            f"<ListVersionsResult><EncodingType>url</EncodingType><IsTruncated>{str(more).lower()}</IsTruncated>{marker}{found}</ListVersionsResult>"
        )

    def _uploads(self, _: Request) -> Response:
        found = "".join(
            f"<Upload><Key>{quote(key)}</Key><UploadId>{upload}</UploadId></Upload>" for key, upload in self.unfinished
        )
        return _xml(
            f"<ListMultipartUploadsResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>{found}</ListMultipartUploadsResult>"
        )

    def _delete(self, request: Request) -> Response:
        for named in ElementTree.fromstring(request.get_data()).iter("Object"):  # noqa: S314 - the SDK wrote it
            key, version = named.findtext("Key") or "", named.findtext("VersionId") or ""
            del self.files[key, version]
            self.asked.append(f"delete {key} {version}")
        return _xml("<DeleteResult></DeleteResult>")

    def _abort(self, request: Request) -> Response:
        key = request.path.split("/", 2)[2]
        self.unfinished.remove((key, request.args["uploadId"]))
        self.asked.append(f"abort {key}")
        return Response(status=204)

    def _note(self, request: Request) -> Response:
        name = next(name for name in _OPERATIONS if name in request.args)
        said = request.headers.get("x-oss-acl") or request.get_data(as_text=True)
        self.asked.append(f"{name} {said}")
        return Response()

    def _get_lifecycle(self, _: Request) -> Response:
        return _xml(self.lifecycle) if self.lifecycle else _refusal("NoSuchLifecycle", 404)

    def _put_lifecycle(self, request: Request) -> Response:
        """Takes rules as the pages on PutBucketLifecycle and on the error 0014-00000084 say."""
        body = request.get_data()
        digest = b64encode(md5(body, usedforsecurity=False).digest()).decode()
        if request.headers.get("Content-MD5") != digest:
            return _refusal("InvalidDigest", 400)
        rules = ElementTree.fromstring(body).findall("Rule")  # noqa: S314 - the tests' own
        untagged = [each.findtext("Prefix") for each in rules if each.find("Tag") is None]
        if len(untagged) > len(set(untagged)):  # 0014-00000085
            return _refusal("InvalidArgument", 400)
        prefixes = sorted(each.findtext("Prefix") or "" for each in rules if each.find("Expiration") is not None)
        overlap = any(second.startswith(first) for first, second in pairwise(prefixes))
        if overlap and request.headers.get("x-oss-allow-same-action-overlap") != "true":
            return _refusal("InvalidRequest", 400)
        self.lifecycle = body.decode()
        self.asked.append("lifecycle")
        return Response()

    def _delete_lifecycle(self, _: Request) -> Response:
        self.lifecycle = ""
        self.asked.append("delete lifecycle")
        return Response(status=204)

    def _get_cors(self, _: Request) -> Response:
        return _xml(self.cors) if self.cors else _refusal("NoSuchCORSConfiguration", 404)

    def _put_cors(self, request: Request) -> Response:
        self.cors = self.interfere or request.get_data(as_text=True)
        self.asked.append("cors")
        return Response()

    def _delete_cors(self, _: Request) -> Response:
        self.cors = ""
        self.asked.append("delete cors")
        return Response(status=204)

    def _bucket_info(self, _: Request) -> Response:
        """Prints it as the page on GetBucketInfo does."""
        found = {
            "Name": "team-files",
            "Location": "oss-cn-hongkong",
            "Owner": "<ID>1234567890123456</ID><DisplayName>1234567890123456</DisplayName>",
            "AccessControlList": "<Grant>private</Grant>",
            "BlockPublicAccess": "true",
            "ServerSideEncryptionRule": "<SSEAlgorithm>None</SSEAlgorithm>",
            "BucketPolicy": "<LogBucket></LogBucket><LogPrefix></LogPrefix>",
            "Comment": "",
            **self.info,
        }
        elements = "".join(f"<{name}>{text}</{name}>" for name, text in found.items())
        return _xml(f"<BucketInfo><Bucket>{elements}</Bucket></BucketInfo>")

    def _objects(self, request: Request) -> Response:
        found = [key for key, _ in sorted(self.files) if key.startswith(request.args.get("prefix", ""))]
        contents = "".join(f"<Contents><Key>{quote(key)}</Key><Size>1</Size></Contents>" for key in found[:1])
        return _xml(f"<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>")

    def _cnames(self, _: Request) -> Response:
        found = "".join(
            f"<Cname><Domain>{domain}</Domain><Certificate><CertId>{certificate}</CertId></Certificate></Cname>"
            for domain, certificate in self.domains.items()
        )
        return _xml(f"<ListCnameResult><Bucket>b</Bucket>{found}</ListCnameResult>")

    def _cname(self, request: Request) -> Response:
        asked = ElementTree.fromstring(request.get_data()).find("Cname")  # noqa: S314 - the SDK wrote it
        assert asked is not None
        domain = asked.findtext("Domain") or ""
        if request.args.get("comp") == "token":
            self.asked.append(f"token {domain}")
            return _xml(
                "<CnameToken><Bucket>b</Bucket><Cname>x</Cname><Token>be1d49d863dea9ffeff3df7d6455****</Token>"
                "<ExpireTime>Wed, 23 Feb 2022 21:16:37 GMT</ExpireTime></CnameToken>"
            )
        if not self.proven:
            return _refusal("NeedVerifyDomainOwnership", 403)
        self.domains[domain] = asked.findtext("CertificateConfiguration/CertId") or ""
        self.asked.append(f"cname {domain}")
        return Response()


_OPERATIONS = (
    "versions",
    "uploads",
    "delete",
    "uploadId",
    "publicAccessBlock",
    "acl",
    "cname",
    "lifecycle",
    "cors",
    "bucketInfo",
    "list-type",
)


def _xml(text: str) -> Response:
    return Response(f'<?xml version="1.0" encoding="UTF-8"?>{text}', content_type="application/xml")


def _refusal(code: str, status: int) -> Response:
    answer = _xml(f"<Error><Code>{code}</Code><Message>no</Message><RequestId>1</RequestId></Error>")
    answer.status_code = status
    return answer


class Asks(QueryMatcher):
    """Matches a query that has this name in it."""

    def __init__(self, name: str) -> None:
        self.name = name

    def get_comparing_values(self, request_query_string: bytes) -> tuple[bool, bool]:
        return self.name in parse_qs(request_query_string.decode(), keep_blank_values=True), True
