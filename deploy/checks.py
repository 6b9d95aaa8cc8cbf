"""What doctor looks for: a table of checks, each with what follows from the fault and what mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from deploy import (
    bucket_checks,
    callback_checks,
    domain_checks,
    function_checks,
    multipart_checks,
    role_checks,
    setting_checks,
)
from deploy.setup import Setup

LIVE_TOO = (
    *("methods", "auth-type", "timeout", "log", "role", "runtime"),
    *("grants", "trust", "upload-right", "multipart-rights"),
)
"""The checks that look at the live function and its roles as they look at what is declared."""


@dataclass(frozen=True)
class Check:
    """One thing that may be wrong."""

    name: str
    look: Callable[[Setup], Iterable[str]]
    """What is wrong, a sentence each."""
    so: str
    """What follows from it."""
    do: str
    """What mends it."""
    decide: bool = False
    """It is no fault, but its owner's to decide."""


@dataclass(frozen=True)
class Finding:
    """What a check has found."""

    check: Check
    what: str

    def __str__(self) -> str:
        return f"{self.check.name}: {self.what}\n    So: {self.check.so}\n    Do: {self.check.do}"


def examine(setup: Setup) -> list[Finding]:
    """All that is wrong, or to be decided, in the order of the table."""
    declared = [Finding(check, what) for check in CHECKS for what in check.look(setup)]
    if setup.account is None:
        return declared
    account = Setup(setup.environ, setup.account)
    return declared + [
        Finding(check, f"Live: {what}") for check in CHECKS if check.name in LIVE_TOO for what in check.look(account)
    ]


