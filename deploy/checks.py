"""What doctor looks for: a table of checks, each with what follows from the fault and what mends it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from deploy import callback_checks
from deploy.declared import UNSEEN, Deployment, listed
from deploy.live import CorsRule, Live, UploadBucket
from deploy.ready import UNKNOWN
from direct_upload.errors import Misconfigured
from direct_upload.settings import MAX_LIFE, SLOWEST_LINE, Settings, listed_origins, size_in_bytes

RUNTIMES = ("python3.12", "python3.10")
PYTHON_312_REGIONS = frozenset(
    {
        *("cn-hangzhou", "cn-shanghai", "cn-qingdao", "cn-beijing", "cn-zhangjiakou", "cn-huhehaote", "cn-shenzhen"),
        *("cn-chengdu", "cn-hongkong", "ap-northeast-1", "ap-southeast-7", "ap-northeast-2", "eu-central-1"),
        *("eu-west-1", "us-east-1", "us-west-1"),
    }
)
"""Where Function Compute has python3.12, by its page on the Python runtime (June 2026)."""

MAX_ENVIRONMENT = 4096
"""Bytes of names and values that Function Compute takes as a function's environment."""

LEAST_TIMEOUT = 7
"""Seconds: a call to STS may take six of them."""

MAX_SKEW = 60
"""Seconds between this machine's clock and OSS's that nothing minds yet."""

FEWEST_CHARACTERS = 10
"""Different characters that a secret made at random has at least: 64 hexadecimal digits hardly ever have fewer."""

LIVE_TOO = ("methods", "auth-type", "timeout", "log", "role", "runtime", "grants", "trust", "upload-right")
"""The checks that look at the live function and its roles as they look at what is declared."""

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


# --- settings


def _prefix(setup: Setup) -> Iterator[str]:
    if "UPLOAD_PREFIX" in setup.settings and not setup.settings["UPLOAD_PREFIX"].strip():
        yield "UPLOAD_PREFIX is set, and empty: the function takes `uploads` then."
    yield from _prefix_faults(setup)


def _prefix_faults(setup: Setup) -> list[str]:
    if setup.settings.get("UPLOAD_PREFIX", "").endswith("/"):
        return ["UPLOAD_PREFIX ends in a slash: the roles' rights are made of it and another one."]
    return _faults_of(setup, "UPLOAD_PREFIX")


def _origins(setup: Setup) -> Iterator[str]:
    yield from _faults_of(setup, "ALLOWED_ORIGINS")


def _jwt(setup: Setup) -> Iterator[str]:
    if any(_nobody_known(setup)):
        return
    faults = list(_faults_of(setup, "JWT_SECRET", "JWT_JWKS", "JWT_ISSUER", "JWT_AUDIENCE", "AUTH"))
    yield from faults
    secrets = [word.strip() for word in setup.settings.get("JWT_SECRET", "").split(",") if word.strip()]
    if not faults and any(len(set(secret)) < FEWEST_CHARACTERS for secret in secrets):
        yield f"JWT_SECRET has fewer than {FEWEST_CHARACTERS} different characters: nobody made that at random."


def _nobody_known(setup: Setup) -> Iterator[str]:
    given = (setup.settings.get(name, "").strip() for name in ("JWT_SECRET", "JWT_JWKS"))
    if setup.settings.get("AUTH") != "none" and not any(given):
        yield "Neither JWT_SECRET nor JWT_JWKS is set."


def _other_settings(setup: Setup) -> Iterator[str]:
    named = ("UPLOAD_PREFIX", "ALLOWED_ORIGINS", "JWT_SECRET", "JWT_JWKS", "JWT_ISSUER", "JWT_AUDIENCE", "AUTH")
    yield from (f"{text}." for name, text in setup.setting_faults().items() if name not in named)


def _faults_of(setup: Setup, *names: str) -> list[str]:
    return [f"{text}." for name, text in setup.setting_faults().items() if name in names]


def _missing(setup: Setup) -> Iterator[str]:
    yield from (f"s.yaml asks for {name}, which is not set." for name in dict.fromkeys(setup.deployment.missing))


def _nobody_asked(setup: Setup) -> Iterator[str]:
    if setup.settings.get("AUTH") == "none":
        yield "AUTH is none."


def _environment_size(setup: Setup) -> Iterator[str]:
    size = sum(len(name.encode()) + len(value.encode()) for name, value in setup.settings.items())
    if size > MAX_ENVIRONMENT:
        yield f"The function's environment has {size:,} bytes, of {MAX_ENVIRONMENT:,}."


