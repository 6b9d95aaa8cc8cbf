"""What an accepted form leaves open: each warning says what it is, and how to close it. Pure.

OSS accepts such forms without a word. Forms sent over http are not reported: on this machine all of them are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from localcloud.oss.post_policy import PostPolicy


def form_warnings(policy: PostPolicy, token_expiration: float) -> list[str]:
    """Returns the warnings about an accepted form; `token_expiration` is in seconds since the epoch."""
    warnings = [*_warn_of_prefixes(policy), *_warn_of_missing_conditions(policy), *_warn_of_missing_dollars(policy)]
    if policy.expiration > token_expiration:
        seconds = policy.expiration - token_expiration
        warnings.append(
            f"The policy expires {seconds:.0f} s after the security token, and OSS refuses the form from then "
            "on. To fix: let the policy expire before the token."
        )
    return warnings


def _warn_of_prefixes(policy: PostPolicy) -> Iterator[str]:
    for condition in policy.conditions:
        prefix = condition.expected
        if (condition.name, condition.mode) == ("key", "starts-with") and not prefix.endswith("/"):
            yield (
                f"The prefix {prefix!r} does not end in a slash, so it also matches other directories. "
                "To fix: end it in /."
            )


def _warn_of_missing_conditions(policy: PostPolicy) -> Iterator[str]:
    if "key" not in policy.names:
        yield (
            "The policy has no condition on the key: the form can store any object that its credentials can. "
            "To fix: add a condition on $key."
        )
    if not policy.sizes:
        yield "The policy does not limit the size: a file may have 5 GB. To fix: add a content-length-range."
    if "bucket" not in policy.names:
        yield (
            "The policy does not name the bucket: the form works for every bucket that its credentials can reach. "
            "To fix: add a condition on bucket."
        )
    if "content-type" in policy.names and "x-oss-content-type" not in policy.names:
        yield (
            "The policy has a condition on content-type and none on x-oss-content-type. The field x-oss-content-type "
            "takes precedence, and whether OSS checks it with that condition is not established. To fix: where all "
            "forms have the field, add a condition on $x-oss-content-type."
        )


def _warn_of_missing_dollars(policy: PostPolicy) -> Iterator[str]:
    for condition in policy.conditions:
        if condition.lacks_dollar:
            yield (
                f"The name {condition.name!r} in a condition has no $: other clouds refuse such a policy, and what OSS "
                f"does is not established. To fix: write ${condition.name}."
            )
