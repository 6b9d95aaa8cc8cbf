"""What doctor looks for about multipart uploads: what their tickets, their parts and their end need."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.counts import number_of
from deploy.doctor.check import check
from deploy.doctor.context import Context

SETTINGS = ("MULTIPART_THRESHOLD", "MULTIPART_SECRET")

LEAST_DAYS = 7
"""After which abandoned parts may go: tickets live up to six days, and OSS clears away once a day."""


@check(
    "multipart",
    impact="The function answers every request with 500 `misconfigured`.",
    fix="Set MULTIPART_THRESHOLD in .env, such as 100MB; `make deploy` writes a random MULTIPART_SECRET beside it.",
)
def multipart(context: Context) -> Iterator[str]:
    yield from (f"{text}." for name, text in context.setting_faults.items() if name in SETTINGS)


@check(
    "multipart-lifecycle",
    impact="Abandoned parts are paid for until somebody deletes them; or parts go while their upload may still go on.",
    fix="Have one lifecycle rule abort multipart uploads after 7 days, in deploy/ros.yaml, and deploy.",
    live="lifecycle",
)
def multipart_lifecycle(context: Context) -> Iterator[str]:
    folder = context.upload_place.partition("/")[2].removesuffix("*")
    longest = 0
    for each in context.buckets() if is_on(context) else ():
        if each.parts is None:
            continue
        whole = [rule for rule in each.parts if folder.startswith(rule.prefix) and not rule.spares_some]
        days = min((rule.days for rule in whole if rule.days), default=0)
        longest = longest or days  # the template's, which comes first
        if not days:
            yield f"{each.where} has no lifecycle rule that clears abandoned parts away."
        elif days > longest:
            when = number_of(days, "day")
            yield f"{each.where} clears abandoned parts away after {when}, and in the template after {longest}."
        concerned = [rule for rule in each.parts if folder.startswith(rule.prefix) or rule.prefix.startswith(folder)]
        soonest = min((rule.days for rule in concerned), default=LEAST_DAYS)
        if soonest < LEAST_DAYS:
            when = f"after {number_of(soonest, 'day')}" if soonest else "of before a date"
            yield f"{each.where} clears abandoned parts away {when}."


def is_on(context: Context) -> bool:
    """Tells whether large files go in parts."""
    return bool(context.settings.get("MULTIPART_THRESHOLD"))