def _environment_strings(setup: Setup) -> Iterator[str]:
    for name, value in (setup.function.get("environmentVariables") or {}).items():
        if not isinstance(value, str):
            yield f"{name} in s.yaml is not a string, but {type(value).__name__}."


def _large_files(setup: Setup) -> Iterator[str]:
    try:
        size = size_in_bytes(setup.settings.get("MAX_SIZE") or "100MB")
    except ValueError:
        return
    if size > MAX_LIFE * SLOWEST_LINE:
        yield (
            f"MAX_SIZE is {setup.settings['MAX_SIZE']}, and no form lives longer than {MAX_LIFE:,} seconds: "
            f"the largest file needs a line of {-(-size // MAX_LIFE // 1000):,} KB a second."
        )


def _keep_days(setup: Setup) -> Iterator[str]:
    days = setup.environ.get("KEEP_DAYS", "").strip()
    if days and not re.fullmatch(r"0|[1-9][0-9]{0,4}", days):
        yield f"KEEP_DAYS must be a whole number of days, or 0, not {days!r}."


def _kept_for_ever(setup: Setup) -> Iterator[str]:
    if setup.environ.get("KEEP_DAYS", "").strip() in ("", "0"):
        yield "KEEP_DAYS is 0, or not set."


# --- the function


def _methods(setup: Setup) -> Iterator[str]:
    methods = _trigger(setup).get("methods") or ()
    missing = [method for method in ("GET", "POST", "OPTIONS") if method not in methods]
    if missing:
        yield f"The trigger's methods lack {', '.join(missing)}."


def _auth_type(setup: Setup) -> Iterator[str]:
    told = _trigger(setup).get("authType")
    if told != "anonymous":
        yield f"The trigger's authType is {told or 'not stated'}."


def _trigger(setup: Setup) -> dict[str, Any]:
    triggers = setup.function.get("triggers") or ()
    return next((each.get("triggerConfig") or {} for each in triggers if each.get("triggerType") == "http"), {})


def _timeout(setup: Setup) -> Iterator[str]:
    seconds = setup.function.get("timeout")
    if seconds is None:
        yield "The function's timeout is not stated: it is 3 seconds then."
    elif not isinstance(seconds, int) or seconds < LEAST_TIMEOUT:
        yield f"The function's timeout is {seconds} seconds."


def _logging(setup: Setup) -> Iterator[str]:
    told = setup.function.get("logConfig")
    if not told or (isinstance(told, dict) and not told.get("project")):
        yield "The function has no logConfig: a deployment switches its log off."
    elif isinstance(told, str):
        yield f"The function's logConfig is {told}: a project and a logstore that no removal takes away."


def _function_role(setup: Setup) -> Iterator[str]:
    role = str(setup.function.get("role") or "")
    if role in ("", "auto"):
        yield f"The function's role is {role or 'not stated'}."
        return
    ours = {str(each.get("RoleName")).lower() for each in setup.deployment.of_type(ROLE).values()}
    if role.rpartition("/")[2].lower() not in ours:
        yield f"The function's role {role} is none of the template's."


def _runtime(setup: Setup) -> Iterator[str]:
    runtime = setup.function.get("runtime")
    if runtime not in RUNTIMES:
        yield f"The runtime is {runtime}; this function is for {' or '.join(RUNTIMES)}."
    elif runtime == "python3.12" and setup.region not in PYTHON_312_REGIONS:
        yield f"Function Compute has no python3.12 in {setup.region}."


# --- roles


def _grants(setup: Setup) -> Iterator[str]:
    for role, statement in setup.statements():
        if statement.get("Effect") == "Allow":
            actions, resources = (listed(statement.get(name)) for name in ("Action", "Resource"))
            yield from (f"The role {role} may do {action}." for action in actions if "*" in action)
            yield from (f"The role {role} may reach {resource}." for resource in resources if _is_wide(resource))
    for name, properties in setup.deployment.of_type(ROLE).items():
        for policy in (properties.get("PolicyAttachments") or {}).get("System") or ():
            yield f"The role {properties.get('RoleName', name)} has {policy} attached."


def _is_wide(resource: str) -> bool:
    """A star may stand for the region, and for the end of a key; the bucket may not be all there is before it."""
    parts = resource.split(":", 4)
    if len(parts) < 5 or not parts[3] or "*" in parts[3]:
        return True
    service, path = parts[1], parts[4].removesuffix("*")
    return "*" in path or path in ("", "role/") or (service == "oss" and path.count("/") < 2)


