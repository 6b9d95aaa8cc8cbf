"""What steps and questions of `make smoke` share: requests, one form, and the keys of what was uploaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import alibabacloud_oss_v2 as oss
import requests

from deploy import oss_client
from deploy.smoke.outcome import StepFailed, StepSkipped, describe
from deploy.smoke.target import Destination, Target

CONTENT = b"smoke\n"
FILENAME = "smoke ü.txt"
TIMEOUT_SECONDS = 30


class Session:
    """The requests of one run. Steps note here what later steps and questions need."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.http = requests.Session()
        self.known_limits: Any = None
        self.signed_form: Any = None
        self.request_id = ""
        self.uploaded_keys: list[str] = []

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """Sends a request to the function; `origin` and `token` become headers."""
        token = options.pop("token", self.target.token)
        origin = options.pop("origin", "")
        headers = {
            **options.pop("headers", {}),
            **({"Origin": origin} if origin else {}),
            **({"Authorization": f"Bearer {token}"} if token else {}),
        }
        return self.http.request(
            method,
            self.target.function + path,
            headers=headers,
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
            **options,
        )

    def preflight(self, origin: str) -> requests.Response:
        headers = {
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        }
        return self.ask("OPTIONS", "/sign", headers=headers, origin=origin, token="")

    def limits(self) -> Any:
        if not self.known_limits or "auth" not in self.known_limits:
            raise StepSkipped("the limits are not known")
        return self.known_limits

    def declaration(self, size: int = len(CONTENT), *, profile: str = "", content_type: str = "") -> Any:
        content_type = content_type or self.limits()["content_types"][0]
        files = [{"filename": FILENAME, "size": size, "content_type": content_type}]
        return {"profile": profile, "files": files} if profile else {"files": files}

    def sign(self, size: int = len(CONTENT), *, profile: str = "", content_type: str = "") -> Any:
        body = self.declaration(size, profile=profile, content_type=content_type)
        answer = self.ask("POST", "/sign", json=body, origin=self.target.origin)
        self.request_id = answer.headers.get("X-Fc-Request-Id", "")
        uploads = json_of(answer).get("uploads") or [{}]
        if answer.status_code != 200 or "fields" not in uploads[0]:
            raise StepFailed(self.describe_refusal(answer))
        Destination.of(uploads[0])
        return uploads[0]

    def describe_refusal(self, answer: requests.Response) -> str:
        """Returns the status, and what a 401 means to the owner."""
        hint = ""
        if answer.status_code == 401 and not self.target.token:
            hint = "; set JWT_SECRET or TOKEN"
        elif answer.status_code == 401 and self.target.own_secret:
            hint = "; JWT_SECRET here (the environment wins over .env) is not the function's: set the same in both"
        return describe(answer) + hint

    def form(self) -> Any:
        if self.signed_form is None:
            raise StepSkipped("there is no form")
        return self.signed_form

    def destination(self) -> Destination:
        return Destination.of(self.form())

    def oss_client(self) -> oss.Client:
        if self.target.deployer is None:
            raise StepSkipped("there are no credentials in the environment")
        where = self.destination()
        own_domain = "" if where.url.endswith(".aliyuncs.com") else where.url
        return oss_client.client(self.target.deployer, where.region, self.target.endpoint or own_domain)

    def post(
        self,
        form: Any,
        changed: Mapping[str, str] | None = None,
        *,
        part_type: str | None = None,
        after: Mapping[str, str] | None = None,
        content: bytes = CONTENT,
    ) -> requests.Response:
        """Posts an exact form: with fields changed or added, a file part of another type, or fields after the file.

        An empty `part_type` leaves the type of the part out.
        """
        fields = {**form["fields"], **(changed or {})}
        content_type = form["fields"]["x-oss-content-type"] if part_type is None else part_type
        return self.send(form["url"], fields["key"], fields, content_type, after, content=content)

    def send(
        self,
        url: str,
        key: str,
        fields: Mapping[str, str],
        content_type: str = "text/plain",
        after: Mapping[str, str] | None = None,
        *,
        content: bytes = CONTENT,
    ) -> requests.Response:
        self.uploaded_keys.append(key)
        headers = {"Origin": self.target.origin}
        parts = form_parts(fields, content_type, after or {}, content)
        answer = self.http.post(url, files=parts, headers=headers, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        if answer.status_code in (400, 403):
            self.uploaded_keys.remove(key)
        return answer


def form_parts(
    fields: Mapping[str, str], content_type: str, after: Mapping[str, str], content: bytes = CONTENT
) -> list[tuple[str, Any]]:
    return [
        *((name, (None, value)) for name, value in fields.items()),
        ("file", ("smoke.txt", content, content_type)),
        *((name, (None, value)) for name, value in after.items()),
    ]


def json_of(answer: requests.Response) -> Any:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def other_signature(form: Any) -> dict[str, str]:
    """Returns the signature field of a form with its last digit changed."""
    signature = form["fields"]["x-oss-signature"]
    return {"x-oss-signature": signature[:-1] + ("0" if signature[-1] != "0" else "1")}
