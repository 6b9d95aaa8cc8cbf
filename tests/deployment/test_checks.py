"""The checks of `make doctor`: each finds its fault, once; on the defaults only what the owner must decide is named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from deploy import declared, doctor
from deploy.checks import CHECKS, examine
from deploy.environment import dotenv
from deploy.live import CorsRule, Live, PartsRule, UploadBucket
from deploy.setup import Setup
from deployment.sound import (
    ACCOUNT,
    CALLBACK_ROLE,
    DEFAULT_DECISIONS,
    SEEN,
    SIGN_ROLE,
    SITE,
    UPLOAD_ROLE,
    UPLOADS,
    Given,
    arn,
)
from given_tokens import new_secret

Spoil = Callable[[Given], object]

SEEDS: list[tuple[str, Spoil, str]] = [
    ("missing", lambda g: setattr(g, "missing", ("JWT_SECRET",)), "s.yaml asks for JWT_SECRET, which is not set."),
    ("settings", lambda g: g.settings.update(EXPIRES_IN="5"), "EXPIRES_IN must be 60 to 3000 seconds, not '5'."),
    ("settings", lambda g: g.settings.update(LOCAL="on"), "LOCAL is for laptops only: remove it from the function's environment."),
    ("prefix", lambda g: g.settings.update(UPLOAD_PREFIX=""), "UPLOAD_PREFIX is set, and empty: the function takes `uploads` then."),
    ("prefix", lambda g: g.settings.update(UPLOAD_PREFIX="../up"), "UPLOAD_PREFIX must be a relative path of letters, digits and . _ - such as uploads, not '../up'."),
    ("origins", lambda g: g.settings.update(ALLOWED_ORIGINS="*"), "ALLOWED_ORIGINS must list exact origins such as https://app.example.com, not '*'."),
    ("origins", lambda g: g.settings.update(ALLOWED_ORIGINS=f"{SITE},null"), "ALLOWED_ORIGINS must list exact origins such as https://app.example.com, not 'null'."),
    ("origins", lambda g: g.settings.update(ALLOWED_ORIGINS=f"https://a.example/page,{SITE}"), "ALLOWED_ORIGINS must list exact origins such as https://app.example.com, not 'https://a.example/page'."),
    ("jwt", lambda g: g.settings.update(JWT_SECRET="short"), "JWT_SECRET must have at least 32 bytes; make one with: openssl rand -hex 32."),
    ("jwt", lambda g: g.settings.update(JWT_SECRET="changeme" * 8), "JWT_SECRET has fewer than 10 different characters: nobody made that at random."),
    ("identity", lambda g: g.settings.pop("JWT_SECRET"), "Neither JWT_SECRET nor JWT_JWKS is set."),
    ("jwt", lambda g: g.settings.update(JWT_JWKS="{}"), "JWT_SECRET and JWT_JWKS are both set: remove one."),
    ("prefix", lambda g: g.settings.update(UPLOAD_PREFIX="uploads/"), "UPLOAD_PREFIX ends in a slash: the roles' rights are made of it and another one."),
    ("auth", lambda g: g.settings.update(AUTH="none"), "AUTH is none."),
    ("environment-size", lambda g: g.settings.update(NOTE="x" * 4096), "The function's environment has {size} bytes, of 4,096."),
    ("environment-strings", lambda g: g.settings.update(EXPIRES_IN=600), "EXPIRES_IN in s.yaml is not a string, but int."),
    ("methods", lambda g: g.trigger.update(methods=["GET", "POST"]), "The trigger's methods lack OPTIONS."),
    ("auth-type", lambda g: g.trigger.update(authType="function"), "The trigger's authType is function."),
    ("auth-type", lambda g: g.trigger.pop("authType"), "The trigger's authType is not stated."),
    ("timeout", lambda g: g.function.pop("timeout"), "The function's timeout is not stated: it is 3 seconds then."),
    ("timeout", lambda g: g.function.update(timeout=3), "The function's timeout is 3 seconds."),
    ("log", lambda g: g.function.pop("logConfig"), "The function has no logConfig: a deployment switches its log off."),
    ("log", lambda g: g.function.update(logConfig="auto"), "The function's logConfig is auto: a project and a logstore that no removal takes away."),
    ("role", lambda g: g.function.update(role="auto"), "The function's role is auto."),
    ("role", lambda g: g.function.update(role=arn("another")), f"The function's role {arn('another')} is none of the template's."),
    ("runtime", lambda g: g.function.update(runtime="python3.11"), "The runtime is python3.11; this function is for python3.12 or python3.10."),
    ("runtime", lambda g: g.function.update(region="ap-southeast-1"), "Function Compute has no python3.12 in ap-southeast-1."),
    ("grants", lambda g: g.statement("SignRole").update(Resource=["*"]), f"The role {SIGN_ROLE} may reach *."),
    ("grants", lambda g: g.statement("SignRole").update(Action=["sts:*"]), f"The role {SIGN_ROLE} may do sts:*."),
    ("grants", lambda g: g.statement("UploadRole")["Resource"].append(f"acs:oss:*:{ACCOUNT}:{UPLOADS}/*"), f"The role {UPLOAD_ROLE} may reach acs:oss:*:{ACCOUNT}:{UPLOADS}/*."),
    ("grants", lambda g: g.statement("UploadRole")["Resource"].append(f"acs:oss:*:*:{UPLOADS}/uploads/*"), f"The role {UPLOAD_ROLE} may reach acs:oss:*:*:{UPLOADS}/uploads/*."),
    ("grants", lambda g: g.statement("UploadRole")["Resource"].append(f"acs:oss:*::{UPLOADS}/uploads/*"), f"The role {UPLOAD_ROLE} may reach acs:oss:*::{UPLOADS}/uploads/*."),
    ("grants", lambda g: g.properties("SignRole").update(PolicyAttachments={"System": ["AliyunSTSAssumeRoleAccess"]}), f"The role {SIGN_ROLE} has AliyunSTSAssumeRoleAccess attached."),
    ("trust", lambda g: g.trust("UploadRole", RAM=[f"acs:ram::{ACCOUNT}:root"]), f"The role {UPLOAD_ROLE} trusts acs:ram::{ACCOUNT}:root."),
    ("trust", lambda g: g.trust("UploadRole", RAM=["*"]), f"The role {UPLOAD_ROLE} trusts *."),
    ("trust", lambda g: g.trust("SignRole", Service=["fc.aliyuncs.com", "ecs.aliyuncs.com"]), f"The role {SIGN_ROLE} trusts ecs.aliyuncs.com."),
    ("upload-right", lambda g: g.settings.update(UPLOAD_PREFIX="inbox"), f"The upload role {UPLOAD_ROLE} may not put objects at {UPLOADS}/inbox/*."),
    ("bucket", lambda g: g.properties("Uploads").update(BucketName="another"), f"The template has no bucket {UPLOADS}, which OSS_BUCKET names."),
    ("versioning", lambda g: g.properties("Uploads").update(VersioningConfiguration={"Status": "Suspended"}), "The bucket Uploads of the template has versioning Suspended."),
    ("versioning", lambda g: setattr(g, "live", Live(replace(SEEN, versioning="Enabled"))), "The live bucket b has versioning Enabled."),
    ("public-access", lambda g: g.properties("Uploads").pop("BlockPublicAccess"), "The bucket Uploads of the template does not block public access."),
    ("public-access", lambda g: setattr(g, "live", Live(replace(SEEN, public_access_blocked=False))), "The live bucket b does not block public access."),
    ("acl", lambda g: g.properties("Uploads").update(AccessControl="public-read"), "The bucket Uploads of the template is public-read."),
    ("acl", lambda g: setattr(g, "live", Live(replace(SEEN, acl="public-read-write"))), "The live bucket b is public-read-write."),
    ("cors-wide", lambda g: g.cors().update(AllowedOrigin=["*"]), "The bucket Uploads of the template lets pages of * read its answers."),
    ("cors-wide", lambda g: setattr(g, "live", Live(replace(SEEN, cors=(CorsRule(("https://*.example.com", SITE), ("POST",)),)))), "The live bucket b lets pages of https://*.example.com read its answers."),
    ("cors", lambda g: g.cors().update(AllowedMethod=["PUT"]), f"The bucket Uploads of the template has no CORS rule that lets {SITE} post."),
    ("cors", lambda g: setattr(g, "live", Live(replace(SEEN, cors=()))), f"The live bucket b has no CORS rule that lets {SITE} post."),
    ("domains", lambda g: g.environ.update(UPLOAD_DOMAIN="https://up.example.com"), "UPLOAD_DOMAIN must be a domain alone, such as upload.example.com, not 'https://up.example.com'."),
    ("page-origin", lambda g: g.environ.update(SITE_DOMAIN="up.example.com"), "https://up.example.com, where SITE_DOMAIN puts the page, is not in ALLOWED_ORIGINS."),
    ("keep-days", lambda g: g.environ.update(KEEP_DAYS="a month"), "KEEP_DAYS must be a whole number of days, or 0, not 'a month'."),
    ("endpoint-forbidden", lambda g: setattr(g, "live", Live(SEEN, endpoint_forbidden=True)), "OSS answers PublicEndpointForbidden at the bucket's default domain."),
    ("clock", lambda g: setattr(g, "live", Live(SEEN, skew=-901.0)), "This machine's clock is 901 seconds behind OSS's."),
    ("clock", lambda g: setattr(g, "live", Live(SEEN, skew=61.0)), "This machine's clock is 61 seconds ahead of OSS's."),
    ("large-files", lambda g: g.settings.update(MAX_SIZE="5GB"), "MAX_SIZE is 5GB, and no form lives longer than 3,000 seconds: the largest file needs a line of 1,667 KB a second."),
    ("settings", lambda g: (g.switch_on(), g.settings.update(CALLBACK_URL="http://cb.example.com")), "CALLBACK_URL must be https://host without a path, not 'http://cb.example.com'."),
    ("settings", lambda g: (g.switch_on(), g.settings.update(FOLDER_FORMS="on")), "FOLDER_FORMS cannot be on while CALLBACK is: whoever had one could leave it out."),
    ("callback", lambda g: g.switch_on(CALLBACK_SECRET=""), "CALLBACK_SECRET is missing."),
    ("callback", lambda g: g.switch_on(WEBHOOK_URL="https://app.example.com/"), "WEBHOOK_SECRET is missing."),
    ("callback-agreement", lambda g: g.switch_on(CALLBACK_SECRET=new_secret()), "The two functions differ in CALLBACK_SECRET."),
    ("callback-agreement", lambda g: g.switch_on(OSS_REGION="cn-hangzhou"), "The two functions differ in OSS_REGION."),
    ("callback-trigger", lambda g: (g.switch_on(), g.callback["triggers"][0]["triggerConfig"].update(authType="function")), "The callback function's authType is function."),
    ("callback-trigger", lambda g: (g.switch_on(), g.callback["triggers"][0]["triggerConfig"].update(methods=["GET"])), "The callback function's methods lack POST."),
    ("callback-right", lambda g: (g.switch_on(), g.statement("CallbackRole").update(Action=["oss:PutObject"])), f"The callback function's role {CALLBACK_ROLE} may not look at objects at {UPLOADS}/uploads/*."),
    ("webhook", lambda g: g.callback["environmentVariables"].update(WEBHOOK_URL="https://app.example.com/"), "WEBHOOK_URL is set, and CALLBACK is not on."),
    ("trust", lambda g: g.trust("CallbackRole", Service=["ecs.aliyuncs.com"]), f"The role {CALLBACK_ROLE} trusts ecs.aliyuncs.com."),
    ("multipart", lambda g: g.settings.update(MULTIPART_FROM="100MB"), "MULTIPART_SECRET is missing."),
    ("multipart", lambda g: g.send_in_parts().settings.update(MULTIPART_SECRET="short"), "MULTIPART_SECRET must have at least 32 bytes; make one with: openssl rand -hex 32."),
    ("multipart-cors", lambda g: (g.send_in_parts(), g.cors().update(AllowedMethod=["POST"])), f"The bucket Uploads of the template has no CORS rule that lets {SITE} put parts and read their ETag."),
    ("multipart-cors", lambda g: (g.send_in_parts(), g.cors().update(ExposeHeader=["x-oss-ec"])), f"The bucket Uploads of the template has no CORS rule that lets {SITE} put parts and read their ETag."),
    ("multipart-cors", lambda g: g.send_in_parts().see(cors=(CorsRule((SITE,), ("POST",), ("ETag",)),)), f"The live bucket b has no CORS rule that lets {SITE} put parts and read their ETag."),
    ("multipart-lifecycle", lambda g: (g.send_in_parts(), g.parts_rule.update(AbortMultipartUpload={"Days": 6})), "The bucket Uploads of the template clears abandoned parts away after 6 days."),
    ("multipart-lifecycle", lambda g: (g.send_in_parts(), g.parts_rule.update(Status="Disabled")), "The bucket Uploads of the template has no lifecycle rule that clears abandoned parts away."),
    ("multipart-lifecycle", lambda g: (g.send_in_parts(), g.parts_rule.update(Prefix="other/")), "The bucket Uploads of the template has no lifecycle rule that clears abandoned parts away."),
    ("multipart-lifecycle", lambda g: g.send_in_parts().see(parts=(PartsRule("", 1),)), "The live bucket b clears abandoned parts away after 1 days."),
    ("multipart-rights", lambda g: (g.send_in_parts(), g.statements("UploadRole").pop()), f"The upload role {UPLOAD_ROLE} lacks oss:ListParts at {UPLOADS}/uploads/*."),
    ("multipart-rights", lambda g: (g.send_in_parts(), g.statements("UploadRole").pop(1)), f"The upload role {UPLOAD_ROLE} lacks oss:AbortMultipartUpload at {UPLOADS}/uploads/*."),
    ("large-files", lambda g: g.send_in_parts().settings.update(MULTIPART_FROM="1GB", MAX_SIZE="5GB"), "MAX_SIZE is 5GB, and no form lives longer than 3,000 seconds: the largest file needs a line of 1,667 KB a second."),
    ("upload-domain", lambda g: g.settings.update(OSS_REGION="cn-hangzhou"), "UPLOAD_DOMAIN is not set, and cn-hangzhou is on the mainland."),
]  # fmt: skip
"""For each check a fault or more that it alone finds, and its words."""


@pytest.mark.parametrize(("check", "spoil", "what"), SEEDS)
def test_a_fault_is_found_once_and_by_its_check_alone(check: str, spoil: Spoil, what: str) -> None:
    given = Given()
    spoil(given)
    size = sum(len(name) + len(str(value)) for name, value in given.settings.items())
    found = [finding for finding in given.findings() if finding[0] not in DEFAULT_DECISIONS]
    assert found == [(check, what.format(size=f"{size:,}"))]


def test_callbacks_that_are_on_and_sound_are_no_fault() -> None:
    given = Given()
    given.switch_on()
    assert [name for name, _ in given.findings()] == DEFAULT_DECISIONS


def test_multipart_uploads_that_are_on_and_sound_are_no_fault_however_large_the_files() -> None:
    given = Given().send_in_parts()
    given.settings["MAX_SIZE"] = "1TB"
    assert [name for name, _ in given.findings()] == DEFAULT_DECISIONS


def test_what_only_multipart_uploads_need_is_no_fault_without_them() -> None:
    given = Given()
    given.cors().update(AllowedMethod=["POST"])
    given.parts_rule.update(Status="Disabled")
    del given.statements("UploadRole")[1:]
    assert [name for name, _ in given.findings()] == DEFAULT_DECISIONS


def test_every_check_has_a_seeded_fault() -> None:
    assert {check.name for check in CHECKS} == {check for check, _, _ in SEEDS} | set(DEFAULT_DECISIONS)


def test_on_the_defaults_only_what_the_owner_must_decide_is_named() -> None:
    assert [name for name, _ in Given().findings()] == DEFAULT_DECISIONS
    assert [check.name for check in CHECKS if check.decide] == [
        "auth",
        "identity",
        "large-files",
        *DEFAULT_DECISIONS,
        "upload-domain",
    ]


def test_what_is_decided_is_not_named_again() -> None:
    given = Given()
    given.environ = {"SITE_DOMAIN": "up.example.com", "SIGN_DOMAIN": "sign.example.com", "KEEP_DAYS": "30"}
    given.settings["ALLOWED_ORIGINS"] = "https://up.example.com"
    given.cors()["AllowedOrigin"] = ["https://up.example.com"]
    assert given.findings() == []


@pytest.mark.parametrize("url", ["https://uploads.example.com", "https://b.oss-cn-hangzhou.aliyuncs.com"])
def test_on_the_mainland_an_upload_domain_ends_the_warning_and_the_fault(url: str) -> None:
    given = Given()
    given.settings.update(OSS_REGION="cn-hangzhou", UPLOAD_URL=url)
    without = [name for name, _ in given.findings()]
    given.live = Live(SEEN, endpoint_forbidden=True)
    forbidden = [name for name, _ in given.findings()]
    expected = ([], []) if url.endswith("example.com") else (["upload-domain"], ["endpoint-forbidden"])
    assert tuple(sorted(set(names) - set(DEFAULT_DECISIONS)) for names in (without, forbidden)) == expected


def test_what_is_denied_is_not_granted() -> None:
    given = Given()
    policy = given.properties("UploadRole")["Policies"][0]["PolicyDocument"]
    policy["Statement"].append({"Effect": "Deny", "Action": ["*"], "Resource": ["*"]})
    assert [name for name, _ in given.findings()] == DEFAULT_DECISIONS


def test_what_could_not_be_seen_is_no_fault() -> None:
    given = Given()
    given.live = Live(UploadBucket("The live bucket b"))
    assert [name for name, _ in given.findings()] == DEFAULT_DECISIONS


def test_on_the_shipped_defaults_only_what_the_owner_must_decide_is_named() -> None:
    environ = dotenv((doctor.ROOT / ".env.example").read_text(encoding="utf-8"))
    found = examine(Setup(environ, declared.read(doctor.ROOT, environ, ACCOUNT)))
    assert [finding.check.name for finding in found] == ["identity", *DEFAULT_DECISIONS]
