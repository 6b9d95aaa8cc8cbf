"""What `make smoke` tries: what must hold, what is asked, and the tidying-up."""

from __future__ import annotations

import base64
import http.client
import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import alibabacloud_oss_v2 as oss
import requests
from alibabacloud_oss_v2.credentials import StaticCredentialsProvider

from deploy import oss_client
from deploy.smoke.multipart_steps import PartsTrial
from deploy.smoke.outcome import NotHeld, NotTried, Steps, header_values, in_short, refused, status_of
from deploy.smoke.own_form import OwnForm

CONTENT = b"smoke\n"
FILENAME = "smoke ü.txt"
FOREIGN = "https://page.invalid"
PATIENCE = 30
"""Seconds to wait for an answer, at most."""

PAUSE = 3.0
"""Seconds that a slow upload stands still."""


@dataclass(frozen=True)
class Target:
    """What is tried, and by whom."""

    function: str
    """The function's address, without a slash at its end."""
    page: str
    """The page's address, with one."""
    token: str
    """An upload token; empty if there is none."""
    deployer: StaticCredentialsProvider | None
    """Who may read and delete what was uploaded."""
    signer: StaticCredentialsProvider | None
    """Who may put objects under the prefix."""
    own_secret: bool = False
    """Whether the token was made here, with JWT_SECRET."""
    endpoint: str = ""
    """OSS's address, if it is neither the region's nor the one that forms name."""
    files: str = ""
    """The folder in which the stand-ins keep what is uploaded; empty in the cloud."""

    @property
    def origin(self) -> str:
        """The page's origin."""
        parts = urlsplit(self.page)
        return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True)
class Where:
    """The bucket that forms are for, read from one of them."""

    url: str
    bucket: str
    region: str
    folder: str
    """What the key begins with, up to its last slash."""

    @classmethod
    def of(cls, form: Any) -> Where:
        """Raises NotHeld if this is no form."""
        try:
            fields = form["fields"]
            conditions = json.loads(base64.b64decode(fields["policy"]))["conditions"]
            [name] = [each["bucket"] for each in conditions if isinstance(each, dict) and "bucket" in each]
            region = fields["x-oss-credential"].split("/")[2]
            return cls(form["url"], name, region, fields["key"].rpartition("/")[0] + "/")
        except (KeyError, IndexError, TypeError, ValueError):
            raise NotHeld("the answer is no exact form") from None


