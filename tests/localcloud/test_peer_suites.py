"""The suites of peers: every row is run against the local cloud, and says what OSS's documents say."""

from __future__ import annotations

import calendar
import json
import secrets
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from localcloud.standalone import OssCloud
from vectors.peers import __main__ as command
from vectors.peers import docs
from vectors.peers.runner import NotTried, Row, Runner, Target, read_rows, read_suites
from vectors.peers.signatures import Credentials, sign_request, sign_v4

ROWS = list(read_rows())
SUITES = read_suites()
ROLES: dict[str, Any] = SUITES["ceph"]["roles"]


def target(cloud: OssCloud, **more: Any) -> Target:
    credentials = Credentials(cloud.access_key_id, cloud.access_key_secret)
    return Target(cloud.oss.url, cloud.bucket.name, cloud.region, credentials, **more)


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OssCloud]:
    """Provides one local cloud for all rows, with the roles that the data describes."""
    with OssCloud(tmp_path_factory.mktemp("peers")) as cloud:
        yield cloud
        cloud.check()
        assert (cloud.bucket.objects(), cloud.bucket.multipart_uploads.ids()) == ([], [])
        assert (cloud.bucket.acl, cloud.bucket.public_access_blocked) == ("private", True)


@pytest.fixture(scope="module")
def runner(cloud: OssCloud) -> Iterator[Runner]:
    """Provides a runner in whose world a wait takes no time."""
    roles = {name: cloud.add_role(name, policy) for name, policy in ROLES.items()}

    def sleep(seconds: float) -> None:
        cloud.clock.offset += seconds

    runner = Runner(
        target(cloud, sts_url=cloud.sts.url, roles=roles, may_change_bucket=True, sleep=sleep, now=cloud.clock)
    )
    yield runner
    runner.finish()
    assert cloud.bucket.cors_rules == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_holds(runner: Runner, row: Row) -> None:
    answer, faults = runner.run(row)
    assert (faults, answer.status) == ([], row.data["ours"]["status"])


PUBLISHED = json.loads((Path(__file__).parents[2] / "vectors" / "signatures.json").read_text(encoding="utf-8"))
HEADERS = [
    each for each in PUBLISHED["header_v4"] if not each["additional_headers_effective"] and each["product"] == "oss"
]


@pytest.mark.parametrize("vector", PUBLISHED["post_v4"], ids=lambda vector: vector["id"])
def test_the_runner_signs_forms_as_others_do(vector: dict[str, Any]) -> None:
    secret, day, region = vector["access_key_secret"], vector["credential_date"], vector["region"]
    assert sign_v4(secret, day, region, vector["policy_base64"]) == vector["expected_signature"]


@pytest.mark.parametrize("vector", HEADERS, ids=lambda vector: vector["id"])
def test_the_runner_signs_requests_as_others_do(vector: dict[str, Any]) -> None:
    now = calendar.timegm(time.strptime(vector["x_oss_date"], "%Y%m%dT%H%M%SZ"))
    headers = sign_request(
        Credentials(vector["access_key_id"], vector["access_key_secret"], vector["security_token"] or ""),
        vector["method"],
        f"/{vector['bucket']}/{vector['key']}",
        {name: value or "" for name, value in vector["query"]},
        vector["headers"],
        region=vector["region"],
        now=now,
    )
    assert headers["Authorization"].partition("Signature=")[2] == vector["expected_signature"]


def test_every_row_has_a_name_of_its_own() -> None:
    names = [row.name for row in ROWS]
    assert len(set(names)) == len(names) >= 180


def mark(row: Mapping[str, Any]) -> str:
    """Returns the mark that a row must have, as its answers are."""
    peer, oss, headers = row["peer"], row["oss"], row["ours"].get("headers", {})
    if "refused" in oss:
        return "same" if peer["status"] >= 400 else "differs"
    if "status" not in oss:
        return "not established"
    codes = {each["code"] for each in (peer, oss) if "code" in each}
    has_other_headers = any(headers[name] != value for name, value in peer.get("headers", {}).items())
    return "differs" if peer["status"] != oss["status"] or len(codes) > 1 or has_other_headers else "same"


