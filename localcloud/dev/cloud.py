"""The whole cloud on one machine: STS, OSS, Function Compute's gateway and the page, started and stopped together."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path

from localcloud.dev.site import Site
from localcloud.faults import Faults
from localcloud.fc import instance
from localcloud.fc.gateway import Gateway
from localcloud.oss.cors import CorsRule
from localcloud.oss.server import Oss
from localcloud.oss.storage.bucket import Bucket
from localcloud.ram.identities import Identities, Identity
from localcloud.stand_in import StandIn
from localcloud.sts.server import Role, Sts

ROOT = Path(__file__).parents[2]

FUNCTION_ROLE = "oss-direct-upload-sign"
UPLOAD_ROLE = "oss-direct-upload"
CALLBACK_ROLE = "oss-direct-upload-callback"

SIGN = ROOT / "functions" / "sign"
CALLBACK = ROOT / "functions" / "callback"
SHARED = ROOT / "functions" / "shared"

UPLOAD_DOMAIN = "files.localhost"
"""Bound to the upload bucket, besides the domain that every bucket has."""

FUNCTION_ROLE_LIFE = 36 * 3600
"""Seconds that credentials of an execution role are good for."""

EXPOSED = ("ETag", "x-oss-request-id", "x-oss-ec")
"""Headers of OSS's answers that a page may read."""


def _nowhere(line: str) -> None:
    pass


