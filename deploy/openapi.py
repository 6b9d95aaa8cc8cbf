"""Function Compute, RAM and ROS by their APIs, with the deployer's credentials, through the vendor's core SDK."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from deploy.answers import NO_ANSWER, UNREADABLE, plain_code
from direct_upload import sdk_session
from direct_upload.without_aiohttp import without_aiohttp

with without_aiohttp():
    from alibabacloud_tea_openapi.client import Client
    from alibabacloud_tea_openapi.utils_models import Config, OpenApiRequest, Params
    from darabonba.runtime import RuntimeOptions

_VERSIONS = {"fc": "2023-03-30", "ram": "2015-05-01", "ros": "2019-09-10"}

_MORE = ("IsTruncated", "nextToken")
"""Says that an answer is a first page. What is asked for here fits one, and nothing is green for want of the next."""


class ApiFailure(Exception):
    """The service did not do it, or show it; the text is its code."""


class Keys(Protocol):
    """Credentials, as the vendor's SDKs have them."""

    access_key_id: str
    access_key_secret: str
    security_token: str | None


@dataclass(frozen=True)
class Operation:
    """An operation of a service; one of Function Compute has a path."""

    service: str
    action: str
    path: str = "/"
    method: str = "POST"

    def params(self, protocol: str) -> Params:
        """Returns what the SDK wants to know of it."""
        return Params(
            protocol=protocol,
            action=self.action,
            version=_VERSIONS[self.service],
            pathname=self.path,
            method=self.method,
            style="ROA" if self.service == "fc" else "RPC",
            auth_type="AK",
            req_body_type="json",
            body_type="none" if self.method == "DELETE" else "json",
        )


@dataclass(frozen=True)
class Answer:
    """What a service answered."""

    body: dict[str, Any]
    date: datetime | None
    """The service's clock, in whole seconds."""


class OpenApi:
    """What the deployer may ask of the services."""

    def __init__(self, keys: Callable[[], Keys], account_id: str, region: str, endpoint: str = "") -> None:
        """`endpoint` is where the services are, if not at their own addresses: a host, or a stand-in's http://…"""
        self._keys = keys
        self._hosts = {"fc": f"{account_id}.{region}.fc.aliyuncs.com"}
        self._protocol, _, self._host = (endpoint if "://" in endpoint else f"https://{endpoint}").partition("://")
        self._silent: set[str] = set()

    def call(self, operation: Operation, **query: str) -> Answer:
        """Returns the answer. Raises ApiFailure with the service's code, NO_ANSWER or UNREADABLE."""
        host = self._host or self._hosts.get(operation.service) or f"{operation.service}.aliyuncs.com"
        if operation.service in self._silent:  # who did not answer is not asked again
            raise ApiFailure(NO_ANSWER)
        sdk_session.install()
        try:
            params, request = operation.params(self._protocol), OpenApiRequest(query=query)
            response = self._client(host).call_api(params, request, RuntimeOptions())
        except Exception as fault:  # noqa: BLE001 - the SDK raises whatever its layers raise, with tokens in it
            code = plain_code(sdk_session.error_code(fault))
            if code == type(fault).__name__:  # neither the service nor the session gave one
                # What the SDK cannot parse, such as a proxy's page, is a bare RuntimeError; silence is not.
                is_parsed = type(getattr(fault, "inner_exception", None)) is not RuntimeError
                code = NO_ANSWER if is_parsed else UNREADABLE
        else:
            status, body = response.get("statusCode"), response.get("body")
            if operation.method == "DELETE" and status in (200, 204):
                body, status = {}, 200
            if isinstance(body, dict) and status == 200 and not any(body.get(name) for name in _MORE):
                return Answer(body, _date(response.get("headers") or {}))
            if status == 200:
                raise ApiFailure(UNREADABLE)
            code = f"status {status}" if isinstance(status, int) else NO_ANSWER
        if code == NO_ANSWER:
            self._silent.add(operation.service)
        # Raised out here so that nothing of the SDK's hangs on to it as its context.
        raise ApiFailure(code)

    def _client(self, host: str) -> Client:
        credentials = self._keys()
        return Client(
            Config(
                access_key_id=credentials.access_key_id,
                access_key_secret=credentials.access_key_secret,
                security_token=credentials.security_token,
                protocol=self._protocol,
                endpoint=host,
                connect_timeout=10_000,
                read_timeout=20_000,
            )
        )


def _date(headers: Mapping[str, str]) -> datetime | None:
    try:
        date = parsedate_to_datetime(headers["date"])
    except (KeyError, TypeError, ValueError):
        return None
    return date if date.tzinfo else None
