"""Signed forms: the fields to post, in the order in which to post them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

from direct_upload import content_types, post_policy
from direct_upload.errors import FormTooLarge
from direct_upload.upload import MAX_NAME_BYTES, Upload, encode_filename, filename_headers
from fc_http.instants import format_time
from oss_protocol import signature
from oss_protocol.credentials import Credentials

FIELDS_LIMIT_BYTES = 8000
"""The names and values of all fields together stay below this, and so below every limit that OSS documents."""

SUCCESS_ACTION_STATUS = "200"
"""The status of OSS's response once it has stored a file. Its body is empty then; with 201 it would be XML."""


class Form(NamedTuple):
    """What a browser posts, with `file` as the last field."""

    fields: dict[str, str]
    """In posting order."""
    expires_at: str
    """ISO 8601 in UTC, whole seconds: from then on OSS refuses the form."""


class Signer:
    """Signs forms at one instant, with one set of credentials."""

    def __init__(self, credentials: Credentials, *, bucket: str, region: str, now: float) -> None:
        """`now` is in seconds since the epoch; `region` is the bucket's."""
        date = signature.format_date(now)
        day = date[:8]
        self._bucket = bucket
        self._now = now
        self._credentials_end = credentials.expiration
        self._key = _cached_signing_key(credentials.access_key_secret, day, region)
        self._shared_fields = {
            "success_action_status": SUCCESS_ACTION_STATUS,
            "x-oss-signature-version": signature.VERSION,
            "x-oss-credential": signature.credential(credentials.access_key_id, day, region),
            "x-oss-date": date,
            "x-oss-security-token": credentials.security_token,
        }
        self._policy_tail = post_policy.encode_tail(post_policy.eq_conditions(self._shared_fields))

    def sign_exact_form(self, upload: Upload, *, lifetime: int, extra_fields: Mapping[str, str] | None = None) -> Form:
        """Returns the form for one file: unchanged it can be posted once; with any field altered OSS refuses it.

        It is valid for `lifetime` seconds, but no longer than the credentials are. A long file name is shortened until
        the form is small enough. Raises FormTooLarge if that does not help.
        """
        max_bytes = MAX_NAME_BYTES
        part_types = content_types.part_types(upload.content_type)
        while max_bytes > 0:
            name = encode_filename(upload.filename, max_bytes)
            fields = _build_fields(upload, name, extra_fields or {})
            conditions = post_policy.exact_form_conditions(
                fields, bucket=self._bucket, part_types=part_types, size=upload.size
            )
            form = self._sign(fields, conditions, lifetime)
            excess = _size(form.fields) - FIELDS_LIMIT_BYTES + 1
            if excess <= 0:
                return form
            # A byte of the name is in the form twice as it is and twice in base64: 4 2/3 bytes.
            max_bytes = len(name) - max(excess * 3 // 14, 1)
        raise FormTooLarge

    def sign_folder_form(self, directory: str, *, content_types: Iterable[str], max_size: int, lifetime: int) -> Form:
        """Returns the form for any files of these types and sizes in `directory`. The client adds `key`."""
        conditions = post_policy.folder_form_conditions(
            bucket=self._bucket, directory=directory, content_types=content_types, max_size=max_size
        )
        form = self._sign({}, conditions, lifetime)
        if _size(form.fields) >= FIELDS_LIMIT_BYTES:
            raise FormTooLarge
        return form

    def _sign(self, fields: dict[str, str], conditions: list[post_policy.Condition], lifetime: int) -> Form:
        end = format_time(min(self._now + lifetime, self._credentials_end))
        policy = post_policy.encode(conditions, expiration=end.replace("Z", ".000Z"), tail=self._policy_tail)
        all_fields = {
            **fields,
            **self._shared_fields,
            "policy": policy,
            "x-oss-signature": signature.sign(policy, self._key),
        }
        return Form(all_fields, expires_at=end)


def _build_fields(upload: Upload, name: str, extra_fields: Mapping[str, str]) -> dict[str, str]:
    return {
        "key": upload.key,
        "x-oss-forbid-overwrite": "true",
        "x-oss-content-type": upload.content_type,
        **filename_headers(name),
        **extra_fields,
    }


# The signing key changes once a day, and with the credentials.
_cached_signing_key = lru_cache(maxsize=2)(signature.signing_key)


def _size(fields: Mapping[str, str]) -> int:
    """Returns the bytes of all names and values, which are ASCII."""
    return len("".join((*fields, *fields.values())))
