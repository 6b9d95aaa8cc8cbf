"""Tests the callback function's settings: what is read, what is refused, and that one error names every fault."""

from __future__ import annotations

import base64
import secrets

import pytest

from fc_http.errors import InvalidSettings
from support import sentinels
from support.tokens import new_secret
from upload_callback.chat_robot import ChatRobot
from upload_callback.settings import ContentCheck, Settings
from upload_callback.webhook import Webhook

SECRET = new_secret()
KEY = secrets.token_bytes(32)
LEAST = {"OSS_BUCKET": "team-uploads", "OSS_REGION": "cn-hangzhou", "CALLBACK_SECRET": SECRET}
WEBHOOK = {
    "WEBHOOK_URL": "https://app.example.com/uploads?team=a",
    "WEBHOOK_SECRET": f"whsec_{base64.b64encode(KEY).decode()}",
}


def faults(**more: str) -> tuple[str, ...]:
    with pytest.raises(InvalidSettings) as caught:
        Settings.from_environ(LEAST | more)
    return caught.value.faults


def test_the_least_that_must_be_set_is_enough() -> None:
    assert Settings.from_environ(LEAST) == Settings(
        bucket="team-uploads",
        region="cn-hangzhou",
        prefix="uploads",
        secrets=(SECRET,),
        webhook=None,
        content_check=ContentCheck.OFF,
        download_url_expires_in=None,
        upload_url="https://team-uploads.oss-cn-hangzhou.aliyuncs.com",
        bucket_url="https://team-uploads.oss-cn-hangzhou-internal.aliyuncs.com",
        key_origin="https://gosspublic.alicdn.com",
    )


@pytest.mark.parametrize(
    ("text", "check"),
    [
        ("", ContentCheck.OFF),
        ("off", ContentCheck.OFF),
        ("report", ContentCheck.REPORT),
        ("delete", ContentCheck.DELETE),
    ],
)
def test_what_is_done_about_contents_is_read(text: str, check: ContentCheck) -> None:
    assert Settings.from_environ(LEAST | {"CONTENT_CHECK": text}).content_check is check


@pytest.mark.parametrize("text", ["on", "Delete", "report,delete", "true"])
def test_another_word_for_contents_is_a_fault(text: str) -> None:
    assert faults(CONTENT_CHECK=text) == (f"CONTENT_CHECK must be off, report or delete, not {text!r}",)


@pytest.mark.parametrize(("text", "seconds"), [("", None), ("60", 60), ("3600", 3600)])
def test_how_long_people_can_download_is_read(text: str, seconds: int | None) -> None:
    settings = Settings.from_environ(
        LEAST | {"DOWNLOAD_URL_EXPIRES_IN": text, "UPLOAD_URL": "https://files.example.com/"}
    )
    assert (settings.download_url_expires_in, settings.upload_url) == (seconds, "https://files.example.com")


@pytest.mark.parametrize("text", ["0", "59", "3601", "10m", "060", "off", "-60", "\u0669\u0669\u0669"])
def test_another_time_to_download_is_a_fault(text: str) -> None:
    assert faults(DOWNLOAD_URL_EXPIRES_IN=text) == (
        f"DOWNLOAD_URL_EXPIRES_IN must be 60 to 3600 seconds, not {text!r}",
    )


def test_a_webhook_is_read() -> None:
    assert Settings.from_environ(LEAST | WEBHOOK).webhook == Webhook("https://app.example.com/uploads?team=a", KEY)


TOKEN = secrets.token_hex(8)
ROBOTS = {
    "dingtalk": {
        "WEBHOOK_URL": f"https://oapi.dingtalk.com/robot/send?access_token={TOKEN}",
        "WEBHOOK_SECRET": f"SEC{secrets.token_hex(8)}",
    },
    "feishu": {
        "WEBHOOK_URL": f"https://open.feishu.cn/open-apis/bot/v2/hook/a-{TOKEN}",
        "WEBHOOK_SECRET": secrets.token_hex(8),
    },
    "wecom": {"WEBHOOK_URL": f"https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a-{TOKEN}", "WEBHOOK_SECRET": ""},
}


@pytest.mark.parametrize("kind", ROBOTS)
def test_a_robot_of_a_chat_group_is_read(kind: str) -> None:
    robot = ROBOTS[kind]
    settings = Settings.from_environ(LEAST | robot | {"WEBHOOK_KIND": kind, "WEBHOOK_LANGUAGE": "zh-CN"})
    assert settings.webhook == ChatRobot(kind, robot["WEBHOOK_URL"], robot["WEBHOOK_SECRET"], "zh-CN")
    assert TOKEN not in repr(settings)


