"""What doctor looks at: settings, what is declared, and what is live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from deploy import names
from deploy.bucket_rules import EXPOSED_HEADERS, METHODS, LifecycleRules, Needs
from deploy.cors_rules import CorsRule
from deploy.credentials import account_id
from deploy.declared import Deployment, as_list
from deploy.doctor.live_bucket import BucketConfig, LiveBuckets, Website
from deploy.doctor.live_certificates import LiveCertificate
from deploy.doctor.live_resource import LiveResource
from deploy.hooks.preflight import UNKNOWN
from deploy.lifecycle_rules import ExpiryRule, PartsRule, expiry_rules, parts_rules
from deploy.profiles import keep_days
from direct_upload.profiles import FILE
from direct_upload.settings import Settings
from fc_http.environment import listed_origins
from fc_http.errors import InvalidSettings
from oss_protocol.bucket import DEFAULT_KEY_PREFIX

ROLE, BUCKET = "ALIYUN::RAM::Role", "ALIYUN::OSS::Bucket"


@dataclass(frozen=True)
class Context:
    """All that is looked at."""

    environ: Mapping[str, str]
    """The deployer's environment, with .env in it."""
    deployment: Deployment
    live_buckets: LiveBuckets | None = None
    live_functions: Deployment | None = None
    """The live functions and their roles, in the shape in which they are declared."""
    declared: Deployment | None = None
    """What is declared, where `deployment` is what is live."""
    resources: tuple[LiveResource, ...] = ()
    """The live resources that were looked for."""
    not_visible: Mapping[str, str] = field(default_factory=dict)
    """Why what is live was not seen, by the facts of `live` and `account`."""
    unread: tuple[str, ...] = ()
    """The names in .env that nothing reads, each in words."""
    profiles: bytes | None = None
    """The content of profiles.json; None if there is no such file, and where `deployment` is what is live."""
    certificates: tuple[LiveCertificate, ...] = ()
    """What the domains of .env show."""
    now: float = 0
    """Seconds since the epoch."""

    @property
    def function(self) -> dict[str, Any]:
        return self.deployment.function

    @property
    def settings(self) -> dict[str, str]:
        return self.deployment.function_environ

    @cached_property
    def setting_faults(self) -> dict[str, str]:
        """Returns what the function would say is wrong with its settings: by the setting named first.

        A profile may have several faults, each of which stands for itself.
        """
        # With this name the settings know that they are not on a laptop; the address is known only while deploying.
        environ = {**self.settings, "FC_FUNCTION_NAME": "oss-direct-upload-sign"}
        if environ.get("CALLBACK_URL", "").startswith("${"):
            environ["CALLBACK_URL"] = UNKNOWN
        try:
            Settings.from_environ(environ, self.profiles)
        except InvalidSettings as fault:
            named = {text if FILE in text else text.split(" ", 1)[0]: text for text in fault.faults}
            return {
                name: text for name, text in named.items() if not names.follows(name, self.name_faults, self.environ)
            }
        return {}

    @cached_property
    def name_faults(self) -> dict[str, str]:
        """Returns what is wrong with the names that the deployer wrote, by name."""
        return names.faults(self.environ, account_id(self.environ))

    @property
    def has_wrong_names(self) -> bool:
        """Tells whether the names of buckets, roles and logs are at fault, because of what they are made of."""
        return not {"NAME", "AccountID"}.isdisjoint(self.name_faults)

    @property
    def origins(self) -> list[str]:
        """Returns the pages that may upload; what is no origin is left out."""
        return list(listed_origins(self.settings))

    @property
    def upload_prefix(self) -> str:
        return self.settings.get("UPLOAD_PREFIX") or DEFAULT_KEY_PREFIX

    @property
    def upload_place(self) -> str:
        """Returns where uploads go, as roles' rights name it."""
        return f"{self.settings.get('OSS_BUCKET')}/{self.upload_prefix}/*"

    @property
    def existing_bucket(self) -> str:
        """Returns the name of an upload bucket that was there before; empty if the template makes one."""
        return self.environ.get("UPLOAD_BUCKET", "")

    @property
    def needs(self) -> Needs:
        """Returns what this deployment's rules in such a bucket are made of."""
        days = self.environ.get("KEEP_DAYS", "").strip()
        return Needs(
            self.environ.get("NAME") or names.DEFAULT_NAME,
            self.upload_prefix,
            tuple(self.origins),
            int(days) if days.isdecimal() else 0,
            keep_days(self.profiles),
            bool(self.settings.get("MULTIPART_THRESHOLD")),
        )

    @property
    def region(self) -> str:
        return str(self.function.get("region", ""))

    @property
    def regions(self) -> dict[str, str]:
        """Returns the regions that resources name where s.yaml has them, by service."""
        stated = self.declared or self.deployment
        here = str(stated.function.get("region", ""))
        return {"oss": stated.function_environ.get("OSS_REGION") or here, "log": here}

    @property
    def live_bucket(self) -> BucketConfig | None:
        """Returns the upload bucket as it is; None where it was not seen."""
        return self.live_buckets.bucket if self.live_buckets else None

    @property
    def live_site(self) -> BucketConfig | None:
        """Returns the page's bucket as it is; None where it was not seen."""
        return self.live_buckets.site if self.live_buckets else None

    def buckets(self) -> Iterator[BucketConfig]:
        """Yields the upload bucket as it is declared and, where it could be seen, as it is."""
        for name, properties in self.deployment.of_type(BUCKET).items():
            if properties.get("BucketName") == self.settings.get("OSS_BUCKET"):
                yield _declared_bucket(name, properties)
        if self.existing_bucket and not self.declared:
            yield _config_of_rules(self.needs)
        if self.live_bucket:
            yield self.live_bucket

    def site_buckets(self) -> Iterator[BucketConfig]:
        """Yields the page's bucket as it is declared and, where it could be seen, as it is."""
        for name, properties in self.deployment.of_type(BUCKET).items():
            if properties.get("BucketName") == self.deployment.site_bucket:
                yield _declared_bucket(name, properties)
        if self.live_site:
            yield self.live_site


