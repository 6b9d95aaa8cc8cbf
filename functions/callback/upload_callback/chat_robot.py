"""A robot of a chat group: DingTalk, Feishu and WeCom show a message in place of a webhook's event.

Each service has its own signature and its own answer. A message is plain text of at most 2,048 bytes. What strangers
chose in it mentions nobody and links nowhere.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import quote_plus, urlsplit

from fc_http import http_client
from fc_http.http_client import USER_AGENT, RequestFailed, Response
from upload_callback.webhook import TIMEOUT_SECONDS

MAX_VALUE_BYTES = 200
"""Of a name, and of what else a caller chose. A key has at most 1,023, and is never shortened. So a message fits the
2,048 bytes that WeCom takes; DingTalk and Feishu take about 20 KB."""

MAX_ANSWER_BYTES = 4096

_LABELS = {
    "en": ("New file: ", "Size: ", "Type: ", "Content is not of this type. Found: ", "From: ", "Profile: ", "Key: "),
    "zh-CN": ("收到新文件：", "大小：", "类型：", "内容与类型不符，检测结果：", "上传者：", "配置方案：", "存储位置："),
}
LANGUAGES = tuple(_LABELS)

_DELETED = {
    "en": ("Deleted a file: ", "unknown"),
    "zh-CN": ("已删除文件：", "未知"),
}
"""What a message about a file that was deleted begins with, and the name of what was found but is not known."""

_INERT = {
    **{ord(each): chr(ord(each) + 0xFEE0) for each in "&*:<>@[]`"},
    **{ord(dot): f"{dot}\N{ZERO WIDTH SPACE}" for dot in ".\u3002\uff0e\uff61"},
}
"""Full-width forms of what begins markup, a mention or an address, and a gap where a domain's name would go on: after a
dot, or one of those that browsers take for it (UTS 46)."""

_JOINERS = "\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}"
"""Of emoji, and of letters of some languages."""

_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


class Service(NamedTuple):
    """A chat service: what its robots' addresses and secrets look like, and how a message is sent to one."""

    name: str
    hosts: str
    """A regular expression."""
    path: str
    """A regular expression, of the path and the query."""
    example: str
    secret: str
    """A regular expression. Empty if a robot has no secret besides its address."""
    secret_example: str
    error_member: str
    """The member of the answer that is 0 if the message is in the group. The status is 200 either way."""
    compose: Callable[[str, str, str, float], tuple[str, object]]
    """Returns the address and the body for a robot's address, its secret, a text, and the time."""

    def owns(self, url: str, *, anywhere: bool = False) -> bool:
        """Returns whether an address is that of a robot of this service, or of a stand-in `anywhere`."""
        origin = r"https?://[^/@]+" if anywhere else f"https://{self.hosts}"
        return re.fullmatch(origin + self.path, url) is not None


@dataclass(frozen=True)
class ChatRobot:
    """A robot of a group, which is notified of stored files."""

    kind: str
    """A name in SERVICES."""
    url: str = field(repr=False)
    secret: str = field(repr=False)
    language: str
    """One of LANGUAGES."""

    def send(self, event: Mapping[str, object], _: str, now: float) -> str | None:
        """Sends a message once. Returns None if the service says that it took it, else the error, safe to log.

        `now` is in seconds since the epoch. These robots know no event's id: a repeated message is shown again.
        """
        service = SERVICES[self.kind]
        url, message = service.compose(self.url, self.secret, compose_text(event, self.language), now)
        headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": USER_AGENT}
        try:
            response = http_client.request(
                "POST",
                url,
                timeout_seconds=TIMEOUT_SECONDS,
                headers=headers,
                body=_encode(message).encode(),
                max_bytes=MAX_ANSWER_BYTES,
            )
        except RequestFailed as error:
            return str(error)
        return _find_error(response, service.error_member)


def _find_error(response: Response, member: str) -> str | None:
    if response.status != 200:
        return f"status {response.status}"
    try:
        answer = json.loads(response.body)
    except (ValueError, RecursionError):
        answer = None
    code = answer.get(member) if isinstance(answer, dict) else None
    if type(code) is not int:
        return "unexpected answer"
    # Only the number: the texts beside it quote the request.
    return None if code == 0 else f"{member} {code}"


