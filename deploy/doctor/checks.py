"""What doctor looks for: a table of checks, each with what follows from the fault and what mends it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from deploy.doctor import bucket, callback, domains, drift, function, live_functions, multipart, roles, settings
from deploy.doctor.context import Setup
from localcloud.terminal import visible


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
    live: str = ""
    """What of the account it looks at besides: one of the facts of `live` or `account`."""
    also: str = ""
    """Another of these facts, without which it is made in part only."""
    declared: bool = True
    """Whether there is something to look at before anything is deployed."""
    decide: bool = False
    """It is no fault, but its owner's to decide."""


@dataclass(frozen=True)
class Finding:
    """What a check has found."""

    check: Check
    what: str

    def __str__(self) -> str:
        # What is found may have been named by strangers: it is one line, whatever they wrote.
        return f"{self.check.name}: {visible(self.what)}\n  So: {self.check.so}\n  Do: {self.check.do}"


def examine(setup: Setup) -> list[Finding]:
    """All that is wrong, or to be decided, in the order of the table."""
    declared = [Finding(check, what) for check in CHECKS for what in check.look(setup)]
    if setup.account is None:
        return declared
    account = Setup(setup.environ, setup.account, declared=setup.deployment)
    return declared + [
        Finding(check, f"Live: {what}")
        for check in CHECKS
        if _is_of_account(check, setup.unseen)
        for what in check.look(account)
    ]


def _is_of_account(check: Check, unseen: Mapping[str, str]) -> bool:
    """Roles are looked at one by one, as far as they were seen; a function is seen or not."""
    return check.live == "roles" or (check.live in live_functions.FACTS and check.live not in unseen)


def count_checks() -> int:
    """How many checks there are to be made: what is declared is one, and what is live another."""
    return sum(bool(check.live) + check.declared for check in CHECKS)


def unmade_checks(unseen: Mapping[str, str]) -> dict[str, list[str]]:
    """The checks of what is live that were not made, by the reason why."""
    found: dict[str, list[str]] = {}
    for check in CHECKS:
        why = unseen.get(check.live) or unseen.get(check.also)
        if why:
            found.setdefault(why, []).append(check.name)
    return found


