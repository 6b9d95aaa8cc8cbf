"""Spellings of buckets, regions and origins: what OSS or a browser would never take is refused at the start."""

from __future__ import annotations

import re

BUCKET = re.compile("[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
REGION = re.compile("[a-z]{2,}(-[a-z0-9]+)+")
ORIGIN = re.compile(
    r"\*|(https?)://[a-z0-9*]([a-z0-9.*-]*[a-z0-9*])?(:[1-9][0-9]{0,4})?"
    r"|(?:capacitor|ionic|tauri)://[a-z0-9]([a-z0-9.-]*[a-z0-9])?"
)
"""As a browser or an app's web view sends it, with the `*` of a CORS rule."""

DEFAULT_PORTS = {"http": ":80", "https": ":443"}


def check_bucket_name(name: str) -> None:
    """Raises ValueError unless a bucket can have this name."""
    if not BUCKET.fullmatch(name):
        raise ValueError(f"The bucket's name is {name!r}. Use 3 to 63 of a-z, 0-9 and -, with no - at either end.")


def check_region(region: str) -> None:
    """Raises ValueError unless this is the ID of a region."""
    if region.startswith("oss-"):
        raise ValueError(f"The region is {region!r}, which begins an endpoint's name. Use its ID: {region[4:]!r}.")
    if not REGION.fullmatch(region):
        raise ValueError(f"The region is {region!r}. Use the ID of a region, such as cn-hangzhou.")


def check_origin(origin: str) -> None:
    """Raises ValueError unless a browser can send this origin, or an origin that this pattern matches."""
    match = ORIGIN.fullmatch(origin)
    if match is None or (match[1] and match[3] == DEFAULT_PORTS[match[1]]):
        raise ValueError(
            f"No browser sends the origin {origin!r}. Use scheme, host and port alone, such as https://app.example.com "
            "or http://localhost:3000."
        )
