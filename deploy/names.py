"""The names that a deployer writes, in .env or in the environment, and what is wrong with them.

s.yaml makes the functions' settings of them: what is wrong with OSS_BUCKET, where nobody wrote it, is wrong with NAME.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from deploy.env_file import dotenv, read

DEFAULT_NAME = "oss-direct-upload"
DEFAULT_REGION = "cn-hongkong"
"""What s.yaml has where nobody wrote NAME or REGION; a test compares them."""

NAME = r"[a-z]([a-z0-9-]{0,36}[a-z0-9])?"
"""What NAME may be: a bucket's name is made of it, a dash, `uploads`, a dash and an account ID, and ends at 63."""

DOMAINS = ("SITE_DOMAIN", "SIGN_DOMAIN", "UPLOAD_DOMAIN")
CERTIFICATES = ("SITE_CERTIFICATE", "SIGN_CERTIFICATE", "UPLOAD_CERTIFICATE")

_CERTIFICATE = re.compile(r"[1-9][0-9]{0,14}(-[a-z]{2}(-[a-z0-9]+)+)?")
"""A number, and in OSS's form the region of Certificate Management Service that holds the certificate."""

_CERTIFICATE_REGION = "cn-hangzhou"
"""The region that the services take where none is said (SetCdnDomainSSLCertificate, CertRegion)."""

_MADE_OF = {
    "OSS_BUCKET": ("UPLOAD_BUCKET", "NAME", "AccountID"),
    "OSS_REGION": ("REGION",),
    "OSS_STS_ROLE_ARN": ("NAME", "AccountID"),
    "UPLOAD_URL": ("UPLOAD_DOMAIN", "UPLOAD_BUCKET", "NAME", "AccountID", "REGION"),
    "ALLOWED_ORIGINS": ("SITE_DOMAIN", "NAME", "AccountID", "REGION"),
}
"""What s.yaml makes the functions' settings of."""

_OTHER_NAMES = frozenset(
    {
        *("ACCESS", "AccountID", "AccessKeyID", "AccessKeySecret", "SecurityToken", "TOKEN"),
        *("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"),
        *(
            "OSS_ACCESS_KEY_ID",
            "OSS_ACCESS_KEY_SECRET",
            "OSS_SESSION_TOKEN",
            "OSS_ENDPOINT",
            "OSS_BUCKET",
            "OSS_REGION",
        ),
    }
)
"""What may stand in .env and is read by the tools alone."""


def name_faults(name: str) -> tuple[str, ...]:
    """Returns what is wrong with NAME."""
    if re.fullmatch(NAME, name):
        return ()
    return (f"NAME must be 1 to 38 of a-z, 0-9 and -, beginning with a letter, not {name!r}",)


def region_faults(region: str) -> tuple[str, ...]:
    """Returns what is wrong with REGION: it is an ID, and no address of OSS."""
    bare = re.sub(r"^(https?://)?(.*\.)?oss-|(-internal)?\.aliyuncs\.com/?$", "", region.strip().lower())
    if re.fullmatch(r"[a-z]{2}(-[a-z0-9]+)+", region) and bare == region:
        return ()
    meant = f": {bare}" if re.fullmatch(r"[a-z]{2}(-[a-z0-9]+)+", bare) else " such as cn-hongkong"
    return (f"REGION must be the region's ID{meant}, not {region!r}",)


def account_faults(account: str) -> tuple[str, ...]:
    """Returns what is wrong with AccountID."""
    if re.fullmatch(r"[0-9]{5,20}", account):
        return ()
    return (f"AccountID must be the account's ID, 5 to 20 digits, not {account!r}",)


def domain_faults(name: str, domain: str) -> tuple[str, ...]:
    """Returns what is wrong with a domain: DNS spells them so."""
    if not domain or re.fullmatch(r"([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", domain):
        return ()
    # A password may stand before an @: it is not printed.
    told = domain if "@" not in domain else f"…@{domain.rpartition('@')[2]}"
    return (f"{name} must be a domain alone, such as upload.example.com, not {told!r}",)


