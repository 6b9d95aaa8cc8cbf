"""Tests the whole chain: the real function calls the stand-in STS through the vendor's SDK, and OSS checks the form."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import time_machine

from support.chain import CONTENT, FILE, FOLDER_FORM, Chain, post, post_upload, running, sharing, tutorial_fields
from support.factories import NOON
from support.oss_world import elements, outcome


@pytest.fixture(scope="module")
def running_chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chain]:
    with time_machine.travel(NOON, tick=False) as clock:
        chain = Chain(tmp_path_factory.mktemp("chain"), clock)
        with chain.cloud:
            yield chain


@pytest.fixture
def chain(running_chain: Chain) -> Iterator[Chain]:
    with sharing(running_chain) as chain:
        yield chain


@pytest.fixture
def own_chain(tmp_path: Path, clock: time_machine.Traveller) -> Iterator[Chain]:
    with running(Chain(tmp_path / "files", clock)) as chain:
        yield chain


def test_an_exact_form_posted_unchanged_succeeds_once(chain: Chain) -> None:
    [upload] = chain.sign()
    assert post_upload(upload).status_code == 200
    assert outcome(post_upload(upload, content=b"another")) == (409, "FileAlreadyExists", None)
    assert chain.stored_files() == [(upload["key"], CONTENT)]


def test_the_object_keeps_the_name_and_the_type_of_the_file(chain: Chain) -> None:
    [upload] = chain.sign(FILE | {"id": "0f8fad5b-d9cb-469f-a165-70867728950e"})
    post_upload(upload)
    [stored] = chain.cloud.bucket.objects()
    assert (stored.key, stored.content_type, stored.meta, stored.headers) == (
        "uploads/anonymous/0f8fad5b-d9cb-469f-a165-70867728950e.png",
        "image/png",
        {"filename": "photos%2Fcat%20%C3%BC.png"},
        {"Content-Disposition": "attachment; filename*=UTF-8''photos%2Fcat%20%C3%BC.png"},
    )


DENIED = (403, "AccessDenied")
BAD = (400, "InvalidArgument")
MISMATCH = (403, "SignatureDoesNotMatch")

# For each field of an exact form: OSS's error if it is missing, and if its value is different.
REFUSALS = {
    "key": (BAD, DENIED),
    "success_action_status": (DENIED, DENIED),
    "x-oss-forbid-overwrite": (DENIED, DENIED),
    "x-oss-content-type": (DENIED, DENIED),
    "x-oss-meta-filename": (DENIED, DENIED),
    "Content-Disposition": (DENIED, DENIED),
    "x-oss-signature-version": (BAD, BAD),
    "x-oss-credential": (BAD, (403, "InvalidAccessKeyId")),
    "x-oss-date": (BAD, DENIED),
    "x-oss-security-token": ((403, "InvalidAccessKeyId"), (403, "InvalidSecurityToken")),
    "policy": (BAD, MISMATCH),
    "x-oss-signature": (BAD, MISMATCH),
}

OTHER_VALUES = {
    "x-oss-date": "20241124T120001Z",
    "x-oss-forbid-overwrite": "false",
    "success_action_status": "201",
    "x-oss-content-type": "text/html",
}
"""Has values that must be sensible ones, so that OSS refuses them for the right reason."""


def test_the_table_of_refusals_has_every_field_of_an_exact_form(chain: Chain) -> None:
    assert list(REFUSALS) == sorted(chain.sign()[0]["fields"], key=list(REFUSALS).index)


@pytest.mark.parametrize("name", REFUSALS)
def test_an_exact_form_without_one_of_its_fields_is_refused(chain: Chain, name: str) -> None:
    [upload] = chain.sign()
    del upload["fields"][name]
    assert outcome(post_upload(upload))[:2] == REFUSALS[name][0]
    assert chain.stored_files() == []


@pytest.mark.parametrize("name", REFUSALS)
def test_an_exact_form_with_one_of_its_fields_altered_is_refused(chain: Chain, name: str) -> None:
    [upload] = chain.sign()
    value = upload["fields"][name]
    upload["fields"][name] = OTHER_VALUES.get(name) or ("x" if value[0] != "x" else "y") + value[1:]
    assert outcome(post_upload(upload))[:2] == REFUSALS[name][1]
    assert chain.stored_files() == []


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (b"", (400, "EntityTooSmall", "0006-00000004")),
        (CONTENT[:-1], (400, "EntityTooSmall", "0006-00000004")),
        (CONTENT + b"x", (400, "EntityTooLarge", "0006-00000003")),
    ],
)
def test_an_exact_form_takes_exactly_the_declared_size(chain: Chain, content: bytes, refusal: Any) -> None:
    [upload] = chain.sign()
    assert outcome(post_upload(upload, content=content)) == refusal
    assert chain.stored_files() == []


def test_an_exact_form_for_an_empty_file_takes_no_byte_and_stores_it(chain: Chain) -> None:
    [upload] = chain.sign(FILE | {"size": 0})
    assert outcome(post_upload(upload, content=b"x")) == (400, "EntityTooLarge", "0006-00000003")
    assert post_upload(upload, content=b"").status_code == 200
    assert chain.stored_files() == [(upload["key"], b"")]


def test_the_folder_form_takes_an_empty_file(chain: Chain) -> None:
    form = chain.folder_form()
    assert post(form["host"], tutorial_fields(form, "a.png"), b"", "image/png").status_code == 200
    assert chain.stored_files() == [(form["dir"] + "a.png", b"")]


@pytest.mark.parametrize("content_type", ["text/html", "image/svg+xml", "image/jpeg"])
def test_an_exact_form_takes_no_file_part_of_another_type(chain: Chain, content_type: str) -> None:
    [upload] = chain.sign()
    assert outcome(post_upload(upload, content_type=content_type)) == (403, "AccessDenied", "0006-00000227")


@pytest.mark.parametrize("content_type", ["image/x-png", "application/octet-stream", ""])
def test_whatever_a_client_calls_the_type_the_object_has_the_one_that_the_form_pins(
    chain: Chain, content_type: str
) -> None:
    [upload] = chain.sign()
    assert post_upload(upload, content_type=content_type).status_code == 200
    assert [each.content_type for each in chain.cloud.bucket.objects()] == ["image/png"]


@pytest.mark.parametrize(
    ("name", "part"), [("Content-Type", ""), ("Content-Type", "image/png"), ("x-oss-content-type", "image/png")]
)
def test_a_folder_form_takes_no_other_type_whichever_way_it_is_given(
    tmp_path: Path, clock: time_machine.Traveller, name: str, part: str
) -> None:
    chain = Chain(tmp_path, clock, settings={"CONTENT_TYPES": "image/png"})
    with chain.cloud:
        form = chain.folder_form()
        refused = post(form["host"], tutorial_fields(form, "a.png") | {name: "text/html"}, content_type=part)
        assert outcome(refused) == (403, "AccessDenied", "0006-00000227")
    chain.cloud.check()


def test_an_exact_form_without_a_file_is_refused(chain: Chain) -> None:
    [upload] = chain.sign()
    parts = [(name, (None, value)) for name, value in upload["fields"].items()]
    refused = requests.post(upload["url"], files=parts, timeout=60)
    assert outcome(refused) == (400, "IncorrectNumberOfFilesInPOSTRequest", "0006-00000107")


@pytest.mark.parametrize("field", ["x-oss-object-acl", "acl"])
def test_an_added_acl_is_refused_by_the_session_policy(chain: Chain, field: str) -> None:
    [upload] = chain.sign()
    upload["fields"][field] = "public-read"
    assert outcome(post_upload(upload)) == (403, "AccessDenied", "0003-00000301")


def test_a_second_form_for_the_same_file_and_id_never_stores_it_twice(chain: Chain) -> None:
    asked = FILE | {"id": "0f8fad5b-d9cb-469f-a165-70867728950e"}
    first, again = chain.sign(asked)[0], chain.sign(asked)[0]
    assert [post_upload(first).status_code, post_upload(again).status_code] == [200, 409]
    assert len(chain.stored_files()) == 1


def test_the_folder_form_stores_any_number_of_files_below_its_directory(chain: Chain) -> None:
    form = chain.folder_form()
    names = ["a.png", "sub folder/b ü.png"]
    assert [post(form["host"], tutorial_fields(form, name)).status_code for name in names] == [200, 200]
    assert chain.stored_files() == [(form["dir"] + name, CONTENT) for name in names]


@pytest.mark.parametrize(
    "key",
    [
        "a.png",
        "/a.png",
        "uploads/a.png",
        "uploads/anonymous/a.png",
        "uploads/anonymous/{dir}a.png",
        "{parent}",
        "{dir_without_slash}",
        "{dir_without_slash}-a.png",
        "{dir_upper}a.png",
        "/{dir}a.png",
        "./{dir}a.png",
        "${{filename}}",
    ],
)
def test_the_folder_form_reaches_nothing_outside_its_directory(chain: Chain, key: str) -> None:
    form = chain.folder_form()
    directory = form["dir"]
    bare = directory.rstrip("/")
    fields = tutorial_fields(form, "") | {
        "key": key.format(
            dir=directory, dir_without_slash=bare, dir_upper=directory.upper(), parent=bare.rpartition("/")[0]
        )
    }
    refused = post(form["host"], fields)
    assert (refused.status_code, elements(refused)["Message"].partition(":")[0]) == (403, "Invalid according to Policy")
    assert chain.stored_files() == []


def test_a_folder_form_cannot_be_used_in_the_directory_of_another(chain: Chain) -> None:
    mine, theirs = chain.folder_form(), chain.folder_form()
    assert mine["dir"] != theirs["dir"]
    refused = post(mine["host"], tutorial_fields(mine, "") | {"key": theirs["dir"] + "a.png"})
    assert outcome(refused) == (403, "AccessDenied", "0006-00000227")


@pytest.mark.any_python
@pytest.mark.parametrize(
    ("settings", "content", "content_type", "refusal"),
    [
        ({"CONTENT_TYPES": "image/png"}, CONTENT, "text/html", (403, "AccessDenied", "0006-00000227")),
        ({"CONTENT_TYPES": "image/png"}, CONTENT, "", (403, "AccessDenied", "0006-00000226")),
        ({"MAX_SIZE": "6B"}, CONTENT, "image/png", (400, "EntityTooLarge", "0006-00000003")),
    ],
)
def test_the_folder_form_keeps_to_types_and_sizes(
    tmp_path: Path, clock: time_machine.Traveller, settings: Any, content: bytes, content_type: str, refusal: Any
) -> None:
    chain = Chain(tmp_path, clock, settings=settings)
    with chain.cloud:
        form = chain.folder_form()
        fields = tutorial_fields(form, "a.png")
        assert outcome(post(form["host"], fields, content, content_type)) == refusal
    chain.cloud.check()


def test_many_requests_in_one_life_assume_the_role_once(own_chain: Chain) -> None:
    for _ in range(10):
        own_chain.folder_form()
        own_chain.sign()
    assert [record.note.get("session") for record in own_chain.cloud.sts.records] == ["oss-direct-upload-sign"]


@pytest.fixture
def in_shanghai(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


LAST_MILLISECOND = 1_732_492_799.999
"""2024-11-24T23:59:59.999Z, in seconds since the epoch."""


@pytest.mark.parametrize("seconds_later", [0, 0.001, 599])
def test_forms_signed_in_the_last_millisecond_of_a_day_are_good_on_the_next(
    in_shanghai: None, own_chain: Chain, seconds_later: float
) -> None:
    own_chain.clock.move_to(LAST_MILLISECOND)
    [upload] = own_chain.sign()
    form = own_chain.folder_form()
    assert (upload["fields"]["x-oss-date"], upload["expires_at"]) == ("20241124T235959Z", "2024-11-25T00:09:59Z")
    own_chain.clock.move_to(LAST_MILLISECOND + seconds_later)
    assert post_upload(upload).status_code == 200
    assert post(form["host"], tutorial_fields(form, "a.png")).status_code == 200


def test_a_form_ends_when_it_says(own_chain: Chain) -> None:
    first, second = own_chain.sign(FILE, FILE)
    own_chain.clock.move_to(NOON + 599.9)
    assert post_upload(first).status_code == 200
    own_chain.clock.move_to(NOON + 600)
    assert outcome(post_upload(second)) == (403, "AccessDenied", "0006-00000213")


def test_one_second_before_the_credentials_end_there_are_new_ones(own_chain: Chain) -> None:
    [old] = own_chain.sign()
    own_chain.clock.move_to(NOON + 3599)
    [new] = own_chain.sign()
    assert new["fields"]["x-oss-credential"] != old["fields"]["x-oss-credential"]
    assert new["expires_at"] == "2024-11-24T13:09:59Z"
    assert post_upload(new).status_code == 200


@pytest.mark.parametrize("left", [1, 59])
def test_if_there_are_none_to_be_had_the_old_ones_are_not_used_to_their_last_minute(
    own_chain: Chain, left: int
) -> None:
    own_chain.sign()
    own_chain.cloud.faults.sts_mode = "fail"
    own_chain.clock.move_to(NOON + 3600 - left)
    assert error(own_chain.ask(FOLDER_FORM)) == (503, "credentials_unavailable", 30)


def test_until_then_forms_get_shorter_and_stay_good(own_chain: Chain) -> None:
    own_chain.sign()
    own_chain.cloud.faults.sts_mode = "fail"
    own_chain.clock.move_to(NOON + 3540)
    [upload] = own_chain.sign()
    assert upload["expires_at"] == "2024-11-24T13:00:00Z"
    own_chain.clock.move_to(NOON + 3599.9)
    assert post_upload(upload).status_code == 200


def error(response: requests.Response) -> tuple[int, str, int | None]:
    told = response.json()["error"]
    return response.status_code, told["code"], told.get("retry_after")


FAILURES = (
    *("throttle", "fail", "no_permission", "html", "empty", "null", "list", "no_token", "no_secret", "no_key"),
    *("no_expiration", "bad_expiration", "reset", "stall"),
)


@pytest.mark.parametrize("mode", FAILURES)
def test_however_sts_fails_the_answer_is_503_and_no_form_is_signed(own_chain: Chain, mode: str) -> None:
    own_chain.cloud.faults.sts_mode = mode
    own_chain.new_instance()
    assert error(own_chain.ask("/sign", json={"files": [FILE]})) == (503, "credentials_unavailable", 30)
    assert "assume_role_failed" in own_chain.lines[1]


def test_after_a_failure_sts_is_left_alone_for_half_a_minute(own_chain: Chain) -> None:
    own_chain.cloud.faults.sts_mode = "no_permission"
    own_chain.new_instance()
    own_chain.ask(FOLDER_FORM)
    own_chain.cloud.faults.sts_mode = ""
    own_chain.clock.move_to(NOON + 29)
    assert error(own_chain.ask(FOLDER_FORM)) == (503, "credentials_unavailable", 1)
    assert len(own_chain.cloud.sts.records) == 1
    own_chain.clock.move_to(NOON + 30)
    assert own_chain.ask(FOLDER_FORM).status_code == 200


def test_one_failed_call_is_tried_again_at_once(own_chain: Chain) -> None:
    own_chain.cloud.faults.sts_fail_next = 1
    own_chain.new_instance()
    assert own_chain.ask(FOLDER_FORM).status_code == 200
    assert [record.status for record in own_chain.cloud.sts.records] == [500, 200]


def test_a_stale_instance_ends_and_a_new_one_serves(own_chain: Chain) -> None:
    own_chain.cloud.identities.revoke(own_chain.cloud.function_role.access_key_id)
    own_chain.cloud.renew_function_role()
    own_chain.lines.clear()
    own_chain.clock.move_to(NOON + 3541)
    assert own_chain.ask(FOLDER_FORM).status_code == 502
    assert own_chain.ask(FOLDER_FORM).status_code == 200
    events = [json.loads(line[25:])["event"] for line in own_chain.lines if line.startswith("2024")]
    assert events == ["assume_role_failed", "instance_ended", "instance_started", "assumed_role", "request"]


def test_an_instance_whose_credentials_never_worked_does_not_end_time_and_again(own_chain: Chain) -> None:
    own_chain.cloud.identities.revoke(own_chain.cloud.function_role.access_key_id)
    own_chain.new_instance()
    responses = [error(own_chain.ask(FOLDER_FORM)) for _ in range(3)]
    assert responses == [(503, "credentials_unavailable", 30)] * 3
    assert len(own_chain.cloud.sts.records) == 1


def test_where_the_context_has_the_credentials_they_come_from_there(
    tmp_path: Path, clock: time_machine.Traveller
) -> None:
    chain = Chain(tmp_path, clock, context_credentials=True)
    with chain.cloud:
        assert chain.ask(FOLDER_FORM).status_code == 200
        chain.cloud.identities.revoke(chain.cloud.function_role.access_key_id)
        chain.cloud.renew_function_role()
        chain.clock.move_to(NOON + 3600)
        assert chain.ask(FOLDER_FORM).status_code == 200
    chain.cloud.check()


def test_a_skewed_clock_of_sts_is_reported_by_its_code(own_chain: Chain) -> None:
    own_chain.cloud.faults.sts_skew = 16 * 60
    own_chain.new_instance()
    assert error(own_chain.ask(FOLDER_FORM))[1] == "credentials_unavailable"
    assert json.loads(own_chain.lines[1][25:])["code"] == "InvalidTimeStamp.Expired"


def test_no_secret_is_in_the_log_or_in_an_answer_that_should_not_have_it(own_chain: Chain) -> None:
    [upload] = own_chain.sign()
    responses = [own_chain.folder_form(), upload, own_chain.ask("/limits").json()]
    own_chain.cloud.faults.sts_mode = "html"
    own_chain.clock.move_to(NOON + 3600)
    responses.append(own_chain.ask(FOLDER_FORM).json())
    fields = upload["fields"]
    issued = own_chain.cloud.identities.find(fields["x-oss-credential"].split("/")[0])
    own = own_chain.cloud.function_role
    assert issued
    never = [issued.access_key_secret, own.access_key_id, own.access_key_secret, own.security_token]
    not_logged = [*never, issued.security_token, fields["policy"], fields["x-oss-signature"]]
    logged, answered = "".join(own_chain.lines), json.dumps(responses)
    assert [secret for secret in not_logged if secret in logged] == []
    assert [secret for secret in never if secret in answered] == []


def test_a_page_of_another_origin_gets_403_and_sts_is_not_asked(own_chain: Chain) -> None:
    own_chain.cloud.sts.records.clear()
    refused = requests.get(
        own_chain.cloud.gateway.url + FOLDER_FORM, headers={"Origin": "https://evil.example"}, timeout=60
    )
    assert (*error(refused), refused.headers["Access-Control-Allow-Origin"]) == (
        403,
        "origin_not_allowed",
        None,
        own_chain.cloud.site.url,
    )
    assert list(own_chain.cloud.sts.records) == []


def test_the_pages_first_request_warms_the_function_before_a_file_is_chosen(own_chain: Chain) -> None:
    """On a cold instance GET /limits waits for the SDK and for STS; POST /sign then sends no request."""
    own_chain.new_instance()
    assert own_chain.ask("/limits").status_code == 200
    assert [json.loads(line[25:])["event"] for line in own_chain.lines] == [
        "instance_started",
        "assumed_role",
        "request",
    ]
    own_chain.lines.clear()
    own_chain.sign()
    assert [json.loads(line[25:])["event"] for line in own_chain.lines] == ["request"]
    assert len(own_chain.cloud.sts.records) == 1


@pytest.mark.any_python
def test_after_a_long_freeze_one_call_brings_new_credentials(own_chain: Chain) -> None:
    own_chain.clock.move_to(NOON + 20 * 3600)
    for _ in range(10):
        own_chain.sign()
    assert [record.status for record in own_chain.cloud.sts.records] == [200, 200]


def test_ten_minutes_without_sts_in_the_middle_of_a_lifetime_fail_no_request(own_chain: Chain) -> None:
    own_chain.cloud.faults.sts_mode = "fail"
    for minute in range(11):
        own_chain.clock.move_to(NOON + 1500 + 60 * minute)
        own_chain.sign()
        assert own_chain.folder_form()["expires_at"] > "2024-11-24T12:25:00Z"
    assert 500 in [record.status for record in own_chain.cloud.sts.records]


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", ""])
def test_no_service_answers_to_a_foreign_name(chain: Chain, host: str) -> None:
    """A page whose name was pointed at this machine (DNS rebinding) reads nothing here."""
    cloud = chain.cloud
    for url in (cloud.site.url, f"{cloud.gateway.url}/limits", cloud.oss.key_server.key_url):
        assert requests.get(url, headers={"Host": host}, timeout=60).status_code == 403
