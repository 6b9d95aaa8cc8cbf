"""PostObject with a V4 signature: one form judged, from its raw bytes to the stored object."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from functools import cached_property
from typing import TYPE_CHECKING

from localcloud.oss import object_headers, post_policy, signature_v4
from localcloud.oss.authorization import authorize, identify
from localcloud.oss.errors import (
    Refused,
    access_denied,
    invalid_argument,
    not_implemented,
    signature_does_not_match,
    time_too_skewed,
)
from localcloud.oss.form_parser import FormReader, PostForm, boundary_of
from localcloud.stand_in import CHUNK

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    from localcloud.oss.callback import Callbacks, Wanted
    from localcloud.oss.storage.bucket import Bucket, Incoming, StoredObject
    from localcloud.ram.identities import Identities, Identity

    class Body(Protocol):
        """A request's body, read piece by piece."""

        def read(self, size: int, /) -> bytes:
            """At most so many bytes; none at the end."""


MAX_OBJECT = 5 * 1024**3
"""Bytes of the largest object that a form can upload."""

V1_FIELDS = frozenset({"ossaccesskeyid", "signature"})


def read_form(content_type: str, content_md5: str | None, body: Body, incoming: Incoming) -> PostForm:
    """Read a whole body: the file goes to `incoming`, the fields come back. Raises Refused, and OSError of the disk."""

    def write(chunk: memoryview) -> None:
        if incoming.size + len(chunk) > MAX_OBJECT:
            raise Refused(400, "InvalidArgument", "Post body size must be less than 5G.")
        incoming.write(chunk)

    reader = FormReader(boundary_of(content_type), write)
    md5 = hashlib.md5(usedforsecurity=False)
    while chunk := body.read(CHUNK):
        if content_md5:
            md5.update(chunk)
        reader.feed(chunk)
    # Content-MD5 is a header of the request, over the multipart body as a whole.
    if content_md5 and content_md5 != base64.b64encode(md5.digest()).decode():
        raise Refused(400, "InvalidDigest", "The Content-MD5 you specified was invalid.")
    return reader.close()


