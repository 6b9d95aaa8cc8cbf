"""The charts and alerts of the template: their queries run over lines that the functions write, and count what is so."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

import pytest
from pytest_httpserver import HTTPServer

from direct_upload.credential_cache import AssumeRoleFailed
from support.callback_world import OBJECT, CallbackWorld
from support.chat_robots import Robot
from support.factories import NOON
from support.function import FILE, Make
from support.log_service import run_query
from support.ros_template import PARAMETERS, SHIPPED, Resources, Template

HOUR = "11-24 12:00"
EMAIL = {"AlertEmail": "ops@example.com,it@example.com"}
ROBOT_URL = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a"


def resources(**parameters: str) -> Resources:
    return Template(SHIPPED, PARAMETERS | parameters).resources()


CHARTS = {chart["title"]: chart for chart in resources()["Charts"]["Properties"]["Charts"]}
ALERTS = {
    resource["Properties"]["Detail"]["Name"]: resource["Properties"]["Detail"]
    for resource in resources(**EMAIL).values()
    if resource["Type"] == "ALIYUN::SLS::Alert"
}


def records(lines: list[str], **fields: str) -> list[dict[str, Any]]:
    return [{"__time__": int(NOON), "message": line, **fields} for line in lines]


METRICS = [
    {"__time__": int(NOON), "isColdStart": "true", "hasFunctionError": "false", "durationMs": 812.5},
    {"__time__": int(NOON), "isColdStart": "false", "hasFunctionError": "false", "durationMs": 2.5},
]
"""What Function Compute writes of each request beside the function's own lines."""


@pytest.fixture
def sign_log(make: Make) -> list[dict[str, Any]]:
    """Returns a log of the signing function: three forms, some refusals, a bug."""
    function = make(MAX_SIZE="1KB")
    other = {name: value for name, value in FILE.items() if name != "id"}
    large = other | {"size": 5000}
    function.sign(FILE)
    function.sign(other, large, large, other | {"filename": 'x","status":500,"code":"internal".png'})
    function.sign(large)
    function.error("POST", "/sign", body="[")
    function.error("GET", "/elsewhere")
    function.request("GET", "/limits")
    function.fault = RuntimeError("a bug")
    function.now += 3600
    function.sign(FILE)
    return records(function.lines) + METRICS


def failing_sign_log(make: Make, code: str) -> list[dict[str, Any]]:
    function = make()
    function.fault = AssumeRoleFailed(code)
    assert function.error("POST", "/sign", body=json.dumps({"files": [FILE]})) == (503, "credentials_unavailable")
    return records(function.lines) + METRICS


def callback_log(server: HTTPServer, *, delivered: bool = True) -> list[dict[str, Any]]:
    """Returns a log of the callback function: a file stored, and three callbacks that are refused."""
    robot = Robot(server, "wecom")
    world = CallbackWorld(server, **robot.settings)
    world.serves_the_key()
    world.holds({**OBJECT, "x-oss-meta-filename": quote('a","webhook_delivered":false,"event":"b.png')})
    if not delivered:
        robot.token = "another"
    world.call()
    world.call(json.dumps({"bucket": "another"}))
    world.call("{}")
    world.call(path="/elsewhere")
    return records(world.lines) + METRICS


