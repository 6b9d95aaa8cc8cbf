"""STS and OSS of one account: what `oss-localcloud` runs, and what the pytest plugin provides."""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from localcloud.control import Control
from localcloud.fault_switches import Faults
from localcloud.oss.cors import EXPOSED_HEADERS, CorsRule
from localcloud.oss.names import check_bucket_name, check_origin, check_region
from localcloud.oss.server import Oss
from localcloud.oss.storage.bucket import Bucket
from localcloud.ram.identities import Identities, Identity
from localcloud.record import Records
from localcloud.stand_in import LOOPBACK
from localcloud.sts.assume_role import ROLE_ARN, Role
from localcloud.sts.server import Sts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from localcloud.record import Record

USER, ROLE = "developer", "uploader"

MAX_REQUESTS = 20_000
"""Requests that are remembered."""


@dataclass
class Clock:
    """The clock of STS and OSS: this machine's, and how far it is ahead of it."""

    offset: float = 0.0
    """Seconds; negative where it is behind."""

    def __call__(self) -> float:
        """Returns the time, in seconds since the epoch."""
        return time.time() + self.offset


@dataclass(frozen=True)
class Options:
    """What a local cloud begins with, and has again after each reset."""

    buckets: tuple[str, ...] = ("local-uploads",)
    """Names, with a region of their own if need be: `photos@cn-beijing`. The first one is the default bucket."""
    region: str = "cn-hongkong"
    cors_origins: tuple[str, ...] = ()
    """Origins whose pages may POST and PUT."""
    clock_offset: float = 0.0
    """Seconds by which both clocks are ahead."""
    faults: Faults = field(default_factory=Faults)
    access_key: tuple[str, str] | None = None
    """The user's AccessKey ID and secret; random ones if None."""
    role_arn: str | None = None
    """A random account's if None."""
    host: str = LOOPBACK
    """The address to listen at."""
    allowed_hosts: tuple[str, ...] = ()
    """Host names that requests may use besides this machine's."""
    oss_port: int = 0
    sts_port: int = 0
    control_port: int = 0


