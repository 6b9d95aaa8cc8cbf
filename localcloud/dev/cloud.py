"""The whole cloud on one machine: STS, OSS, Function Compute's gateway and the page, started and stopped together."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from localcloud.dev.site import Site
from localcloud.fault_switches import Faults
from localcloud.fc import instance
from localcloud.fc.gateway import Gateway
from localcloud.oidc.server import IdentityProvider
from localcloud.oss.cors import EXPOSED_HEADERS, CorsRule
from localcloud.oss.server import Oss
from localcloud.oss.storage.bucket import Bucket
from localcloud.ram.identities import Identities, Identity
from localcloud.stand_in import StandIn
from localcloud.sts.assume_role import Role
from localcloud.sts.server import Sts

ROOT = Path(__file__).parents[2]

FUNCTION_ROLE = "oss-direct-upload-sign"
UPLOAD_ROLE = "oss-direct-upload"
CALLBACK_ROLE = "oss-direct-upload-callback"

SIGN = ROOT / "functions" / "sign"
CALLBACK = ROOT / "functions" / "callback"
SHARED = ROOT / "functions" / "shared"

UPLOAD_DOMAIN = "files.localhost"
"""A domain that is bound to the upload bucket, besides the one that every bucket has."""

FUNCTION_ROLE_TTL_SECONDS = 36 * 3600
"""How long credentials of an execution role are valid."""


def _discard(line: str) -> None:
    pass


@dataclass(frozen=True)
class CloudOptions:
    """What a cloud is made of, besides the folder of its objects."""

    settings: Mapping[str, str] = field(default_factory=dict)
    """The functions', over the local defaults."""
    profiles: Path | None = None
    """A file as profiles.json."""
    clock: Callable[[], float] = time.time
    faults: Faults = field(default_factory=Faults)
    page: Path = ROOT / "web"
    """The page's folder."""
    page_look: Mapping[str, str] = field(default_factory=dict)
    """The page's title, logo, accent, footer and profile."""
    page_port: int = 0
    sites: Mapping[str, Bucket] = field(default_factory=dict)
    """Buckets that host a site, by the domain bound to each, such as `www.localhost`: pages there may upload."""
    code: Path = SIGN
    """The signing function's folder."""
    function_port: int = 0
    context_credentials: bool = False
    """Whether the functions get their credentials where the python3.10 runtime has them."""
    reload: bool = False
    """Whether a changed source file makes a new instance."""
    identity_provider: bool = False
    """Whether there is one, whose tokens the function requires."""
    identity_provider_port: int = 0
    log: Callable[[str], None] = _discard
    """Is called with each line that the functions print."""


