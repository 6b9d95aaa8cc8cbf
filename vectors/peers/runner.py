"""Runs rows against one bucket: each is a few requests, and the last answer is compared with the row's."""

from __future__ import annotations

import http.client
import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit
from xml.sax.saxutils import escape

from vectors.peers.forms import fill_in, make_form
from vectors.peers.signatures import Credentials, sign_request, sign_sts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FOLDER = Path(__file__).parent
PRIVATE = "private"
TIMEOUT_SECONDS = 60
ELEMENT = re.compile(r"<(\w+)>([^<]*)</\1>")


class NotTried(Exception):
    """A row needs what this target does not have. The text says what."""


@dataclass(frozen=True)
class Target:
    """What rows are run against."""

    url: str
    """The address of the bucket."""
    bucket: str
    region: str
    credentials: Credentials
    """Those of a user who may do everything with the bucket, and may assume the roles."""
    sts_url: str = ""
    roles: Mapping[str, str] = field(default_factory=dict)
    """ARNs by the names in the data."""
    may_change_bucket: bool = False
    """Whether rows may replace the bucket's CORS rules, and open it to everyone for a moment."""
    sleep: Callable[[float], object] | None = None
    """What waits for some seconds; without it rows that wait are not tried."""
    now: Callable[[], float] = time.time
    prefix: str = field(default_factory=lambda: f"peers/{secrets.token_hex(4)}/")


@dataclass(frozen=True)
class Answer:
    """What was answered; of a body only what XML elements without children say."""

    status: int
    headers: Mapping[str, str]
    """By lower-case name."""
    elements: Mapping[str, str]

    def describe(self) -> dict[str, object]:
        """Returns status, Code and EC, without those that are missing."""
        members = {"status": self.status, "code": self.elements.get("Code"), "ec": self.elements.get("EC")}
        return {name: value for name, value in members.items() if value}