CHECKS = (
    Check(
        "missing",
        settings.missing,
        "Serverless Devs stops at once.",
        "Set it in .env (.env.example has all of them) or in the environment.",
    ),
    Check(
        "names",
        settings.names,
        "Buckets, roles and functions are named after it: nothing can be deployed, or nothing is found.",
        "Set it right in .env, or in the environment, and run this again.",
    ),
    Check(
        "unread",
        settings.unread_names,
        "It has no effect, and what it should set keeps its default.",
        "Spell it as .env.example does, or take it out of .env.",
    ),
    Check(
        "settings",
        settings.others,
        "The function answers every request with 500 `misconfigured`.",
        "Mend it in .env or in s.yaml, under environmentVariables; docs/reference/settings.md says what fits.",
    ),
    Check(
        "prefix",
        settings.prefix,
        "Every upload fails: the function refuses its settings, or signs keys that the upload role does not cover.",
        "Set UPLOAD_PREFIX to a relative path such as uploads, or leave it out.",
    ),
    Check(
        "origins",
        settings.origins,
        "The function answers every request with 500 `misconfigured`: `*` and null would let any web page upload.",
        "List in ALLOWED_ORIGINS the origins of your pages, as a browser sends them: https://app.example.com, no path.",
    ),
    Check(
        "jwt",
        settings.jwt,
        "Nobody can upload, or whoever guesses the secret makes upload links for himself.",
        "Make one with `openssl rand -hex 32` and set JWT_SECRET in .env; links made with the old one end.",
    ),
    Check(
        "auth",
        settings.nobody_asked,
        "Anybody on the internet can fill the bucket, at your cost, within sizes, types and the life of forms.",
        "Set AUTH=jwt, and give people upload links (`make link`), unless this is a demonstration.",
        decide=True,
    ),
    Check(
        "auth-live",
        settings.opened,
        "Anybody on the internet can fill the bucket, at your cost, though you said that nobody can without a token.",
        "Find out who switched it, and deploy.",
        live="function",
        declared=False,
    ),
    Check(
        "identity",
        settings.nobody_known,
        "Nobody can upload, and a bare `s deploy` stops.",
        "`make deploy` writes a random JWT_SECRET into .env, for upload links. For an identity provider's tokens set "
        "JWT_JWKS, JWT_ISSUER and JWT_AUDIENCE.",
        decide=True,
    ),
    Check(
        "environment-size",
        settings.environment_size,
        "Function Compute refuses to deploy the function.",
        "Shorten CONTENT_TYPES or ALLOWED_ORIGINS; of a JWT_JWKS keep the keys that are in use.",
    ),
    Check(
        "environment-strings",
        settings.environment_strings,
        "The component refuses s.yaml, since every value must be a string.",
        'Put it in quotes: "300".',
    ),
    Check(
        "drift",
        drift.settings,
        "The function works by other settings than those that you see here, whoever changed them.",
        "Deploy, for what is in .env and s.yaml to hold; or set there what should hold. (Without the .env that was "
        "deployed, its settings are named here: nothing is wrong then.)",
        live="function",
        also="callback function",
        declared=False,
        decide=True,
    ),
    Check(
        "configuration",
        drift.configuration,
        "Other code runs than you deployed, or it runs elsewhere, with other means, or sends its data elsewhere.",
        "Find out who changed it, and deploy, for what is in s.yaml to hold. (What fc3 leaves alone, take away in "
        "Function Compute's console.)",
        live="function",
        also="callback function",
        declared=False,
    ),
    Check(
        "callback-url",
        drift.callback_url,
        "OSS tells somebody else of what is uploaded, and shows the page what they answer; or it tells nobody.",
        "Find out who changed it, and deploy.",
        live="function",
        also="callback function",
        declared=False,
    ),
    Check(
        "asynchronous",
        drift.destinations,
        "What somebody calls asynchronously is answered elsewhere, with forms in it, or is done again.",
        "Take it away in Function Compute's console, under asynchronous invocation, or declare it in s.yaml.",
        live="asynchronous calls",
        declared=False,
    ),
    Check(
        "concurrency",
        drift.concurrency,
        "More requests cost you than you allowed at a time, or fewer are answered: the rest get 429.",
        "Deploy, or set concurrencyConfig in s.yaml to what should hold.",
        live="concurrency",
        declared=False,
    ),
    Check(
        "not-checked",
        drift.not_checked,
        "It may change what runs, with whose rights, or where its data goes: it is not known here.",
        "Look at it in Function Compute's console, and in s.yaml; newer versions of this project may know it.",
        live="function",
        also="callback function",
        declared=False,
        decide=True,
    ),
    Check(
        "triggers",
        function.triggers,
        "It calls the function past the address that you know of, or another version of it than is looked at here.",
        "Delete it, in s.yaml or in Function Compute's console: a function needs its http trigger alone, of LATEST.",
        live="function",
        also="callback function",
    ),
    Check(
        "methods",
        function.methods,
        "The gateway answers 403 to them. Without OPTIONS no page can ask for a form: its preflight fails.",
        "Name GET, POST and OPTIONS in s.yaml under triggerConfig.methods.",
        live="function",
    ),
    Check(
        "auth-type",
        function.auth_type,
        "The gateway wants every request signed with an AccessKey, and browsers get 400 or 403.",
        "Set triggerConfig.authType to anonymous: the function itself checks who asks.",
        live="function",
    ),
    Check(
        "timeout",
        function.timeout,
        "A cold start with a slow STS is cut off, and the page gets a bare 502.",
        "Set timeout to 10.",
        live="function",
    ),
    Check(
        "log",
        function.log,
        "Failures leave no trace, or log storage is paid for after everything else is gone.",
        "Name the project and the logstore of the template in logConfig.",
        live="function",
        also="callback function",
    ),
    Check(
        "role",
        function.role,
        "The function has no credentials to assume the upload role with: every answer is 503. (`auto` becomes a role "
        "by the name of auto, which nothing makes.)",
        "Set role to the ARN of the execution role that deploy/ros.yaml makes.",
        live="function",
        also="callback function",
    ),
    Check(
        "runtime",
        function.runtime,
        "Function Compute refuses to make the function.",
        "Set the runtime to python3.10, or choose a region that has python3.12, such as cn-hongkong.",
        live="function",
    ),
    Check(
        "grants",
        roles.grants,
        "Anybody who gets hold of the role's credentials may do what this project, as it is shipped, does not need.",
        "Take it out, in deploy/ros.yaml or in the RAM console, and deploy: the template as it is shipped gives all "
        "that is needed.",
        live="roles",
    ),
    Check(
        "unshipped",
        roles.extras,
        "It may give rights that nothing here looks at, delete files, or send data elsewhere.",
        "Make it in a stack of its own, or take it out of deploy/ros.yaml.",
    ),
    Check(
        "trust",
        roles.trust,
        "Others than the functions can become this role: with :root, everybody in the account who may assume roles.",
        "Let the functions' roles trust fc.aliyuncs.com, and the upload role the function's role; nothing else.",
        live="roles",
    ),
    Check(
        "trust-missing",
        roles.trust_missing,
        "The function gets no credentials: every answer is 503, and every upload says: the site was not told.",
        "Let deploy/ros.yaml give it, as it is shipped, and deploy.",
        live="roles",
    ),
    Check(
        "session",
        roles.session,
        "Credentials that leak are good for longer, or the function asks for longer than it may have.",
        "Set MaxSessionDuration to 3600 in deploy/ros.yaml, or in the RAM console, and deploy.",
        live="roles",
    ),
    Check(
        "function-rights",
        roles.function_rights,
        "Without sts:AssumeRole every answer is 503; without log:PostLogStoreLogs failures leave no trace.",
        "Let deploy/ros.yaml give it, as it is shipped, and deploy.",
        live="roles",
    ),
    Check(
        "upload-right",
        roles.upload_right,
        "OSS refuses uploads with 403 AccessDenied.",
        "Give the upload role oss:PutObject on exactly <bucket>/<UPLOAD_PREFIX>/*, in deploy/ros.yaml, and deploy.",
        live="roles",
    ),
    Check(
        "denials",
        roles.denials,
        "It takes rights away and gives none. Uploads fail where it takes away what they need.",
        "Keep it if it is yours; else take it out, and deploy.",
        live="roles",
        decide=True,
    ),
    Check(
        "bucket",
        bucket.absent,
        "Uploads go to a bucket that this deployment does not make or guard, or to none.",
        "Let OSS_BUCKET and the template's BucketName come from the same variable of s.yaml.",
    ),
    Check(
        "owner",
        bucket.owner,
        "Somebody else has what is uploaded there, or serves the page: the name of a deleted bucket is free for all.",
        "Take the functions away (`make remove`), set another NAME, and deploy.",
        live="ACL",
        also="site ACL",
        declared=False,
    ),
    Check(
        "versioning",
        bucket.versioning,
        "x-oss-forbid-overwrite counts for nothing: a form can be posted again and again, each time for a new version.",
        "Use a bucket that never had versioning: it cannot be switched off again, only suspended, which does not help.",
        live="versioning",
    ),
    Check(
        "public-access",
        bucket.public_access,
        "One wrong ACL or policy, and strangers read what was uploaded.",
        "Set BlockPublicAccess to true in deploy/ros.yaml and deploy; on a live bucket, in the console under "
        "Permission Control.",
        live="Block Public Access",
    ),
    Check(
        "acl",
        bucket.acl,
        "Strangers read what was uploaded.",
        "Set the bucket's ACL to private.",
        live="ACL",
    ),
    Check(
        "policy",
        bucket.policy,
        "Strangers, or other accounts, may do that past the roles and past Block Public Access.",
        "Delete the bucket's policy, in deploy/ros.yaml or in the OSS console: this project needs none.",
        live="policy",
    ),
    Check(
        "site-policy",
        bucket.site_policy,
        "Who may write the page can make it send people's upload links and files elsewhere.",
        "Delete the bucket's policy, in deploy/ros.yaml or in the OSS console: the bucket is public-read by its ACL.",
        live="site policy",
    ),
    Check(
        "site-acl",
        bucket.site_acl,
        "Anybody may exchange the page for one that sends people's upload links and files elsewhere.",
        "Set the ACL of the page's bucket to public-read, and deploy.",
        live="site ACL",
    ),
    Check(
        "policy-refusals",
        bucket.policy_refusals,
        "OSS refuses uploads, or what the functions ask for, with 403 AccessDenied, whatever the roles may do.",
        "Delete the bucket's policy, in deploy/ros.yaml or in the OSS console: this project needs none.",
        live="policy",
    ),
    Check(
        "policy-denials",
        bucket.policy_denials,
        "It takes rights away and gives none. Uploads, or the page, fail where it takes away what they need.",
        "Keep it if it is yours; else delete it.",
        live="policy",
        decide=True,
    ),
    Check(
        "cors-wide",
        bucket.cors_for_all,
        "A web page that is not yours, and has a form, can use it from its visitors' browsers.",
        "Allow the origins of ALLOWED_ORIGINS alone: delete others' rules in the OSS console, and deploy.",
        live="CORS",
    ),
    Check(
        "cors",
        bucket.cors_for_pages,
        "Its uploads are stored, and the page says that they failed.",
        "Add the origin to the rule for POST in deploy/ros.yaml and deploy.",
        live="CORS",
    ),
    Check(
        "domains",
        domains.names,
        "The domain cannot be bound.",
        "Write the name alone: no https://, no path, small letters.",
    ),
    Check(
        "page-origin",
        domains.page_origin,
        "The function refuses the page with 403 `origin_not_allowed`.",
        "Add it to ALLOWED_ORIGINS, or leave ALLOWED_ORIGINS to s.yaml.",
    ),
    Check(
        "endpoint-forbidden",
        domains.endpoint_forbidden,
        "This account may not use the default domain of mainland buckets for data (accounts made since 2025-03-20): "
        "every upload fails.",
        "Set UPLOAD_DOMAIN to a domain with an ICP filing and deploy; or set the region to cn-hongkong.",
        live="list of objects",
        declared=False,
    ),
    Check(
        "clock",
        bucket.clock,
        "Deploying signs with this clock: OSS refuses what is 15 minutes off, and a clock that is ahead can keep the "
        "ros component waiting for ever.",
        "Set the clock, or switch on time synchronisation.",
        live="clock",
        declared=False,
    ),
    Check(
        "keep-days",
        settings.keep_days,
        "The template is refused, or files are not deleted when you think.",
        "Set KEEP_DAYS to a number such as 30, or to 0 to keep files for ever.",
    ),
    Check(
        "deletions",
        bucket.deletions,
        "Files are gone before you think, and nothing brings them back.",
        "Delete the rule in deploy/ros.yaml, or under Lifecycle in the OSS console, or set KEEP_DAYS to what should "
        "hold, and deploy.",
        live="lifecycle",
    ),
    Check(
        "overdue",
        bucket.overdue,
        "Files that should be gone stay, can still be read by those who may read them, and are paid for.",
        "Deploy, or set KEEP_DAYS to what should hold.",
        live="lifecycle",
        declared=False,
    ),
    Check(
        "callback",
        callback.settings,
        "The callback function answers `misconfigured`, and every upload says: stored, but the site was not told.",
        "Mend it in .env (docs/callback.md) and deploy.",
    ),
    Check(
        "callback-agreement",
        callback.agreement,
        "The callback function refuses what OSS calls it for, and every upload says: the site was not told.",
        "Let both take it from the same variable of s.yaml, and deploy both.",
    ),
    Check(
        "callback-trigger",
        callback.trigger,
        "OSS cannot call the function: every upload says: stored, but the site was not told.",
        "Set its triggerConfig in s.yaml to authType anonymous and the method POST: the function itself verifies OSS.",
        live="callback function",
    ),
    Check(
        "callback-right",
        roles.callback_right,
        "With CALLBACK=on the function cannot see what was stored, and every upload says: the site was not told.",
        "Give its role oss:GetObject on exactly <bucket>/<UPLOAD_PREFIX>/*, in deploy/ros.yaml, and deploy.",
        live="roles",
    ),
    Check(
        "webhook",
        callback.webhook_unused,
        "Nobody is ever told.",
        "Set CALLBACK=on, or leave WEBHOOK_URL out.",
    ),
    Check(
        "multipart",
        multipart.settings,
        "The function answers every request with 500 `misconfigured`.",
        "Set MULTIPART_THRESHOLD in .env, such as 100MB; `make deploy` writes a random MULTIPART_SECRET beside it.",
    ),
    Check(
        "multipart-cors",
        multipart.cors,
        "Browsers refuse to send that page's parts: its large files fail.",
        "Name PUT beside POST, and expose ETag, in the bucket's CORS rule in deploy/ros.yaml, and deploy.",
        live="CORS",
    ),
    Check(
        "multipart-lifecycle",
        multipart.lifecycle,
        "Abandoned parts are paid for until somebody deletes them; or parts go while their upload may still go on.",
        "Have one lifecycle rule abort multipart uploads after 7 days, in deploy/ros.yaml, and deploy.",
        live="lifecycle",
    ),
    Check(
        "multipart-rights",
        roles.multipart_rights,
        "Uploads in parts are begun, and can neither be completed nor given up.",
        "Give the upload role oss:AbortMultipartUpload and oss:ListParts on exactly <bucket>/<UPLOAD_PREFIX>/*, in "
        "deploy/ros.yaml, and deploy.",
        live="roles",
    ),
    Check(
        "large-files",
        settings.large_files,
        "On a slower line such a file fails when its form ends.",
        "Lower MAX_SIZE to 150MB, send large files in parts (MULTIPART_THRESHOLD, docs/multipart.md), or live with it.",
        decide=True,
    ),
    Check(
        "kept-for-ever",
        settings.kept_for_ever,
        "Uploads stay, and are paid for, until you delete them.",
        "Set KEEP_DAYS to have OSS delete them after so many days.",
        decide=True,
    ),
    Check(
        "site-domain",
        domains.no_site_domain,
        "OSS's default domain makes browsers download the page instead of showing it.",
        "Set SITE_DOMAIN to a domain of yours (docs/deploy.md), unless people get the page elsewhere.",
        decide=True,
    ),
    Check(
        "sign-domain",
        domains.no_sign_domain,
        "The function answers at its fcapp.run address, which Alibaba Cloud bans in production and does not vouch for.",
        "Set SIGN_DOMAIN to a domain of yours (docs/deploy.md) before people depend on it.",
        decide=True,
    ),
    Check(
        "upload-domain",
        domains.no_upload_domain,
        "Accounts made since 2025-03-20 may not use the default domain of mainland buckets: every upload fails with "
        "PublicEndpointForbidden.",
        "With such an account, set UPLOAD_DOMAIN to a domain with an ICP filing, or the region to cn-hongkong.",
        decide=True,
    ),
)