def chart(title: str, log: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return run_query(CHARTS[title]["search"]["query"], log)


def test_the_charts_of_the_signing_function(sign_log: list[dict[str, Any]]) -> None:
    assert {title: chart(title, sign_log) for title in CHARTS if CHARTS[title]["search"]["logstore"] == "sign"} == {
        "forms-signed": [{"hour": HOUR, "forms": 3}],
        "bytes-signed": [{"hour": HOUR, "bytes": 21}],
        "refused-requests": [{"code": "bad_request", "requests": 1}, {"code": "not_found", "requests": 1}],
        "refused-files": [{"code": "too_large", "requests": 2}],
        "server-errors": [{"code": "internal", "requests": 1}],
        "sts-failures": [],
        "cold-starts": [{"hour": HOUR, "cold_starts": 1}],
    }


def test_failures_of_sts_are_counted_by_its_code(make: Make) -> None:
    log = failing_sign_log(make, "Throttling.User") + failing_sign_log(make, "no credentials of an execution role") * 2
    assert chart("sts-failures", log) == [
        {"code": "no credentials of an execution role", "failures": 2},
        {"code": "Throttling.User", "failures": 1},
    ]


@pytest.mark.parametrize("delivered", [True, False])
def test_the_charts_of_the_callback_function(httpserver: HTTPServer, *, delivered: bool) -> None:
    log = callback_log(httpserver, delivered=delivered)
    assert {title: chart(title, log) for title in CHARTS if CHARTS[title]["search"]["logstore"] == "callback"} == {
        "files-stored": [{"hour": HOUR, "files": 1}],
        "callbacks-refused": [{"code": "unknown_upload", "callbacks": 2}, {"code": "not_found", "callbacks": 1}],
        "webhooks-missed": [] if delivered else [{"error": "errcode 93000", "events": 1}],
    }


FATAL = [{"__time__": int(NOON), "hasFunctionError": "true", "isColdStart": "false", "durationMs": 10_000.0}]
"""A request that Function Compute ended: the function itself wrote nothing."""


def alerts(logstore: str, log: list[dict[str, Any]]) -> set[str]:
    """Returns the alerts of which the condition, `failures > 0`, holds for the query's only row."""
    found = set()
    for name, detail in ALERTS.items():
        [query] = detail["Configuration"]["QueryList"]
        if query["LogStore"] == logstore:
            [row] = run_query(query["Query"], log)
            found |= {name} if row["failures"] > 0 else set()
    return found


def test_alerts_of_the_signing_function(make: Make, sign_log: list[dict[str, Any]]) -> None:
    sound = [record for record in sign_log if '"internal"' not in record.get("message", "")]
    assert [
        alerts("sign", log)
        for log in (
            [],
            sound,
            sign_log,
            FATAL,
            failing_sign_log(make, "NoPermission"),
            failing_sign_log(make, "Throttling.User"),
        )
    ] == [
        *(set(), set(), {"server-errors"}, {"server-errors"}),
        *({"credentials-unavailable"}, {"credentials-unavailable", "throttling"}),
    ]


@pytest.mark.parametrize(("delivered", "expected"), [(True, set()), (False, {"webhooks-missed"})])
def test_an_alert_of_missed_webhooks(httpserver: HTTPServer, expected: set[str], *, delivered: bool) -> None:
    stored = callback_log(httpserver, delivered=delivered)
    deleted = [
        {**each, "message": each["message"].replace('"stored"', '"deleted"')} for each in stored if "message" in each
    ]
    assert (alerts("callback", stored), alerts("callback", deleted)) == (expected, expected)
    assert len(chart("webhooks-missed", deleted)) == len(expected)


def test_an_alert_of_errors_of_the_callback_function() -> None:
    broken = records(['2024-11-24T12:00:00.000Z {"event":"request","status":503,"code":"storage_unavailable"}'])
    assert (alerts("callback", broken), alerts("callback", FATAL)) == ({"callback-errors"}, {"callback-errors"})


def test_the_dashboard_is_laid_out_without_gaps() -> None:
    properties = resources()["Charts"]["Properties"]
    assert {name: value for name, value in properties.items() if name != "Charts"} == {
        "ProjectName": PARAMETERS["LogProject"],
        "DashboardName": "uploads",
        "DisplayName": "OSS Direct Upload",
    }
    places = [(each["display"]["xPos"], each["display"]["yPos"]) for each in properties["Charts"]]
    assert places == [(x, y) for y in range(0, 25, 5) for x in (0, 5)]


@pytest.mark.parametrize("title", CHARTS)
def test_a_chart_is_as_the_documents_show_one(title: str) -> None:
    """Its title is an ID (the log service takes no other), and its axes are columns of its query."""
    each = CHARTS[title]
    assert re.fullmatch(r"[0-9a-z][0-9a-z_-]{0,98}[0-9a-z]", title)
    assert (set(each), each["action"]) == ({"action", "title", "type", "search", "display"}, {})
    assert set(each["search"]) == {"logstore", "topic", "query", "start", "end"}
    columns = [*each["display"]["xAxis"], *each["display"]["yAxis"]]
    assert columns == re.findall(r" AS (\w+),?$", each["search"]["query"].partition("FROM")[0], re.MULTILINE)


def test_nobody_is_notified_by_default() -> None:
    assert [name for name, each in resources().items() if each["Type"] == "ALIYUN::SLS::Alert"] == []


TEXT = "OSS Direct Upload, ${Project}: ${AlertName}. What to do: docs/monitoring.md"
HEADERS = {"Content-Type": "application/json; charset=utf-8"}


@pytest.mark.parametrize("name", ALERTS)
@pytest.mark.parametrize(
    ("parameters", "notification"),
    [
        (EMAIL, {"Type": "Email", "EmailList": ["ops@example.com", "it@example.com"], "Content": TEXT}),
        *(
            (
                {"AlertKind": kind, "AlertUrl": ROBOT_URL},
                {
                    "Type": "Webhook",
                    "Method": "POST",
                    "ServiceUri": ROBOT_URL,
                    "Headers": HEADERS,
                    "Content": json.dumps(message, separators=(",", ":")),
                },
            )
            for kind, message in (
                ("dingtalk", {"msgtype": "text", "text": {"content": TEXT}}),
                ("feishu", {"msg_type": "text", "content": {"text": TEXT}}),
                ("wecom", {"msgtype": "text", "text": {"content": TEXT}}),
            )
        ),
    ],
    ids=["email", "dingtalk", "feishu", "wecom"],
)
def test_an_alert_is_as_the_documents_show_one(
    name: str, parameters: dict[str, str], notification: dict[str, Any]
) -> None:
    detail = next(
        each["Properties"]
        for each in resources(**parameters).values()
        if each["Properties"].get("Detail", {}).get("Name") == name
    )
    configuration = detail["Detail"]["Configuration"]
    [query] = configuration["QueryList"]
    assert detail == {
        "Project": PARAMETERS["LogProject"],
        "Detail": {
            "Type": "Alert",
            "Name": name,
            "DisplayName": detail["Detail"]["DisplayName"],
            "State": "Enabled",
            "Schedule": {"Type": "FixedRate", "Interval": "5m", "Delay": 30, "RunImmediately": False},
            "Configuration": {
                "Condition": "failures > 0",
                "Throttling": "1h",
                "NotifyThreshold": 1,
                "Dashboard": "uploads",
                "QueryList": [
                    {
                        "ChartTitle": name,
                        "LogStore": query["LogStore"],
                        "Query": query["Query"],
                        "Start": "-300s",
                        "End": "now",
                        "TimeSpanType": "Custom",
                    }
                ],
                "NotificationList": [notification],
            },
        },
    }
