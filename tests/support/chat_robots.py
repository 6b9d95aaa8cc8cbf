"""Provides robots of DingTalk, Feishu and WeCom, as strict as the documents of each: they show or refuse a message.

Sources: DingTalk, "Custom bot security settings" and "Custom bot sends group messages"; Feishu, "Custom bot usage guide";
WeCom, "Group robot configuration" (path/91770). The code of WeCom's refusals is what its users report.
"""

from __future__ import annotations

import base64
import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from support import sentinels
from support.factories import NOON

HOUR = 3600


def is_hmac(key: bytes, message: bytes, signature: str) -> bool:
    verifier = HMAC(key, SHA256())
    verifier.update(message)
    try:
        verifier.verify(base64.b64decode(signature, validate=True))
    except (ValueError, InvalidSignature):
        return False
    return True


@dataclass
class Robot:
    """A robot, and what its group sees."""

    server: HTTPServer
    kind: str
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    secret: str = field(default_factory=lambda: f"SEC{secrets.token_hex(16)}")
    shown: list[str] = field(default_factory=list)
    mentioned: list[str] = field(default_factory=list)
    now: float = NOON

    def __post_init__(self) -> None:
        sentinels.keep_secret(self.token)
        sentinels.keep_secret(self.secret)
        path = {
            "dingtalk": "/robot/send",
            "feishu": f"/open-apis/bot/v2/hook/{self.token}",
            "wecom": "/cgi-bin/webhook/send",
        }[self.kind]
        query = {"dingtalk": f"?access_token={self.token}", "feishu": "", "wecom": f"?key={self.token}"}[self.kind]
        self.url = self.server.url_for(path) + query
        self.server.expect_request(path, "POST").respond_with_handler(getattr(self, f"_{self.kind}"))

    @property
    def settings(self) -> dict[str, str]:
        """Returns the callback function's settings for this robot."""
        secret = {} if self.kind == "wecom" else {"WEBHOOK_SECRET": self.secret}
        return {"WEBHOOK_KIND": self.kind, "WEBHOOK_URL": self.url, **secret}

    def _dingtalk(self, request: Request) -> Response:
        query = request.args
        timestamp = query.get("timestamp", "")
        if query.get("access_token") != self.token:
            return answer(errcode=300001, errmsg="token is not exist")
        if not timestamp.isdigit() or abs(int(timestamp) / 1000 - self.now) > HOUR:
            return answer(errcode=310000, errmsg="invalid timestamp")
        if not is_hmac(self.secret.encode(), f"{timestamp}\n{self.secret}".encode(), query.get("sign", "")):
            return answer(errcode=310000, errmsg="sign not match")
        body = request.get_json()
        if set(body) - {"msgtype", "text", "at"} or body["msgtype"] != "text" or set(body["text"]) != {"content"}:
            return answer(errcode=400105, errmsg="unsupported msgtype")
        if len(request.get_data()) > 20_000:
            return answer(errcode=460101, errmsg="message too long, exceed 20000 bytes")
        at = body.get("at", {})
        self.mentioned += ["all"] * bool(at.get("isAtAll")) + at.get("atMobiles", []) + at.get("atUserIds", [])
        self.shown.append(body["text"]["content"])
        return answer(errcode=0, errmsg="ok")

    def _feishu(self, request: Request) -> Response:
        body = request.get_json()
        timestamp = body.get("timestamp")
        if set(body) != {"timestamp", "sign", "msg_type", "content"} or body["msg_type"] != "text":
            return answer(code=9499, msg="Bad Request", data={})
        signed = f"{timestamp}\n{self.secret}".encode()
        is_late = not isinstance(timestamp, str) or abs(int(timestamp) - self.now) > HOUR
        if is_late or not is_hmac(signed, b"", body["sign"]):
            return answer(code=19021, msg="sign match fail or timestamp is not within one hour from current time")
        if len(request.get_data()) > 20_000 or set(body["content"]) != {"text"}:
            return answer(code=9499, msg="Bad Request", data={})
        text = body["content"]["text"]
        self.mentioned += re.findall(r"<at user_id=\"(.*?)\">", text)
        self.shown.append(text)
        return answer(StatusCode=0, StatusMessage="success", code=0, data={}, msg="success")

    def _wecom(self, request: Request) -> Response:
        body = request.get_json()
        if dict(request.args) != {"key": self.token}:
            return answer(errcode=93000, errmsg="invalid webhook url, hint: [1732449600]")
        if set(body) != {"msgtype", "text"} or body["msgtype"] != "text":
            return answer(errcode=40008, errmsg="invalid message type")
        text = body["text"]["content"]
        if len(text.encode()) > 2048:
            return answer(errcode=40058, errmsg="text.content exceed max length 2048")
        self.mentioned += re.findall(r"<@(.*?)>", text) + body["text"].get("mentioned_list", [])
        self.shown.append(text)
        return answer(errcode=0, errmsg="ok")


def answer(**members: Any) -> Response:
    """Returns an answer: its status says nothing."""
    return Response(json.dumps(members), 200, content_type="application/json")
