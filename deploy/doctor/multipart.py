"""What doctor looks for about multipart uploads: what their tickets, their parts and their end need."""

from __future__ import annotations

from collections.abc import Iterator

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
    yield from (f"{text}." for name, text in context.setting_faults().items() if name in SETTINGS)


@check(
    "multipart-lifecycle",
    impact="Abandoned parts are paid for until somebody deletes them; or parts go while their upload may still go on.",
    fix="Have one lifecycle rule abort multipart uploads after 7 days, in deploy/ros.yaml, and deploy.",
    live="lifecycle",
)
def multipart_lifecycle(context: Context) -> Iterator[str]:
    folder = context.upload_place.partition("/")[2].removesuffix("*")
    for each in context.buckets() if is_on(context) else ():
        if each.parts is None:
            continue
        if not any(rule.days and folder.startswith(rule.prefix) and not rule.spares_some for rule in each.parts):
            yield f"{each.where} has no lifecycle rule that clears abandoned parts away."
        concerned = [rule for rule in each.parts if folder.startswith(rule.prefix) or rule.prefix.startswith(folder)]
        soonest = min((rule.days for rule in concerned), default=LEAST_DAYS)
        if soonest < LEAST_DAYS:
            when = f"after {soonest} days" if soonest else "of before a date"
            yield f"{each.where} clears abandoned parts away {when}."


def is_on(context: Context) -> bool:
    """Tells whether large files go in parts."""
    return bool(context.settings.get("MULTIPART_THRESHOLD"))