class Trial:
    """One run. Steps are to be taken in the order given: later ones use what earlier ones found."""

    def __init__(
        self, target: Target, *, clock: Callable[[], float] = time.time, wait: Callable[[float], None] = time.sleep
    ) -> None:
        self._target = target
        self._clock = clock
        self._wait = wait
        self._session = requests.Session()
        self._limits: Any = None
        self._form: Any = None
        self._answer: requests.Response | None = None
        self._request_id = ""
        self._made: list[str] = []
        self._in_parts = PartsTrial(
            lambda path, asked: self._ask("POST", path, json=asked, origin=target.origin),
            self._session,
            limits=self._known_limits,
            origin=target.origin,
            made=self._made,
        )

    def musts(self) -> Steps:
        """What must hold."""
        return [
            ("The function tells its limits", self._tells_limits),
            ("The page knows the function", self._page_knows_function),
            ("The function lets the page ask", self._preflight),
            ("It lets no other page ask", self._foreign_preflight),
            ("It signs nothing for another page", self._foreign_origin),
            ("It signs nothing without a token", self._without_token),
            ("It signs a form", self._signs),
            ("OSS lets the page post", self._oss_preflight),
            ("OSS refuses the form with another key", self._other_key),
            ("OSS refuses the form with another signature", self._other_signature),
            ("OSS refuses the form with an ACL added", self._added_acl),
            ("OSS takes the form as it is", self._uploads),
            ("OSS called back, and the fact was verified", self._called_back),
            ("A forged callback is refused", self._forged_callback),
            ("OSS refuses it the second time", self._uploads_again),
            ("Strangers cannot read what was uploaded", self._strangers_read),
            ("It is stored as it was declared", self._stored),
            *self._in_parts.musts(),
            ("The function wrote a log line", self._log_line),
        ]

    def questions(self) -> Steps:
        """What no document settles; the answers are neither right nor wrong."""
        return [
            ("Is Access-Control-Allow-Origin single?", self._allow_origin_single),
            ("Does the gateway add CORS headers of its own?", self._cors_added),
            ("Does a preflight reach the function?", self._preflight_reaches),
            ("Have the gateway's own refusals CORS headers?", self._gateway_refusal),
            (
                "Is the function's answer forced to download?",
                lambda: self._disposition(self._target.function + "/limits"),
            ),
            ("Is the page forced to download?", lambda: self._disposition(self._target.page)),
            ("Does X-Fc-Log-Type: Tail show the log to anybody?", self._log_tail),
            ("Does X-Fc-Invocation-Type: Async work for anybody?", self._async),
            ("Does OSS take fields that no condition names?", self._unnamed_fields),
            ("Does OSS take fields after the file?", self._fields_after_file),
            ("Does OSS take another type of the file part?", self._other_part_type),
            ("Does OSS take an empty file?", self._empty),
            ("What says OSS to a wrong signature?", self._wrong_signature),
            ("Does not-in hold for a field that is absent?", self._not_in_absent),
            ("What says OSS to a form that has ended?", lambda: self._own(OwnForm("", "", "", life=-1))),
            ("Is a form good that ends while its file arrives?", self._ends_meanwhile),
            ("Is an x-oss-date of 20 minutes ago good?", lambda: self._own(OwnForm("", "", "", date_off=-1200))),
            ("Is an x-oss-date 20 minutes ahead good?", lambda: self._own(OwnForm("", "", "", date_off=1200))),
        ]

    def ends(self) -> Steps:
        """The tidying-up."""
        return [("What was uploaded is deleted", self._delete)]

    # --- the function and the page

    def _tells_limits(self) -> str:
        answer = self._ask("GET", "/limits")
        self._limits = _json(answer)
        if answer.status_code != 200 or not self._limits.get("content_types"):
            raise NotHeld(self._refusal(answer))
        size, types, auth = (self._limits.get(name) for name in ("max_size", "content_types", "auth"))
        return f"{size:,} bytes, {len(types)} types, auth {auth}"

    def _page_knows_function(self) -> str:
        answer = self._session.get(self._target.page + "config.json", timeout=PATIENCE)
        told = _json(answer).get("function")
        if answer.status_code != 200 or str(told).rstrip("/") != self._target.function:
            raise NotHeld(f"{status_of(answer)}; its config.json names {told}")
        return str(told)

    def _preflight(self) -> str:
        answer = self._preflight_of(self._target.origin)
        allowed = header_values(answer, "Access-Control-Allow-Origin")
        headers = ",".join(header_values(answer, "Access-Control-Allow-Headers")).lower()
        if not answer.ok or allowed != [self._target.origin] or "authorization" not in headers:
            raise NotHeld(
                f"{status_of(answer)}, allowing {', '.join(allowed) or 'no origin'} and the headers {headers or 'none'}"
            )
        return f"{answer.status_code}, {allowed[0]}"

    def _foreign_preflight(self) -> str:
        answer = self._preflight_of(FOREIGN)
        allowed = header_values(answer, "Access-Control-Allow-Origin")
        if any(FOREIGN in value or value == "*" for value in allowed):
            raise NotHeld(f"{status_of(answer)}, allowing {', '.join(allowed)}")
        return f"{answer.status_code}, {allowed[0] if allowed else 'no origin'}"

    def _foreign_origin(self) -> str:
        return refused(self._ask("POST", "/sign", json=self._files(), origin=FOREIGN), 403)

    def _without_token(self) -> str:
        if self._known_limits()["auth"] == "none":
            raise NotTried("AUTH is none: anybody may upload")
        return refused(self._ask("POST", "/sign", json=self._files(), token=""), 401)

    def _signs(self) -> str:
        self._form = self._new_form()
        return f"{self._form['key']}, until {self._form['expires_at']}"

    # --- the exact form at OSS

    def _oss_preflight(self) -> str:
        headers = {"Origin": self._target.origin, "Access-Control-Request-Method": "POST"}
        answer = self._session.options(self._a_form()["url"], headers=headers, timeout=PATIENCE)
        allowed = header_values(answer, "Access-Control-Allow-Origin")
        if not answer.ok or allowed not in ([self._target.origin], ["*"]):
            raise NotHeld(f"{status_of(answer)}, allowing {', '.join(allowed) or 'no origin'}")
        return f"{answer.status_code}, {allowed[0]}"

    def _other_key(self) -> str:
        return refused(self._post(self._a_form(), {"key": self._a_form()["key"] + ".html"}), 403)

    def _other_signature(self) -> str:
        return refused(self._post(self._a_form(), self._wrong(self._a_form())), 403, 400)

    def _added_acl(self) -> str:
        return refused(self._post(self._a_form(), {"x-oss-object-acl": "public-read"}), 403)

    def _uploads(self) -> str:
        answer = self._post(self._a_form())
        readable = header_values(answer, "Access-Control-Allow-Origin")
        if answer.status_code != 200 or readable not in ([self._target.origin], ["*"]):
            raise NotHeld(f"{status_of(answer)}; pages that may read the answer: {', '.join(readable) or 'none'}")
        self._answer = answer
        return "200"

    def _called_back(self) -> str:
        if "callback" not in self._a_form()["fields"]:
            raise NotTried("CALLBACK is off")
        if self._answer is None:
            raise NotTried("OSS did not take the form")
        told = _json(self._answer)
        if (told.get("stored") or {}).get("key") != self._a_form()["key"]:
            raise NotHeld(status_of(self._answer))
        return {True: "and the webhook was told", False: "but the webhook was not told", None: "no webhook is set"}[
            told.get("webhook_delivered")
        ]

    def _forged_callback(self) -> str:
        field = self._a_form()["fields"].get("callback")
        if field is None:
            raise NotTried("CALLBACK is off")
        url = json.loads(base64.b64decode(field))["callbackUrl"]
        forged = {"bucket": self._where().bucket, "object": self._a_form()["key"], "ticket": "forged"}
        return refused(self._session.post(url, json=forged, timeout=PATIENCE), 403)

    def _uploads_again(self) -> str:
        return refused(self._post(self._a_form()), 409)

    def _strangers_read(self) -> str:
        form = self._a_form()
        return refused(self._session.get(f"{form['url']}/{quote(form['key'])}", timeout=PATIENCE), 403)

    def _stored(self) -> str:
        form, where = self._a_form(), self._where()
        request = oss.HeadObjectRequest(bucket=where.bucket, key=form["key"])
        try:
            found: Any = self._client().head_object(request)
        except oss.exceptions.BaseError as fault:
            refused = oss_client.refusal(fault)
            raise NotHeld(refused.code if refused else "no answer") from None
        seen = (found.content_length, found.content_type, unquote((found.metadata or {}).get("filename", "")))
        if seen != (len(CONTENT), form["fields"]["x-oss-content-type"], FILENAME):
            raise NotHeld(str(seen))
        return f"{seen[0]} bytes, {seen[1]}, {seen[2]}"

    def _log_line(self) -> str:
        raise NotTried(f"there is no client of the log service here; look for {self._request_id or 'its request id'}")

    # --- questions to Function Compute

    def _allow_origin_single(self) -> str:
        values = header_values(self._ask("GET", "/limits", origin=self._target.origin), "Access-Control-Allow-Origin")
        return f"{'yes' if len(values) == 1 and ',' not in values[0] else 'no'}: {', '.join(values) or 'none'}"

    def _cors_added(self) -> str:
        answer = self._ask("GET", "/limits", origin=self._target.origin)
        names = ("Access-Control-Expose-Headers", "Access-Control-Allow-Credentials")
        added = [f"{name}: {value}" for name in names for value in header_values(answer, name)]
        return "; ".join(added) or "no"

    def _preflight_reaches(self) -> str:
        answer = self._preflight_of(self._target.origin)
        ours = answer.status_code == 204 and answer.headers.get("X-Content-Type-Options") == "nosniff"
        return f"{'yes' if ours else 'no'}: {status_of(answer)}"

    def _gateway_refusal(self) -> str:
        answer = self._ask("DELETE", "/limits", origin=self._target.origin)
        allowed = header_values(answer, "Access-Control-Allow-Origin")
        return f"{status_of(answer)}, allowing {', '.join(allowed) or 'no origin'}"

    def _disposition(self, address: str) -> str:
        answer = self._session.get(address, timeout=PATIENCE)
        forced = [answer.headers.get(name) for name in ("Content-Disposition", "x-oss-force-download")]
        return f"{'yes' if any(forced) else 'no'}: {', '.join(filter(None, forced)) or 'no Content-Disposition'}"

    def _log_tail(self) -> str:
        answer = self._ask("GET", "/limits", headers={"X-Fc-Log-Type": "Tail"})
        log = answer.headers.get("X-Fc-Log-Result")
        # What it says stays here: a log is not for whoever reads this.
        return f"yes: {len(log)} characters" if log else f"no: {status_of(answer)}"

    def _async(self) -> str:
        answer = self._ask("GET", "/limits", headers={"X-Fc-Invocation-Type": "Async"})
        return f"{'yes' if answer.status_code == 202 else 'no'}: {status_of(answer)}"

    # --- questions to OSS

    def _unnamed_fields(self) -> str:
        return _taken(self._post(self._new_form(), {"Cache-Control": "no-cache", "x-oss-meta-smoke": "1"}))

    def _fields_after_file(self) -> str:
        return _taken(self._post(self._new_form(), after={"x-oss-meta-late": "1"}))

    def _other_part_type(self) -> str:
        return _taken(self._post(self._new_form(), part_type="text/html"))

    def _empty(self) -> str:
        return _taken(self._post(self._new_form(size=0), content=b""))

    def _wrong_signature(self) -> str:
        form = self._new_form()
        return status_of(self._post(form, self._wrong(form)))

    def _not_in_absent(self) -> str:
        return self._own(OwnForm("", "", "", conditions=(["not-in", "$cache-control", ["no-cache"]],)))

    def _own(self, form: OwnForm) -> str:
        key, fields = self._own_fields(form)
        return _taken(self._send(self._where().url, key, fields))

    def _own_fields(self, form: OwnForm) -> tuple[str, dict[str, str]]:
        where = self._where()
        if self._target.signer is None:
            raise NotTried("there are no credentials to sign a form with")
        key = f"{where.folder}{uuid.uuid4()}.txt"
        placed = replace(form, bucket=where.bucket, region=where.region, key=key)
        return key, placed.fields(self._target.signer, self._clock())

    def _ends_meanwhile(self) -> str:
        key, fields = self._own_fields(OwnForm("", "", "", life=PAUSE / 2))
        url = urlsplit(self._where().url)
        prepared = requests.Request("POST", self._where().url, files=_parts(fields, "text/plain", {})).prepare()
        body = prepared.body
        if not isinstance(body, bytes) or url.hostname is None:
            raise NotTried("the form cannot be sent in two parts")
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        connection = kind(url.hostname, url.port, timeout=PATIENCE)
        self._made.append(key)
        try:
            connection.request("POST", "/", body=self._in_two(body), headers=_headers(prepared, len(body)))
            answer = connection.getresponse()
            status, text = answer.status, answer.read().decode(errors="replace")
        except OSError as fault:
            raise NotTried(f"no answer ({type(fault).__name__})") from None
        finally:
            connection.close()
        return f"{'yes' if status < 300 else 'no'}: {in_short(status, text)}"

    def _in_two(self, body: bytes) -> Any:
        """All but the last bytes; the rest when the form has ended."""
        yield body[:-40]
        self._wait(PAUSE)
        yield body[-40:]

    # --- the tidying-up

    def _delete(self) -> str:
        keys = list(dict.fromkeys(self._made))
        if not keys:
            return "nothing was uploaded"
        if self._target.deployer is None:
            raise NotTried(f"there are no credentials in the environment; these may be there: {', '.join(keys)}")
        left = {key: why for key in keys if (why := self._delete_one(key))}
        if left and self._target.files:
            raise NotTried(f"{', '.join(sorted(set(left.values())))}; the files stay in {self._target.files}")
        if left:
            raise NotHeld(", ".join(f"{key} ({why})" for key, why in left.items()))
        return f"{len(keys)} objects"

    def _delete_one(self, key: str) -> str:
        """Why it could not be deleted; empty if it was."""
        try:
            self._client().delete_object(oss.DeleteObjectRequest(bucket=self._where().bucket, key=key))
        except oss.exceptions.BaseError as fault:
            refused = oss_client.refusal(fault)
            return refused.code or "no answer" if refused else "no answer"
        return ""

    # --- how it is asked

    def _ask(self, method: str, path: str, **asked: Any) -> requests.Response:
        """A request to the function; `origin` and `token` become headers."""
        token = asked.pop("token", self._target.token)
        origin = asked.pop("origin", "")
        headers = {
            **asked.pop("headers", {}),
            **({"Origin": origin} if origin else {}),
            **({"Authorization": f"Bearer {token}"} if token else {}),
        }
        return self._session.request(
            method, self._target.function + path, headers=headers, timeout=PATIENCE, allow_redirects=False, **asked
        )

    def _preflight_of(self, origin: str) -> requests.Response:
        asked = {
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization,content-type",
        }
        return self._ask("OPTIONS", "/sign", headers=asked, origin=origin, token="")

    def _known_limits(self) -> Any:
        if not self._limits or "auth" not in self._limits:
            raise NotTried("the limits are not known")
        return self._limits

    def _files(self, size: int = len(CONTENT)) -> Any:
        content_type = self._known_limits()["content_types"][0]
        return {"files": [{"filename": FILENAME, "size": size, "content_type": content_type}]}

    def _new_form(self, size: int = len(CONTENT)) -> Any:
        answer = self._ask("POST", "/sign", json=self._files(size), origin=self._target.origin)
        self._request_id = answer.headers.get("X-Fc-Request-Id", "")
        uploads = _json(answer).get("uploads") or [{}]
        if answer.status_code != 200 or "fields" not in uploads[0]:
            raise NotHeld(self._refusal(answer))
        Where.of(uploads[0])
        return uploads[0]

    def _refusal(self, answer: requests.Response) -> str:
        """The status, and what a 401 means to the owner."""
        hint = ""
        if answer.status_code == 401 and not self._target.token:
            hint = "; set JWT_SECRET or TOKEN"
        elif answer.status_code == 401 and self._target.own_secret:
            hint = (
                "; the function's JWT_SECRET is another than the one here: in .env, or in the environment, which wins"
            )
        return status_of(answer) + hint

    def _a_form(self) -> Any:
        if self._form is None:
            raise NotTried("there is no form")
        return self._form

    def _where(self) -> Where:
        return Where.of(self._a_form())

    def _client(self) -> oss.Client:
        if self._target.deployer is None:
            raise NotTried("there are no credentials in the environment")
        where = self._where()
        own_domain = "" if where.url.endswith(".aliyuncs.com") else where.url
        return oss_client.client(self._target.deployer, where.region, self._target.endpoint or own_domain)

    def _wrong(self, form: Any) -> dict[str, str]:
        right = form["fields"]["x-oss-signature"]
        return {"x-oss-signature": right[:-1] + ("0" if right[-1] != "0" else "1")}

    def _post(
        self,
        form: Any,
        changed: Mapping[str, str] | None = None,
        *,
        part_type: str = "",
        after: Mapping[str, str] | None = None,
        content: bytes = CONTENT,
    ) -> requests.Response:
        """Post an exact form, with fields changed or added, of another type or with fields after the file."""
        fields = {**form["fields"], **(changed or {})}
        content_type = part_type or form["fields"]["x-oss-content-type"]
        return self._send(form["url"], fields["key"], fields, content_type, after, content=content)

    def _send(
        self,
        url: str,
        key: str,
        fields: Mapping[str, str],
        content_type: str = "text/plain",
        after: Mapping[str, str] | None = None,
        *,
        content: bytes = CONTENT,
    ) -> requests.Response:
        self._made.append(key)
        headers = {"Origin": self._target.origin}
        parts = _parts(fields, content_type, after or {}, content)
        answer = self._session.post(url, files=parts, headers=headers, timeout=PATIENCE, allow_redirects=False)
        if answer.status_code in (400, 403):
            self._made.remove(key)
        return answer


def _parts(
    fields: Mapping[str, str], content_type: str, after: Mapping[str, str], content: bytes = CONTENT
) -> list[tuple[str, Any]]:
    return [
        *((name, (None, value)) for name, value in fields.items()),
        ("file", ("smoke.txt", content, content_type)),
        *((name, (None, value)) for name, value in after.items()),
    ]


def _headers(prepared: requests.PreparedRequest, length: int) -> dict[str, str]:
    return {"Content-Type": str(prepared.headers["Content-Type"]), "Content-Length": str(length)}


def _json(answer: requests.Response) -> Any:
    try:
        told = answer.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _taken(answer: requests.Response) -> str:
    return f"{'yes' if answer.ok else 'no'}: {status_of(answer)}"