class PostObject:
    """One form whose last byte has arrived, about to be judged and stored.

    `acl` is the request's x-oss-object-acl header, `now` the moment (seconds since the epoch) at which the last byte
    was there: expirations are judged at that moment, which is our choice, the strict one.
    """

    def __init__(
        self,
        form: PostForm,
        incoming: Incoming,
        bucket: Bucket,
        identities: Identities,
        *,
        region: str,
        now: float,
        callbacks: Callbacks,
        acl: str | None = None,
    ) -> None:
        self.form = form
        self.incoming = incoming
        self.bucket = bucket
        self.identities = identities
        self.region = region
        self.now = now
        self.callbacks = callbacks
        # The field beats the header. Conditions never see the header, so it joins the fields only to be stored.
        header = {} if acl is None else {"x-oss-object-acl": acl}
        self.settings = {**header, **form.fields}

    def accept(self) -> StoredObject:
        """Check everything, in this order (OSS's own is not documented), and store the object. Raises Refused."""
        checks: tuple[Callable[[], object], ...] = (
            self.has_a_key,
            self.is_supported,
            self.callback_is_sound,
            self.is_signed_with_v4,
            self.credential_is_well_formed,
            self.date_is_well_formed,
            self.identity_is_known,
            self.signature_fits,
            self.is_in_time,
            self.post_policy_allows,
            self.object_key_is_valid,
            self.settings_are_valid,
            self.identity_may,
        )
        for check in checks:
            check()
        forbid = self.settings.get("x-oss-forbid-overwrite") == "true"
        return self.bucket.put(self.incoming, self.describe(), forbid_overwrite=forbid)

    def field(self, name: str) -> str:
        """The value of a field; empty if the form lacks it."""
        return self.form.fields.get(name, "")

    def has_a_key(self) -> None:
        """A key that comes after the file was not read, as nothing is that comes after the file."""
        if "key" not in self.form.fields:
            message = "The bucket POST must contain the specified 'key'."
            hint = "If it is specified, please check the order of the fields"
            raise invalid_argument(f"{message} {hint}", "key", "")

    def is_supported(self) -> None:
        """What this stand-in cannot do it refuses, rather than to do half of it."""
        if "x-oss-tagging" in self.form.fields:
            raise not_implemented("the form field x-oss-tagging (OSS's own answer is not known)")

    def callback_is_sound(self) -> None:
        """What cannot be called is refused before anything is stored."""
        self.callback  # noqa: B018 - a property that raises

    @cached_property
    def callback(self) -> Wanted | None:
        """Whom to call once the object is stored. Raises Refused."""
        return self.callbacks.wanted(self.field("callback")) if "callback" in self.form.fields else None

    @property
    def variables(self) -> dict[str, str]:
        """The form's custom variables, with their `x:`."""
        return {name: value for name, value in self.form.fields.items() if name.startswith("x:")}

    def is_signed_with_v4(self) -> None:
        """All of the signature's fields, none empty, and the version constant. Codes for these numbers are ours."""
        fields = self.form.fields
        v4 = {"x-oss-signature-version", "x-oss-credential", "x-oss-signature"}
        if not fields.keys() & {"policy", *v4, *V1_FIELDS}:
            raise access_denied("Anonymous user has no right to access this bucket.")
        version = self.field("x-oss-signature-version")
        if version != signature_v4.ALGORITHM:
            # New accounts and buckets take no signature of version 1; this stand-in takes none either.
            message = f"x-oss-signature-version must be {signature_v4.ALGORITHM}."
            raise invalid_argument(message, "x-oss-signature-version", version, "0002-00000701")
        self._must_be_there("policy", "The bucket POST must contain the specified field name.", "0002-00000702")
        self._must_be_there("x-oss-signature", "Post request signature is empty.", "0002-00000703", "0002-00000704")
        self._must_be_there("x-oss-credential", "Post request accessKeyId is empty.", "0002-00000706", "0002-00000707")

    def _must_be_there(self, name: str, message: str, missing: str, empty: str | None = None) -> None:
        if name not in self.form.fields:
            raise invalid_argument(message, name, "", missing)
        if empty and not self.field(name):
            raise invalid_argument(message, name, "", empty)

    def credential_is_well_formed(self) -> None:
        """Five parts, the last of them the constant."""
        text = self.field("x-oss-credential")
        try:
            self.credential  # noqa: B018 - a property that raises
        except ValueError:
            ec = "0002-00000708" if text.endswith(f"/{signature_v4.TERMINATOR}") else "0002-00000710"
            message = "The x-oss-credential field in the PostObject request is invalid."
            raise invalid_argument(message, "x-oss-credential", text, ec) from None

    @cached_property
    def credential(self) -> signature_v4.Credential:
        """The credential, in its parts. Raises ValueError."""
        return signature_v4.Credential.parse(self.field("x-oss-credential"))

    def date_is_well_formed(self) -> None:
        """`yyyymmddThhmmssZ`."""
        self.date  # noqa: B018 - a property that raises

    @cached_property
    def date(self) -> float:
        """The form's x-oss-date, in seconds since the epoch. Raises Refused."""
        text = self.field("x-oss-date")
        try:
            return signature_v4.instant(text)
        except ValueError:
            raise invalid_argument("The x-oss-date field is invalid.", "x-oss-date", text, "0002-00000709") from None

    def identity_is_known(self) -> None:
        """The access key exists, and the security token is the one that goes with it and has not expired."""
        self.identity  # noqa: B018 - a property that raises

    @cached_property
    def identity(self) -> Identity:
        """Who signed the form. Raises Refused."""
        token = self.form.fields.get("x-oss-security-token")
        return identify(self.identities, self.credential.access_key_id, token, self.now)

    def signature_fits(self) -> None:
        """The signature, computed again for the day of x-oss-date and our own region, is the one in the form."""
        day = self.field("x-oss-date")[:8]
        scope = signature_v4.Credential("-", day, self.region, signature_v4.PRODUCT).scope
        key = signature_v4.signing_key(self.identity.access_key_secret, day, self.region)
        ours = signature_v4.signature(key, self.field("policy"))
        fits = hmac.compare_digest(ours.encode(), self.field("x-oss-signature").encode())
        if not fits or self.credential.scope != scope:
            raise signature_does_not_match(
                self.identity.access_key_id, self.field("x-oss-signature"), self.field("policy"), "0002-00000705"
            )

    def is_in_time(self) -> None:
        """x-oss-date is at most 15 minutes ahead and at most 7 days ago. The Code for being out of it is ours."""
        if not -signature_v4.MAX_SKEW <= self.now - self.date <= signature_v4.MAX_LIFE:
            raise time_too_skewed(signature_v4.iso_8601(self.date), signature_v4.iso_8601(self.now), "0002-00000709")

    def post_policy_allows(self) -> None:
        """The policy is well-formed, has not expired, and every condition holds. The key is judged as it was sent."""
        policy = self.policy
        fields = {**self.form.fields, "bucket": self.bucket.name}
        # Which of several types `$content-type` means is not documented. That all must fit is our choice.
        given = (self.field("x-oss-content-type"), self.form.content_type, self.field("content-type"))
        types = [{"content-type": each} for each in given if each] or [{}]
        for each in types:
            post_policy.judge(policy, {**fields, **each}, self.now)
        post_policy.judge_size(policy, self.incoming.size)

    @cached_property
    def policy(self) -> post_policy.PostPolicy:
        """The post policy, read. Raises Refused."""
        return post_policy.read_post_policy(self.field("policy"))

    @property
    def content_type(self) -> str:
        """The effective type: x-oss-content-type, else the file part's own, else the field Content-Type."""
        return self.field("x-oss-content-type") or self.form.content_type or self.field("content-type")

    @property
    def key(self) -> str:
        """The key with `${filename}` filled in: the last part of the file part's name (whether OSS cuts off the
        folders of that name is not documented; that we do is our choice), and nothing if it has none."""
        name = re.split(r"[/\\]", self.form.filename or "")[-1]
        return self.field("key").replace("${filename}", name)

    def object_key_is_valid(self) -> None:
        """The key as it will be."""
        object_headers.check_key(self.key)

    def settings_are_valid(self) -> None:
        """Headers to be stored, user meta, closed lists."""
        object_headers.check(self.settings, self.content_type)

    def identity_may(self) -> None:
        """RAM, for the key as it will be. That an ACL in a form takes oss:PutObjectAcl is our choice."""
        authorize(self.identity, "oss:PutObject", self.bucket, self.key)
        if "x-oss-object-acl" in self.settings:
            authorize(self.identity, "oss:PutObjectAcl", self.bucket, self.key)

    def describe(self) -> StoredObject:
        """The object as it is to be stored."""
        return object_headers.describe(self.key, self.incoming, self.settings, self.content_type, self.now)
