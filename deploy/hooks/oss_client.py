"""OSS as the deployer sees it: the vendor's SDK, with the credentials that s.yaml's hooks hand on."""

from __future__ import annotations

import os

import alibabacloud_oss_v2 as oss

from deploy.addresses import safe_endpoint


def client(region: str) -> oss.Client:
    """Returns a client for buckets of a region. `OSS_ENDPOINT` is the address of OSS, if not the region's own.

    Raises CredentialsEmptyError without `OSS_ACCESS_KEY_ID` and `OSS_ACCESS_KEY_SECRET` (and `OSS_SESSION_TOKEN`, where
    they are temporary) in the environment; ValueError where keys would go to another machine in the clear.
    """
    return oss.Client(
        oss.Config(
            region=region,
            endpoint=safe_endpoint(os.environ.get("OSS_ENDPOINT", "")) or None,
            credentials_provider=oss.credentials.EnvironmentVariableCredentialsProvider(),
        )
    )
