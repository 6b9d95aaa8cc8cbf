"""Tests the callback fields of the exact form, which have conditions, so that no browser can leave them out."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from direct_upload.settings import Settings
from oss_protocol.callback import Callback
from support import sentinels
from support.factories import ENVIRON, NOON, faults
from support.function import FILE, Make
from support.tokens import new_secret

KEY = "uploads/anonymous/0f8fad5b-d9cb-469f-a165-70867728950e.png"


def on(**more: str) -> dict[str, str]:
    """Returns the settings that switch callbacks on."""
    return {"CALLBACK": "on", "CALLBACK_URL": "https://cb.example.com/", "CALLBACK_SECRET": new_secret(), **more}


def claims(ticket: str, secret: str) -> Any:
    """Returns the claims of a ticket, after checking its MAC by other code than the function's."""
    text, _, mac = ticket.partition(".")
    made = hmac.new(secret.encode(), f"callback\n{text}".encode(), hashlib.sha256).digest()
    assert base64.urlsafe_b64encode(made).rstrip(b"=").decode() == mac
    return json.loads(base64.urlsafe_b64decode(text + "=="))


def test_the_form_tells_oss_whom_to_call_and_carries_a_ticket(make: Make) -> None:
    settings = on()
    _, response = make(**settings).sign(FILE)
    fields = response["uploads"][0]["fields"]
    assert json.loads(base64.b64decode(fields["callback"])) == {
        "callbackUrl": "https://cb.example.com/stored",
        "callbackBody": '{"bucket":${bucket},"object":${object},"etag":${etag},"size":${size},'
        '"mimeType":${mimeType},"ticket":${x:ticket}}',
        "callbackBodyType": "application/json",
        "callbackSNI": True,
    }
    assert claims(fields["x:ticket"], settings["CALLBACK_SECRET"]) == {
        "key": KEY,
        "size": 7,
        "content_type": "image/png",
        "subject": "anonymous",
        "end": NOON + 600 + 3600,
    }


def test_both_fields_are_pinned_by_the_post_policy(make: Make) -> None:
    _, response = make(**on()).sign(FILE)
    fields = response["uploads"][0]["fields"]
    conditions = json.loads(base64.b64decode(fields["policy"]))["conditions"]
    assert ["eq", "$callback", fields["callback"]] in conditions
    assert ["eq", "$x:ticket", fields["x:ticket"]] in conditions


def test_a_long_name_still_leaves_the_form_small_enough(make: Make) -> None:
    function = make(**on())
    function.credentials = function.credentials.__class__(
        "STS.key", function.credentials.access_key_secret, "t" * 1400, NOON + 3600
    )
    _, response = function.sign({**FILE, "filename": "\N{SNOWMAN}" * 1000 + ".png"})
    fields = response["uploads"][0]["fields"]
    assert 7900 < sum(len(name) + len(value) for name, value in fields.items()) < 8000


def test_without_callbacks_the_form_has_neither_field(make: Make) -> None:
    _, response = make().sign(FILE)
    assert {"callback", "x:ticket"} & set(response["uploads"][0]["fields"]) == set()


def test_folder_forms_are_off_while_callbacks_are_on(make: Make) -> None:
    function = make(**on())
    assert function.error("GET", "/get_post_signature_for_oss_upload") == (404, "not_found")
    assert json.loads(function.request("GET", "/limits")["body"])["folder_forms"] is False


def test_the_settings_are_read() -> None:
    environ = on(CALLBACK_URL="https://cb.example.com:8443")
    settings = Settings.from_environ(ENVIRON | environ)
    assert settings.callback == Callback("https://cb.example.com:8443", (environ["CALLBACK_SECRET"],))
    assert settings.default.folder_forms is False


def test_the_secret_is_not_in_what_the_settings_print() -> None:
    sentinels.search_log(repr(Settings.from_environ(ENVIRON | on())))


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"CALLBACK": "yes"}, "CALLBACK must be on or off, not 'yes'"),
        ({"CALLBACK_URL": ""}, "CALLBACK_URL is missing"),
        (
            {"CALLBACK_URL": "http://cb.example.com"},
            "CALLBACK_URL must be https://host without a path, not 'http://cb.example.com'",
        ),
        (
            {"CALLBACK_URL": "https://cb.example.com/?a=b"},
            "CALLBACK_URL must be https://host without a path, not 'https://cb.example.com/?a=b'",
        ),
        ({"CALLBACK_SECRET": ""}, "CALLBACK_SECRET is missing"),
        (
            {"CALLBACK_SECRET": "short"},
            "CALLBACK_SECRET must have at least 32 bytes; make one with: openssl rand -hex 32",
        ),
        (
            {"FOLDER_FORMS": "on"},
            "FOLDER_FORMS cannot be on while CALLBACK is, since a page could leave the callback out: "
            "set one of them to off",
        ),
    ],
)
def test_a_faulty_setting_is_named_with_its_cure(more: dict[str, str], fault: str) -> None:
    assert faults(ENVIRON | on(**more)) == (fault,)


def test_callbacks_are_off_whatever_their_other_settings_say() -> None:
    settings = Settings.from_environ(ENVIRON | on(CALLBACK="off", CALLBACK_URL="nonsense", CALLBACK_SECRET="x"))
    assert (settings.callback, settings.default.folder_forms) == (None, True)