def _trust(setup: Setup) -> Iterator[str]:
    if any(_function_role(setup)):
        return  # it cannot be told whom to trust
    function_role = str(setup.function["role"]).lower()
    of_functions = (function_role, str(setup.deployment.callback.get("role", "")).lower())
    for name, properties in setup.deployment.of_type(ROLE).items():
        role = properties.get("RoleName", name)
        is_functions = any(each.endswith(f"/{str(role).lower()}") for each in of_functions)
        for statement in (properties.get("AssumeRolePolicyDocument") or {}).get("Statement") or ():
            for who in _principals(statement.get("Principal")):
                if who.lower() != ("fc.aliyuncs.com" if is_functions else function_role):
                    yield f"The role {role} trusts {who}."


def _principals(principal: Any) -> list[str]:
    if isinstance(principal, dict):
        return [who for named in principal.values() for who in listed(named)]
    return listed(principal)


def _upload_right(setup: Setup) -> Iterator[str]:
    if _prefix_faults(setup) or any(UNSEEN in each for each in setup.deployment.of_type(ROLE).values()):
        return
    place = f"{setup.settings.get('OSS_BUCKET')}/{setup.settings.get('UPLOAD_PREFIX') or 'uploads'}/*"
    role_name = setup.settings.get("OSS_STS_ROLE_ARN", "").rpartition("/")[2].lower()
    for role, statement in setup.statements():
        may_put = "oss:PutObject" in listed(statement.get("Action")) and statement.get("Effect") == "Allow"
        places = {resource.split(":", 4)[-1] for resource in listed(statement.get("Resource"))}
        if str(role).lower() == role_name and may_put and place in places:
            return
    yield f"The upload role {role_name or '(none)'} may not put objects at {place}."


# --- the bucket


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


def _no_bucket(setup: Setup) -> Iterator[str]:
    if not any(each.get("BucketName") == setup.settings.get("OSS_BUCKET") for each in _declared_buckets(setup)):
        yield f"The template has no bucket {setup.settings.get('OSS_BUCKET')}, which OSS_BUCKET names."


def _declared_buckets(setup: Setup) -> Iterable[dict[str, Any]]:
    return setup.deployment.of_type(BUCKET).values()


def _versioning(setup: Setup) -> Iterator[str]:
    yield from (f"{each.where} has versioning {each.versioning}." for each in setup.buckets() if each.versioning)


def _public_access(setup: Setup) -> Iterator[str]:
    for each in setup.buckets():
        if each.public_access_blocked is False:
            yield f"{each.where} does not block public access."


def _acl(setup: Setup) -> Iterator[str]:
    yield from (f"{each.where} is {each.acl}." for each in setup.buckets() if each.acl not in (None, "private"))


def _cors_for_all(setup: Setup) -> Iterator[str]:
    for each in setup.buckets():
        for origin in (origin for rule in each.cors or () for origin in rule.origins if "*" in origin):
            yield f"{each.where} lets pages of {origin} read its answers."


def _cors_for_pages(setup: Setup) -> Iterator[str]:
    for each in setup.buckets():
        if each.cors is not None:
            for origin in setup.origins:
                if not any(_covers(rule, origin) for rule in each.cors):
                    yield f"{each.where} has no CORS rule that lets {origin} post."


def _covers(rule: CorsRule, origin: str) -> bool:
    patterns = (re.escape(each).replace(r"\*", ".*") for each in rule.origins)
    return "POST" in rule.methods and any(re.fullmatch(pattern, origin) for pattern in patterns)


# --- domains and clocks


