"""Makes the form of a row: signs it, alters it as the row says, and writes it as multipart/form-data."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vectors.peers.signatures import ALGORITHM, format_date, format_expiration, sign_v4

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vectors.peers.signatures import Credentials

BOUNDARY = "peers-suite-boundary"
DEFAULT_FILE = {"name": "a.txt", "type": "text/plain", "text": "bar"}
PLACEHOLDER = re.compile(r"\{\{(\w+)\}\}")


@dataclass(frozen=True)
class Form:
    """A form that is ready to be posted."""

    key: str
    """The field `key`; empty without one."""
    headers: dict[str, str]
    body: bytes


def fill_in(value: Any, names: Mapping[str, str]) -> Any:
    """Returns a JSON value with each `{{name}}` in its strings replaced. Raises KeyError for an unknown name."""
    if isinstance(value, str):
        return PLACEHOLDER.sub(lambda match: names[match[1]], value)
    if isinstance(value, list):
        return [fill_in(item, names) for item in value]
    if isinstance(value, dict):
        return {fill_in(name, names): fill_in(item, names) for name, item in value.items()}
    return value


def make_form(
    row: Mapping[str, Any], credentials: Credentials, names: Mapping[str, str], region: str, now: float
) -> Form:
    """Makes the form that a row describes; `names` are those that its strings may contain."""
    date = format_date(now)
    access_key_id = row.get("access_key_id", credentials.access_key_id)
    fields = {
        "key": f"{names['prefix']}a.txt",
        **fill_in(row.get("fields", {}), names),
        "x-oss-signature-version": ALGORITHM,
        "x-oss-credential": f"{access_key_id}/{date[:8]}/{region}/oss/aliyun_v4_request",
        "x-oss-date": date,
    }
    if credentials.token:
        fields["x-oss-security-token"] = credentials.token
    if row.get("signed", True):
        encoded = base64.b64encode(_write_policy(row, fields, names, now).encode()).decode()
        policy = row.get("corrupt_policy", "") + encoded
        fields |= {"policy": policy, "x-oss-signature": sign_v4(credentials.secret, date[:8], region, policy)}
    else:
        fields = {name: value for name, value in fields.items() if not name.startswith("x-oss-")}
    changes = fill_in(row.get("alter", {}), {**names, **_sources(fields)})
    fields = {name: value for name, value in {**fields, **changes}.items() if value is not None}
    body = _write_body(row, fields, names)
    digests = {"body_md5": base64.b64encode(hashlib.md5(body, usedforsecurity=False).digest()).decode()}
    headers = fill_in(row.get("headers", {}), {**names, **digests})
    content_type = f"multipart/form-data; boundary={BOUNDARY}"
    return Form(fields.get("key", ""), {"Content-Type": content_type, **headers}, body)


def _write_policy(row: Mapping[str, Any], fields: Mapping[str, str], names: Mapping[str, str], now: float) -> str:
    """Returns the policy's JSON: what a form must pin, without what the row leaves out, and the row's conditions."""
    pinned = {"bucket": names["bucket"]} | {name: value for name, value in fields.items() if _is_pinned(name)}
    kept = [{name: value} for name, value in pinned.items() if name not in row.get("without", [])]
    expiration = format_expiration(now + row.get("expires_in", 600))
    if "policy" in row:
        sources = {
            "expiration": expiration,
            "expiration_in_seconds": expiration.replace(".000", ""),
            "conditions": json.dumps(kept, ensure_ascii=False)[1:-1],
        }
        return str(fill_in(row["policy"], {**names, **sources}))
    conditions = [*kept, *fill_in(row.get("conditions", []), names)]
    return json.dumps({"expiration": expiration, "conditions": conditions}, ensure_ascii=False)


def _is_pinned(name: str) -> bool:
    return name in ("x-oss-signature-version", "x-oss-credential", "x-oss-date", "x-oss-security-token")


def _sources(fields: Mapping[str, str]) -> dict[str, str]:
    """Returns what a row may alter its signed form with."""
    policy, signature = fields.get("policy", ""), fields.get("x-oss-signature", "")
    credential = fields.get("x-oss-credential", "")
    access_key_id, slash, scope = credential.partition("/")
    return {
        "policy": policy,
        "short_policy": policy[:-2],
        "backwards_signature": signature[::-1],
        "credential": credential,
        "backwards_credential": access_key_id[::-1] + slash + scope,
    }


def _write_body(row: Mapping[str, Any], fields: Mapping[str, str], names: Mapping[str, str]) -> bytes:
    if "body" in row:
        return str(row["body"]).encode()
    pairs = [*fields.items(), *fill_in(row.get("more_fields", []), names)]
    parts = [_part(name, value.encode()) for name, value in pairs]
    if row.get("file", {}) is not None:
        file = {**DEFAULT_FILE, **row.get("file", {})}
        content = b"x" * file["size"] if "size" in file else file["text"].encode()
        parts.append(_part("file", content, file["name"], file["type"]))
    end = b"" if row.get("unfinished") else f"--{BOUNDARY}--\r\n".encode()
    return b"".join(parts) + end


def _part(name: str, content: bytes, filename: str | None = None, content_type: str | None = None) -> bytes:
    disposition = f'Content-Disposition: form-data; name="{name}"'
    disposition += "" if filename is None else f'; filename="{filename}"'
    typed = "" if content_type is None else f"\r\nContent-Type: {content_type}"
    return f"--{BOUNDARY}\r\n{disposition}{typed}\r\n\r\n".encode() + content + b"\r\n"
