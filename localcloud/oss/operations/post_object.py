"""PostObject: stores the file of a form, whose signature is among its fields, and calls back.

The order of the checks is that of `_FormUpload.check`; OSS's own is not documented. Signatures in
headers or query are ignored.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from werkzeug.urls import iri_to_uri
from werkzeug.wrappers import Response

from localcloud import stand_in, xml_document
from localcloud.oss import object_headers, post_policy
from localcloud.oss.authorization import authorize_acl, authorize_write
from localcloud.oss.errors import OssError, access_denied, invalid_argument, invalid_digest, not_implemented
from localcloud.oss.form_authentication import authenticate_form
from localcloud.oss.form_parser import FormReader, parse_boundary
from localcloud.oss.form_warnings import form_warnings
from localcloud.oss.request_body import MAX_OBJECT_SIZE
from localcloud.oss.responses import upload_headers
from localcloud.stand_in import CHUNK

if TYPE_CHECKING:
    from localcloud.oss.callback_config import CallbackConfig
    from localcloud.oss.form_parser import PostForm
    from localcloud.oss.post_policy import PostPolicy
    from localcloud.oss.request import OssRequest
    from localcloud.oss.request_body import Body
    from localcloud.oss.storage.bucket import StoredObject
    from localcloud.oss.storage.incoming import Incoming
    from localcloud.ram.identities import Identity


def post_object(request: OssRequest) -> Response:
    """Stores the file and returns what the form asks for, or what the callback's receiver answers. Raises OssError."""
    with request.service.uploads.receive(request.http, request.bucket.incoming()) as (body, incoming):
        form = _read_form(request, body, incoming)
        request.form_policy, request.file_size = form.fields.get("policy", ""), incoming.size
        upload = _FormUpload(request, form, incoming)
        request.note(key=upload.key, fields=list(form.fields), size=incoming.size)
        request.service.uploads.fail_if_disk_is_full()
        config = upload.check()
        stored = upload.store()
        stand_in.add_explanation(request.http, " ".join(upload.warnings()))
    if config is None:
        return _response(request, form, stored)
    variables = {name: value for name, value in form.fields.items() if name.startswith("x:")}
    return request.service.callbacks.call(
        config, stored, request.bucket, variables, operation="PostObject", request_id=request.request_id
    )


def _read_form(request: OssRequest, body: Body, incoming: Incoming) -> PostForm:
    """Reads the whole body: the file goes to `incoming`. Raises OssError, and OSError if the disk fails."""

    def write(chunk: memoryview) -> None:
        if incoming.size + len(chunk) > MAX_OBJECT_SIZE:
            raise OssError(400, "InvalidArgument", "Post body size must be less than 5G.")
        incoming.write(chunk)

    reader = FormReader(parse_boundary(request.http.content_type or ""), write)
    content_md5, md5 = request.header("Content-MD5"), hashlib.md5(usedforsecurity=False)
    while chunk := body.read(CHUNK):
        if content_md5:
            md5.update(chunk)
        reader.feed(chunk)
    # Content-MD5 is a header of the request, over the multipart body as a whole.
    if content_md5 and content_md5 != base64.b64encode(md5.digest()).decode():
        raise invalid_digest()
    return reader.close()


