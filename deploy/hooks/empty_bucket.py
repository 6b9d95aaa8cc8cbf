"""Before anything is removed: are there users' files in the upload bucket? They are never deleted unasked.

ROS deletes no bucket that holds anything, and the component that waits for it would wait for ever. Reads JSON on
standard input, `{"region", "bucket", "existing", "delete_files", "step"}`, from s.yaml. The step `look` comes first of
all and changes nothing; `empty`, once no function signs forms any more, deletes what is there if `delete_files` is
`yes`. A bucket that was there before (`existing`) is not looked into: it stays, with all that it holds.
"""

from __future__ import annotations

import json
import sys

import alibabacloud_oss_v2 as oss

from deploy.bucket_contents import Folder
from deploy.hooks import oss_client
from deploy.oss_client import refusal
from localcloud.terminal import guard_output

_STOPPED = {"look": "Nothing was removed.", "empty": "Nothing more is removed."}


def check(bucket: Folder, name: str, *, delete_files: bool, step: str) -> str:
    """Looks, and with `delete_files` in the step `empty` deletes. Returns what to say; empty if there is nothing.

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
        bucket = Folder(oss_client.client(asked["region"]), name)
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
