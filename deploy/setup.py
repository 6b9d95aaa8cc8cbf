"""What doctor looks at: settings, what is declared, and what is live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.declared import Deployment, listed
from deploy.live import CorsRule, Live, PartsRule, UploadBucket
from deploy.ready import UNKNOWN
from direct_upload.errors import Misconfigured
from direct_upload.settings import Settings, listed_origins

ROLE, BUCKET = "ALIYUN::RAM::Role", "ALIYUN::OSS::Bucket"


@dataclass(frozen=True)
class Setup:
    """All that is looked at."""

    environ: Mapping[str, str]
    """The deployer's environment, with .env in it."""
    deployment: Deployment
    live: Live | None = None
    account: Deployment | None = None
    """The live function and its roles, in the shape in which they are declared."""

    @property
    def function(self) -> dict[str, Any]:
        """The function's props in s.yaml."""
        return self.deployment.function

    @property
    def settings(self) -> dict[str, str]:
        """The function's environment."""
        return self.deployment.function_environ

    def setting_faults(self) -> dict[str, str]:
        """What the function would say is wrong with its settings: by the setting named first."""
        # With this name the settings know that they are not on a laptop; only a deployment tells the address.
        environ = {**self.settings, "FC_FUNCTION_NAME": "oss-direct-upload-sign"}
        if environ.get("CALLBACK_URL", "").startswith("${"):
            environ["CALLBACK_URL"] = UNKNOWN
        try:
            Settings.from_environ(environ)
        except Misconfigured as fault:
            return {text.split(" ", 1)[0]: text for text in fault.faults}
        return {}

    @property
    def origins(self) -> list[str]:
        """The pages that may upload; what is no origin is left out."""
        return list(listed_origins(self.settings))

    @property
    def upload_place(self) -> str:
        """Where uploads go, as roles' rights name it."""
        return f"{self.settings.get('OSS_BUCKET')}/{self.settings.get('UPLOAD_PREFIX') or 'uploads'}/*"

    @property
    def region(self) -> str:
        """The function's region."""
        return str(self.function.get("region", ""))

    def buckets(self) -> Iterator[UploadBucket]:
        """The upload bucket as it is declared and, where it could be seen, as it is."""
        for name, properties in self.deployment.of_type(BUCKET).items():
            if properties.get("BucketName") == self.settings.get("OSS_BUCKET"):
                yield _declared_bucket(name, properties)
        if self.live:
            yield self.live.bucket

    def may(self, role: str, action: str, place: str) -> bool:
        """Whether a role of the template, by its ARN, may do `oss:…` at exactly `bucket/prefix/*`."""
        return any(
            str(name).lower() == role_name(role)
            and statement.get("Effect") == "Allow"
            and action in listed(statement.get("Action"))
            and place in {resource.split(":", 4)[-1] for resource in listed(statement.get("Resource"))}
            for name, statement in self.statements()
        )

    def statements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each statement of each role's policies, with the role's name."""
        for name, properties in self.deployment.of_type(ROLE).items():
            for policy in properties.get("Policies") or ():
                for statement in policy.get("PolicyDocument", {}).get("Statement") or ():
                    yield properties.get("RoleName", name), statement


def role_name(arn: str) -> str:
    """The name in a role's ARN, in small letters, as RAM compares them; empty if there is none."""
    return arn.rpartition("/")[2].lower()


def _declared_bucket(name: str, properties: Mapping[str, Any]) -> UploadBucket:
    rules = (properties.get("CORSConfiguration") or {}).get("CORSRule") or ()
    lifecycle = (properties.get("LifecycleConfiguration") or {}).get("Rule") or ()
    return UploadBucket(
        where=f"The bucket {name} of the template",
        versioning=(properties.get("VersioningConfiguration") or {}).get("Status") or "",
        public_access_blocked=str(properties.get("BlockPublicAccess", False)).lower() == "true",
        acl=str(properties.get("AccessControl", "private")),
        cors=tuple(
            CorsRule(*(tuple(listed(rule.get(name))) for name in ("AllowedOrigin", "AllowedMethod", "ExposeHeader")))
            for rule in rules
        ),
        parts=tuple(
            PartsRule(str(rule.get("Prefix") or ""), int(rule["AbortMultipartUpload"]["Days"]))
            for rule in lifecycle
            if rule.get("Status", "Enabled") == "Enabled" and "Days" in (rule.get("AbortMultipartUpload") or {})
        ),
    )
