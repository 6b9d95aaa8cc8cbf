"""Forms that smoke signs itself, to ask OSS what the function's forms cannot ask."""

from __future__ import annotations

import time
from dataclasses import dataclass

from alibabacloud_oss_v2.credentials import StaticCredentialsProvider

from direct_upload import post_policy
from oss_protocol import signature


@dataclass(frozen=True)
class OwnForm:
    """A form for one key, and the conditions that are its question."""

    bucket: str
    region: str
    key: str
    conditions: tuple[post_policy.Condition, ...] = ()
    life: float = 600
    """Seconds from now; less than 0 is over."""
    date_off: float = 0
    """Seconds by which x-oss-date is ahead."""

    def fields(self, provider: StaticCredentialsProvider, now: float) -> dict[str, str]:
        """Returns the fields in posting order; `now` in seconds since the epoch."""
        credentials = provider.get_credentials()
        date = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now + self.date_off))
        token = {"x-oss-security-token": credentials.security_token} if credentials.security_token else {}
        identity = {
            "x-oss-signature-version": signature.VERSION,
            "x-oss-credential": signature.credential(credentials.access_key_id, date[:8], self.region),
            "x-oss-date": date,
            **token,
        }
        policy = post_policy.encode(
            [{"bucket": self.bucket}, *({name: value} for name, value in identity.items()), *self.conditions],
            expiration=_iso(now + self.life),
        )
        key = signature.signing_key(credentials.access_key_secret, date[:8], self.region)
        return {
            "key": self.key,
            "success_action_status": "200",
            **identity,
            "policy": policy,
            "x-oss-signature": signature.sign(policy, key),
        }


def _iso(seconds: float) -> str:
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{int(seconds % 1 * 1000):03d}Z"
