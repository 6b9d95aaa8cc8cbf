"""Whom alerts notify: what is refused before a deployment begins."""

from __future__ import annotations

import pytest

from deploy.alerts import alert_faults
from deploy.hooks import preflight

WECOM = "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=a-1"
FEISHU = "https://open.feishu.cn/open-apis/bot/v2/hook/a-1"


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"ALERT_EMAIL": "none", "ALERT_KIND": "none", "ALERT_URL": "none"},
        {"ALERT_EMAIL": "", "ALERT_KIND": "", "ALERT_URL": ""},
        {"ALERT_EMAIL": "ops@example.com"},
        {"ALERT_EMAIL": "ops@example.com,it+alerts@example.com"},
        {"ALERT_KIND": "wecom", "ALERT_URL": WECOM},
        {"ALERT_KIND": "feishu", "ALERT_URL": FEISHU},
        {"ALERT_KIND": "dingtalk", "ALERT_URL": "https://oapi.dingtalk.com/robot/send?access_token=a1"},
    ],
)
def test_settings_that_fit(settings: dict[str, str]) -> None:
    assert alert_faults(settings) == ()


ADDRESSES = "ALERT_EMAIL must be addresses such as ops@example.com, with commas between them, not"


@pytest.mark.parametrize(
    ("settings", "faults"),
    [
        ({"ALERT_EMAIL": "ops"}, (f"{ADDRESSES} 'ops'",)),
        ({"ALERT_EMAIL": "a@b, c@d"}, (f"{ADDRESSES} 'a@b, c@d'",)),
        ({"ALERT_EMAIL": "a@b,"}, (f"{ADDRESSES} 'a@b,'",)),
        ({"ALERT_URL": WECOM}, ("ALERT_URL is set, and ALERT_KIND is not: set both, or remove ALERT_URL",)),
        ({"ALERT_KIND": "wecom"}, ("ALERT_KIND is set, and ALERT_URL is not: set both, or remove ALERT_KIND",)),
        (
            {"ALERT_KIND": "slack", "ALERT_URL": WECOM},
            ("ALERT_KIND must be dingtalk, feishu, wecom, not 'slack'",),
        ),
        *(
            (
                {"ALERT_KIND": "wecom", "ALERT_URL": url},
                (
                    "ALERT_URL must be the address that WeCom shows for its robot: "
                    "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…",
                ),
            )
            for url in (FEISHU, WECOM.replace("https", "http"), WECOM + '"', "https://evil.example/?key=a")
        ),
        (
            {"ALERT_EMAIL": "ops", "ALERT_KIND": "wecom", "ALERT_URL": WECOM},
            (f"{ADDRESSES} 'ops'", "ALERT_EMAIL and ALERT_URL are both set: set one of them"),
        ),
    ],
)
def test_settings_that_do_not_fit_stop_the_deployment(settings: dict[str, str], faults: tuple[str, ...]) -> None:
    environment = {
        "OSS_BUCKET": "team-uploads-1",
        "OSS_REGION": "cn-hangzhou",
        "OSS_STS_ROLE_ARN": "acs:ram::1234567890123456:role/team-upload",
        "ALLOWED_ORIGINS": "https://upload.example.com",
        "AUTH": "none",
        "UPLOAD_PREFIX": "uploads",
    }
    assert preflight.faults("team", environment, {}, alerts=settings) == faults