@pytest.mark.parametrize(
    "host", ["oapi.dingtalk.io/robot/send?access_token=", "open.larksuite.com/open-apis/bot/v2/hook/"]
)
def test_a_robot_may_be_of_the_service_abroad(host: str) -> None:
    kind = "dingtalk" if "dingtalk" in host else "feishu"
    url = f"https://{host}{TOKEN}"
    assert Settings.from_environ(
        LEAST | ROBOTS[kind] | {"WEBHOOK_KIND": kind, "WEBHOOK_URL": url}
    ).webhook == ChatRobot(kind, url, ROBOTS[kind]["WEBHOOK_SECRET"], "en")


@pytest.mark.parametrize("kind", ["standard", ""])
def test_standard_is_the_kind_of_a_teams_own_webhook(kind: str) -> None:
    assert Settings.from_environ(LEAST | WEBHOOK | {"WEBHOOK_KIND": kind}).webhook == Webhook(
        "https://app.example.com/uploads?team=a", KEY
    )


ADDRESSES = {
    "dingtalk": "DingTalk shows for its robot: https://oapi.dingtalk.com/robot/send?access_token=…",
    "feishu": "Feishu shows for its robot: https://open.feishu.cn/open-apis/bot/v2/hook/…",
    "wecom": "WeCom shows for its robot: https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…",
}
ROBOT_FAULTS: list[tuple[str, dict[str, str], tuple[str, ...]]] = [
    ("slack", {}, ("WEBHOOK_KIND must be standard, dingtalk, feishu, wecom, not 'slack'",)),
    ("wecom", {"WEBHOOK_LANGUAGE": "de"}, ("WEBHOOK_LANGUAGE must be en or zh-CN, not 'de'",)),
    ("dingtalk", {"WEBHOOK_SECRET": ""}, ("WEBHOOK_SECRET is missing",)),
    ("feishu", {"WEBHOOK_SECRET": ""}, ("WEBHOOK_SECRET is missing",)),
    (
        "feishu",
        {"WEBHOOK_URL": ""},
        (
            "WEBHOOK_SECRET is set, and WEBHOOK_URL is not: set both, or remove WEBHOOK_SECRET",
            "WEBHOOK_KIND is set, and WEBHOOK_URL is not: set both, or remove WEBHOOK_KIND",
        ),
    ),
    (
        "wecom",
        {"WEBHOOK_SECRET": "a"},
        ("WEBHOOK_SECRET must not be set: WeCom has no secret besides the address. Remove it",),
    ),
    *(
        (
            "dingtalk",
            {"WEBHOOK_SECRET": secret},
            ("WEBHOOK_SECRET must be the secret that DingTalk shows for its robot's signature: SEC…",),
        )
        for secret in ("SEC", "abc", "SECa b", "SEC\u00e9", WEBHOOK["WEBHOOK_SECRET"])
    ),
    *(
        (
            "feishu",
            {"WEBHOOK_SECRET": secret},
            ("WEBHOOK_SECRET must be the secret that Feishu shows for its robot's signature: letters and digits",),
        )
        for secret in ("a b", WEBHOOK["WEBHOOK_SECRET"])
    ),
    *(
        (kind, {"WEBHOOK_URL": url}, (f"WEBHOOK_URL must be the address that {ADDRESSES[kind]}",))
        for kind in ROBOTS
        for url in (
            WEBHOOK["WEBHOOK_URL"],
            *(robot["WEBHOOK_URL"] for other, robot in ROBOTS.items() if other != kind),
            ROBOTS[kind]["WEBHOOK_URL"].replace("https", "http"),
            ROBOTS[kind]["WEBHOOK_URL"].replace("://", "://u:p@"),
            ROBOTS[kind]["WEBHOOK_URL"].replace(".com", ".com.evil.example").replace(".cn", ".cn.evil.example"),
            ROBOTS[kind]["WEBHOOK_URL"] + "&a=b",
            ROBOTS[kind]["WEBHOOK_URL"].removesuffix(f"a-{TOKEN}").removesuffix(TOKEN),
        )
    ),
    *(
        (
            "standard",
            WEBHOOK | {"WEBHOOK_URL": robot["WEBHOOK_URL"]},
            (f"WEBHOOK_URL is the address of a robot of {name}: set WEBHOOK_KIND={kind}",),
        )
        for (kind, robot), name in zip(ROBOTS.items(), ("DingTalk", "Feishu", "WeCom"), strict=True)
    ),
    (
        "feishu",
        WEBHOOK,
        (
            f"WEBHOOK_URL must be the address that {ADDRESSES['feishu']}",
            "WEBHOOK_SECRET must be the secret that Feishu shows for its robot's signature: letters and digits",
        ),
    ),
]