class OssCloud:
    """One account with buckets, a user who may do everything with them, and a role that may put objects.

    The user may assume the role. What is changed (buckets, roles, users, clock, faults) lasts until the next reset.
    """

    def __init__(self, folder: Path, options: Options | None = None) -> None:
        """Objects become files below `folder`, in a folder for each bucket. Raises ValueError for wrong options."""
        self._folder = folder
        self._options = options or Options()
        self.region = self._options.region
        check_region(self.region)
        self._default = self._options.buckets[0].partition("@")[0]
        self.clock = Clock(self._options.clock_offset)
        self.faults = Faults()
        self.identities = Identities()
        self.role_arn = self._options.role_arn or f"acs:ram::{secrets.randbelow(9 * 10**15) + 10**15}:role/{ROLE}"
        if not ROLE_ARN.fullmatch(self.role_arn):
            raise ValueError(f"The role's ARN is {self.role_arn!r}. Use acs:ram::<account>:role/<name>.")
        self.account_id = self.role_arn.split(":")[3]
        self.user = self._make_user()
        self.buckets: dict[str, Bucket] = {}
        self.roles: dict[str, Role] = {}
        self.requests = Records(maxlen=MAX_REQUESTS)
        """What was asked of STS and OSS since the last reset, in the order in which it was answered."""
        self.on_record: Callable[[Record], None] | None = None
        self._restore()
        self._make_services()

    def _make_services(self) -> None:
        host, names = self._options.host, self._options.allowed_hosts
        hosts = (*names, *({host} - {"0.0.0.0"}))  # noqa: S104 - a comparison
        self.sts = Sts(self.clock, self.identities, self.faults, self.roles, port=self._options.sts_port, host=host)
        self.oss = Oss(
            self.clock,
            self.identities,
            self.faults,
            self.buckets,
            self._default,
            region=self.region,
            port=self._options.oss_port,
            host=host,
            allowed_hosts=hosts,
            make_bucket=lambda name, _: self.add_bucket(name),
        )
        self.control = Control(self, port=self._options.control_port, host=host, allowed_hosts=hosts)
        self.sts.on_record = self.oss.on_record = self._record

    @property
    def bucket(self) -> Bucket:
        """Returns the default bucket, the one at OSS's address itself."""
        return self.buckets[self._default]

    @property
    def access_key_id(self) -> str:
        """Returns the user's AccessKey ID."""
        return self.user.access_key_id

    @property
    def access_key_secret(self) -> str:
        """Returns the user's AccessKey secret."""
        return self.user.access_key_secret

    @property
    def environ(self) -> dict[str, str]:
        """Variables for a signer: the names are those of the vendor's SDKs and samples, and of this project."""
        key, secret = self.access_key_id, self.access_key_secret
        return {
            "OSS_ACCESS_KEY_ID": key,
            "OSS_ACCESS_KEY_SECRET": secret,
            "ALIBABA_CLOUD_ACCESS_KEY_ID": key,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": secret,
            "OSS_BUCKET": self.bucket.name,
            "OSS_REGION": self.bucket.region or self.region,
            "OSS_STS_ROLE_ARN": self.role_arn,
            "OSS_ENDPOINT": self.oss.url,
            "STS_ENDPOINT": self.sts.url,
        }

    def client(
        self, library: str = "alibabacloud-oss-v2", *, identity: Identity | None = None, bucket: str | None = None
    ) -> dict[str, Any]:
        """Returns the settings of a client of OSS, of the user unless another identity is given. Raises ValueError.

        `alibabacloud_oss_v2.Client(alibabacloud_oss_v2.config.Config(**settings))`, `oss2.Bucket(**settings)` for
        "oss2", or `new OSS(settings)` in Node.js for "ali-oss". They are for the default bucket, unless one is named.
        """
        if library not in CLIENTS:
            raise ValueError(f"There are no settings for {library}. Use one of {', '.join(CLIENTS)}.")
        return CLIENTS[library](self, identity or self.user, self.buckets[bucket] if bucket else self.bucket)

    def add_bucket(
        self,
        name: str,
        *,
        cors_origins: Iterable[str] = (),
        versioning: str = "",
        acl: str = "private",
        region: str = "",
    ) -> Bucket:
        """Adds a bucket until the next reset; pages of these origins may POST and PUT. Returns it, still empty.

        `versioning` is Enabled or Suspended. A public ACL opens it to everyone: Block Public Access is off then.
        `region` is its own, if it is not to be that of the cloud. Raises ValueError.
        """
        check_bucket_name(name)
        if region:
            check_region(region)
        bucket = Bucket(name, self.account_id, self._folder / name, _cors_rules(cors_origins))
        bucket.versioning, bucket.acl, bucket.public_access_blocked = versioning, acl, acl == "private"
        bucket.region, bucket.created = region, self.clock()
        self.buckets[name] = bucket
        return bucket

    def add_role(self, name: str, policy: dict[str, Any], *, max_session_duration: int = 3600) -> str:
        """Adds a role until the next reset, with a RAM policy; the user may assume it. Returns its ARN."""
        arn = f"acs:ram::{self.account_id}:role/{name}"
        self.roles[arn] = Role(policy, trusted=(self.user.arn,), max_session_duration=max_session_duration)
        return arn

    def add_user(self, name: str, policy: dict[str, Any]) -> Identity:
        """Adds a user until the next reset, with a RAM policy. Returns the user's keys, which are random."""
        user = _identity(f"LTAI5t{secrets.token_hex(9)}", secrets.token_urlsafe(24), self.account_id, name, policy)
        self.identities.add(user)
        return user

    def read(self, key: str, bucket: str | None = None) -> bytes | None:
        """Returns the bytes of an object, of the default bucket unless another is named; None if it does not exist."""
        found = (self.buckets[bucket] if bucket else self.bucket).open(key)
        if found is None:
            return None
        with found[1] as file:
            return file.read()

    def start(self) -> None:
        """Starts STS, OSS, and the control address."""
        for server in (self.sts, self.oss, self.control):
            server.start()

    def stop(self) -> None:
        """Stops what runs, and waits for the requests that are still being answered."""
        for server in (self.control, self.oss, self.sts):
            if server.is_running():
                server.stop()

    def check(self) -> None:
        """Raises what went wrong in the stand-ins themselves, such as a request that they do not implement."""
        for server in (self.sts, self.oss, self.control):
            server.check()

    def reset(self) -> None:
        """Deletes all objects and issued credentials, and puts all else back as it was at the start. Keys stay."""
        for server in (self.sts, self.oss):
            server.reset()
        for bucket in self.buckets.values():
            bucket.clear()
        self.requests.clear()
        self._restore()

    def _restore(self) -> None:
        options = self._options
        self.clock.offset = options.clock_offset
        for each in fields(Faults):
            setattr(self.faults, each.name, getattr(options.faults, each.name))
        self.identities.clear()
        self.identities.add(self.user)
        self.buckets.clear()
        for bucket in options.buckets:
            name, _, region = bucket.partition("@")
            self.add_bucket(name, cors_origins=options.cors_origins, region=region)
        put = {"Effect": "Allow", "Action": "oss:PutObject", "Resource": "acs:oss:*:*:*"}
        self.roles.clear()
        self.roles[self.role_arn] = Role({"Version": "1", "Statement": [put]}, trusted=(self.user.arn,))

    def _make_user(self) -> Identity:
        key, secret = self._options.access_key or (f"LTAI5t{secrets.token_hex(9)}", secrets.token_urlsafe(24))
        everything = {"Effect": "Allow", "Action": ["oss:*", "sts:AssumeRole"], "Resource": "*"}
        return _identity(key, secret, self.account_id, USER, {"Version": "1", "Statement": [everything]})

    def _record(self, record: Record) -> None:
        self.requests.append(record)
        if self.on_record:
            self.on_record(record)

    def __enter__(self) -> OssCloud:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def _identity(key: str, secret: str, account_id: str, name: str, policy: dict[str, Any]) -> Identity:
    arn = f"acs:ram::{account_id}:user/{name}"
    return Identity(key, secret, security_token="", arn=arn, expiration=math.inf, policies=(policy,))


