"""Signed forms: the address to post to, and the fields in the order in which to post them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from direct_upload import post_policy
from direct_upload.errors import FormTooLarge
from direct_upload.upload import MAX_NAME, Upload, name_headers, percent_encoded
from oss_protocol import signature
from oss_protocol.credentials import Credentials

FIELDS_UNDER = 8000
"""Bytes of names and values of all fields together; meets every limit that OSS documents for newer pages."""

SUCCESS_ACTION_STATUS = "200"
"""What OSS answers when it has stored a file: 200 or 204 with nothing, 201 with an XML document."""


class Form(NamedTuple):
    """What a browser posts, `file` added last."""

    fields: dict[str, str]
    """In posting order."""
    expires_at: str
    """ISO 8601 in UTC, whole seconds: from then on OSS refuses the form."""


class Signer:
    """Signs forms at one instant, with one set of credentials."""

    def __init__(self, credentials: Credentials, *, bucket: str, region: str, now: float) -> None:
        """`now` in seconds since the epoch; `region` is the bucket's."""
        date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
        day = date[:8]
        self._bucket = bucket
        self._now = now
        self._credentials_end = credentials.expiration
        self._key = _kept_signing_key(credentials.access_key_secret, day, region)
        self._identity = {
            "x-oss-signature-version": signature.VERSION,
            "x-oss-credential": signature.credential(credentials.access_key_id, day, region),
            "x-oss-date": date,
            "x-oss-security-token": credentials.security_token,
        }
        self._policy_end = post_policy.ending(post_policy.pinned(self._identity))

    def exact_form(self, upload: Upload, *, life: int, more: Mapping[str, str] | None = None) -> Form:
        """The form for this one file: posted unchanged it succeeds once; altered in any field it fails.

        `more` are further fields, pinned like all others. Its life is `life` seconds, or what the credentials have
        left. A long file name is shortened until the form is small enough; raises FormTooLarge if that does not help.
        """
        limit = MAX_NAME
        while limit > 0:
            name = percent_encoded(upload.filename, limit)
            form = self._exact_form(upload, name, life, more or {})
            excess = _size(form.fields) - FIELDS_UNDER + 1
            if excess <= 0:
                return form
            # A byte of the name stands in the form twice as it is and twice in base64: 4 2/3 bytes.
            limit = len(name) - max(excess * 3 // 14, 1)
        raise FormTooLarge

    def folder_form(self, directory: str, *, content_types: Iterable[str], max_size: int, life: int) -> Form:
        """The form for any files of these types and sizes in `directory`; the poster adds `key`."""
        fields = {"success_action_status": SUCCESS_ACTION_STATUS}
        conditions = post_policy.of_folder_form(
            fields, bucket=self._bucket, directory=directory, content_types=content_types, max_size=max_size
        )
        form = self._signed(fields, conditions, life)
        if _size(form.fields) >= FIELDS_UNDER:
            raise FormTooLarge
        return form

    def _exact_form(self, upload: Upload, name: str, life: int, more: Mapping[str, str]) -> Form:
        fields = {
            "key": upload.key,
            "success_action_status": SUCCESS_ACTION_STATUS,
            "x-oss-forbid-overwrite": "true",
            "x-oss-content-type": upload.content_type,
            **name_headers(name),
            **more,
        }
        conditions = post_policy.of_exact_form(
            fields, bucket=self._bucket, content_type=upload.content_type, size=upload.size
        )
        return self._signed(fields, conditions, life)

    def _signed(self, fields: dict[str, str], conditions: list[post_policy.Condition], life: int) -> Form:
        ends = _instant(int(min(self._now + life, self._credentials_end)))
        policy = post_policy.encoded(conditions, expiration=f"{ends}.000Z", end=self._policy_end)
        signed = {
            **fields,
            **self._identity,
            "policy": policy,
            "x-oss-signature": signature.signature(policy, self._key),
        }
        return Form(fields=signed, expires_at=f"{ends}Z")


_kept_signing_key = lru_cache(maxsize=2)(signature.signing_key)
"""It changes once a day, and with the credentials."""


@lru_cache(maxsize=32)
def _instant(seconds: int) -> str:
    """ISO 8601 in UTC, without its Z: forms of one request mostly end at one instant."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def _size(fields: Mapping[str, str]) -> int:
    """Bytes; every name and every value is ASCII."""
    return len("".join((*fields, *fields.values())))
