"""Function Compute and ROS as the deployer sees them, with the credentials that s.yaml's hooks hand on."""

from __future__ import annotations

import os
from dataclasses import dataclass

from deploy.addresses import safe_endpoint
from deploy.openapi import OpenApi

_ENDPOINTS = {"Function Compute": "FC_CLIENT_CUSTOM_ENDPOINT", "ROS": "ROS_ENDPOINT"}
"""The variables that name a service's address, if it is not its own; the components read them, too."""


@dataclass
class _Keys:
    access_key_id: str
    access_key_secret: str
    security_token: str | None


def open_api(service: str, region: str, account: str = "") -> OpenApi:
    """Returns a client for a service of a region. Raises ValueError where keys would go elsewhere in the clear."""
    environ = os.environ
    keys = _Keys(
        environ["OSS_ACCESS_KEY_ID"], environ["OSS_ACCESS_KEY_SECRET"], environ.get("OSS_SESSION_TOKEN") or None
    )
    return OpenApi(lambda: keys, account, region, safe_endpoint(environ.get(_ENDPOINTS[service], ""), service))
