"""`python -m vectors.peers`: runs the suites of peers against a bucket, and prints which rows hold.

The keys come from the variables OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET and OSS_SESSION_TOKEN, and are never printed.
What the command stores below a prefix of its own, it deletes again.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from vectors.peers.runner import NotTried, Row, Runner, Target, read_rows
from vectors.peers.signatures import Credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

LOOPBACK = ("127.0.0.1", "localhost")
BEGINNING = "Begin it with https://, or at this machine with http://."


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Runs the rows. Returns 0 if all of them hold, 1 if one does not, and 2 for wrong arguments."""
    parser = _parser(environ)
    options = parser.parse_args(arguments)
    missing = [name for name in ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET") if not environ.get(name)]
    missing += [f"--{name}" for name in ("endpoint", "bucket", "region") if not getattr(options, name)]
    if missing:
        parser.error(f"Missing: {', '.join(missing)}.")
    for name in ("endpoint", "url", "sts_endpoint"):
        if not _is_safe(getattr(options, name)):
            parser.error(f"--{name.replace('_', '-')} is {getattr(options, name)!r}. {BEGINNING}")
    rows = [row for row in read_rows() if options.only in row.name]
    runner = Runner(_target(options, environ))
    try:
        results = [_run(runner, row) for row in rows]
        runner.finish()
    except OSError as error:
        print(visible(f"{options.endpoint} does not answer: {error}"), file=sys.stderr)
        return 2
    finally:
        if runner.may_be_open:
            print(f"The bucket {options.bucket} may be open to everyone. Block public access to it.", file=sys.stderr)
    print(", ".join(f"{results.count(result)} {result}" for result in ("holds", "differs", "not tried")))
    return 1 if "differs" in results or runner.may_be_open else 0


def visible(text: str) -> str:
    """Returns a text without characters that a terminal obeys, or shows otherwise: an endpoint may answer anything."""
    return "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def _is_safe(url: str) -> bool:
    """Returns whether keys and tokens may go there. There need not be an address."""
    address = urlsplit(url)
    return not url or address.scheme == "https" or (address.scheme == "http" and address.hostname in LOOPBACK)


def _run(runner: Runner, row: Row) -> str:
    """Runs one row and prints it. Returns in a word what came out."""
    mark = row.data["mark"]
    try:
        answer, faults = runner.run(row)
    except NotTried as reason:
        print(f"{'not tried':10}{mark:17}{row.name}: {reason}", flush=True)
        return "not tried"
    result = "differs" if faults else "holds"
    answered = " ".join(str(value) for value in answer.describe().values())
    print(visible(f"{result:10}{mark:17}{row.name}: {answered}"), flush=True)
    for fault in faults:
        print(visible(f"{'':27}{fault}"), flush=True)
    return result


def _target(options: argparse.Namespace, environ: Mapping[str, str]) -> Target:
    roles = dict(text.split("=", 1) for text in options.role)
    return Target(
        url=options.url or bucket_url(options.endpoint, options.bucket),
        bucket=options.bucket,
        region=options.region,
        credentials=Credentials(
            environ["OSS_ACCESS_KEY_ID"], environ["OSS_ACCESS_KEY_SECRET"], environ.get("OSS_SESSION_TOKEN", "")
        ),
        sts_url=options.sts_endpoint,
        roles=roles,
        may_change_bucket=options.change_bucket,
        sleep=time.sleep if options.slow else None,
    )


def bucket_url(endpoint: str, bucket: str) -> str:
    """Returns the bucket's address: OSS has it in the host, except at an address of this machine."""
    address = urlsplit(endpoint)
    if address.hostname in LOOPBACK:
        return endpoint
    return f"{address.scheme}://{bucket}.{address.netloc}"


def _parse_role(text: str) -> str:
    if "=" not in text:
        raise argparse.ArgumentTypeError(f"{text!r} is not of the form NAME=ARN")
    return text


def _parser(environ: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m vectors.peers",
        description="Run the suites of peers against a bucket that is there for this alone. See vectors/README.md.",
        epilog="The keys are those of the variables OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET and OSS_SESSION_TOKEN.",
    )
    add = parser.add_argument
    add("--endpoint", default=environ.get("OSS_ENDPOINT", ""), metavar="URL", help="OSS's address (OSS_ENDPOINT)")
    add("--bucket", default=environ.get("OSS_BUCKET", ""), metavar="NAME", help="the bucket (OSS_BUCKET)")
    add("--region", default=environ.get("OSS_REGION", ""), metavar="ID", help="its region (OSS_REGION)")
    add("--url", default="", help="the bucket's own address, such as a bound domain")
    add("--sts-endpoint", default=environ.get("STS_ENDPOINT", ""), metavar="URL", help="STS's address (STS_ENDPOINT)")
    add("--role", action="append", default=[], type=_parse_role, metavar="NAME=ARN", help="a role; may be repeated")
    add("--change-bucket", action="store_true", help="also run rows that change its CORS rules or make it public")
    add("--slow", action="store_true", help="also run rows that wait for 15 minutes")
    add("--only", default="", metavar="TEXT", help="rows with this text in their name alone")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