def _domain_names(setup: Setup) -> Iterator[str]:
    for name in ("SITE_DOMAIN", "SIGN_DOMAIN", "UPLOAD_DOMAIN"):
        domain = setup.environ.get(name, "").strip()
        if domain and not re.fullmatch(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", domain):
            yield f"{name} must be a domain alone, such as upload.example.com, not {domain!r}."


def _page_origin(setup: Setup) -> Iterator[str]:
    domain = setup.environ.get("SITE_DOMAIN", "").strip()
    if domain and f"https://{domain}" not in setup.origins:
        yield f"https://{domain}, where SITE_DOMAIN puts the page, is not in ALLOWED_ORIGINS."


def _no_site_domain(setup: Setup) -> Iterator[str]:
    if not setup.environ.get("SITE_DOMAIN", "").strip():
        yield "SITE_DOMAIN is not set."


def _no_sign_domain(setup: Setup) -> Iterator[str]:
    if not setup.environ.get("SIGN_DOMAIN", "").strip():
        yield "SIGN_DOMAIN is not set."


def _no_upload_domain(setup: Setup) -> Iterator[str]:
    region = setup.settings.get("OSS_REGION", "")
    on_mainland = region.startswith("cn-") and region != "cn-hongkong"
    if on_mainland and _posts_to_default_domain(setup) and not (setup.live and setup.live.endpoint_forbidden):
        yield f"UPLOAD_DOMAIN is not set, and {region} is on the mainland."


def _posts_to_default_domain(setup: Setup) -> bool:
    return (setup.settings.get("UPLOAD_URL") or ".aliyuncs.com").endswith(".aliyuncs.com")


def _endpoint_forbidden(setup: Setup) -> Iterator[str]:
    if setup.live and setup.live.endpoint_forbidden and _posts_to_default_domain(setup):
        yield "OSS answers PublicEndpointForbidden at the bucket's default domain."


def _clock(setup: Setup) -> Iterator[str]:
    skew = setup.live.skew if setup.live else None
    if skew is not None and abs(skew) > MAX_SKEW:
        yield f"This machine's clock is {abs(skew):,.0f} seconds {'ahead of' if skew > 0 else 'behind'} OSS's."


CHECKS = (
    Check(
        "missing",
        _missing,
        "Serverless Devs stops at once.",
        "Set it in .env (.env.example has all of them) or in the environment.",
    ),
    Check(
        "settings",
        _other_settings,
        "The function answers every request with 500 `misconfigured`.",
        "Mend it in .env or in s.yaml, under environmentVariables; the README's table of settings says what fits.",
    ),
    Check(
        "prefix",
        _prefix,
        "Every upload fails: the function refuses its settings, or signs keys that the upload role does not cover.",
        "Set UPLOAD_PREFIX to a relative path such as uploads, or leave it out.",
    ),
    Check(
        "origins",
        _origins,
        "The function answers every request with 500 `misconfigured`: `*` and null would let any web page upload.",
        "List in ALLOWED_ORIGINS the origins of your pages, as a browser sends them: https://app.example.com, no path.",
    ),
    Check(
        "jwt",
        _jwt,
        "Nobody can upload, or whoever guesses the secret makes upload links for himself.",
        "Make one with `openssl rand -hex 32` and set JWT_SECRET in .env; links made with the old one end.",
    ),
    Check(
        "auth",
        _nobody_asked,
        "Anybody on the internet can fill the bucket, at your cost, within sizes, types and the life of forms.",
        "Set AUTH=jwt, and give people upload links (`make link`), unless this is a demonstration.",
        decide=True,
    ),
    Check(
        "identity",
        _nobody_known,
        "Nobody can upload, and a bare `s deploy` stops.",
        "`make deploy` writes a random JWT_SECRET into .env, for upload links. For an identity provider's tokens set "
        "JWT_JWKS, JWT_ISSUER and JWT_AUDIENCE.",
        decide=True,
    ),
    Check(
        "environment-size",
        _environment_size,
        "Function Compute refuses to deploy the function.",
        "Shorten CONTENT_TYPES or ALLOWED_ORIGINS; of a JWT_JWKS keep the keys that are in use.",
    ),
    Check(
        "environment-strings",
        _environment_strings,
        "The component refuses s.yaml, since every value must be a string.",
        'Put it in quotes: "300".',
    ),
    Check(
        "methods",
        _methods,
        "The gateway answers 403 to them. Without OPTIONS no page can ask for a form: its preflight fails.",
        "Name GET, POST and OPTIONS in s.yaml under triggerConfig.methods.",
    ),
    Check(
        "auth-type",
        _auth_type,
        "The gateway wants every request signed with an AccessKey, and browsers get 400 or 403.",
        "Set triggerConfig.authType to anonymous: the function itself checks who asks.",
    ),
    Check(
        "timeout",
        _timeout,
        "A cold start with a slow STS is cut off, and the page gets a bare 502.",
        "Set timeout to 10.",
    ),
    Check(
        "log",
        _logging,
        "Failures leave no trace, or log storage is paid for after everything else is gone.",
        "Name the project and the logstore of the template in logConfig.",
    ),
    Check(
        "role",
        _function_role,
        "The function has no credentials to assume the upload role with: every answer is 503. (`auto` becomes a role "
        "by the name of auto, which nothing makes.)",
        "Set role to the ARN of the execution role that deploy/ros.yaml makes.",
    ),
    Check(
        "runtime",
        _runtime,
        "Function Compute refuses to make the function.",
        "Set the runtime to python3.10, or choose a region that has python3.12, such as cn-hongkong.",
    ),
    Check(
        "grants",
        _grants,
        "Whoever gets hold of the role's credentials reaches more than uploads.",
        "Name the one role, logstore or bucket/prefix/* it needs, with the account's ID; no `*` in an action.",
    ),
    Check(
        "trust",
        _trust,
        "Others than the function can become this role: with :root, whoever in the account may assume roles.",
        "Let the execution role trust fc.aliyuncs.com, and the upload role the execution role's ARN; nothing else.",
    ),
    Check(
        "upload-right",
        _upload_right,
        "OSS refuses every upload with 403 AccessDenied.",
        "Give the upload role oss:PutObject on exactly <bucket>/<UPLOAD_PREFIX>/*, in deploy/ros.yaml.",
    ),
    Check(
        "bucket",
        _no_bucket,
        "Uploads go to a bucket that this deployment does not make or guard, or to none.",
        "Let OSS_BUCKET and the template's BucketName come from the same variable of s.yaml.",
    ),
    Check(
        "versioning",
        _versioning,
        "x-oss-forbid-overwrite counts for nothing: a form can be posted again and again, each time for a new version.",
        "Use a bucket that never had versioning: it cannot be switched off again, only suspended, which does not help.",
    ),
    Check(
        "public-access",
        _public_access,
        "One wrong ACL or policy, and strangers read what was uploaded.",
        "Set BlockPublicAccess to true in deploy/ros.yaml and deploy; on a live bucket, in the console under "
        "Permission Control.",
    ),
    Check(
        "acl",
        _acl,
        "Strangers read what was uploaded.",
        "Set the bucket's ACL to private.",
    ),
    Check(
        "cors-wide",
        _cors_for_all,
        "Any web page that has a form can use it from its visitors' browsers.",
        "Allow the site's origin alone.",
    ),
    Check(
        "cors",
        _cors_for_pages,
        "Its uploads are stored, and the page says that they failed.",
        "Add the origin to the rule for POST in deploy/ros.yaml and deploy.",
    ),
    Check(
        "domains",
        _domain_names,
        "The domain cannot be bound.",
        "Write the name alone: no https://, no path, small letters.",
    ),
    Check(
        "page-origin",
        _page_origin,
        "The function refuses the page with 403 `origin_not_allowed`.",
        "Add it to ALLOWED_ORIGINS, or leave ALLOWED_ORIGINS to s.yaml.",
    ),
    Check(
        "endpoint-forbidden",
        _endpoint_forbidden,
        "This account may not use the default domain of mainland buckets for data (accounts made since 2025-03-20): "
        "every upload fails.",
        "Set UPLOAD_DOMAIN to a domain with an ICP filing and deploy; or set the region to cn-hongkong.",
    ),
    Check(
        "clock",
        _clock,
        "Deploying signs with this clock: OSS refuses what is 15 minutes off, and a clock that is ahead can keep the "
        "ros component waiting for ever.",
        "Set the clock, or switch on time synchronisation.",
    ),
    Check(
        "keep-days",
        _keep_days,
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
        "large-files",
        _large_files,
        "On a slower line such a file fails when its form ends.",
        "Lower MAX_SIZE to 150MB, or live with it.",
        decide=True,
    ),
    Check(
        "kept-for-ever",
        _kept_for_ever,
        "Uploads stay, and are paid for, until you delete them.",
        "Set KEEP_DAYS to have OSS delete them after so many days.",
        decide=True,
    ),
    Check(
        "site-domain",
        _no_site_domain,
        "OSS's default domain makes browsers download the page instead of showing it.",
        "Set SITE_DOMAIN to a domain of yours (docs/deploy.md), unless people get the page elsewhere.",
        decide=True,
    ),
    Check(
        "sign-domain",
        _no_sign_domain,
        "The function answers at its fcapp.run address, which Alibaba Cloud bans in production and does not vouch for.",
        "Set SIGN_DOMAIN to a domain of yours (docs/deploy.md) before people depend on it.",
        decide=True,
    ),
    Check(
        "upload-domain",
        _no_upload_domain,
        "Accounts made since 2025-03-20 may not use the default domain of mainland buckets: every upload fails with "
        "PublicEndpointForbidden.",
        "With such an account, set UPLOAD_DOMAIN to a domain with an ICP filing, or the region to cn-hongkong.",
        decide=True,
    ),
)
