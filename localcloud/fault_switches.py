"""Fault switches: what can be made to fail, for tests and for people."""

from __future__ import annotations

from dataclasses import dataclass, fields

STS_MODES = (
    "",  # it works
    *("throttle", "fail", "no_permission"),  # 400, 500, 403
    *("html", "empty", "null", "list"),  # 200 with nonsense
    *("no_token", "no_secret", "no_key", "no_expiration", "bad_expiration"),  # 200 with unusable credentials
    "short",  # 60 s of life
    *("reset", "stall"),
)


CALLBACK_MODES = (
    "",  # the receiver is called
    *("down", "html", "fail"),  # no connection, 200 with HTML, 500
)

OIDC_MODES = (
    "",  # it works
    *("down", "stall", "fail", "redirect"),  # no response, 500, 302
    *("html", "list", "huge", "trickle"),  # 200 with what is no JSON object, 2 MB, or a byte now and then
    *("other_issuer", "http_keys", "no_keys"),  # 200 with documents that must not be believed, or hold nothing
)

MODES = {"sts_mode": STS_MODES, "callback_mode": CALLBACK_MODES, "oidc_mode": OIDC_MODES}


def check_mode(name: str, mode: str) -> None:
    """Raises ValueError if a fault switch cannot have this mode."""
    if mode not in MODES[name]:
        raise ValueError(f"The fault switch {name} has the value {mode!r}. Use one of {', '.join(MODES[name][1:])}.")


@dataclass
class Faults:
    """All are off at first. Any of them can be set while the cloud runs; every service reads them for each request."""

    oss_latency: float = 0.0
    """Seconds OSS waits before it answers a request whose last byte has arrived."""
    oss_bandwidth: float = 0.0
    """Bytes per second at which OSS receives an upload; 0 is no limit."""
    oss_shared_bandwidth: float = 0.0
    """Bytes per second at which OSS receives all uploads together, shared evenly; 0 is no limit."""
    oss_reset_at: int = -1
    """Byte of an upload's body at which OSS resets the connection; -1 is never."""
    oss_stall_at: int = -1
    """Byte of an upload's body at which OSS stops reading and sends nothing until the cloud stops; -1 is never."""
    oss_fail_next: int = 0
    """How many of the next uploads OSS answers with 503 ServiceUnavailable; counts down."""
    oss_error_rate: float = 0.0
    """Share of uploads, 0 to 1, that OSS answers with 500 InternalError."""
    oss_deny_early: bool = False
    """OSS refuses uploads with 403 AccessDenied before it has read their bodies."""
    oss_skew: float = 0.0
    """Seconds by which OSS's clock is ahead."""
    oss_disk_full: bool = False
    """The disk is full when an object is written: 500 InternalError, and nothing is stored."""
    oss_public_endpoint_forbidden: bool = False
    """OSS serves objects only at bound domains, as in mainland China for accounts created since 2025-03-20:
    400 PublicEndpointForbidden."""
    callback_latency: float = 0.0
    """Seconds that pass before a callback reaches its receiver; OSS waits 5 in all."""
    callback_mode: str = ""
    """What takes the receiver's place when OSS calls back: one of CALLBACK_MODES."""
    oidc_latency: float = 0.0
    """Seconds the identity provider waits before it answers for its documents."""
    oidc_mode: str = ""
    """How the identity provider's documents fail: one of OIDC_MODES."""
    sts_latency: float = 0.0
    """Seconds STS waits before it answers."""
    sts_mode: str = ""
    """How STS fails: one of STS_MODES."""
    sts_fail_next: int = 0
    """How many of the next requests STS answers with 500 InternalError; counts down."""
    sts_skew: float = 0.0
    """Seconds by which the clock of STS is ahead."""
    sts_token_revoked: bool = False
    """STS refuses the execution role's own security token: 400 InvalidSecurityToken.Expired."""

    @classmethod
    def parse(cls, text: str) -> Faults:
        """Reads words such as `oss_latency=0.5 oss_deny_early=1`.

        Raises ValueError for the first word that is not a fault switch, or has a wrong value.
        """
        kinds = {f.name: type(getattr(cls(), f.name)) for f in fields(cls)}
        faults = cls()
        for word in text.split():
            name, _, value = word.partition("=")
            if name not in kinds:
                raise ValueError(f"Unknown fault switch: {name}. Use one of {', '.join(kinds)}.")
            try:
                setattr(faults, name, value not in ("", "0") if kinds[name] is bool else kinds[name](value))
            except ValueError:
                number = "a whole number" if kinds[name] is int else "a number"
                raise ValueError(f"The fault switch {name} has the value {value!r}. Use {number}.") from None
        for name in MODES:
            check_mode(name, getattr(faults, name))
        return faults