def test_rows_are_marked_as_their_answers_are() -> None:
    wrong = [row.name for row in ROWS if row.data["mark"] not in (mark(row.data), "counterpart")]
    assert wrong == []


def test_what_is_expected_here_is_what_oss_establishes() -> None:
    """A row that OSS's documents contradict cannot hold, and each names a page of the vendor."""
    for row in ROWS:
        established, ours = dict(row.data["oss"]), row.data["ours"]
        assert established.pop("page").startswith(("https://www.alibabacloud.com/help/", "https://help.aliyun.com/"))
        assert not established.pop("refused", False) or ours["status"] >= 400, row.name
        assert established.items() <= ours.items(), row.name


def test_a_row_without_documents_says_what_was_chosen() -> None:
    assert [row.name for row in ROWS if row.data["mark"] == "not established" and not row.data.get("why")] == []


def expecting(row: Row, **ours: Any) -> Row:
    return Row(row.peer, {**row.data, "ours": {**row.data["ours"], **ours}})


SOUND = next(row for row in ROWS if row.data["case"] == "test_post_object_user_specified_header")
REFUSED = next(row for row in ROWS if row.data["case"] == "test_post_object_expired_policy")


@pytest.mark.parametrize(
    ("row", "fault"),
    {
        "another status": (expecting(SOUND, status=200), "expected {'status': 200}"),
        "another EC": (
            expecting(REFUSED, ec="0006-00000227"),
            "expected {'status': 403, 'code': 'AccessDenied', 'ec': '0006-00000227'}",
        ),
        "a header": (expecting(SOUND, headers={"x-oss-ec": "0"}), "expected x-oss-ec: 0, not None"),
        "an element": (expecting(REFUSED, elements={"Key": "a"}), "expected <Key>a, not None"),
        "another size": (
            expecting(SOUND, stored={"{{prefix}}foo.txt": {"size": 4}}),
            "{prefix}foo.txt is not stored as expected: HEAD answers 200",
        ),
        "another header of the object": (
            expecting(SOUND, stored={"{{prefix}}foo.txt": {"headers": {"x-oss-meta-foo": "b"}}}),
            "{prefix}foo.txt is not stored as expected: HEAD answers 200",
        ),
        "another object": (
            expecting(SOUND, stored={"{{prefix}}bar.txt": {"size": 3}}),
            "{prefix}bar.txt is not stored as expected: HEAD answers 404",
        ),
        "a step before the last": (
            Row("ceph", {**SOUND.data, "steps": REFUSED.data["steps"] + SOUND.data["steps"]}),
            "step 1 of 2 was refused: {'status': 403, 'code': 'AccessDenied', 'ec': '0006-00000213'}",
        ),
    }.values(),
)
def test_a_difference_is_found(runner: Runner, row: Row, fault: str) -> None:
    assert runner.run(row)[1] == [fault.replace("{prefix}", runner.target.prefix)]


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("test_assume_role_allow", "it needs STS and the role 'everything': --sts-endpoint, --role everything=<ARN>"),
        ("test_set_cors", "it changes the bucket: --change-bucket"),
    ],
)
def test_a_row_that_needs_more_is_not_tried(cloud: OssCloud, case: str, reason: str) -> None:
    row = next(row for row in ROWS if row.data["case"] == case)
    with pytest.raises(NotTried) as raised:
        Runner(target(cloud)).run(row)
    assert str(raised.value) == reason


def environ(cloud: OssCloud) -> dict[str, str]:
    """Returns the settings of the local cloud, whose clock is right again: the command has this machine's."""
    cloud.clock.offset = 0.0
    return {name: value for name, value in cloud.environ.items() if name.startswith("OSS_")}


def test_the_command_takes_the_settings_that_make_cloud_prints(
    cloud: OssCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["--only", "POST Policy Simple"], environ(cloud)) == 0
    assert capsys.readouterr() == (
        "holds     same             gcs: POST Policy Simple: 204\n1 holds, 0 differs, 0 not tried\n",
        "",
    )