class Cloud:
    """One account with an upload bucket, an upload role that may put objects under its prefix, and the function.

    Everything in it that is secret is random and its own. All services share one clock and one set of fault switches.
    """

    def __init__(
        self,
        files: Path,
        *,
        clock: Callable[[], float] = time.time,
        settings: Mapping[str, str] | None = None,
        faults: Faults | None = None,
        page_port: int = 0,
        function_port: int = 0,
        page_look: Mapping[str, str] | None = None,
        sites: Mapping[str, Bucket] | None = None,
        code: Path = SIGN,
        context_credentials: bool = False,
        reload: bool = False,
        log: Callable[[str], None] = _nowhere,
    ) -> None:
        """Objects become files below `files`; `settings` are the function's, over the local defaults.

        `page_look` is the page's title, logo, accent and footer. `sites` are buckets that host a site, by the domain
        bound to each, such as `www.localhost`: pages there may upload. `code` is the signing function's folder. With
        `context_credentials` the function finds its credentials where the python3.10 runtime puts them; with `reload` a
        changed source file makes a new instance; `log` takes what the function prints.
        """
        self.clock = clock
        self.faults = faults or Faults()
        self._settings = dict(settings or {})
        self.identities = Identities()
        self.region = self._settings.get("OSS_REGION") or "cn-hongkong"
        some_arn = f"acs:ram::{secrets.randbelow(9 * 10**15) + 10**15}:role/{UPLOAD_ROLE}"
        self.role_arn = self._settings.get("OSS_STS_ROLE_ARN") or some_arn
        self.account_id = (re.findall(r"\d+", self.role_arn) or ["0"])[0]
        self.bucket = Bucket(self._settings.get("OSS_BUCKET") or "local-uploads", self.account_id, files)
        self.function_role = self.renew_function_role()
        self.sts = Sts(clock, self.identities, self.faults, {self.role_arn: self._upload_role()})
        self.sites = dict(sites or {})
        buckets = {bucket.name: bucket for bucket in (self.bucket, *self.sites.values())}
        self.oss = Oss(
            clock,
            self.identities,
            self.faults,
            buckets,
            self.bucket.name,
            region=self.region,
            domains={UPLOAD_DOMAIN: self.bucket, **self.sites},
        )
        self.oss.while_calling_back = self._function_waits
        self.site = Site(
            clock, ROOT / "web", lambda: (self.gateway.url, self._upload_url()), port=page_port, look=page_look
        )
        gateway = partial(
            Gateway,
            clock,
            handler="index.handler",
            initializer="index.initialize",
            region=self.region,
            account_id=self.account_id,
            context_credentials=context_credentials,
            reload=reload,
            log=log,
        )
        self.gateway = gateway(
            code=(code, SHARED),
            methods=("GET", "POST", "OPTIONS"),
            function_name="oss-direct-upload-sign",
            environment=self._environment,
            role=self._valid_function_role,
            port=function_port,
        )
        self.callback_gateway = gateway(
            code=(CALLBACK, SHARED),
            methods=("POST",),
            function_name="oss-direct-upload-callback",
            environment=self._callback_environment,
            role=self._callback_role,
        )
        self.multipart_secret = secrets.token_hex(32)
        self.callback_secret = self._settings.get("CALLBACK_SECRET") or secrets.token_hex(32)

    @property
    def services(self) -> tuple[StandIn, ...]:
        """All of them, in the order in which they start: each needs the addresses of those before it."""
        callback = (self.callback_gateway,) if self._settings.get("CALLBACK") == "on" else ()
        return self.sts, self.oss, self.site, *callback, self.gateway

    def start(self) -> None:
        """Start everything, and an instance of the function. Raises what the function's initializer raises."""
        self.sts.start()
        self.oss.start()
        self.site.start()
        for gateway in (service for service in self.services if isinstance(service, Gateway)):
            gateway.start()
            self.oss.callbacks.receivers.add(f"{gateway.host}:{gateway.port}")
            gateway.start_instance()
        # After the function has looked at its settings: it names all that is wrong with them.
        self.bucket.cors_rules.append(
            CorsRule(self._origins(), ("POST", "PUT"), expose_headers=EXPOSED, max_age_seconds=600)
        )

    def stop(self) -> None:
        """Stop what runs, and wait for the requests still being answered."""
        for service in reversed(self.services):
            if service.is_running():
                service.stop()

    def check(self) -> None:
        """Raise what went wrong within the stand-ins themselves."""
        for service in self.services:
            service.check()

    def renew_function_role(self) -> Identity:
        """New credentials of the execution role, which an instance made from now on gets, good for 36 hours.

        It may assume the upload role, and nothing else in Function Compute; locally it also lists, reads and deletes
        objects, so that any SDK can be pointed at what `JSON=1 make dev` prints.
        """
        bucket = f"acs:oss:*:*:{self.bucket.name}"
        objects = f"{bucket}/*"
        may = {
            "sts:AssumeRole": self.role_arn,
            "oss:ListObjects": bucket,
            "oss:GetObject": objects,
            "oss:DeleteObject": objects,
        }
        statements = [{"Effect": "Allow", "Action": action, "Resource": on} for action, on in may.items()]
        policy = {"Version": "1", "Statement": statements}
        end = self.clock() + FUNCTION_ROLE_LIFE
        self.function_role = self.identities.add_session(self.account_id, FUNCTION_ROLE, "fc", end, (policy,))
        return self.function_role

    def _valid_function_role(self) -> Identity:
        ends_soon = self.function_role.expiration - self.clock() < FUNCTION_ROLE_LIFE / 36
        return self.renew_function_role() if ends_soon else self.function_role

    def _upload_role(self) -> Role:
        """May put objects under the prefix, in parts, too; only the function's role may assume it."""
        actions = ("oss:PutObject", "oss:ListParts", "oss:AbortMultipartUpload")
        policy = {"Version": "1", "Statement": [self._allow(action, f"{self._prefix}/*") for action in actions]}
        return Role(policy, trusted=(f"acs:ram::{self.account_id}:role/{FUNCTION_ROLE}",))

    @property
    def _prefix(self) -> str:
        return self._settings.get("UPLOAD_PREFIX", "uploads").strip("/")

    def _allow(self, action: str, keys: str) -> dict[str, str]:
        return {"Effect": "Allow", "Action": action, "Resource": f"acs:oss:*:*:{self.bucket.name}/{keys}"}

    def _function_waits(self, caller: Identity) -> AbstractContextManager[None]:
        """The upload role's secret never leaves the function: whoever signs with it is the function, and it waits.

        Its own instance and that of the callback function share this process, and would wait for each other.
        """
        is_function = caller.arn.partition(":assumed-role/")[2].startswith(f"{self.role_arn.rpartition('/')[2]}/")
        return instance.lent() if is_function and self.gateway.is_running() else nullcontext()

    def _callback_role(self) -> Identity:
        """Credentials of the callback function's role, which may look at objects under the prefix."""
        policy = {"Version": "1", "Statement": [self._allow("oss:GetObject", f"{self._prefix}/*")]}
        end = self.clock() + FUNCTION_ROLE_LIFE
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
        """Whose pages may upload, for function and bucket alike: the page's, by both names that people use for this
        machine, those of sites, and those that ALLOWED_ORIGINS lists.
        """
        own = [_origin(host, self.site.port) for host in ("127.0.0.1", "localhost")]
        sites = [_origin(domain, self.oss.port) for domain in self.sites]
        given = [origin.strip() for origin in self._settings.get("ALLOWED_ORIGINS", "").split(",")]
        return (*own, *sites, *filter(None, given))

    def _environment(self) -> dict[str, str]:
        """The function's settings: local ones, over which go those given; the page may always upload."""
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
            **self._callback_settings(),
        }

    def _callback_settings(self) -> dict[str, str]:
        if self.callback_gateway not in self.services:
            return {}
        return {"CALLBACK_URL": self.callback_gateway.url, "CALLBACK_SECRET": self.callback_secret}

    def _callback_environment(self) -> dict[str, str]:
        """The callback function's settings: local ones, and those given that are its own."""
        own = ("UPLOAD_PREFIX", "WEBHOOK_URL", "WEBHOOK_SECRET")
        return {
            **{name: self._settings[name] for name in own if name in self._settings},
            "OSS_BUCKET": self.bucket.name,
            "OSS_REGION": self.region,
            "CALLBACK_SECRET": self.callback_secret,
            "LOCAL": "on",
            "OSS_ENDPOINT": self.oss.url,
            "CALLBACK_KEY_ORIGIN": self.oss.key_server.url,
        }


def _origin(host: str, port: int) -> str:
    return f"http://{host}" if port == 80 else f"http://{host}:{port}"
