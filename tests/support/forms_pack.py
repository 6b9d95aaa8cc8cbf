"""Writes vectors/forms.json: forms with the verdict that OSS's documents give them, for any stand-in and any signer.

What is changed about a sound form, and which rule it then breaks, is typed here; status, Code and EC are those of the
rulebook, and signatures are made by the vendor's signer. `python tests/support/forms_pack.py` writes the file, a test compares
it, posts every form to our stand-in, and has Node.js compute every signature again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from localcloud.explain.rulebook import rules
from localcloud.ram.identities import Identity
from support.oss_world import ACCOUNT, BUCKET, NOON, REGION, Draft, iso, ram_policy

FILE = Path(__file__).parents[2] / "vectors" / "forms.json"

IDENTITY = Identity(
    access_key_id="STS.NVectorsExample0000001",
    access_key_secret="vectors-example-secret-0001",
    security_token="vectors-example-token-0001",
    arn=f"acs:ram::{ACCOUNT}:assumed-role/upload/session",
    expiration=NOON + 3600,
    policies=(ram_policy("oss:PutObject"),),
)
"""Made up, and public."""

ACL_QUESTION = "whether OSS reads the field acl of a form with a V4 signature: its page has a form of the S3 dialect"

Fields = dict[str, str]
DAY = 86_400


class Case(NamedTuple):
    """One form. `breaks` is the name of a rule; none where the form is accepted."""

    name: str
    breaks: str | None
    draft: Draft
    change: Callable[[Fields], Fields] = dict
    """What happens to the fields once they are signed."""
    now: float = NOON
    """Seconds since the epoch, when the form arrives."""
    size: int = 5
    not_established: str | None = None
    """What of the verdict no document of the vendor settles."""


def draft_with(*conditions: Any, **more: Any) -> Draft:
    """Returns a sound form, its policy with further conditions."""
    return Draft(IDENTITY, conditions=list(conditions), **more)


def without(name: str) -> Callable[[Fields], Fields]:
    return lambda fields: {each: value for each, value in fields.items() if each != name}


def having(name: str, value: str) -> Callable[[Fields], Fields]:
    return lambda fields: fields | {name: value}


def raw(policy: str) -> Draft:
    """Returns a form whose policy is this text."""
    return Draft(IDENTITY, policy=policy.encode())


def cases() -> Iterator[Case]:
    """Yields all of them."""
    status = {"success_action_status": "200"}
    yield Case("a sound form", None, draft_with())
    yield Case("each mode of condition, all of them true", None, draft_with(
        ["eq", "$success_action_status", "200"],
        ["starts-with", "$key", "uploads/"],
        ["in", "$content-type", ["text/plain", "image/png"]],
        ["not-in", "$cache-control", ["no-cache"]],
        ["content-length-range", 5, 5],
        extra=status | {"Cache-Control": "no-store"},
    ))  # fmt: skip
    yield Case("an ordinary field that no condition names", None, draft_with(), having("x-oss-meta-note", "hello"))
    yield Case("a name of a field in other case", None, draft_with(extra={"KEY": "uploads/a.txt"}), without("key"))
    yield Case("the last second of the policy", None, draft_with(expiration=NOON + 600), now=NOON + 599)
    yield Case("15 minutes before x-oss-date", None, draft_with(date=NOON + 900))
    yield from of_the_signature()
    yield from of_time()
    yield from of_the_policy()
    yield Case(
        "a key outside the prefix",
        "policy-condition",
        draft_with(["starts-with", "$key", "uploads/"], extra={"key": "a"}),
    )
    yield Case("a key that begins with a slash", "key-begins-with-slash", draft_with(extra={"key": "/uploads/a.txt"}))
    yield Case(
        "an ACL that is not listed, in the field acl",
        "form-acl",
        draft_with(),
        having("acl", "abc"),
        not_established=ACL_QUESTION,
    )
    yield Case(
        "an ACL in the field acl, without the right to set one",
        "ram-denies",
        draft_with(),
        having("acl", "public-read"),
        not_established=ACL_QUESTION,
    )
    yield Case(
        "x-oss-forbid-overwrite is neither true nor false",
        "form-forbid-overwrite",
        draft_with(),
        having("x-oss-forbid-overwrite", "abc"),
    )
    yield Case("a key of 1,024 bytes", "key-too-long", draft_with(extra={"key": "uploads/" + "a" * 1016}))
    yield Case("a file that is too large", "file-too-large", draft_with(["content-length-range", 1, 4]))
    yield Case("a file that is too small", "file-too-small", draft_with(["content-length-range", 6, 9]))
    yield Case("a key that the credentials do not reach", "ram-denies", draft_with(extra={"key": "elsewhere/a.txt"}))
    yield Case("a type that is not listed", "policy-condition", draft_with(["in", "$content-type", ["image/png"]]))
    yield Case(
        "a listed type, and another one in x-oss-content-type",
        "policy-condition",
        draft_with(["in", "$content-type", ["text/plain"]]),
        having("x-oss-content-type", "text/html"),
        not_established="whether a condition on content-type counts for the field x-oss-content-type, which takes "
        "precedence",
    )
    yield Case("a value that is forbidden", "policy-condition", draft_with(["not-in", "$key", ["uploads/a.txt"]]))
    yield Case(
        "a field that a condition names and the form lacks",
        "policy-field-missing",
        draft_with(["eq", "$x-oss-meta-note", "x"]),
    )
    yield Case(
        "a signed field altered",
        "policy-condition",
        draft_with({"success_action_status": "200"}, extra=status),
        having("success_action_status", "201"),
    )


def of_the_signature() -> Iterator[Case]:
    """Fields of the signature, left out and altered."""
    left_out = {
        "key": "form-no-key",
        "policy": "post-policy-missing",
        "x-oss-signature": "post-signature-missing",
        "x-oss-credential": "post-credential-missing",
        "x-oss-signature-version": "post-signature-version",
        "x-oss-date": "post-date-malformed",
        "x-oss-security-token": "token-lost",
    }
    yield from (Case(f"no {name}", rule, draft_with(), without(name)) for name, rule in left_out.items())
    credential = f"{IDENTITY.access_key_id}/20241124/{REGION}/oss/aliyun_v4_request"
    altered = [
        ("an empty signature", "x-oss-signature", "", "post-signature-empty"),
        ("another signature", "x-oss-signature", "0" * 64, "post-signature"),
        ("another version", "x-oss-signature-version", "2", "post-signature-version"),
        ("a date of another form", "x-oss-date", "2024-11-24T12:00:00Z", "post-date-malformed"),
        ("another token", "x-oss-security-token", "another", "token-wrong"),
        (
            "a credential that ends in another constant",
            "x-oss-credential",
            credential + "x",
            "post-credential-malformed",
        ),
        ("a credential of four parts", "x-oss-credential", credential.replace("/oss", ""), "post-credential-malformed"),
        ("a key id that nobody has", "x-oss-credential", credential.replace("0001/", "0002/"), "access-key-unknown"),
        (
            "a credential for another region",
            "x-oss-credential",
            credential.replace(REGION, "cn-beijing"),
            "post-region",
        ),
        (
            "a credential with a date in another form",
            "x-oss-credential",
            credential.replace("20241124", "2024-11-24"),
            "post-credential-date",
        ),
        (
            "a credential with a tab in its key id",
            "x-oss-credential",
            credential.replace("STS.", "STS.\t"),
            "post-credential-key",
        ),
    ]
    yield from (Case(name, rule, draft_with(), having(field, value)) for name, field, value, rule in altered)
    yield Case("signed for another region", "post-region", draft_with(region="cn-beijing"))
    yield Case("signed for the region's endpoint instead of its ID", "post-region", draft_with(region=f"oss-{REGION}"))
    yield Case("signed for another product", "post-product", draft_with(product="s3"))
    yield Case("signed with the key of the day before", "post-signature", draft_with(credential_date="20241123"))
    yield Case("no condition on the fields of the signature", "policy-unnamed-field", draft_with(v4_conditions=False))


def of_time() -> Iterator[Case]:
    """Yields forms that come too early, and too late."""
    yield Case("the policy has expired", "policy-expired", draft_with(expiration=NOON + 600), now=NOON + 600)
    yield Case("the token has expired", "token-expired", draft_with(expiration=NOON + DAY), now=NOON + 3600)
    yield Case("more than 15 minutes before x-oss-date", "post-date-skewed", draft_with(date=NOON + 901))
    yield Case("more than 7 days after x-oss-date", "post-date-skewed", draft_with(date=NOON - 7 * DAY - 1))


def of_the_policy() -> Iterator[Case]:
    """Texts that are no policy."""
    begin = f'{{"expiration":"{iso(NOON + 600)}","conditions":'
    texts = {
        "[]": "policy-not-an-object",
        " ": "policy-empty",
        "{": "policy-not-json",
        "{}": "policy-nothing-in-it",
        '{"conditions":[{"bucket":"b"}]}': "policy-no-expiration",
        f'{{"expiration":"{iso(NOON)}"}}': "policy-no-conditions",
        '{"expiration":1,"conditions":[{"bucket":"b"}]}': "policy-expiration-no-string",
        '{"expiration":"","conditions":[{"bucket":"b"}]}': "policy-expiration-empty",
        '{"expiration":"2024-11-24 12:10:00","conditions":[{"bucket":"b"}]}': "policy-expiration-format",
        f"{begin}[]}}": "policy-conditions-empty",
        f"{begin}123}}": "policy-conditions-no-list",
        f'{begin}[["$key"]]}}': "policy-no-mode",
        f'{begin}[["ends-with","$key","a"]]}}': "policy-unknown-mode",
        f'{begin}[["eq","$key"]]}}': "policy-operands",
        f'{begin}[["content-length-range",9,1]]}}': "policy-range-order",
        f'{begin}[["content-length-range",-1,1]]}}': "policy-range-least",
        f'{begin}[["content-length-range",1,"2"]]}}': "policy-range-most",
        f'{begin}["bucket"]}}': "policy-entry-type",
        f'{begin}[["not-in","$key","a"]]}}': "policy-value-type",
        f'{begin}[{{"bucket":"b","key":"k"}}]}}': "policy-simple-condition",
        f'{begin}[{{"bucket":"b"}}],"version":1}}': "policy-unknown-name",
    }
    yield from (Case(f"the policy {text}", rule, raw(text)) for text, rule in texts.items())


def pack() -> dict[str, Any]:
    """Returns what the file holds."""
    return {
        "version": 1,
        "about": "Forms for PostObject with V4 signatures, and what OSS answers. See README.md.",
        "given": {
            "bucket": BUCKET,
            "region": REGION,
            "access_key_id": IDENTITY.access_key_id,
            "access_key_secret": IDENTITY.access_key_secret,
            "security_token": IDENTITY.security_token,
            "token_expires_at": iso(IDENTITY.expiration),
            "may": IDENTITY.policies[0],
        },
        "forms": [_describe(case) for case in cases()],
    }


def _describe(case: Case) -> dict[str, Any]:
    fields = case.draft.fields()
    return {
        "name": case.name,
        "now": iso(case.now),
        "signed": {
            "policy": fields["policy"],
            "date": case.draft.credential_date or fields["x-oss-date"][:8],
            "region": case.draft.region,
            "product": case.draft.product,
            "signature": fields["x-oss-signature"],
        },
        "fields": [list(field) for field in case.change(fields).items()],
        "file": {"size": case.size, "content_type": "text/plain"},
        "expected": _expectation(case),
    }


def _expectation(case: Case) -> dict[str, Any]:
    if case.breaks is None:
        return {"status": 200 if "success_action_status" in case.draft.extra else 204}
    [rule] = [rule for rule in rules() if rule.name == case.breaks]
    told = {
        "status": rule.status,
        "code": rule.code,
        "ec": rule.ec,
        "document": rule.document,
        "our_choice": rule.our_choice,
        "not_established": case.not_established,
    }
    return {name: value for name, value in told.items() if value is not None}


def text() -> str:
    """Returns the file's text."""
    return json.dumps(pack(), ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