class _FormUpload:
    """One form whose last byte has arrived. It is checked as of that moment: our choice, the strict one."""

    identity: Identity | None
    policy: PostPolicy | None = None
    """None for a form that nobody signed."""

    def __init__(self, request: OssRequest, form: PostForm, incoming: Incoming) -> None:
        self.request = request
        self.form = form
        self.incoming = incoming
        self.now = request.now()
        self.key = _key(form)
        self.content_type = _content_type(form)
        # A field takes precedence over the header. Conditions never see the header: it is only stored.
        acl = request.header("x-oss-object-acl")
        header = {} if acl is None else {"x-oss-object-acl": acl}
        # Which of the fields acl and x-oss-object-acl wins is not documented. Here acl wins: our choice. A condition on
        # x-oss-object-acl does not restrict it.
        field = {"x-oss-object-acl": form.fields["acl"]} if "acl" in form.fields else {}
        self.settings = {**header, **form.fields, **field}

    def check(self) -> CallbackConfig | None:
        """Checks everything, and returns the callback that the form asks for. Raises OssError."""
        fields, service = self.form.fields, self.request.service
        _check_supported(fields)
        config = service.callbacks.parse(fields["callback"]) if "callback" in fields else None
        self.identity = authenticate_form(fields, service.identities, self.request.region, self.now)
        if self.identity:
            self.policy = self._check_policy()
        object_headers.check_key(self.key)
        object_headers.check({**self.settings, **fields}, self.content_type, is_form=True)
        self._authorize()
        return config

    def store(self) -> StoredObject:
        """Makes the file an object. Raises OssError if its key must not be overwritten."""
        described = object_headers.describe(self.key, self.incoming, self.settings, self.content_type, self.now)
        forbid = self.settings.get("x-oss-forbid-overwrite") == "true"
        return self.request.bucket.put(self.incoming, described, forbid_overwrite=forbid)

    def warnings(self) -> list[str]:
        """Returns the warnings about what the form's policy leaves open."""
        return form_warnings(self.policy, self.identity.expiration) if self.policy and self.identity else []

    def _authorize(self) -> None:
        """Checks that the signer may store the object, or that everyone may. Raises OssError."""
        bucket, acl = self.request.bucket, self.settings.get("x-oss-object-acl")
        if self.identity is None and bucket.find_acl(bucket.get(self.key)) != "public-read-write":
            raise access_denied("Anonymous user has no right to access this bucket.")
        authorize_write(self.identity, "oss:PutObject", bucket, self.key)
        authorize_acl(self.identity, bucket, self.key, acl)

    def _check_policy(self) -> PostPolicy:
        """Returns the policy. Checks it, the fields as they were sent, and the size of the file. Raises OssError."""
        policy = post_policy.read_post_policy(self.form.fields.get("policy", ""))
        fields = {**self.form.fields, "bucket": self.request.bucket.name}
        # Which of several types `$content-type` means is not documented. That all must fit is our choice.
        types = [content_type for content_type in _content_types(self.form) if content_type]
        for content_type in [{"content-type": content_type} for content_type in types] or [{}]:
            post_policy.check_policy(policy, {**fields, **content_type}, self.now)
        post_policy.check_size(policy, self.incoming.size)
        return policy


def _check_supported(fields: dict[str, str]) -> None:
    if "key" not in fields:
        message = "The bucket POST must contain the specified 'key'."
        hint = "If it is specified, please check the order of the fields"
        raise invalid_argument(f"{message} {hint}", "key", "")
    if "x-oss-tagging" in fields:
        raise not_implemented("the form field x-oss-tagging (OSS's own answer is not known)")


def _key(form: PostForm) -> str:
    """Returns the key with `${filename}` filled in; it stays as it is if the file part has no name (our choice).

    Only the last part of that name counts: our choice, since whether OSS cuts off folders is not documented.
    """
    name = re.split(r"[/\\]", form.filename or "")[-1]
    return form.fields.get("key", "").replace("${filename}", name or "${filename}")


def _content_types(form: PostForm) -> tuple[str, ...]:
    """Returns the types that a form may give, those that take precedence first."""
    fields = form.fields
    return fields.get("x-oss-content-type", ""), form.content_type or "", fields.get("content-type", "")


def _content_type(form: PostForm) -> str:
    return next(filter(None, _content_types(form)), "")


def _response(request: OssRequest, form: PostForm, stored: StoredObject) -> Response:
    headers = upload_headers(stored)
    if redirect := _encode_address(form.fields.get("success_action_redirect", "")):
        # Nothing is appended to the address: whether OSS appends anything is not known.
        return Response(status=303, headers={**headers, "Location": redirect})
    status = form.fields.get("success_action_status")
    if status == "201":
        elements = [
            ("Bucket", request.bucket.name),
            ("ETag", f'"{stored.etag}"'),
            ("Key", stored.key),
            ("Location", f"{request.base_url}/{quote(stored.key)}"),
        ]
        xml = xml_document.render("PostResponse", elements)
        return Response(xml, 201, headers, content_type="application/xml")
    return Response(status=200 if status == "200" else 204, headers=headers)


def _encode_address(text: str) -> str:
    """Returns an address in ASCII; empty if it cannot be one, as if the field were not there: our choice."""
    try:
        return iri_to_uri(text)
    except ValueError:
        return ""
