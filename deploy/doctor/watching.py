"""What doctor looks for in what tells the owner of failures: the alerts' settings, and certificates that end."""

from __future__ import annotations

import time
from collections.abc import Iterator

from deploy.alerts import alert_faults
from deploy.counts import number_of
from deploy.doctor.check import check
from deploy.doctor.context import Context

WARNING_DAYS = 30
_DAY = 24 * 3600


@check(
    "alerts",
    impact="The deployment stops before anything is made.",
    fix="Set in .env who is notified when something fails: ALERT_EMAIL, or ALERT_KIND and ALERT_URL "
    "(docs/monitoring.md).",
)
def alerts(context: Context) -> Iterator[str]:
    yield from (f"{fault}." for fault in alert_faults(context.environ))


@check(
    "certificate",
    impact="From then on browsers refuse that domain: nobody sees the page, or nobody uploads.",
    fix="Renew it in Certificate Management Service, set its new ID in .env (docs/deploy.md, Domains), and deploy.",
    live="certificates",
    declared=False,
)
def certificate(context: Context) -> Iterator[str]:
    for each in context.certificates:
        days = int((each.ends_at - context.now) // _DAY)
        if each.refused:
            yield f"Browsers refuse the certificate of {each.domain}: {each.refused}."
        elif not each.code and days < WARNING_DAYS:
            date = time.strftime("%Y-%m-%d", time.gmtime(each.ends_at))
            yield f"The certificate of {each.domain} ends on {date}, in {number_of(days, 'day')}."
