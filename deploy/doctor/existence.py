"""What doctor looks for in the deployment as a whole: whether all of it is live."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.doctor.check import check
from deploy.doctor.context import Context
from deploy.doctor.live_resource import NOT_THERE


@check(
    "existence",
    impact="What needs it fails: uploads, the page, or what the function tells of them.",
    fix="Check NAME, REGION and AccountID. If they are right, deploy again. If a bucket or a role is still missing "
    "then, run `make remove` first: ROS may leave alone what it made before.",
    live="existence",
    declared=False,
)
def existence(context: Context) -> Iterator[str]:
    """Finds resources that do not exist, where another one does."""
    there = [each.name for each in context.resources if not each.code]
    absent = [each.name for each in context.resources if each.code in NOT_THERE]
    if there and absent:
        names = f"{' and '.join(absent)} {'is' if len(absent) == 1 else 'are'}"
        yield f"{names[:1].upper()}{names[1:]} not there, though {there[0]} is."
