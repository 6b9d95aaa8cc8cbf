"""An upload bucket that was there before (UPLOAD_BUCKET): this deployment's rules in it, and nothing else.

Nothing of such a bucket is created, removed or emptied. Its CORS and lifecycle rules are read, merged
(deploy/bucket_rules.py), put, and read again. Reads JSON on standard input, from s.yaml, and profiles.json. The step
`check` comes before anything is made, `put` once the stack is there; `look` before anything is removed, `take_away`
once no function signs forms any more.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.etree.ElementTree import Element

import alibabacloud_oss_v2 as oss

from deploy import bucket_answers, bucket_rules
from deploy.bucket_rules import KINDS, Needs, Rules
from deploy.hooks import bucket_configuration, oss_client
from deploy.oss_client import is_of_another_region, refusal
from deploy.profiles import keep_days, read_profiles
from fc_http.environment import split_list
from localcloud.terminal import guard_output, visible

ROOT = Path(__file__).parents[2]


class ExistingBucket:
    """The bucket. What it raises are the SDK's OperationError, and ValueError for an answer that cannot be read."""

    def __init__(self, client: oss.Client, name: str) -> None:
        self._client = client
        self.name = name

    def info(self) -> Element:
        answer = bucket_configuration.get(self._client, self.name, "bucketInfo")
        bucket = self._read("bucketInfo", answer).find("Bucket")
        assert bucket is not None  # noqa: S101 - its shape was looked at
        return bucket

    def rules(self, kind: Rules) -> list[Element]:
        return [each for each in self._configuration(kind) if each.tag == kind.rule]

    def put(self, kind: Rules, before: Sequence[Element], rules: Sequence[Element]) -> None:
        """Replaces the rules, if they are still those `before`, and checks that OSS has them as they were put.

        Raises ValueError if it has others. OSS has no conditional requests for that, so a change in the very moment of
        this one is lost.
        """
        configuration = self._configuration(kind)
        there = [each for each in configuration if each.tag == kind.rule]
        if list(map(bucket_rules.meaning, there)) != list(map(bucket_rules.meaning, before)):
            raise ValueError(
                f"Somebody is changing the {kind.words}s of {self.name}. Nothing of them was changed: run the same "
                "command again."
            )
        configuration[:] = [*rules, *(each for each in configuration if each.tag != kind.rule)]
        if rules:
            bucket_configuration.put(self._client, self.name, kind.parameter, configuration)
        else:
            bucket_configuration.delete(self._client, self.name, kind.parameter)
        if sorted(map(bucket_rules.meaning, self.rules(kind))) != sorted(map(bucket_rules.meaning, rules)):
            raise ValueError(
                f"The {kind.words}s of {self.name} are not those that were put: somebody has changed them at the same "
                "time, or OSS prints them otherwise. Look at them in the OSS console, and run the same command again."
            )

    def holds_files(self, folder: str) -> bool:
        """Tells whether there is an object in a folder."""
        request = oss.ListObjectsV2Request(bucket=self.name, prefix=folder, max_keys=1)
        return bool(self._client.list_objects_v2(request).contents)

    def has_domain(self, domain: str) -> bool:
        """Tells whether a domain is bound to the bucket."""
        bound = self._client.list_cname(oss.ListCnameRequest(bucket=self.name)).cnames or []
        return any(each.domain == domain for each in bound)

    def _configuration(self, kind: Rules) -> Element:
        answer = bucket_configuration.get(self._client, self.name, kind.parameter, none=kind.none)
        return self._read(kind.parameter, answer) if answer else Element(kind.root)

    def _read(self, parameter: str, answer: bytes) -> Element:
        found = bucket_answers.read(parameter, answer)
        if found is None:
            raise ValueError(f"OSS's answer about {self.name} is not what it documents ({parameter})")
        return found


