"""After the stack is there: a lifecycle rule of the upload bucket for each profile that has `keep_days`.

The template's rules belong to ROS, which puts them, and nothing else, whenever they change; so this comes after it, in
every deployment. It adds and takes away the rules with IDs of its own, and leaves all others as they are, bytes of
unknown meaning included. OSS deletes a file at the earliest of the rules that it falls under (its page "Configuration
examples"), and takes rules whose prefixes overlap only with the header for it (its page on PutBucketLifecycle).
Reads JSON on standard input, `{"region", "bucket", "prefix", "existing"}`, from s.yaml; in a bucket that was there
before, deploy/hooks/existing_bucket.py makes these rules, too.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

import alibabacloud_oss_v2 as oss

from deploy import bucket_answers
from deploy.bucket_rules import meaning
from deploy.counts import number_of
from deploy.hooks import bucket_configuration, oss_client
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
    content = bucket_configuration.get(client, bucket, "lifecycle", none="NoSuchLifecycle")
    if not days_of and RULE_ID.encode() not in content:
        return []
    lifecycle = bucket_answers.read("lifecycle", content) if content else Element("LifecycleConfiguration")
    if lifecycle is None:
        raise ValueError(_UNREADABLE)
    own = [rule for rule in lifecycle if (rule.findtext("ID") or "").startswith(RULE_ID)]
    before = {rule.findtext("ID") or "": rule for rule in own}
    after = {RULE_ID + name: _rule(prefix, name, days) for name, days in days_of.items()}
    if sorted(map(meaning, own)) == sorted(map(meaning, after.values())):
        return []
    for rule in own:
        lifecycle.remove(rule)
    lifecycle.extend(after.values())
    if len(lifecycle):
        bucket_configuration.put(client, bucket, "lifecycle", lifecycle)
    else:
        bucket_configuration.delete(client, bucket, "lifecycle")
    changed = {name: days for name, days in days_of.items() if _has_changed(before, after, RULE_ID + name)}
    return [
        *(f"Files of the profile {name} are deleted after {number_of(days, 'day')}." for name, days in changed.items()),
        *(
            f"The lifecycle rule {each} is deleted: profiles.json no longer asks for it."
            for each in before
            if each not in after
        ),
    ]


def _has_changed(before: Mapping[str, Element], after: Mapping[str, Element], rule_id: str) -> bool:
    return rule_id not in before or meaning(before[rule_id]) != meaning(after[rule_id])


def _rule(prefix: str, name: str, days: int) -> Element:
    rule = Element("Rule")
    SubElement(rule, "ID").text = RULE_ID + name
    SubElement(rule, "Prefix").text = profile_folder(prefix, name)
    SubElement(rule, "Status").text = "Enabled"
    SubElement(SubElement(rule, "Expiration"), "Days").text = str(days)
    return rule


def main(folder: Path = ROOT) -> int:
    """Returns the exit code: 0, or 1 with what OSS refused."""
    asked: Mapping[str, str] = json.load(sys.stdin)
    if asked["existing"]:
        return 0
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
