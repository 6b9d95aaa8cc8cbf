"""After the stack is there: a lifecycle rule of the upload bucket for each profile that has `keep_days`.

The template's rules belong to ROS, which puts them, and nothing else, whenever they change; so this comes after it, in
every deployment. It adds and takes away the rules with IDs of its own, and leaves all others as they are, bytes of
unknown meaning included. OSS deletes a file at the earliest of the rules that it falls under (its page "Configuration
examples"), and takes rules whose prefixes overlap only with the header for it (its page on PutBucketLifecycle).
Reads JSON on standard input, `{"region", "bucket", "prefix"}`, from s.yaml.
"""

from __future__ import annotations

import base64
import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

import alibabacloud_oss_v2 as oss
from alibabacloud_oss_v2.types import OperationInput

from deploy.doctor import bucket_answers
from deploy.hooks import oss_client
from deploy.oss_client import refusal
from deploy.profiles import keep_days, profile_folder, read_profiles
from localcloud.terminal import guard_output

ROOT = Path(__file__).parents[2]

RULE_ID = "oss-direct-upload-keep-days-"
"""Begins the ID of every rule that this makes. A profile's name follows."""

_UNREADABLE = "Nothing was changed: OSS's answer is not what it documents for lifecycle rules"


def set_rules(client: oss.Client, bucket: str, prefix: str, days_of: Mapping[str, int]) -> list[str]:
    """Lets OSS delete the files of these profiles after so many days, and no other's by such a rule.

    Returns what was changed, a sentence each. Raises ValueError, and the SDK's OperationError.
    """
    content = _lifecycle(client, bucket)
    if not days_of and RULE_ID.encode() not in content:
        return []
    lifecycle = bucket_answers.read("lifecycle", content) if content else Element("LifecycleConfiguration")
    if lifecycle is None:
        raise ValueError(_UNREADABLE)
    own = [rule for rule in lifecycle if (rule.findtext("ID") or "").startswith(RULE_ID)]
    before = {rule.findtext("ID") or "": rule for rule in own}
    after = {RULE_ID + name: _rule(prefix, name, days) for name, days in days_of.items()}
    if sorted(map(_meaning, own)) == sorted(map(_meaning, after.values())):
        return []
    for rule in own:
        lifecycle.remove(rule)
    lifecycle.extend(after.values())
    _put(client, bucket, lifecycle)
    changed = {name: days for name, days in days_of.items() if _has_changed(before, after, RULE_ID + name)}
    return [
        *(f"Files of the profile {name} are deleted after {days} days." for name, days in changed.items()),
        *(
            f"The lifecycle rule {each} is deleted: profiles.json no longer asks for it."
            for each in before
            if each not in after
        ),
    ]


def _has_changed(before: Mapping[str, Element], after: Mapping[str, Element], rule_id: str) -> bool:
    return rule_id not in before or _meaning(before[rule_id]) != _meaning(after[rule_id])


def _meaning(rule: Element) -> tuple[str, ...]:
    """Returns all that a rule says, however it is laid out."""
    return tuple(sorted(f"{each.tag} {(each.text or '').strip()}" for each in rule.iter()))


def _rule(prefix: str, name: str, days: int) -> Element:
    rule = Element("Rule")
    SubElement(rule, "ID").text = RULE_ID + name
    SubElement(rule, "Prefix").text = profile_folder(prefix, name)
    SubElement(rule, "Status").text = "Enabled"
    SubElement(SubElement(rule, "Expiration"), "Days").text = str(days)
    return rule


def _lifecycle(client: oss.Client, bucket: str) -> bytes:
    """Returns the bucket's lifecycle configuration as OSS prints it; empty if there is none."""
    try:
        answer = client.invoke_operation(_operation("Get", bucket))
    except oss.exceptions.OperationError as fault:
        refused = refusal(fault)
        if refused is None or refused.code != "NoSuchLifecycle":
            raise
        return b""
    return bytes(answer.http_response.content)


def _put(client: oss.Client, bucket: str, lifecycle: Element) -> None:
    if not len(lifecycle):
        client.delete_bucket_lifecycle(oss.DeleteBucketLifecycleRequest(bucket=bucket))
        return
    operation = _operation("Put", bucket)
    operation.body = ElementTree.tostring(lifecycle)
    digest = hashlib.md5(operation.body, usedforsecurity=False).digest()
    operation.headers = {
        "Content-Type": "application/xml",
        "Content-MD5": base64.b64encode(digest).decode(),
        "x-oss-allow-same-action-overlap": "true",
    }
    client.invoke_operation(operation)


def _operation(verb: str, bucket: str) -> OperationInput:
    """Returns an operation of the SDK without its models, which drop what they do not know of others' rules."""
    return OperationInput(
        op_name=f"{verb}BucketLifecycle",
        method=verb.upper(),
        headers={},
        parameters={"lifecycle": ""},
        bucket=bucket,
    )


def main(folder: Path = ROOT) -> int:
    """Returns the exit code: 0, or 1 with what OSS refused."""
    asked: Mapping[str, str] = json.load(sys.stdin)
    try:
        days_of = keep_days(read_profiles(folder))
        changes = set_rules(oss_client.client(asked["region"]), asked["bucket"], asked["prefix"], days_of)
    except ValueError as fault:
        print(fault, file=sys.stderr)
        return 1
    except oss.exceptions.OperationError as fault:
        refused = refusal(fault)
        print(f"OSS refused: {refused.code}: {refused.message}" if refused else str(fault), file=sys.stderr)
        return 1
    print("\n".join(changes), end="\n" if changes else "")
    return 0


if __name__ == "__main__":
    guard_output()
    sys.exit(main())
