"""What of the page is to be published, and where. To load the SDK takes long: nothing here needs it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from deploy import declared
from deploy.credentials import account_id
from deploy.site.files import INDEX, LOOK

_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:[0-9]+)?")


@dataclass(frozen=True)
class PublishRequest:
    """What to publish, and where; an empty text counts as absent."""

    bucket: str
    region: str
    folder: str = ""
    endpoint: str = ""
    function: str = ""
    upload: str = ""
    domain: str = ""
    title: str = ""
    logo: str = ""
    accent: str = ""
    footer: str = ""
    profile: str = ""

    @classmethod
    def parse(cls, text: str) -> PublishRequest:
        """Reads JSON. Raises ValueError with what is wrong."""
        try:
            told = json.loads(text)
        except ValueError:
            told = None
        if not isinstance(told, dict) or not all(isinstance(each, str) for each in told.values()):
            raise ValueError("The options must be one JSON object of texts, as an argument or on standard input")
        if unknown := sorted(told.keys() - {each.name for each in fields(cls)}):
            raise ValueError(f"Unknown option: {', '.join(unknown)}")
        if missing := [name for name in ("bucket", "region") if not told.get(name)]:
            raise ValueError(f"Missing option: {', '.join(missing)}")
        request = cls(**told)
        if not re.fullmatch(r"[a-z]{2}-[a-z]+(-[a-z0-9]+)*", request.region):
            raise ValueError(f"The region must be an ID such as cn-hongkong (without oss-), not {request.region!r}")
        if request.domain and not _HOST.fullmatch(request.domain):
            raise ValueError(
                f"SITE_DOMAIN must be a host name alone, such as upload.example.com, not {request.domain!r}"
            )
        return request

    @property
    def scheme(self) -> str:
        """Returns http for a stand-in on this machine, else https."""
        return "http" if self.endpoint.startswith("http:") else "https"

    @property
    def url(self) -> str:
        if self.domain:
            return f"{self.scheme}://{self.domain}/"
        if self.endpoint:
            return f"{self.endpoint.rstrip('/')}/{self.bucket}/{INDEX}"
        return f"https://{self.bucket}.oss-{self.region}.aliyuncs.com/{INDEX}"

    @property
    def look(self) -> dict[str, str]:
        return {name: getattr(self, name) for name in LOOK if getattr(self, name)}


def deployed_page(environ: Mapping[str, str], folder: Path) -> str:
    """Returns the page's address by s.yaml of `folder`; empty if it contains the account's ID, which is not known.

    `environ` has .env in it already.
    """
    account = account_id(environ)
    try:
        props = declared.read(folder, environ, account).resources["site"]["props"]
        request = PublishRequest(
            bucket=str(props["bucket"]), region=str(props["region"]), domain=str(props.get("domain") or "")
        )
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return request.url if account or request.domain else ""
