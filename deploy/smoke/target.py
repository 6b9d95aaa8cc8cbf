"""What `make smoke` tests: the addresses, and the credentials that may ask, sign and delete."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from alibabacloud_oss_v2.credentials import StaticCredentialsProvider

from deploy.smoke.outcome import StepFailed


@dataclass(frozen=True)
class Target:
    """A deployment to test, and the credentials to use."""

    function: str
    """The function's address, without a slash at its end."""
    page: str
    """The page's address, with one."""
    token: str
    """An upload token; empty if there is none."""
    deployer: StaticCredentialsProvider | None
    """May read and delete what was uploaded."""
    signer: StaticCredentialsProvider | None
    """May put objects under the prefix."""
    own_secret: bool = False
    """Whether the token was made here, with JWT_SECRET."""
    endpoint: str = ""
    """OSS's address, if it is neither the region's nor the one that forms name."""
    profiles: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What profiles.json says of each profile."""
    files: str = ""
    """The folder in which the stand-ins keep what is uploaded; empty in the cloud."""

    @property
    def origin(self) -> str:
        parts = urlsplit(self.page)
        return f"{parts.scheme}://{parts.netloc}"


@dataclass(frozen=True)
class Destination:
    """The bucket that forms are for, read from one of them."""

    url: str
    bucket: str
    region: str
    folder: str
    """What the key begins with, up to its last slash."""

    @classmethod
    def of(cls, form: Any) -> Destination:
        """Reads a form. Raises StepFailed if it is no exact form."""
        try:
            fields = form["fields"]
            conditions = json.loads(base64.b64decode(fields["policy"]))["conditions"]
            [name] = [each["bucket"] for each in conditions if isinstance(each, dict) and "bucket" in each]
            region = fields["x-oss-credential"].split("/")[2]
            return cls(form["url"], name, region, fields["key"].rpartition("/")[0] + "/")
        except (KeyError, IndexError, TypeError, ValueError):
            raise StepFailed("the answer is no exact form") from None