@dataclass(frozen=True)
class Row:
    """One case of a peer, said in OSS's words."""

    peer: str
    """The name of its file."""
    data: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Returns what no other row is called."""
        return f"{self.peer}: {self.data['case']}"


def read_suites() -> dict[str, dict[str, Any]]:
    """Returns the files of all peers, by name."""
    files = sorted(FOLDER.glob("*.json"))
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}


def read_rows() -> Iterator[Row]:
    """Yields all rows of all peers."""
    for peer, suite in read_suites().items():
        yield from (Row(peer, row) for row in suite["rows"])


class Runner:
    """Runs rows one after another. What they store below the target's prefix, they delete again."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self._cors: object = None
        self._names: dict[str, str] = {}
        self._credentials = target.credentials
        self._form_key = ""
        self._keys: set[str] = set()
        self._uploads: set[tuple[str, str]] = set()
        self._acl = PRIVATE

    def run(self, row: Row) -> tuple[Answer, list[str]]:
        """Returns the last answer to a row, and how it differs from what the row says. Raises NotTried, OSError."""
        target = self.target
        self._names = {"bucket": target.bucket, "prefix": target.prefix, "region": target.region}
        self._credentials, self._keys, self._uploads = target.credentials, set(), set()
        try:
            answer, faults = self._take_steps(row.data["steps"])
            return answer, faults or self._compare(row.data["ours"], answer) or self._find_refused(row.data, answer)
        finally:
            self._clean_up()

    @property
    def may_be_open(self) -> bool:
        """Returns whether a row has opened the bucket to everyone, and it is not certain that it is private again."""
        return self._acl != PRIVATE

    def finish(self) -> None:
        """Deletes the CORS rules, if rows have replaced them."""
        if self._cors is not None:
            self._credentials = self.target.credentials
            self._request({"method": "DELETE", "query": {"cors": ""}})

    def _take_steps(self, steps: list[dict[str, Any]]) -> tuple[Answer, list[str]]:
        answer = Answer(0, {}, {})
        for number, step in enumerate(steps, 1):
            answer = self._take(step)
            for name, source in step.get("keep", {}).items():
                self._names[name] = answer.headers.get(source.lower()) or answer.elements.get(source, "")
            if answer.status >= 300 and number < len(steps):
                return answer, [f"step {number} of {len(steps)} was refused: {answer.describe()}"]
        return answer, []

    def _take(self, step: dict[str, Any]) -> Answer:
        if "form" in step:
            return self._post(step["form"])
        if "request" in step:
            return self._request(step["request"])
        if "assume_role" in step:
            return self._assume_role(step["assume_role"])
        if "cors" in step:
            return self._put_cors(step["cors"])
        if "acl" in step:
            self._require_change()
            self._acl = step["acl"]
            return self._put_acl(step["acl"])
        if self.target.sleep is None:
            raise NotTried(f"it waits for {step['wait']} seconds: --slow")
        self.target.sleep(step["wait"])
        return Answer(200, {}, {})

    def _post(self, description: dict[str, Any]) -> Answer:
        form = make_form(description, self._credentials, self._names, self.target.region, self.target.now())
        answer = _send(self.target.url, "POST", "/", form.headers, form.body)
        self._form_key = form.key
        if answer.status < 400:
            self._keys.add(form.key)
        return answer

    def _request(self, description: dict[str, Any]) -> Answer:
        """Sends a request that is signed in its header, unless the description says otherwise."""
        request = fill_in(description, self._names)
        method, key, query = request["method"], request.get("key", ""), request.get("query", {})
        headers = {"Content-Type": "application/octet-stream", **request.get("headers", {})}
        body = b"x" * request["size"] if "size" in request else request.get("text", "").encode()
        if request.get("signed", True):
            resource, now = f"/{self.target.bucket}/{key}", self.target.now()
            headers = sign_request(
                self._credentials, method, resource, query, headers, region=self.target.region, now=now
            )
        path = f"/{quote(key)}" + (f"?{urlencode(query, quote_via=quote)}" if query else "")
        answer = _send(self.target.url, method, path, headers, body)
        if answer.status < 300:
            self._remember(method, key, query, answer)
        return answer

    def _remember(self, method: str, key: str, query: Mapping[str, str], answer: Answer) -> None:
        """Notes what a request has left behind, or has removed."""
        if (method, query) == ("DELETE", {"cors": ""}):
            self._cors = []
        elif (method, query) == ("POST", {"uploads": ""}):
            self._uploads.add((key, answer.elements["UploadId"]))
        elif method in ("POST", "DELETE") and "uploadId" in query:
            self._uploads.discard((key, query["uploadId"]))
        if method == "PUT" or (method == "POST" and "uploadId" in query):
            self._keys.add(key)

    def _assume_role(self, description: dict[str, Any]) -> Answer:
        role = description["role"]
        if not self.target.sts_url or role not in self.target.roles:
            raise NotTried(f"it needs STS and the role {role!r}: --sts-endpoint, --role {role}=<ARN>")
        query = {"RoleArn": self.target.roles[role], "RoleSessionName": "peers"}
        if "policy" in description:
            query["Policy"] = json.dumps(fill_in(description["policy"], self._names))
        if "seconds" in description:
            query["DurationSeconds"] = str(description["seconds"])
        host = urlsplit(self.target.sts_url).netloc
        headers = sign_sts(self.target.credentials, "AssumeRole", query, host, self.target.now())
        path = f"/?{urlencode(query, quote_via=quote)}"
        status, _, body = _exchange(self.target.sts_url, "POST", path, headers, b"")
        members = json.loads(body)
        if "Credentials" in members:
            issued = members["Credentials"]
            self._credentials = Credentials(issued["AccessKeyId"], issued["AccessKeySecret"], issued["SecurityToken"])
        return Answer(status, {}, {"Code": members.get("Code", "")})

    def _put_cors(self, rules: list[dict[str, list[str]]]) -> Answer:
        self._require_change()
        if rules == self._cors:
            return Answer(200, {}, {})
        lines = [
            "".join(f"<{name}>{escape(value)}</{name}>" for name, values in rule.items() for value in values)
            for rule in rules
        ]
        text = "".join(f"<CORSRule>{line}</CORSRule>" for line in lines)
        document = f"<CORSConfiguration>{text}</CORSConfiguration>"
        answer = self._request({"method": "PUT", "query": {"cors": ""}, "text": document})
        self._cors = rules
        return answer

    def _put_acl(self, acl: str) -> Answer:
        """Blocks public access to the bucket, or no longer does, and sets its ACL."""
        setting = f"<BlockPublicAccess>{str(acl == PRIVATE).lower()}</BlockPublicAccess>"
        text = f"<PublicAccessBlockConfiguration>{setting}</PublicAccessBlockConfiguration>"
        answer = self._request({"method": "PUT", "query": {"publicAccessBlock": ""}, "text": text})
        if answer.status >= 300:
            return answer
        return self._request({"method": "PUT", "query": {"acl": ""}, "headers": {"x-oss-acl": acl}})

    def _require_change(self) -> None:
        if not self.target.may_change_bucket:
            raise NotTried("it changes the bucket: --change-bucket")

    def _compare(self, ours: Mapping[str, Any], answer: Answer) -> list[str]:
        """Returns what is not as it should be."""
        expected = {name: ours[name] for name in ("status", "code", "ec") if name in ours}
        faults = [] if answer.describe() == expected else [f"expected {expected}"]
        for name, value in fill_in(ours.get("headers", {}), self._names).items():
            if answer.headers.get(name.lower()) != value:
                faults.append(f"expected {name}: {value}, not {answer.headers.get(name.lower())}")
        for name, value in fill_in(ours.get("elements", {}), self._names).items():
            if answer.elements.get(name) != value:
                faults.append(f"expected <{name}>{value}, not {answer.elements.get(name)}")
        return faults or self._compare_stored(fill_in(ours.get("stored", {}), self._names))

    def _compare_stored(self, stored: Mapping[str, Any]) -> list[str]:
        """Checks, as the user, whether what should be in the bucket is there."""
        self._credentials = self.target.credentials
        faults = []
        for key, about in stored.items():
            self._keys.add(key)
            found = self._request({"method": "HEAD", "key": key})
            size = about.get("size", int(found.headers.get("content-length", -1)))
            headers = {name.lower(): found.headers.get(name.lower()) for name in about.get("headers", {})}
            wanted = {name.lower(): value for name, value in about.get("headers", {}).items()}
            if (found.status, found.headers.get("content-length"), headers) != (200, str(size), wanted):
                faults.append(f"{key} is not stored as expected: HEAD answers {found.status}")
        return faults

    def _find_refused(self, row: Mapping[str, Any], answer: Answer) -> list[str]:
        """Checks whether a form was stored although it was refused."""
        [*before, last] = row["steps"]
        if answer.status < 400 or "form" not in last or any("assume_role" not in step for step in before):
            return []
        self._credentials = self.target.credentials
        if not self._form_key.startswith(self.target.prefix):
            return []
        found = self._request({"method": "HEAD", "key": self._form_key})
        return [] if found.status == 404 else ["it was refused, and is stored"]

    def _clean_up(self) -> None:
        self._credentials = self.target.credentials
        if self.may_be_open and self._put_acl(PRIVATE).status < 300:
            self._acl = PRIVATE
        for key in sorted(self._keys):
            if key.startswith(self.target.prefix):
                self._request({"method": "DELETE", "key": key})
        for key, upload_id in sorted(self._uploads):
            self._request({"method": "DELETE", "key": key, "query": {"uploadId": upload_id}})


def _send(url: str, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
    status, response_headers, content = _exchange(url, method, path, headers, body)
    is_xml = response_headers.get("content-type", "").startswith("application/xml")
    elements = dict(ELEMENT.findall(content.decode(errors="replace"))) if is_xml else {}
    return Answer(status, response_headers, elements)


def _exchange(
    url: str, method: str, path: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    """Sends one request on a connection of its own. Raises OSError."""
    address = urlsplit(url)
    kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
    connection = kind(address.hostname or "", address.port, timeout=TIMEOUT_SECONDS)
    try:
        connection.request(method, path, body or None, {"Content-Length": str(len(body)), **headers})
        response = connection.getresponse()
        body_received = response.read()
    except http.client.HTTPException as error:
        raise OSError(str(error)) from None
    else:
        return response.status, {name.lower(): _decode(value) for name, value in response.getheaders()}, body_received
    finally:
        connection.close()


def _decode(value: str) -> str:
    """Returns a header's value in UTF-8, if it is; http.client has read it as latin-1."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeDecodeError:
        return value