@pytest.mark.parametrize(("kind", "more", "expected"), ROBOT_FAULTS)
def test_kind_address_and_secret_must_fit(kind: str, more: dict[str, str], expected: tuple[str, ...]) -> None:
    assert faults(**(ROBOTS.get(kind, {}) | {"WEBHOOK_KIND": kind} | more)) == expected


def test_a_prefix_is_read_without_the_slash_at_its_end() -> None:
    assert Settings.from_environ(LEAST | {"UPLOAD_PREFIX": "in/2024/"}).prefix == "in/2024"


def test_stand_ins_are_read_on_a_laptop() -> None:
    local = {"LOCAL": "on", "OSS_ENDPOINT": "http://127.0.0.1:1", "CALLBACK_KEY_ORIGIN": "http://127.0.0.1:2"}
    settings = Settings.from_environ(LEAST | local)
    assert (settings.bucket_url, settings.key_origin) == ("http://127.0.0.1:1", "http://127.0.0.1:2")


def test_no_secret_is_in_what_the_settings_print() -> None:
    printed = repr(Settings.from_environ(LEAST | WEBHOOK))
    sentinels.search_log(printed)
    assert "team=a" not in printed


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ({"OSS_BUCKET": ""}, "OSS_BUCKET is missing"),
        ({"OSS_REGION": "oss-cn-hangzhou"}, "OSS_REGION must be the region's ID: cn-hangzhou, not oss-cn-hangzhou"),
        (
            {"UPLOAD_PREFIX": "in/../a"},
            "UPLOAD_PREFIX must be a relative path of letters, digits and . _ - such as uploads, not 'in/../a'",
        ),
        ({"CALLBACK_SECRET": ""}, "CALLBACK_SECRET is missing"),
        (
            {"CALLBACK_SECRET": "short"},
            "CALLBACK_SECRET must have at least 32 bytes; make one with: openssl rand -hex 32",
        ),
        ({"WEBHOOK_SECRET": ""}, "WEBHOOK_SECRET is missing"),
        ({"WEBHOOK_URL": ""}, "WEBHOOK_SECRET is set, and WEBHOOK_URL is not: set both, or remove WEBHOOK_SECRET"),
        *(
            (
                {"WEBHOOK_URL": url},
                "WEBHOOK_URL must be an address such as https://app.example.com/uploads, without a user's name or password",
            )
            for url in (
                *("http://app.example.com/", "app.example.com", "https://", "https://u:p@app.example.com/"),
                *("https://u@app.example.com/", "https://:p@app.example.com/", "https://@app.example.com/"),
                *("https://app.example.com/#a", "https://app.example.com:x/", "file:///etc/passwd"),
                *("https://app.example.com/a b", "https://app.example.com/\u00e9"),
            )
        ),
        *(
            (
                {"WEBHOOK_SECRET": secret},
                'WEBHOOK_SECRET must be whsec_ and 24 to 64 bytes in base64: echo "whsec_$(openssl rand -base64 32)"',
            )
            for secret in (
                *("whsec_", "whsec_AAAA", "whsec_%%%", base64.b64encode(b"x" * 32).decode()),
                *(f"whsec_{base64.b64encode(b'x' * size).decode()}" for size in (23, 65)),
            )
        ),
        (
            {"OSS_ENDPOINT": "http://127.0.0.1:1"},
            "OSS_ENDPOINT is for local runs only: remove it, or set LOCAL=on on a laptop",
        ),
        (
            {"CALLBACK_KEY_ORIGIN": "https://evil.example"},
            "CALLBACK_KEY_ORIGIN is for local runs only: remove it, or set LOCAL=on on a laptop",
        ),
        (
            {"LOCAL": "on", "FC_FUNCTION_NAME": "callback"},
            "LOCAL is for laptops only: remove it from the function's environment",
        ),
    ],
)
def test_a_faulty_setting_is_named_with_its_cure(more: dict[str, str], fault: str) -> None:
    assert faults(**(WEBHOOK | more)) == (fault,)


def test_every_fault_is_named_at_once() -> None:
    named = faults(OSS_BUCKET="", OSS_REGION="", CALLBACK_SECRET="", WEBHOOK_URL="x")
    assert [fault.split()[0] for fault in named] == [
        *("OSS_BUCKET", "OSS_REGION", "CALLBACK_SECRET", "WEBHOOK_URL", "WEBHOOK_SECRET")
    ]