def compose_text(event: Mapping[str, object], language: str) -> str:
    """Returns the message about a stored file: a line for each thing that people ask first."""
    deleted, unknown = _DELETED[language]
    new, *labels = _LABELS[language]
    values = (
        make_inert(str(event["filename"])),
        format_size(int(str(event["size"]))),
        make_inert(str(event["content_type"])),
        make_inert(str(event.get("detected_type", unknown))) if event.get("type_matches") is False else "",
        make_inert(str(event["subject"])),
        str(event.get("profile", "")),
        # As it is, to be copied: this service made it, of letters, digits and a few signs.
        str(event["key"]),
    )
    labels = [deleted if event.get("deleted") else new, *labels]
    lines = (label + value for label, value in zip(labels, values, strict=True) if value)
    return "\n".join(lines)


def make_inert(text: str) -> str:
    """Returns a text as a group shows it: one line, not too long, without a mention, markup or an address in it."""
    line = "".join(each if each.isprintable() or each in _JOINERS else "\N{REPLACEMENT CHARACTER}" for each in text)
    return _shorten(line.translate(_INERT))


def _shorten(text: str) -> str:
    """Returns the text in MAX_VALUE_BYTES. The end of a long one stays, where a file's extension is."""
    if len(text.encode()) <= MAX_VALUE_BYTES:
        return text
    half = (MAX_VALUE_BYTES - len("…".encode())) // 2
    start, end = text.encode()[:half], text.encode()[-half:]
    return f"{start.decode(errors='ignore')}…{end.decode(errors='ignore')}"


def format_size(size: int) -> str:
    """Returns a number of bytes as the page writes it."""
    power = next((power for power in range(3) if size < 999.5 * 1000**power), 3)
    value = size / 1000**power
    number = f"{value:.0f}" if power == 0 or value >= 99.95 else f"{value:.1f}".removesuffix(".0")
    return f"{number} {('B', 'KB', 'MB', 'GB')[power]}"


def _hmac_base64(key: str, message: str) -> str:
    return base64.b64encode(hmac.digest(key.encode(), message.encode(), "sha256")).decode()


def _compose_dingtalk(url: str, secret: str, text: str, now: float) -> tuple[str, object]:
    timestamp = str(int(now * 1000))
    signature = quote_plus(_hmac_base64(secret, f"{timestamp}\n{secret}"))
    message = {"msgtype": "text", "text": {"content": text}, "at": {"isAtAll": False}}
    return f"{url}&timestamp={timestamp}&sign={signature}", message


def _compose_feishu(url: str, secret: str, text: str, now: float) -> tuple[str, object]:
    timestamp = str(int(now))
    signature = _hmac_base64(f"{timestamp}\n{secret}", "")
    return url, {"timestamp": timestamp, "sign": signature, "msg_type": "text", "content": {"text": text}}


def _compose_wecom(url: str, _: str, text: str, __: float) -> tuple[str, object]:
    return url, {"msgtype": "text", "text": {"content": text}}


SERVICES = {
    "dingtalk": Service(
        name="DingTalk",
        hosts=r"oapi\.dingtalk\.(com|io)",
        path=r"/robot/send\?access_token=[A-Za-z0-9]+",
        example="https://oapi.dingtalk.com/robot/send?access_token=…",
        secret=r"SEC[!-~]+",  # noqa: S106 - an expression
        secret_example="SEC…",  # noqa: S106 - how every one begins
        error_member="errcode",
        compose=_compose_dingtalk,
    ),
    "feishu": Service(
        name="Feishu",
        hosts=r"open\.(feishu\.cn|larksuite\.com)",
        path=r"/open-apis/bot/v2/hook/[A-Za-z0-9-]+",
        example="https://open.feishu.cn/open-apis/bot/v2/hook/…",
        secret=r"(?!whsec_)[!-~]+",  # noqa: S106 - an expression
        secret_example="letters and digits",  # noqa: S106 - no documented form
        error_member="code",
        compose=_compose_feishu,
    ),
    "wecom": Service(
        name="WeCom",
        hosts=r"qyapi\.weixin\.qq\.com",
        path=r"/cgi-bin/webhook/send\?key=[A-Za-z0-9-]+",
        example="https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…",
        secret="",
        secret_example="",
        error_member="errcode",
        compose=_compose_wecom,
    ),
}


def find_service(url: str) -> str | None:
    """Returns the kind of the chat service whose robot this address is, or None."""
    host = urlsplit(url).hostname or ""
    return next((kind for kind, each in SERVICES.items() if re.fullmatch(each.hosts, host)), None)