def test_the_command_fails_where_a_row_differs(cloud: OssCloud, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = {**environ(cloud), "OSS_ACCESS_KEY_SECRET": secrets.token_urlsafe(20)}
    assert command.main(["--only", "POST Policy Simple"], wrong) == 1
    assert capsys.readouterr().out == (
        "differs   same             gcs: POST Policy Simple: 403 SignatureDoesNotMatch 0002-00000705\n"
        "                           expected {'status': 204}\n"
        "0 holds, 1 differs, 0 not tried\n"
    )


def test_the_command_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        command.main(["--bucket", "a"], {"OSS_ACCESS_KEY_ID": "a"})
    assert capsys.readouterr().err.endswith("error: Missing: OSS_ACCESS_KEY_SECRET, --endpoint, --region.\n")


@pytest.mark.parametrize(
    ("option", "address"),
    [
        ("--endpoint", "oss-cn-hangzhou.aliyuncs.com"),
        ("--endpoint", "http://oss-cn-hangzhou.aliyuncs.com"),
        ("--url", "http://localhost.example.com"),
        ("--sts-endpoint", "http://sts.aliyuncs.com"),
    ],
)
def test_keys_and_tokens_go_to_no_other_machine_in_the_clear(
    cloud: OssCloud, capsys: pytest.CaptureFixture[str], option: str, address: str
) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        command.main([option, address, "--only", "no row"], environ(cloud))
    fault = f"{option} is '{address}'. Begin it with https://, or at this machine with http://.\n"
    assert capsys.readouterr().err.endswith(fault)


def test_what_an_endpoint_answers_stays_text_in_a_terminal(
    cloud: OssCloud, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = (403, {"content-type": "application/xml"}, "<Code>\x1b[2J\u202e</Code>".encode())
    monkeypatch.setattr("vectors.peers.runner._exchange", lambda *_: answer)
    assert command.main(["--only", "POST Policy Simple"], environ(cloud)) == 1
    first, *_ = capsys.readouterr().out.splitlines()
    assert first == "differs   same             gcs: POST Policy Simple: 403 \\u001b[2J\\u202e"


@pytest.mark.parametrize("refused", ["publicAccessBlock", "acl"])
def test_a_bucket_that_stays_open_is_said(
    cloud: OssCloud, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    seen = []

    def exchange(_: str, method: str, path: str, *__: object) -> tuple[int, dict[str, str], bytes]:
        seen.append((method, path))
        # It is opened, and not closed again.
        is_refused = seen.count((method, path)) > 1 and path == f"/?{refused}="
        return (503 if is_refused else 200), {}, b""

    monkeypatch.setattr("vectors.peers.runner._exchange", exchange)
    name = next(row.name for row in ROWS if "acl" in row.data["steps"][0])
    assert command.main(["--only", name, "--change-bucket"], environ(cloud)) == 1
    said = f"The bucket {cloud.bucket.name} may be open to everyone. Block public access to it.\n"
    assert capsys.readouterr().err == said


def test_the_command_says_that_nothing_answers(cloud: OssCloud, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = {**environ(cloud), "OSS_ENDPOINT": "http://127.0.0.1:1"}
    assert command.main(["--only", "POST Policy Simple"], nowhere) == 2
    assert capsys.readouterr().err.startswith("http://127.0.0.1:1 does not answer: ")


@pytest.mark.parametrize(
    ("endpoint", "url"),
    [
        ("https://oss-cn-hangzhou.aliyuncs.com", "https://photos.oss-cn-hangzhou.aliyuncs.com"),
        ("http://localhost:9000", "http://localhost:9000"),
    ],
)
def test_the_bucket_is_part_of_the_host(endpoint: str, url: str) -> None:
    assert command.bucket_url(endpoint, "photos") == url


def test_the_page_is_what_the_data_say() -> None:
    assert docs.FILE.read_text(encoding="utf-8") == docs.render(), "run .venv/default/bin/python -m vectors.peers.docs"