def needs(request: Mapping[str, str], profiles: bytes | None) -> Needs:
    """Returns what the rules are made of, of what s.yaml says."""
    return Needs(
        request["name"],
        request["prefix"],
        tuple(split_list(request["origins"])),
        int(request["keep_days"]),
        keep_days(profiles),
        bool(request["multipart_threshold"]),
    )


def bucket_faults(info: Element, account: str, region: str) -> list[str]:
    """Returns why uploads must not go to the bucket, or could not."""
    found = bucket_answers.text
    owner, location = found(info, "Owner/ID"), found(info, "Location")
    if owner != account:
        return [f"It belongs to the account {owner}, and this deployment to {account}"]
    if location != f"oss-{region}":
        return [_of_another_region(location, region)]
    faults = []
    if versioning := found(info, "Versioning"):
        faults.append(
            f"It has versioning {versioning}: OSS then ignores x-oss-forbid-overwrite, and a form could be posted "
            "again and again. Take a bucket that never had versioning"
        )
    if (acl := found(info, "AccessControlList/Grant")) != "private":
        faults.append(f"Its ACL is {acl}: strangers could read what is uploaded. Set it to private")
    if found(info, "ServerSideEncryptionRule/SSEAlgorithm") == "KMS":
        faults.append(
            "It encrypts with a key of KMS, which the upload role may not use: OSS would refuse each upload. Let it "
            "encrypt with AES256, or not"
        )
    return faults


def _of_another_region(location: str, region: str) -> str:
    there = f"in {location.removeprefix('oss-')}" if location else "in another region"
    return f"It is {there}, and REGION is {region}"


def check(bucket: ExistingBucket, request: Mapping[str, str], own: Needs) -> list[str]:
    """Looks at all that the deployment relies on. Returns what to know of it; raises ValueError with each fault."""
    info = bucket.info()
    faults = bucket_faults(info, request["account"], request["region"])
    if faults and bucket_answers.text(info, "Owner/ID") != request["account"]:
        raise ValueError("\n".join(faults))
    notices = []
    if bucket_answers.text(info, "BlockPublicAccess") == "false":
        notices.append("It does not block public access: switch that on in the OSS console (make doctor).")
    if (domain := request["upload_domain"]) and not bucket.has_domain(domain):
        faults.append(
            f"UPLOAD_DOMAIN {domain} is not bound to it: bind it in the OSS console, with its certificate; this "
            "deployment binds nothing to a bucket that was there before"
        )
    for kind in KINDS:
        rules = bucket.rules(kind)
        notices += kind.notices(rules, own)
        try:
            bucket_rules.merge(kind, rules, own)
        except ValueError as fault:
            faults += str(fault).splitlines()
    if not _is_known(bucket, own) and bucket.holds_files(own.folder):
        # Whether or not it has KEEP_DAYS by now: a later deployment would not know these files from uploads.
        faults.append(
            f"There are files in {own.folder} already, which `make files` would list, and KEEP_DAYS would delete: set "
            "an UPLOAD_PREFIX that is this deployment's alone"
        )
    if faults:
        raise ValueError("\n".join(faults))
    return notices


def _is_known(bucket: ExistingBucket, own: Needs) -> bool:
    """Tells whether this deployment has used the prefix before: its rule says so."""
    kind = bucket_rules.LifecycleRules
    return any(kind.seal(rule, own.name) and rule.findtext("Prefix") == own.folder for rule in bucket.rules(kind))


def put(bucket: ExistingBucket, own: Needs) -> list[str]:
    """Puts this deployment's rules beside those of others. Returns what was changed. Raises ValueError."""
    said: list[str] = []
    for kind in KINDS:
        rules = bucket.rules(kind)
        after = bucket_rules.merge(kind, rules, own)
        if after == rules:
            continue
        bucket.put(kind, rules, after)
        _, as_put, by_hand = bucket_rules.split(kind, rules, own.name)
        for before, how in ((as_put, "is gone"), (by_hand, "had been changed by hand, and is gone")):
            said += [f"{kind.in_words(rule)} {how}" for rule in before if rule not in after]
        said += [f"{kind.in_words(rule)} is new" for rule in after if rule not in rules]
    return [f"Of the bucket {bucket.name}, {text}." for text in said]


