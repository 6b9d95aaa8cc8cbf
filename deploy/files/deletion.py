"""`make files ARGS='--subject … --delete'`: deletes for good all that one person has uploaded."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import alibabacloud_oss_v2 as oss

from deploy.bucket_contents import Contents, Folder
from deploy.question import agrees
from direct_upload.authorize import subject_part
from direct_upload.errors import TokenInvalid
from localcloud.terminal import visible

REMAINS = (
    "Log lines remain until LOG_DAYS have passed. docs/personal-data.md says what else there may be of a person, and "
    "how to delete it."
)


@dataclass(frozen=True)
class UploadBucket:
    """The bucket, and the function's prefix in it."""

    client: oss.Client
    name: str
    prefix: str

    def below(self, path: str) -> Folder:
        """Returns what is below the prefix and a path."""
        return Folder(self.client, self.name, f"{self.prefix}/{path}")


def subject_paths(bucket: UploadBucket, subject: str) -> list[str]:
    """Returns where a subject's files lie below the prefix: by the settings' own rules, and by each profile.

    A profile that is in profiles.json no more has its folder still, so the bucket says which there are. Raises
    ValueError for what is no subject, and the SDK's errors.
    """
    try:
        part = subject_part(subject)
    except TokenInvalid:
        raise ValueError(
            f"{visible(subject)[:80]} is no subject: it has 1 to 255 characters, as in the token"
        ) from None
    profiles = [folder.removeprefix(f"{bucket.prefix}/") for folder in bucket.below("~").folders()]
    return [f"{place}{part}/" for place in ("", *profiles)]


def delete(bucket: UploadBucket, paths: Iterable[str], ask: Callable[[str], str] | None) -> Iterator[str]:
    """Deletes what is below these paths, in every version, if the answer is yes; yields what to say.

    Without `ask` nobody is asked. Raises ValueError if something is there afterwards, and the SDK's errors.
    """
    found = {path: bucket.below(path).contents() for path in paths}
    yield f"In {bucket.name}:"
    yield from (f"  {visible(f'{bucket.prefix}/{path}')}: {contents or 'nothing'}" for path, contents in found.items())
    there = [path for path, contents in found.items() if contents]
    if not there:
        return
    if ask and not agrees("Delete all of it for good, in every version?", ask):
        yield "Nothing was deleted."
        return
    for path in there:
        bucket.below(path).empty()
    left = sum((bucket.below(path).contents() for path in there), Contents(0, 0, 0))
    if left:
        raise ValueError(f"{left} came meanwhile, or could not be deleted: run the command again")
    yield f"Deleted {sum((found[path] for path in there), Contents(0, 0, 0))}."
    yield REMAINS