class Cloud:
    """One account with an upload bucket, an upload role that may put objects under its prefix, and the functions.

    All secrets are random and new in every cloud. All services share one clock and one set of fault switches.
    """

    def __init__(self, files: Path, options: CloudOptions | None = None) -> None:
        """Objects become files below `files`."""
        self._options = options = options or CloudOptions()
        self._settings = dict(options.settings)
        self.clock, self.faults, self.sites = options.clock, options.faults, options.sites
        self.identities = Identities()
        self.region = self._settings.get("OSS_REGION") or "cn-hongkong"
        random_arn = f"acs:ram::{secrets.randbelow(9 * 10**15) + 10**15}:role/{UPLOAD_ROLE}"
        self.role_arn = self._settings.get("OSS_STS_ROLE_ARN") or random_arn
        self.account_id = (re.findall(r"\d+", self.role_arn) or ["0"])[0]
        self.bucket = Bucket(self._settings.get("OSS_BUCKET") or "local-uploads", self.account_id, files)
        self.function_role = self.renew_function_role()
        self.multipart_secret = secrets.token_hex(32)
        self.callback_secret = self._settings.get("CALLBACK_SECRET") or secrets.token_hex(32)
        self.sts = Sts(self.clock, self.identities, self.faults, {self.role_arn: self._upload_role()})
        self.identity_provider = self._make_identity_provider() if options.identity_provider else None
        self.oss = self._make_oss()
        self.site = self._make_site()
        self.gateway = self._make_gateway(
            (options.code, SHARED),
            methods=("GET", "POST", "OPTIONS"),
            function_name="oss-direct-upload-sign",
            environment=self._environment,
            role=self._valid_function_role,
            packed_file=options.profiles,
            port=options.function_port,
        )
        self.callback_gateway = self._make_gateway(
            (CALLBACK, SHARED),
            methods=("POST",),
            function_name="oss-direct-upload-callback",
            environment=self._callback_environment,
            role=self._callback_role,
        )

    def _make_identity_provider(self) -> IdentityProvider:
        audience = self._settings.get("JWT_AUDIENCE") or "uploads"
        return IdentityProvider(self.clock, self.faults, audience=audience, port=self._options.identity_provider_port)

    def _make_site(self) -> Site:
        page, port, look = self._options.page, self._options.page_port, self._options.page_look
        return Site(self.clock, page, lambda: (self.gateway.url, self._upload_url()), port=port, look=look)

    def _make_gateway(self, code: tuple[Path, ...], **function: Any) -> Gateway:
        return Gateway(
            self.clock,
            code,
            handler="index.handler",
            initializer="index.initialize",
            region=self.region,
            account_id=self.account_id,
            context_credentials=self._options.context_credentials,
            reload=self._options.reload,
            log=self._options.log,
            **function,
        )

    def _make_oss(self) -> Oss:
        buckets = {bucket.name: bucket for bucket in (self.bucket, *self.sites.values())}
        oss = Oss(
            self.clock,
            self.identities,
            self.faults,
            buckets,
            self.bucket.name,
            region=self.region,
            domains={UPLOAD_DOMAIN: self.bucket, **self.sites},
        )
        oss.callbacks.while_signer_waits = self._release_waiting_function
        return oss

    @property
    def services(self) -> tuple[StandIn, ...]:
        """Returns all services, in the order in which they start: each needs the addresses of those before it."""
        callback = (self.callback_gateway,) if self._settings.get("CALLBACK") == "on" else ()
        provider = (self.identity_provider,) if self.identity_provider else ()
        return self.sts, self.oss, self.site, *provider, *callback, self.gateway

    def start(self) -> None:
        """Starts everything, and an instance of the function. Raises what the function's initializer raises."""
        self.sts.start()
        self.oss.start()
        self.site.start()
        if self.identity_provider:
            self.identity_provider.start()
        for gateway in (service for service in self.services if isinstance(service, Gateway)):
            gateway.start()
            self.oss.callbacks.receivers.add(f"{gateway.host}:{gateway.port}")
            gateway.start_instance()
        # After the function has read its settings: it reports all that is wrong with them.
        self.bucket.cors_rules.append(
            CorsRule(self._origins(), ("POST", "PUT"), expose_headers=EXPOSED_HEADERS, max_age_seconds=600)
        )

    def stop(self) -> None:
        """Stops what runs, and waits for the requests that are still being answered."""
        for service in reversed(self.services):
            if service.is_running():
                service.stop()

    def check(self) -> None:
        """Raises what went wrong within the stand-ins themselves."""
        for service in self.services:
            service.check()

    def renew_function_role(self) -> Identity:
        """Makes new credentials of the execution role, valid for 36 hours, for instances that are made from now on.

        In Function Compute the role may only assume the upload role. Here it may also list, read and delete objects, so
        that any SDK, and `make files`, work with what `JSON=1 make dev` prints.
        """
        bucket = f"acs:oss:*:*:{self.bucket.name}"
        objects = f"{bucket}/*"
        may = {
            "sts:AssumeRole": self.role_arn,
            "oss:ListObjects": bucket,
            "oss:ListObjectVersions": bucket,
            "oss:ListMultipartUploads": bucket,
            "oss:GetObject": objects,
            "oss:DeleteObject": objects,
            "oss:DeleteObjectVersion": objects,
            "oss:AbortMultipartUpload": objects,
        }
        statements = [{"Effect": "Allow", "Action": action, "Resource": on} for action, on in may.items()]
        policy = {"Version": "1", "Statement": statements}
        end = self.clock() + FUNCTION_ROLE_TTL_SECONDS
        self.function_role = self.identities.add_session(self.account_id, FUNCTION_ROLE, "fc", end, (policy,))
        return self.function_role

    def _valid_function_role(self) -> Identity:
        ends_soon = self.function_role.expiration - self.clock() < FUNCTION_ROLE_TTL_SECONDS / 36
        return self.renew_function_role() if ends_soon else self.function_role

    def _upload_role(self) -> Role:
        """Returns a role that may put objects under the prefix, and parts; only the function's role may assume it."""
        actions = ("oss:PutObject", "oss:ListParts", "oss:AbortMultipartUpload")
        policy = {"Version": "1", "Statement": [self._allow(action, f"{self._prefix}/*") for action in actions]}
        return Role(policy, trusted=(f"acs:ram::{self.account_id}:role/{FUNCTION_ROLE}",))

    @property
    def _prefix(self) -> str:
        return self._settings.get("UPLOAD_PREFIX", "uploads").strip("/")

    def _allow(self, action: str, keys: str) -> dict[str, str]:
        return {"Effect": "Allow", "Action": action, "Resource": f"acs:oss:*:*:{self.bucket.name}/{keys}"}

    def _release_waiting_function(self, signer: Identity) -> AbstractContextManager[None]:
        """Releases the process for the callback function, if it is the signing function that waits.

        Both functions run in this process, and would wait for each other. The upload role's secret never leaves the
        signing function, so a request signed with it comes from there.
        """
        is_function = signer.arn.partition(":assumed-role/")[2].startswith(f"{self.role_arn.rpartition('/')[2]}/")
        return instance.release_process_state() if is_function and self.gateway.is_running() else nullcontext()

    def _callback_role(self) -> Identity:
        """Makes credentials of the callback function's role, which may read objects under the prefix.

        It may delete them only if the function is to.
        """
        deletes = ("oss:DeleteObject",) if self._settings.get("CONTENT_CHECK") == "delete" else ()
        statements = [self._allow(action, f"{self._prefix}/*") for action in ("oss:GetObject", *deletes)]
        policy = {"Version": "1", "Statement": statements}
        end = self.clock() + FUNCTION_ROLE_TTL_SECONDS
        return self.identities.add_session(self.account_id, CALLBACK_ROLE, "fc", end, (policy,))

    def _upload_url(self) -> str:
        return self._settings.get("UPLOAD_URL") or self.oss.url

    def __enter__(self) -> Cloud:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _origins(self) -> tuple[str, ...]:
        """Returns the origins whose pages may upload, for function and bucket alike.

        They are the page's, by both names of this machine, those of sites, and those in ALLOWED_ORIGINS.
        """
        own = [_origin(host, self.site.port) for host in ("127.0.0.1", "localhost")]
        sites = [_origin(domain, self.oss.port) for domain in self.sites]
        listed = [origin.strip() for origin in self._settings.get("ALLOWED_ORIGINS", "").split(",")]
        return (*own, *sites, *filter(None, listed))

    def _environment(self) -> dict[str, str]:
        """Returns the signing function's settings; the page may always upload."""
        return {
            "AUTH": "none",
            **self._settings,
            "UPLOAD_URL": self._upload_url(),
            "OSS_BUCKET": self.bucket.name,
            "OSS_REGION": self.region,
            "OSS_STS_ROLE_ARN": self.role_arn,
            "ALLOWED_ORIGINS": ",".join(self._origins()),
            "LOCAL": "on",
            "STS_ENDPOINT": self.sts.url,
            "OSS_ENDPOINT": self.oss.url,
            "MULTIPART_SECRET": self._settings.get("MULTIPART_SECRET") or self.multipart_secret,
            **({"PROFILES_FILE": str(self._options.profiles)} if self._options.profiles else {}),
            **self._callback_settings(),
            **self._provider_settings(),
        }

    def _provider_settings(self) -> dict[str, str]:
        provider = self.identity_provider
        return {"AUTH": "jwt", "JWT_ISSUER": provider.url, "JWT_AUDIENCE": provider.audience} if provider else {}

    def _callback_settings(self) -> dict[str, str]:
        if self.callback_gateway not in self.services:
            return {}
        return {"CALLBACK_URL": self.callback_gateway.url, "CALLBACK_SECRET": self.callback_secret}

    def _callback_environment(self) -> dict[str, str]:
        """Returns the callback function's settings."""
        own = (
            *("UPLOAD_PREFIX", "CONTENT_CHECK", "DOWNLOAD_URL_EXPIRES_IN"),
            *("WEBHOOK_KIND", "WEBHOOK_LANGUAGE", "WEBHOOK_URL", "WEBHOOK_SECRET"),
        )
        return {
            **{name: self._settings[name] for name in own if name in self._settings},
            "OSS_BUCKET": self.bucket.name,
            "OSS_REGION": self.region,
            "UPLOAD_URL": self._upload_url(),
            "CALLBACK_SECRET": self.callback_secret,
            "LOCAL": "on",
            "OSS_ENDPOINT": self.oss.url,
            "CALLBACK_KEY_ORIGIN": self.oss.key_server.url,
        }


def _origin(host: str, port: int) -> str:
    return f"http://{host}" if port == 80 else f"http://{host}:{port}"
