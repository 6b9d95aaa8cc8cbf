"""What must hold of a deployment: the steps of `make smoke`."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote, unquote

import alibabacloud_oss_v2 as oss
import requests

from deploy import oss_client
from deploy.counts import number_of
from deploy.smoke.multipart_steps import MultipartSteps
from deploy.smoke.outcome import StepFailed, Steps, StepSkipped, describe, expect_refusal, header_values
from deploy.smoke.profile_steps import ProfileSteps
from deploy.smoke.session import CONTENT, FILENAME, TIMEOUT_SECONDS, Session, json_of, other_signature

FOREIGN_ORIGIN = "https://page.invalid"


class Smoke:
    """One run. The steps are taken in their order: later ones use what earlier ones found."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._answer: requests.Response | None = None
        self._multipart = MultipartSteps(session)
        self._profiles = ProfileSteps(session)

    def steps(self) -> Steps:
        """Returns what must hold, in order."""
        return [
            ("The function states its limits", self._states_limits),
            ("The page names the function", self._page_names_function),
            ("The function lets the page ask", self._preflight),
            ("It lets no other page ask", self._foreign_preflight),
            ("It signs nothing for another page", self._foreign_origin),
            ("It signs nothing without a token", self._without_token),
            ("It signs a form", self._signs),
            ("OSS lets the page post", self._oss_preflight),
            ("OSS refuses the form with another key", self._other_key),
            ("OSS refuses the form with another signature", self._other_signature),
            ("OSS refuses the form with an ACL added", self._added_acl),
            ("OSS accepts the form as it is", self._uploads),
            ("OSS called back, and the callback function verified it", self._called_back),
            ("What was uploaded can be downloaded, and nothing else", self._downloads),
            ("A forged callback is refused", self._forged_callback),
            ("OSS refuses it the second time", self._uploads_again),
            ("Strangers cannot read what was uploaded", self._strangers_read),
            ("It is stored as it was declared", self._check_stored_object),
            *self._multipart.steps(),
            *self._profiles.steps(),
            ("The function wrote a log line", self._log_line),
        ]

    def clean_up(self) -> Steps:
        """Returns what deletes the uploads of this run."""
        return [("What was uploaded is deleted", self._delete)]

    def _states_limits(self) -> str:
        answer = self._session.ask("GET", "/limits")
        self._session.known_limits = json_of(answer)
        if answer.status_code != 200 or not self._session.known_limits.get("content_types"):
            raise StepFailed(self._session.describe_refusal(answer))
        size, types, auth = (self._session.known_limits.get(name) for name in ("max_size", "content_types", "auth"))
        return f"{number_of(size, 'byte')}, {number_of(len(types), 'type')}, auth {auth}"

    def _page_names_function(self) -> str:
        answer = self._session.http.get(self._session.target.page + "config.json", timeout=TIMEOUT_SECONDS)
        told = json_of(answer).get("function")
        if answer.status_code != 200 or str(told).rstrip("/") != self._session.target.function:
            raise StepFailed(f"{describe(answer)}; its config.json names {told}")
        return str(told)

    def _preflight(self) -> str:
        answer = self._session.preflight(self._session.target.origin)
        allowed = header_values(answer, "Access-Control-Allow-Origin")
        headers = ",".join(header_values(answer, "Access-Control-Allow-Headers")).lower()
        if not answer.ok or allowed != [self._session.target.origin] or "authorization" not in headers:
            raise StepFailed(
                f"{describe(answer)}, allowing {', '.join(allowed) or 'no origin'} and the headers {headers or 'none'}"
            )
        return f"{answer.status_code}, {allowed[0]}"

    def _foreign_preflight(self) -> str:
        answer = self._session.preflight(FOREIGN_ORIGIN)
        allowed = header_values(answer, "Access-Control-Allow-Origin")
        if any(FOREIGN_ORIGIN in value or value == "*" for value in allowed):
            raise StepFailed(f"{describe(answer)}, allowing {', '.join(allowed)}")
        return f"{answer.status_code}, {allowed[0] if allowed else 'no origin'}"

    def _foreign_origin(self) -> str:
        return expect_refusal(
            self._session.ask("POST", "/sign", json=self._session.declaration(), origin=FOREIGN_ORIGIN), 403
        )

    def _without_token(self) -> str:
        if self._session.limits()["auth"] == "none":
            raise StepSkipped("AUTH=none: anybody may upload")
        return expect_refusal(self._session.ask("POST", "/sign", json=self._session.declaration(), token=""), 401)

    def _signs(self) -> str:
        self._session.signed_form = self._session.sign()
        return f"{self._session.signed_form['key']}, until {self._session.signed_form['expires_at']}"

    def _oss_preflight(self) -> str:
        headers = {"Origin": self._session.target.origin, "Access-Control-Request-Method": "POST"}
        answer = self._session.http.options(self._session.form()["url"], headers=headers, timeout=TIMEOUT_SECONDS)
        allowed = header_values(answer, "Access-Control-Allow-Origin")
        if not answer.ok or allowed not in ([self._session.target.origin], ["*"]):
            raise StepFailed(f"{describe(answer)}, allowing {', '.join(allowed) or 'no origin'}")
        return f"{answer.status_code}, {allowed[0]}"

    def _other_key(self) -> str:
        return expect_refusal(
            self._session.post(self._session.form(), {"key": self._session.form()["key"] + ".html"}), 403
        )

    def _other_signature(self) -> str:
        return expect_refusal(self._session.post(self._session.form(), other_signature(self._session.form())), 403, 400)

    def _added_acl(self) -> str:
        return expect_refusal(self._session.post(self._session.form(), {"x-oss-object-acl": "public-read"}), 403)

    def _uploads(self) -> str:
        answer = self._session.post(self._session.form())
        readable = header_values(answer, "Access-Control-Allow-Origin")
        if answer.status_code != 200 or readable not in ([self._session.target.origin], ["*"]):
            raise StepFailed(f"{describe(answer)}; pages that may read the answer: {', '.join(readable) or 'none'}")
        self._answer = answer
        return "200"

    def _called_back(self) -> str:
        if "callback" not in self._session.form()["fields"]:
            raise StepSkipped("CALLBACK is off")
        if self._answer is None:
            raise StepSkipped("OSS did not accept the form")
        told = json_of(self._answer)
        if (told.get("stored") or {}).get("key") != self._session.form()["key"]:
            raise StepFailed(describe(self._answer))
        return {True: "and notified the webhook", False: "but could not notify the webhook", None: "no webhook is set"}[
            told.get("webhook_delivered")
        ]

    def _downloads(self) -> str:
        told = json_of(self._answer) if self._answer is not None else {}
        url = told.get("download_url")
        if url is None:
            raise StepSkipped("there is no address: DOWNLOAD_URL_EXPIRES_IN is not set")
        answer = self._session.http.get(url, timeout=TIMEOUT_SECONDS)
        shown = ", ".join(header_values(answer, "Content-Disposition")) or "shown by browsers"
        if answer.status_code != 200 or answer.content != CONTENT or not shown.startswith("attachment"):
            raise StepFailed(f"{describe(answer)}, {shown}")
        expect_refusal(self._session.http.get(url.replace("?", ".html?", 1), timeout=TIMEOUT_SECONDS), 403)
        return f"until {told.get('download_url_expires_at')}"

    def _forged_callback(self) -> str:
        field = self._session.form()["fields"].get("callback")
        if field is None:
            raise StepSkipped("CALLBACK is off")
        url = json.loads(base64.b64decode(field))["callbackUrl"]
        forged = {
            "bucket": self._session.destination().bucket,
            "object": self._session.form()["key"],
            "ticket": "forged",
        }
        return expect_refusal(self._session.http.post(url, json=forged, timeout=TIMEOUT_SECONDS), 403)

    def _uploads_again(self) -> str:
        return expect_refusal(self._session.post(self._session.form()), 409)

    def _strangers_read(self) -> str:
        form = self._session.form()
        return expect_refusal(
            self._session.http.get(f"{form['url']}/{quote(form['key'])}", timeout=TIMEOUT_SECONDS), 403
        )

    def _check_stored_object(self) -> str:
        form, where = self._session.form(), self._session.destination()
        request = oss.HeadObjectRequest(bucket=where.bucket, key=form["key"])
        try:
            found: Any = self._session.oss_client().head_object(request)
        except oss.exceptions.BaseError as fault:
            refused = oss_client.refusal(fault)
            raise StepFailed(refused.code if refused else "no answer") from None
        seen = (found.content_length, found.content_type, unquote((found.metadata or {}).get("filename", "")))
        if seen != (len(CONTENT), form["fields"]["x-oss-content-type"], FILENAME):
            raise StepFailed(str(seen))
        return f"{seen[0]} bytes, {seen[1]}, {seen[2]}"

    def _log_line(self) -> str:
        raise StepSkipped(
            f"make smoke cannot read the log service: look there for {self._session.request_id or 'its request id'}"
        )

    def _delete(self) -> str:
        keys = list(dict.fromkeys(self._session.uploaded_keys))
        if not keys:
            return "nothing was uploaded"
        if self._session.target.deployer is None:
            raise StepSkipped(f"there are no credentials in the environment; these may be there: {', '.join(keys)}")
        left = {key: why for key in keys if (why := self._delete_one(key))}
        if left and self._session.target.files:
            raise StepSkipped(
                f"{', '.join(sorted(set(left.values())))}; the files stay in {self._session.target.files}"
            )
        if left:
            raise StepFailed(", ".join(f"{key} ({why})" for key, why in left.items()))
        return f"{len(keys)} object{'' if len(keys) == 1 else 's'}"

    def _delete_one(self, key: str) -> str:
        """Returns why it could not be deleted; empty if it was."""
        try:
            self._session.oss_client().delete_object(
                oss.DeleteObjectRequest(bucket=self._session.destination().bucket, key=key)
            )
        except oss.exceptions.BaseError as fault:
            refused = oss_client.refusal(fault)
            return refused.code or "no answer" if refused else "no answer"
        return ""
