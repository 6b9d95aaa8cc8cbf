"""What doctor looks for in the page: how it is to look, and the live page's own files."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from deploy.doctor.check import check
from deploy.doctor.context import Context
from deploy.doctor.function import http_trigger
from deploy.site.bucket import MANIFEST
from deploy.site.files import CONFIG, INDEX, check_look, is_version, read_contents
from deploy.site.publish import files_of
from deploy.site.publish_request import PublishRequest

_NO_FUNCTION = "https://function.invalid"
"""Stands for the function's address where it is not known; two files have it in them."""


@check(
    "page-look",
    impact="`make deploy` stops before it makes anything.",
    fix="Set it right in .env; docs/page.md says what fits.",
)
def page_look(context: Context) -> Iterator[str]:
    props = _site_props(context)
    if folder := props.get("folder"):
        try:
            check_look(props, read_contents(Path(folder)))
        except ValueError as fault:
            yield f"{' '.join(str(fault).splitlines())}."


def _site_props(context: Context) -> dict[str, str]:
    props: dict[str, str] = (context.deployment.resources.get("site") or {}).get("props") or {}
    return props


@check(
    "page-files",
    impact="People get another page than the one that lies here. It may send their upload links and files elsewhere.",
    fix="Deploy, if what lies here was changed or updated since, or if .env is another; else find out who changed the "
    "live page, and deploy. Delete what is not the page's in the OSS console.",
    live="site files",
    also="function",
    declared=False,
)
def page_files(context: Context) -> Iterator[str]:
    """Finds how the live page differs from what a deployment would publish now."""
    live = context.live_site
    if live is None or live.files is None:
        return
    function = _function_url(context)
    told = {**_site_props(context), "function": function or _NO_FUNCTION}
    try:
        files = files_of(PublishRequest.parse(json.dumps(told)))
    except ValueError as fault:
        yield f"What lies here cannot be published: {str(fault).splitlines()[0]}"
        return
    shipped = {each.key: each.md5 for each in files}
    unknown = {MANIFEST} if function else {MANIFEST, INDEX, CONFIG}
    if changed := [key for key in shipped if key in live.files.keys() - unknown and live.files[key] != shipped[key]]:
        yield f"{live.where} has another {_in_words(changed)} than what lies here."
    if missing := [key for key in shipped if key not in live.files]:
        yield f"{live.where} lacks {_in_words(missing)}."
    others = live.files.keys() - shipped.keys() - {MANIFEST}
    # A file of the deployment before does nothing: no page that was opened since loads it.
    if strange := sorted(key for key in others if not is_version(key)):
        yield f"{live.where} has {_in_words(strange)}, which is not of the page."


@check(
    "page-archived",
    impact="OSS refuses these files with 403 InvalidObjectState: people see no page, or a broken one.",
    fix="Delete the lifecycle rules of the page's bucket in the OSS console, and these files; then deploy.",
    live="site files",
    declared=False,
)
def page_archived(context: Context) -> Iterator[str]:
    live = context.live_site
    if live and live.archived:
        yield f"{live.where} has {_in_words(live.archived)} in an archive."


def _function_url(context: Context) -> str:
    """Returns where a deployment would have the page ask for forms; empty where that is not known."""
    domain = context.environ.get("SIGN_DOMAIN", "").strip()
    if domain:  # then `make deploy` takes s.domain.yaml
        return f"https://{domain}"
    stated = str(_site_props(context).get("function") or "${")
    if not stated.startswith("${"):
        return stated
    live = context.live_functions.function if context.live_functions else {}
    trigger = http_trigger(live, context.function)
    return str((trigger.get("httpTrigger") or {}).get("urlInternet") or "")


def _in_words(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