def _cors_rules(origins: Iterable[str]) -> list[CorsRule]:
    origins = tuple(origins)
    for origin in origins:
        check_origin(origin)
    return [CorsRule(origins, ("POST", "PUT"), expose_headers=EXPOSED_HEADERS)] if origins else []


def _settings_of_oss_v2(cloud: OssCloud, identity: Identity, bucket: Bucket) -> dict[str, Any]:
    from alibabacloud_oss_v2.credentials import StaticCredentialsProvider  # noqa: PLC0415 - the caller's, not ours

    provider = StaticCredentialsProvider(
        identity.access_key_id, identity.access_key_secret, identity.security_token or None
    )
    return {
        "region": bucket.region or cloud.region,
        "endpoint": cloud.oss.url,
        "use_path_style": True,
        "credentials_provider": provider,
    }


def _settings_of_oss2(cloud: OssCloud, identity: Identity, bucket: Bucket) -> dict[str, Any]:
    import oss2  # noqa: PLC0415 - the caller's, not ours

    provider = oss2.credentials.StaticCredentialsProvider(
        identity.access_key_id, identity.access_key_secret, identity.security_token or None
    )
    return {
        "auth": oss2.ProviderAuthV4(provider),
        "endpoint": cloud.oss.url,
        "bucket_name": bucket.name,
        "region": bucket.region or cloud.region,
        "is_path_style": True,
    }


def _settings_of_ali_oss(cloud: OssCloud, identity: Identity, bucket: Bucket) -> dict[str, Any]:
    token = {"stsToken": identity.security_token} if identity.security_token else {}
    return {
        "endpoint": f"http://localhost:{cloud.oss.port}",  # it does not accept an IP address
        "sldEnable": True,  # the bucket in the path
        "bucket": bucket.name,
        "region": f"oss-{bucket.region or cloud.region}",
        "authorizationV4": True,
        "accessKeyId": identity.access_key_id,
        "accessKeySecret": identity.access_key_secret,
        **token,
    }


CLIENTS: dict[str, Callable[[OssCloud, Identity, Bucket], dict[str, Any]]] = {
    "alibabacloud-oss-v2": _settings_of_oss_v2,
    "oss2": _settings_of_oss2,
    "ali-oss": _settings_of_ali_oss,
}
"""The settings of each client, by the name of its package."""
