"""The control address of a local cloud: is it ready, what was asked of it, and back to the start.

It has a port of its own, so that no bucket, object or page can be confused with it. It serves programs, not pages: a
browser says of a page's requests where they come from, and those are refused. `StandIn` refuses foreign host names.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

from localcloud.record import describe_record
from localcloud.stand_in import StandIn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from werkzeug.wrappers import Request

    from localcloud.standalone import OssCloud

ROUTES = "GET /-/ready, GET /-/requests, POST /-/reset"

NOT_FROM_A_PAGE = "The control address serves programs, not web pages.\n"

OWN_SITES = (None, "none")
"""What Sec-Fetch-Site says where no page made the request: nothing (no browser), or that a person typed the address."""


class Control(StandIn):
    """Serves what controls one local cloud."""

    service = "control"

    def __init__(self, cloud: OssCloud, *, port: int, host: str, allowed_hosts: Iterable[str]) -> None:
        super().__init__(cloud.clock, port=port, host=host, allowed_hosts=allowed_hosts)
        self._cloud = cloud

    def handle(self, request: Request) -> Response:
        """Answers one request."""
        if "Origin" in request.headers or request.headers.get("Sec-Fetch-Site") not in OWN_SITES:
            return Response(NOT_FROM_A_PAGE, 403)
        route = f"{request.method} {request.path}"
        if route == "GET /-/ready":
            return _json({"ready": True, **self._describe()})
        if route == "GET /-/requests":
            return _json({"requests": [describe_record(record) for record in self._cloud.requests]})
        if route == "POST /-/reset":
            self._cloud.reset()
            return Response(status=204)
        return Response(f"The control address has {ROUTES}.\n", 404)

    def _describe(self) -> dict[str, object]:
        cloud = self._cloud
        return {"region": cloud.region, "buckets": list(cloud.buckets), "role_arn": cloud.role_arn}


def _json(members: object) -> Response:
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(f"{json.dumps(members)}\n", 200, headers, content_type="application/json")