def certificate_faults(name: str, certificate: str) -> tuple[str, ...]:
    """Returns what is wrong with a certificate's ID. A long text may be a key: it is not repeated."""
    if not certificate or _CERTIFICATE.fullmatch(certificate):
        return ()
    told = f", not {certificate!r}" if len(certificate) <= 40 else ""
    return (f"{name} must be the certificate's ID, such as 1234567 or 1234567-cn-hangzhou{told}",)


def certificate_for_oss(certificate: str) -> str:
    """Returns the ID in OSS's form. Function Compute takes the number alone: deploy/hooks/certificate_number.cjs."""
    return f"{certificate}-{_CERTIFICATE_REGION}" if certificate.isdecimal() else certificate


def bucket_name_faults(bucket: str) -> tuple[str, ...]:
    """Returns what is wrong with the name in UPLOAD_BUCKET."""
    if not bucket or re.fullmatch(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", bucket):
        return ()
    return (f"UPLOAD_BUCKET must be a bucket's name, 3 to 63 of a-z, 0-9 and -, not {bucket!r}",)


def existing_bucket_faults(names: Mapping[str, str], made: Iterable[str] = ()) -> tuple[str, ...]:
    """Returns what is wrong with UPLOAD_BUCKET, and with what else must be so with it; `made` are other buckets."""
    bucket = names.get("UPLOAD_BUCKET", "")
    if not bucket:
        return ()
    found = [*bucket_name_faults(bucket)]
    if bucket in made:
        found.append(f"UPLOAD_BUCKET is {bucket}, which this deployment makes by itself: leave UPLOAD_BUCKET out")
    if not names.get("UPLOAD_PREFIX"):
        found.append(
            "UPLOAD_PREFIX is missing: in a bucket that others use, too, rights and rules are for the files below it "
            "alone. Set one that is this deployment's alone"
        )
    if names.get("UPLOAD_CERTIFICATE"):
        found.append(
            "UPLOAD_CERTIFICATE is set, and UPLOAD_BUCKET, too: no domain is bound to a bucket that was there before. "
            "Bind it, with its certificate, in the OSS console"
        )
    return tuple(found)


def faults(environ: Mapping[str, str], account: str) -> dict[str, str]:
    """Returns what is wrong with what `environ` has, .env in it: in words, by the name that is at fault."""
    texts = (
        *name_faults(environ.get("NAME") or DEFAULT_NAME),
        *region_faults(environ.get("REGION") or DEFAULT_REGION),
        *(account_faults(account) if account else ()),
        *bucket_name_faults(environ.get("UPLOAD_BUCKET", "")),
        *(text for name in DOMAINS for text in domain_faults(name, environ.get(name, "").strip())),
        *(text for name in CERTIFICATES for text in certificate_faults(name, environ.get(name, ""))),
    )
    return {text.split(" ", 1)[0]: text for text in texts}


def follows(setting: str, written: Iterable[str], environ: Mapping[str, str]) -> bool:
    """Tells whether a fault of a function's setting follows from a fault of the names that were `written`."""
    own = setting == "ALLOWED_ORIGINS" and environ.get(setting)
    return not own and not set(_MADE_OF.get(setting, ())).isdisjoint(written)


def unread_names(file: Path) -> tuple[str, ...]:
    """Returns the names in a .env that nothing reads, each in words; s.yaml lies beside it."""
    known = _OTHER_NAMES | {name for each in ("s.yaml", "s.domain.yaml") for name in _variables(file.parent / each)}
    strange = (name for name in dotenv(read(file), file.name) if name not in known)
    return tuple(
        f"Nothing reads {name}{_nearest(name, known)}" for name in strange if not name.endswith("_serverless_devs_key")
    )


def _variables(file: Path) -> list[str]:
    """Returns the variables that s.yaml asks for."""
    return re.findall(r"\benv\(\s*['\"](\w+)", file.read_text(encoding="utf-8")) if file.is_file() else []


def _nearest(name: str, known: Iterable[str]) -> str:
    by_spelling = {each.upper(): each for each in sorted(known)}
    near = difflib.get_close_matches(name.upper(), by_spelling, n=1, cutoff=0.7)
    return f"; did you mean {by_spelling[near[0]]}?" if near else "."
