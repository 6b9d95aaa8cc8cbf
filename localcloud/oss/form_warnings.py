"""What an accepted form leaves open: each sentence says what, and how to close it. Pure.

OSS takes such forms without a word. A form sent over http is not told of: on this machine all of them are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from localcloud.oss.post_policy import PostPolicy


def weaknesses(policy: PostPolicy, token_ends: float) -> list[str]:
    """Of a form that has been accepted; `token_ends`, in seconds since the epoch, is when its credentials end."""
    found = [
        f"The prefix {prefix!r} ends in no slash: it begins other directories' names, too; end it in /."
        for prefix in _prefixes(policy)
        if not prefix.endswith("/")
    ]
    if "key" not in policy.names:
        found.append("The policy names no key: the form stores all that its credentials may; add a condition on $key.")
    if not policy.sizes:
        found.append("The policy bounds no size: a file may have 5 GB; add a content-length-range.")
    if "bucket" not in policy.names:
        found.append("The policy names no bucket: the form fits any its credentials reach; add a condition on bucket.")
    if policy.expiration > token_ends:
        late = policy.expiration - token_ends
        found.append(f"The policy ends {late:.0f} seconds after the token, which OSS refuses by then: end it before.")
    return found


def _prefixes(policy: PostPolicy) -> list[str]:
    return [each.wanted for each in policy.conditions if (each.name, each.mode) == ("key", "starts-with")]
