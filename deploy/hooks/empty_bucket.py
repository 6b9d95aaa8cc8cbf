"""Before anything is removed: are there users' files in the upload bucket? They are never deleted unasked.

ROS deletes no bucket that holds anything, and the component that waits for it would wait for ever. Reads JSON on
standard input, `{"region", "bucket", "existing", "delete_files", "step"}`, from s.yaml. The step `look` comes first of
all and changes nothing; `empty`, once no function signs forms any more, deletes what is there if `delete_files` is
`yes`. A bucket that was there before (`existing`) is not looked into: it stays, with all that it holds.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

import alibabacloud_oss_v2 as oss

from deploy.hooks import oss_client
from deploy.oss_client import refusal
from localcloud.terminal import guard_output

_STOPPED = {"look": "Nothing was removed.", "empty": "Nothing more is removed."}

_AT_ONCE = 1000
"""Objects that one request deletes, at most: DeleteMultipleObjects."""


@dataclass(frozen=True)
class Contents:
    """What makes a bucket not empty."""

    files: int
    size: int
    """Bytes of all files, versions included."""
    unfinished: int
    """Uploads in parts that were begun and not finished."""

    def __str__(self) -> str:
        files = f"{self.files:,} file{'' if self.files == 1 else 's'} ({self.size:,} bytes)"
        unfinished = f"{self.unfinished:,} unfinished upload{'' if self.unfinished == 1 else 's'}"
        return " and ".join([files] * bool(self.files) + [unfinished] * bool(self.unfinished))


class Bucket:
    """The upload bucket; a bucket that does not exist is an empty one."""

    def __init__(self, client: oss.Client, name: str) -> None:
        self._client = client
        self._name = name

    def contents(self) -> Contents:
        """Counts everything. Raises the SDK's OperationError if it may not, or cannot."""
        files = size = 0
        for _, bytes_ in self._versions():
            files, size = files + 1, size + bytes_
        return Contents(files, size, sum(1 for _ in self._multipart_uploads()))

    def empty(self) -> None:
        """Deletes every file in every version, and abort every unfinished upload."""
        for upload in self._multipart_uploads():
            self._client.abort_multipart_upload(
                oss.AbortMultipartUploadRequest(bucket=self._name, key=upload.key, upload_id=upload.upload_id)
            )
        versions = (identifier for identifier, _ in self._versions())
        while batch := list(islice(versions, _AT_ONCE)):
            self._client.delete_multiple_objects(
                oss.DeleteMultipleObjectsRequest(bucket=self._name, delete=oss.Delete(objects=batch, quiet=True))
            )

    def _versions(self) -> Iterator[tuple[oss.ObjectIdentifier, int]]:
        """Yields each version of each object, and its bytes. Without versioning the only version is called `null`."""
        request = oss.ListObjectVersionsRequest(bucket=self._name, encoding_type="url")
        try:
            for page in self._client.list_object_versions_paginator().iter_page(request):
                for found in [*(page.version or []), *(page.delete_marker or [])]:
                    yield (
                        oss.ObjectIdentifier(key=found.key, version_id=found.version_id),
                        getattr(found, "size", 0) or 0,
                    )
        except oss.exceptions.OperationError as fault:
            _unless_gone(fault)

    def _multipart_uploads(self) -> Iterator[oss.models.Upload]:
        request = oss.ListMultipartUploadsRequest(bucket=self._name, encoding_type="url")
        try:
            for page in self._client.list_multipart_uploads_paginator().iter_page(request):
                yield from page.uploads or []
        except oss.exceptions.OperationError as fault:
            _unless_gone(fault)


def _unless_gone(fault: oss.exceptions.OperationError) -> None:
    refused = refusal(fault)
    if refused is None or refused.code != "NoSuchBucket":
        raise fault


def check(bucket: Bucket, name: str, *, delete_files: bool, step: str) -> str:
    """Looks, and with `delete_files` in the step `empty` delete. What to say; empty if there is nothing to say.

    Raises ValueError, with the way out, if there are files and nobody said that they may go.
    """
    found = bucket.contents()
    if not str(found):
        return ""
    if not delete_files:
        raise ValueError(
            f"{name} holds {found}. {_STOPPED[step]}\n"
            "To keep the files, copy them away first (`make files` lists them). To delete them for good, together with "
            "everything else:\n\n    DELETE_FILES=yes make remove\n"
        )
    if step == "look":
        return f"DELETE_FILES=yes: {found} in {name} will be deleted."
    bucket.empty()
    return f"Deleted {found} in {name}."


def main() -> int:
    """Returns the exit code: 0 if the removal may go on, 1 with the reason if it may not."""
    asked = json.load(sys.stdin)
    if asked["existing"]:
        return 0
    name = asked["bucket"]
    try:
        bucket = Bucket(oss_client.client(asked["region"]), name)
        said = check(bucket, name, delete_files=asked["delete_files"] == "yes", step=asked["step"])
    except ValueError as stop:
        print(stop, file=sys.stderr)
        return 1
    except oss.exceptions.OperationError as fault:
        refused = refusal(fault)
        why = f"{refused.code}: {refused.message}" if refused else str(fault)
        print(f"{_STOPPED[asked['step']]} Whether {name} holds files could not be seen. {why}", file=sys.stderr)
        return 1
    if said:
        print(said)
    return 0


if __name__ == "__main__":
    guard_output()
    sys.exit(main())