CHECKS = (
    Check(
        "missing",
        setting_checks.missing,
        "Serverless Devs stops at once.",
        "Set it in .env (.env.example has all of them) or in the environment.",
    ),
    Check(
        "settings",
        setting_checks.others,
        "The function answers every request with 500 `misconfigured`.",
        "Mend it in .env or in s.yaml, under environmentVariables; the README's table of settings says what fits.",
    ),
    Check(
        "prefix",
        setting_checks.prefix,
        "Every upload fails: the function refuses its settings, or signs keys that the upload role does not cover.",
        "Set UPLOAD_PREFIX to a relative path such as uploads, or leave it out.",
    ),
    Check(
        "origins",
        setting_checks.origins,
        "The function answers every request with 500 `misconfigured`: `*` and null would let any web page upload.",
        "List in ALLOWED_ORIGINS the origins of your pages, as a browser sends them: https://app.example.com, no path.",
    ),
    Check(
        "jwt",
        setting_checks.jwt,
        "Nobody can upload, or whoever guesses the secret makes upload links for himself.",
        "Make one with `openssl rand -hex 32` and set JWT_SECRET in .env; links made with the old one end.",
    ),
    Check(
        "auth",
        setting_checks.nobody_asked,
        "Anybody on the internet can fill the bucket, at your cost, within sizes, types and the life of forms.",
        "Set AUTH=jwt, and give people upload links (`make link`), unless this is a demonstration.",
        decide=True,
    ),
    Check(
        "identity",
        setting_checks.nobody_known,
        "Nobody can upload, and a bare `s deploy` stops.",
        "`make deploy` writes a random JWT_SECRET into .env, for upload links. For an identity provider's tokens set "
        "JWT_JWKS, JWT_ISSUER and JWT_AUDIENCE.",
        decide=True,
    ),
    Check(
        "environment-size",
        setting_checks.environment_size,
        "Function Compute refuses to deploy the function.",
        "Shorten CONTENT_TYPES or ALLOWED_ORIGINS; of a JWT_JWKS keep the keys that are in use.",
    ),
    Check(
        "environment-strings",
        setting_checks.environment_strings,
        "The component refuses s.yaml, since every value must be a string.",
        'Put it in quotes: "300".',
    ),
    Check(
        "methods",
        function_checks.methods,
        "The gateway answers 403 to them. Without OPTIONS no page can ask for a form: its preflight fails.",
        "Name GET, POST and OPTIONS in s.yaml under triggerConfig.methods.",
    ),
    Check(
        "auth-type",
        function_checks.auth_type,
        "The gateway wants every request signed with an AccessKey, and browsers get 400 or 403.",
        "Set triggerConfig.authType to anonymous: the function itself checks who asks.",
    ),
    Check(
        "timeout",
        function_checks.timeout,
        "A cold start with a slow STS is cut off, and the page gets a bare 502.",
        "Set timeout to 10.",
    ),
    Check(
        "log",
        function_checks.log,
        "Failures leave no trace, or log storage is paid for after everything else is gone.",
        "Name the project and the logstore of the template in logConfig.",
    ),
    Check(
        "role",
        function_checks.role,
        "The function has no credentials to assume the upload role with: every answer is 503. (`auto` becomes a role "
        "by the name of auto, which nothing makes.)",
        "Set role to the ARN of the execution role that deploy/ros.yaml makes.",
    ),
    Check(
        "runtime",
        function_checks.runtime,
        "Function Compute refuses to make the function.",
        "Set the runtime to python3.10, or choose a region that has python3.12, such as cn-hongkong.",
    ),
    Check(
        "grants",
        role_checks.grants,
        "Whoever gets hold of the role's credentials reaches more than uploads.",
        "Name the one role, logstore or bucket/prefix/* it needs, with the account's ID; no `*` in an action.",
    ),
    Check(
        "trust",
        role_checks.trust,
        "Others than the function can become this role: with :root, whoever in the account may assume roles.",
        "Let the execution role trust fc.aliyuncs.com, and the upload role the execution role's ARN; nothing else.",
    ),
    Check(
        "upload-right",
        role_checks.upload_right,
        "OSS refuses every upload with 403 AccessDenied.",
        "Give the upload role oss:PutObject on exactly <bucket>/<UPLOAD_PREFIX>/*, in deploy/ros.yaml.",
    ),
    Check(
        "bucket",
        bucket_checks.absent,
        "Uploads go to a bucket that this deployment does not make or guard, or to none.",
        "Let OSS_BUCKET and the template's BucketName come from the same variable of s.yaml.",
    ),
    Check(
        "versioning",
        bucket_checks.versioning,
        "x-oss-forbid-overwrite counts for nothing: a form can be posted again and again, each time for a new version.",
        "Use a bucket that never had versioning: it cannot be switched off again, only suspended, which does not help.",
    ),
    Check(
        "public-access",
        bucket_checks.public_access,
        "One wrong ACL or policy, and strangers read what was uploaded.",
        "Set BlockPublicAccess to true in deploy/ros.yaml and deploy; on a live bucket, in the console under "
        "Permission Control.",
    ),
    Check(
        "acl",
        bucket_checks.acl,
        "Strangers read what was uploaded.",
        "Set the bucket's ACL to private.",
    ),
    Check(
        "cors-wide",
        bucket_checks.cors_for_all,
        "Any web page that has a form can use it from its visitors' browsers.",
        "Allow the site's origin alone.",
    ),
    Check(
        "cors",
        bucket_checks.cors_for_pages,
        "Its uploads are stored, and the page says that they failed.",
        "Add the origin to the rule for POST in deploy/ros.yaml and deploy.",
    ),
    Check(
        "domains",
        domain_checks.names,
        "The domain cannot be bound.",
        "Write the name alone: no https://, no path, small letters.",
    ),
    Check(
        "page-origin",
        domain_checks.page_origin,
        "The function refuses the page with 403 `origin_not_allowed`.",
        "Add it to ALLOWED_ORIGINS, or leave ALLOWED_ORIGINS to s.yaml.",
    ),
    Check(
        "endpoint-forbidden",
        domain_checks.endpoint_forbidden,
        "This account may not use the default domain of mainland buckets for data (accounts made since 2025-03-20): "
        "every upload fails.",
        "Set UPLOAD_DOMAIN to a domain with an ICP filing and deploy; or set the region to cn-hongkong.",
    ),
    Check(
        "clock",
        bucket_checks.clock,
        "Deploying signs with this clock: OSS refuses what is 15 minutes off, and a clock that is ahead can keep the "
        "ros component waiting for ever.",
        "Set the clock, or switch on time synchronisation.",
    ),
    Check(
        "keep-days",
        setting_checks.keep_days,
        "The template is refused, or files are not deleted when you think.",
        "Set KEEP_DAYS to a number such as 30, or to 0 to keep files for ever.",
    ),
    Check(
        "callback",
        callback_checks.settings,
        "The callback function answers `misconfigured`, and every upload says: stored, but the site was not told.",
        "Mend it in .env (docs/callback.md) and deploy.",
    ),
    Check(
        "callback-agreement",
        callback_checks.agreement,
        "The callback function refuses what OSS calls it for, and every upload says: the site was not told.",
        "Let both take it from the same variable of s.yaml, and deploy both.",
    ),
    Check(
        "callback-trigger",
        callback_checks.trigger,
        "OSS cannot call the function: every upload says: stored, but the site was not told.",
        "Set its triggerConfig in s.yaml to authType anonymous and the method POST: the function itself verifies OSS.",
    ),
    Check(
        "callback-right",
        callback_checks.right,
        "The function cannot see what was stored: every upload says: stored, but the site was not told.",
        "Give its role oss:GetObject on exactly <bucket>/<UPLOAD_PREFIX>/*, in deploy/ros.yaml.",
    ),
    Check(
        "webhook",
        callback_checks.webhook_unused,
        "Nobody is ever told.",
        "Set CALLBACK=on, or leave WEBHOOK_URL out.",
    ),
    Check(
        "multipart",
        multipart_checks.settings,
        "The function answers every request with 500 `misconfigured`.",
        "Set MULTIPART_FROM in .env to a size such as 100MB; `make deploy` writes a random MULTIPART_SECRET beside it.",
    ),
    Check(
        "multipart-cors",
        multipart_checks.cors,
        "Browsers refuse to send that page's parts: its large files fail.",
        "Name PUT beside POST, and expose ETag, in the bucket's CORS rule in deploy/ros.yaml, and deploy.",
    ),
    Check(
        "multipart-lifecycle",
        multipart_checks.lifecycle,
        "Abandoned parts are paid for until somebody deletes them; or parts go while their upload may still go on.",
        "Have one lifecycle rule abort multipart uploads after 7 days, in deploy/ros.yaml, and deploy.",
    ),
    Check(
        "multipart-rights",
        multipart_checks.rights,
        "Uploads in parts are begun, and can neither be completed nor given up.",
        "Give the upload role oss:AbortMultipartUpload and oss:ListParts on exactly <bucket>/<UPLOAD_PREFIX>/*, in "
        "deploy/ros.yaml.",
    ),
    Check(
        "large-files",
        setting_checks.large_files,
        "On a slower line such a file fails when its form ends.",
        "Lower MAX_SIZE to 150MB, send large files in parts (MULTIPART_FROM, docs/multipart.md), or live with it.",
        decide=True,
    ),
    Check(
        "kept-for-ever",
        setting_checks.kept_for_ever,
        "Uploads stay, and are paid for, until you delete them.",
        "Set KEEP_DAYS to have OSS delete them after so many days.",
        decide=True,
    ),
    Check(
        "site-domain",
        domain_checks.no_site_domain,
        "OSS's default domain makes browsers download the page instead of showing it.",
        "Set SITE_DOMAIN to a domain of yours (docs/deploy.md), unless people get the page elsewhere.",
        decide=True,
    ),
    Check(
        "sign-domain",
        domain_checks.no_sign_domain,
        "The function answers at its fcapp.run address, which Alibaba Cloud bans in production and does not vouch for.",
        "Set SIGN_DOMAIN to a domain of yours (docs/deploy.md) before people depend on it.",
        decide=True,
    ),
    Check(
        "upload-domain",
        domain_checks.no_upload_domain,
        "Accounts made since 2025-03-20 may not use the default domain of mainland buckets: every upload fails with "
        "PublicEndpointForbidden.",
        "With such an account, set UPLOAD_DOMAIN to a domain with an ICP filing, or the region to cn-hongkong.",
        decide=True,
    ),
)
