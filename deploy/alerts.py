"""Who is notified when something fails: ALERT_EMAIL, or a chat group's robot, ALERT_KIND and ALERT_URL."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from upload_callback.chat_robot import SERVICES

ALERTS = ("ALERT_EMAIL", "ALERT_KIND", "ALERT_URL")

NOBODY = "none"
"""What s.yaml hands on for what is not set."""

_ADDRESS = r"[^,@\s]+@[^,@\s]+"


def alert_faults(settings: Mapping[str, str]) -> tuple[str, ...]:
    """Returns what is wrong with the settings of the alerts, a text each. The robot's address is a secret."""
    email, kind, url = (_value(settings, name) for name in ALERTS)
    found = []
    if email and not re.fullmatch(rf"{_ADDRESS}(,{_ADDRESS})*", email):
        found.append(f"ALERT_EMAIL must be addresses such as ops@example.com, with commas between them, not {email!r}")
    if email and url:
        found.append("ALERT_EMAIL and ALERT_URL are both set: set one of them")
    if kind and kind not in SERVICES:
        found.append(f"ALERT_KIND must be {', '.join(SERVICES)}, not {kind!r}")
    elif bool(kind) != bool(url):
        there, missing = ("ALERT_KIND", "ALERT_URL") if kind else ("ALERT_URL", "ALERT_KIND")
        found.append(f"{there} is set, and {missing} is not: set both, or remove {there}")
    elif kind and not SERVICES[kind].owns(url):
        service = SERVICES[kind]
        found.append(f"ALERT_URL must be the address that {service.name} shows for its robot: {service.example}")
    return tuple(found)


def is_for_them(alert: Mapping[str, Any], email: str, url: str) -> bool:
    """Returns whether a resource ALIYUN::SLS::Alert notifies these addresses, or this robot, and nobody else."""
    configuration = (alert.get("Detail") or {}).get("Configuration") or {}
    recipients = [
        {name: each[name] for name in ("EmailList", "MobileList", "ServiceUri") if name in each}
        for each in configuration.get("NotificationList") or ()
    ]
    expected: dict[str, object] = {"EmailList": email.split(",")} if email != NOBODY else {"ServiceUri": url}
    return recipients == [expected] and not {"PolicyConfiguration", "Version"} & configuration.keys()


def _value(settings: Mapping[str, str], name: str) -> str:
    text = settings.get(name, "").strip()
    return "" if text == NOBODY else text