def role_name(arn: str) -> str:
    """Returns the name in a role's ARN, in small letters, as RAM compares them; empty if there is none."""
    return arn.rpartition("/")[2].lower()


def _declared_bucket(name: str, properties: Mapping[str, Any]) -> BucketConfig:
    rules = (properties.get("CORSConfiguration") or {}).get("CORSRule") or ()
    lifecycle = (properties.get("LifecycleConfiguration") or {}).get("Rule") or ()
    return BucketConfig(
        where=f"The bucket {name} of the template",
        versioning=(properties.get("VersioningConfiguration") or {}).get("Status") or "",
        public_access_blocked=str(properties.get("BlockPublicAccess", False)).lower() == "true",
        acl=str(properties.get("AccessControl", "private")),
        cors=tuple(CorsRule(*(tuple(as_list(rule.get(name))) for name in CorsRule.NAMES)) for rule in rules),
        parts=tuple(
            PartsRule(str(rule.get("Prefix") or ""), int(rule["AbortMultipartUpload"]["Days"]))
            for rule in lifecycle
            if rule.get("Status", "Enabled") == "Enabled" and "Days" in (rule.get("AbortMultipartUpload") or {})
        ),
        expiry=tuple(
            ExpiryRule(str(rule.get("Prefix") or ""), _days(rule["Expiration"]))
            for rule in lifecycle
            if rule.get("Status", "Enabled") == "Enabled" and rule.get("Expiration") and not rule.get("Tags")
        ),
        policy=properties.get("Policy") or "",
        website=_declared_website(properties.get("WebsiteConfigurationV2") or {}),
    )


def _config_of_rules(needs: Needs) -> BucketConfig:
    """Returns what a deployment puts into a bucket that was there before."""
    lifecycle = LifecycleRules.create(needs)
    return BucketConfig(
        where="What a deployment puts into UPLOAD_BUCKET",
        cors=(CorsRule(needs.origins, METHODS, EXPOSED_HEADERS),),
        parts=tuple(parts_rules(lifecycle)),
        expiry=tuple(expiry_rules(lifecycle)),
    )


def _declared_website(website: Mapping[str, Any]) -> Website:
    """Returns what the template declares; of its rules, another check says that there should be none."""
    index, error = website.get("IndexDocument") or {}, website.get("ErrorDocument") or {}
    return Website(str(index.get("Suffix") or ""), str(error.get("Key") or ""))


def _days(expiration: Mapping[str, Any]) -> int:
    days = str(expiration.get("Days"))
    return int(days) if days.isdecimal() else 0
