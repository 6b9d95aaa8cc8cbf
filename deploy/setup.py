"""What doctor looks at: settings, what is declared, and what is live."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deploy.declared import Deployment, listed
from deploy.live import CorsRule, Live, UploadBucket
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

    def statements(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each statement of each role's policies, with the role's name."""
        for name, properties in self.deployment.of_type(ROLE).items():
            for policy in properties.get("Policies") or ():
                for statement in policy.get("PolicyDocument", {}).get("Statement") or ():
                    yield properties.get("RoleName", name), statement


def _declared_bucket(name: str, properties: Mapping[str, Any]) -> UploadBucket:
    rules = (properties.get("CORSConfiguration") or {}).get("CORSRule") or ()
    return UploadBucket(
        where=f"The bucket {name} of the template",
        versioning=(properties.get("VersioningConfiguration") or {}).get("Status") or "",
        public_access_blocked=str(properties.get("BlockPublicAccess", False)).lower() == "true",
        acl=str(properties.get("AccessControl", "private")),
        cors=tuple(
            CorsRule(tuple(listed(rule.get("AllowedOrigin"))), tuple(listed(rule.get("AllowedMethod"))))
            for rule in rules
        ),
    )