def look(bucket: ExistingBucket, request: Mapping[str, str]) -> list[str]:
    """Looks that the rules can be seen. Raises ValueError if the deployer expects files to be deleted."""
    if request["delete_files"] == "yes":
        raise ValueError(
            f"DELETE_FILES=yes is for a bucket that a deployment has made. {bucket.name} was there before: none of its "
            "files is deleted. Leave DELETE_FILES out"
        )
    for kind in KINDS:
        bucket.rules(kind)
    return [f"The bucket {bucket.name} stays, with all its files; this deployment's own rules are taken out of it."]


def take_away(bucket: ExistingBucket, name: str) -> list[str]:
    """Takes this deployment's rules away again. Returns what was changed, and what was not. Raises ValueError."""
    said: list[str] = []
    for kind in KINDS:
        rules = bucket.rules(kind)
        _, own, by_hand = bucket_rules.split(kind, rules, name)
        if own:
            bucket.put(kind, rules, [rule for rule in rules if rule not in own])
        said += [f"Of the bucket {bucket.name}, {kind.in_words(rule)} is gone." for rule in own]
        said += [
            f"Of the bucket {bucket.name}, {kind.in_words(rule)} stays: it was changed by hand after a deployment had "
            "put it there. Delete it in the OSS console if nobody needs it."
            for rule in by_hand
        ]
    return said


_STOPPED = {
    "check": "Nothing was deployed. UPLOAD_BUCKET {bucket} cannot be used as it is:",
    "put": "The rules of UPLOAD_BUCKET {bucket} could not be changed:",
    "look": "Nothing was removed. This is in the way of UPLOAD_BUCKET {bucket}:",
    "take_away": "Nothing more is removed. The rules in UPLOAD_BUCKET {bucket} could not be taken away:",
}


def _explain(fault: oss.exceptions.OperationError, region: str) -> str:
    refused = refusal(fault)
    if refused is None:
        return str(fault)
    if is_of_another_region(refused):
        return _of_another_region("", region)
    more = {
        "NoSuchBucket": ": make it, or leave UPLOAD_BUCKET out, and a deployment makes one",
        "AccessDenied": ": it is another account's, or these credentials may not do that (docs/existing-bucket.md)",
    }
    return f"OSS says {refused.code}{more.get(refused.code, f': {refused.message}')}"


def _run(bucket: ExistingBucket, request: Mapping[str, str], folder: Path) -> list[str]:
    step = request["step"]
    if step in ("check", "put"):
        own = needs(request, read_profiles(folder))
        return check(bucket, request, own) if step == "check" else put(bucket, own)
    try:
        return look(bucket, request) if step == "look" else take_away(bucket, request["name"])
    except oss.exceptions.OperationError as fault:
        refused = refusal(fault)
        if refused is None or refused.code != "NoSuchBucket":
            raise
        return [f"There is no bucket {bucket.name} any more, and so no rule to take out of it."]


def main(folder: Path = ROOT) -> int:
    """Returns the exit code: 0, or 1 with each fault on a line of its own."""
    request: Mapping[str, str] = json.load(sys.stdin)
    name = request["bucket"]
    if not name:
        return 0
    try:
        said = _run(ExistingBucket(oss_client.client(request["region"]), name), request, folder)
    except ValueError as stop:
        faults = str(stop).splitlines()
    except oss.exceptions.OperationError as fault:
        faults = [_explain(fault, request["region"])]
    else:
        print("\n".join(map(visible, said)), end="\n" if said else "")
        return 0
    lines = (f"- {visible(fault)}" for fault in faults)
    print("\n".join([_STOPPED[request["step"]].format(bucket=name), *lines]), file=sys.stderr)
    return 1


if __name__ == "__main__":
    guard_output()
    sys.exit(main())
