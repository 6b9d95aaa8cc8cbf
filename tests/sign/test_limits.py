"""Each limit for files holds on each way to upload, whether a profile or a token sets it.

The limits are in limits.json: `rule` and `claim` set one, `limits` is what GET /limits then answers, `file` breaks it,
`refusal` is the code for that, and `folder_form` the condition that holds it there, or the code for asking for the form.
tests/web/files.test.js reads them, too: the page refuses such a file itself.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine

from direct_upload import multipart_routes
from direct_upload.profiles import Profile
from support.factories import NOON
from support.function import FILE, Function, Make
from support.tokens import bearer, new_secret, token

DOCS = Path(__file__).parents[2] / "docs"
LIMITS: dict[str, Any] = json.loads(Path(__file__).with_name("limits.json").read_text(encoding="utf-8"))
NO_LIMITS = {
    "name": "names the rules",
    "expires_in": "ends forms, whatever the file",
    "folder_forms": "switches a way to upload",
    "callback": "is what follows an upload",
    "multipart": "switches a way to upload",
    "requires_claim": "decides who may upload",
    "keep_days": "deletes files later",
    "exp": "ends the token",
    "iss": "decides who may upload",
    "aud": "decides who may upload",
    "sub": "decides who may upload",
    "profiles": "decides who may upload",
    "jti": "names a link",
    "title": "is for people to read",
    "note": "is for people to read",
}
"""Rules of profiles and claims of tokens that no file can break, and why."""

FOLDER_FORM = "/get_post_signature_for_oss_upload"
WAYS = {"POST /sign", "POST /multipart", f"GET {FOLDER_FORM}"}
NO_WAYS = {"GET /limits", *(f"POST /multipart/{step}" for step in ("parts", "list", "complete", "abort"))}
"""Steps of an upload in parts need the ticket that POST /multipart has given for the file."""

SECRET = new_secret()
SETTINGS = {"AUTH": "jwt", "JWT_SECRET": SECRET, "MULTIPART_THRESHOLD": "1MB", "MULTIPART_SECRET": new_secret()}
PROFILES = {
    name.replace("_", "-"): {"requires_claim": False, name: limit["rule"]}
    for name, limit in LIMITS.items()
    if "rule" in limit
}


def read_column(page: str, head: str) -> list[str]:
    """Returns the names in the first column of the table below this head."""
    rows = (DOCS / page).read_text(encoding="utf-8").partition(head)[2].partition("\n## ")[0]
    return [
        name for cell in re.findall(r"^\| (`.*?) \|", rows, re.MULTILINE) for name in re.findall(r"`([^`]+)`", cell)
    ]


def test_every_rule_and_every_claim_is_a_limit_or_none() -> None:
    names = {*Profile.__dataclass_fields__, *read_column("identity.md", "\n## What a token must say\n")}
    undecided = names - LIMITS.keys() - NO_LIMITS.keys()
    assert not undecided, f"Say in limits.json which file breaks it, or in NO_LIMITS why none can: {undecided}"


def test_every_route_is_a_way_to_upload_or_none() -> None:
    undecided = {*read_column("reference/http-api.md", "<!-- routes")} - WAYS - NO_WAYS
    assert not undecided, (
        f"If it signs something for a file, try it in this module. Else list it in NO_WAYS: {undecided}"
    )


@pytest.fixture
def function(make: Make, monkeypatch: pytest.MonkeyPatch) -> Iterator[Function]:
    monkeypatch.setattr(multipart_routes, "OssClient", None)  # OSS is asked only about files that fit
    with time_machine.travel(NOON, tick=False):
        yield make(profiles=PROFILES, **SETTINGS)


@pytest.mark.parametrize(
    ("name", "by"), [(name, by) for name in LIMITS for by in ("rule", "claim") if by in LIMITS[name]]
)
def test_a_limit_holds_on_every_way_to_upload(function: Function, name: str, by: str) -> None:
    limit = LIMITS[name]
    claims = {name: limit["claim"], "jti": "L1"} if by == "claim" else {}
    profile = {"profile": name.replace("_", "-")} if by == "rule" else {}
    file = {member: FILE[member] for member in FILE if member != "id"} | limit["file"]

    def ask(method: str, path: str, **more: Any) -> Any:
        answer = function.request(method, path, headers=bearer(token(SECRET, **claims)), **more)
        return json.loads(answer["body"])

    limits = ask("GET", "/limits", query=profile)
    [upload] = ask("POST", "/sign", body=json.dumps({"files": [file], **profile}))["uploads"]
    in_parts = ask("POST", "/multipart", body=json.dumps(file | profile))
    form = ask("GET", FOLDER_FORM, query=profile)
    held = json.loads(base64.b64decode(form["policy"]))["conditions"] if "policy" in form else [form["error"]["code"]]
    assert {
        "limits": {member: limits.get(member) for member in limit["limits"]},
        "POST /sign": upload.get("error", {}).get("code"),
        "POST /multipart": in_parts.get("error", {}).get("code"),
        "folder form": [each for each in held if each == limit["folder_form"]],
    } == {
        "limits": limit["limits"],
        "POST /sign": limit["refusal"],
        "POST /multipart": limit["refusal"],
        "folder form": [limit["folder_form"]],
    }
