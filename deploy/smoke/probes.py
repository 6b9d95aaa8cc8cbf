"""What no document says about Function Compute and OSS: the questions of `make smoke ARGS=--probe`."""

from __future__ import annotations

import http.client
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import alibabacloud_oss_v2 as oss
import requests

from deploy import oss_client
from deploy.smoke.outcome import Steps, StepSkipped, describe, describe_parts, header_values
from deploy.smoke.own_form import OwnForm
from deploy.smoke.session import TIMEOUT_SECONDS, Session, form_parts, other_signature
from direct_upload.post_policy import Condition

PAUSE_SECONDS = 3.0
"""How long a slow upload stands still."""


class Probes:
    """Questions whose answers are neither right nor wrong. They need the form that `Smoke` has signed."""

    def __init__(
        self,
        session: Session,
        *,
        clock: Callable[[], float] = time.time,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._session = session
        self._clock = clock
        self._wait = wait

    def questions(self) -> Steps:
        """Returns the questions, in order."""
        return [
            ("Is Access-Control-Allow-Origin single?", self._allow_origin_single),
            ("Does the gateway add CORS headers of its own?", self._cors_added),
            ("Does a preflight reach the function?", self._preflight_reaches),
            ("Do the gateway's own refusals have CORS headers?", self._gateway_refusal),
            (
                "Is the function's answer forced to download?",
                lambda: self._disposition(self._session.target.function + "/limits"),
            ),
            ("Is the page forced to download?", lambda: self._disposition(self._session.target.page)),
            ("Does X-Fc-Log-Type: Tail show the log to anybody?", self._log_tail),
            ("Does X-Fc-Invocation-Type: Async work for anybody?", self._async),
            ("Does OSS accept fields that no condition names?", self._unnamed_fields),
            ("Does OSS accept fields after the file?", self._fields_after_file),
            ("Does OSS accept another type of the file part?", self._other_part_type),
            ("Does OSS accept a file part without a type?", self._part_without_type),
            ("Which type is stored if the file part says bytes?", self._stored_type),
            ("Is x-oss-content-type held by $content-type?", self._content_type_field),
            ("Does OSS read the form field acl?", self._acl_field),
            ("Does the form field acl need oss:PutObjectAcl?", self._acl_permission),
            ("Does OSS accept an empty file?", self._empty),
            ("How does OSS answer a wrong signature?", self._wrong_signature),
            ("Does not-in hold for a field that is absent?", self._not_in_absent),
            ("Is a condition accepted whose name has no $?", self._name_without_dollar),
            ("How does OSS answer a form that has expired?", lambda: self._own(OwnForm("", "", "", life=-1))),
            ("Is a form accepted that expires during the upload?", self._ends_meanwhile),
            ("Is an x-oss-date of 20 minutes ago accepted?", lambda: self._own(OwnForm("", "", "", date_off=-1200))),
            ("Is an x-oss-date 20 minutes ahead accepted?", lambda: self._own(OwnForm("", "", "", date_off=1200))),
        ]

    def _allow_origin_single(self) -> str:
        values = header_values(
            self._session.ask("GET", "/limits", origin=self._session.target.origin), "Access-Control-Allow-Origin"
        )
        return f"{'yes' if len(values) == 1 and ',' not in values[0] else 'no'}: {', '.join(values) or 'none'}"

    def _cors_added(self) -> str:
        answer = self._session.ask("GET", "/limits", origin=self._session.target.origin)
        names = ("Access-Control-Expose-Headers", "Access-Control-Allow-Credentials")
        added = [f"{name}: {value}" for name in names for value in header_values(answer, name)]
        return "; ".join(added) or "no"

    def _preflight_reaches(self) -> str:
        answer = self._session.preflight(self._session.target.origin)
        ours = answer.status_code == 204 and answer.headers.get("X-Content-Type-Options") == "nosniff"
        return f"{'yes' if ours else 'no'}: {describe(answer)}"

    def _gateway_refusal(self) -> str:
        answer = self._session.ask("DELETE", "/limits", origin=self._session.target.origin)
        allowed = header_values(answer, "Access-Control-Allow-Origin")
        return f"{describe(answer)}, allowing {', '.join(allowed) or 'no origin'}"

    def _disposition(self, address: str) -> str:
        answer = self._session.http.get(address, timeout=TIMEOUT_SECONDS)
        forced = [answer.headers.get(name) for name in ("Content-Disposition", "x-oss-force-download")]
        return f"{'yes' if any(forced) else 'no'}: {', '.join(filter(None, forced)) or 'no Content-Disposition'}"

    def _log_tail(self) -> str:
        answer = self._session.ask("GET", "/limits", headers={"X-Fc-Log-Type": "Tail"})
        log = answer.headers.get("X-Fc-Log-Result")
        # The log itself is not printed: it is not for everybody who reads this.
        return f"yes: {len(log)} characters" if log else f"no: {describe(answer)}"

    def _async(self) -> str:
        answer = self._session.ask("GET", "/limits", headers={"X-Fc-Invocation-Type": "Async"})
        return f"{'yes' if answer.status_code == 202 else 'no'}: {describe(answer)}"

    def _unnamed_fields(self) -> str:
        return _is_accepted(
            self._session.post(self._session.sign(), {"Cache-Control": "no-cache", "x-oss-meta-smoke": "1"})
        )

    def _fields_after_file(self) -> str:
        return _is_accepted(self._session.post(self._session.sign(), after={"x-oss-meta-late": "1"}))

    def _other_part_type(self) -> str:
        return _is_accepted(self._session.post(self._session.sign(), part_type="text/html"))

    def _part_without_type(self) -> str:
        return _is_accepted(self._session.post(self._session.sign(), part_type=""))

    def _stored_type(self) -> str:
        form = self._session.sign()
        answer = self._session.post(form, part_type="application/octet-stream")
        if not answer.ok:
            return describe(answer)
        request = oss.HeadObjectRequest(bucket=self._session.destination().bucket, key=form["key"])
        try:
            return str(self._session.oss_client().head_object(request).content_type)
        except oss.exceptions.BaseError as fault:
            refused = oss_client.refusal(fault)
            return refused.code if refused else "no answer"

    def _content_type_field(self) -> str:
        condition: Condition = ["in", "$content-type", ["text/plain"]]
        answer = self._post_own(OwnForm("", "", "", conditions=(condition,)), {"x-oss-content-type": "text/x-smoke"})
        return f"{'no' if answer.ok else 'yes'}: {describe(answer)}"

    def _acl_field(self) -> str:
        # A value that no ACL has: nothing becomes public, whatever OSS does with the field.
        answer = self._session.post(self._session.sign(), {"acl": "smoke"})
        return f"{'no' if answer.ok else 'yes'}: {describe(answer)}"

    def _acl_permission(self) -> str:
        answer = self._session.post(self._session.sign(), {"acl": "private"})
        return f"{'no' if answer.ok else 'yes'}: {describe(answer)}"

    def _name_without_dollar(self) -> str:
        return self._own(OwnForm("", "", "", conditions=(["eq", "success_action_status", "200"],)))

    def _empty(self) -> str:
        return _is_accepted(self._session.post(self._session.sign(size=0), content=b""))

    def _wrong_signature(self) -> str:
        form = self._session.sign()
        return describe(self._session.post(form, other_signature(form)))

    def _not_in_absent(self) -> str:
        return self._own(OwnForm("", "", "", conditions=(["not-in", "$cache-control", ["no-cache"]],)))

    def _own(self, form: OwnForm) -> str:
        return _is_accepted(self._post_own(form, {}))

    def _post_own(self, form: OwnForm, added: Mapping[str, str]) -> requests.Response:
        key, fields = self._own_fields(form)
        return self._session.send(self._session.destination().url, key, {**fields, **added})

    def _own_fields(self, form: OwnForm) -> tuple[str, dict[str, str]]:
        where = self._session.destination()
        if self._session.target.signer is None:
            raise StepSkipped("there are no credentials to sign a form with")
        key = f"{where.folder}{uuid.uuid4()}.txt"
        placed = replace(form, bucket=where.bucket, region=where.region, key=key)
        return key, placed.fields(self._session.target.signer, self._clock())

    def _ends_meanwhile(self) -> str:
        key, fields = self._own_fields(OwnForm("", "", "", life=PAUSE_SECONDS / 2))
        url = urlsplit(self._session.destination().url)
        prepared = requests.Request(
            "POST", self._session.destination().url, files=form_parts(fields, "text/plain", {})
        ).prepare()
        body = prepared.body
        if not isinstance(body, bytes) or url.hostname is None:
            raise StepSkipped("the form cannot be sent in two parts")
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        connection = kind(url.hostname, url.port, timeout=TIMEOUT_SECONDS)
        self._session.uploaded_keys.append(key)
        try:
            connection.request("POST", "/", body=self._in_two(body), headers=_headers(prepared, len(body)))
            answer = connection.getresponse()
            status, text = answer.status, answer.read().decode(errors="replace")
        except OSError as fault:
            raise StepSkipped(f"no answer ({type(fault).__name__})") from None
        finally:
            connection.close()
        return f"{'yes' if status < 300 else 'no'}: {describe_parts(status, text)}"

    def _in_two(self, body: bytes) -> Any:
        """Yields all but the last bytes; the rest when the form has ended."""
        yield body[:-40]
        self._wait(PAUSE_SECONDS)
        yield body[-40:]


def _headers(prepared: requests.PreparedRequest, length: int) -> dict[str, str]:
    return {"Content-Type": str(prepared.headers["Content-Type"]), "Content-Length": str(length)}


def _is_accepted(answer: requests.Response) -> str:
    return f"{'yes' if answer.ok else 'no'}: {describe(answer)}"
