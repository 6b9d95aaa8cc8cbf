"""`python -m localcloud` (`make cloud`): runs the stand-ins for STS and OSS alone, for any signer and any client.

They have one account with a RAM user who may do everything with its buckets and may assume one role, which may put
objects. All keys are random, and printed with settings to paste. Every request is one line on standard error.
`python -m localcloud explain` explains an error of OSS or STS instead.
"""

from __future__ import annotations

import argparse
import math
import re
import secrets
import sys
import tempfile
import time
from pathlib import Path

from localcloud.explain import command
from localcloud.faults import Faults
from localcloud.oss.cors import CorsRule
from localcloud.oss.server import Oss
from localcloud.oss.storage.bucket import Bucket
from localcloud.ports import parse_port
from localcloud.ram.identities import Identities, Identity
from localcloud.sts.assume_role import Role
from localcloud.sts.server import Sts
from localcloud.terminal import guard_output, print_record, report_user_errors

EXPOSED_HEADERS = ("ETag", "x-oss-request-id", "x-oss-ec")
"""Headers of OSS's responses that a page may read."""

USER, ROLE = "developer", "uploader"

_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class StandaloneServer:
    """STS and OSS of one account."""

    def __init__(self, options: argparse.Namespace, folder: Path) -> None:
        """Objects become files below `folder`, in a folder for each bucket."""

        def clock() -> float:
            return time.time() + float(options.clock)

        self.region = options.region
        oss_port = parse_port("--oss-port", options.oss_port)
        sts_port = parse_port("--sts-port", options.sts_port)
        faults, identities = Faults.parse(options.faults), Identities()
        account = str(secrets.randbelow(9 * 10**15) + 10**15)
        self.role_arn = f"acs:ram::{account}:role/{ROLE}"
        self.user = _make_user(account)
        identities.add(self.user)
        names: list[str] = list(dict.fromkeys(options.bucket or ["local-uploads"]))
        origins = tuple(options.cors_origin)
        rules = [CorsRule(origins, ("POST", "PUT"), expose_headers=EXPOSED_HEADERS)] if origins else []
        buckets = {name: Bucket(name, account, folder / name, list(rules)) for name in names}
        self.buckets = tuple(names)
        put = {"Effect": "Allow", "Action": "oss:PutObject", "Resource": "acs:oss:*:*:*"}
        role = Role({"Version": "1", "Statement": [put]}, trusted=(self.user.arn,))
        self.sts = Sts(clock, identities, faults, {self.role_arn: role}, port=sts_port)
        self.oss = Oss(clock, identities, faults, buckets, names[0], region=self.region, port=oss_port)

    def banner(self) -> str:
        """Return the addresses, and settings to paste."""
        key, secret = self.user.access_key_id, self.user.access_key_secret
        bucket = self.buckets[0]
        return f"""\
OSS  {self.oss.url}   buckets: {", ".join(self.buckets)}   region: {self.region}
STS  {self.sts.url}   role: {self.role_arn}
The keys below belong to the user {USER}, who may do everything here and may assume that role.

# for any shell, and for the vendor's SDKs
export OSS_ACCESS_KEY_ID={key} OSS_ACCESS_KEY_SECRET={secret}
export ALIBABA_CLOUD_ACCESS_KEY_ID={key} ALIBABA_CLOUD_ACCESS_KEY_SECRET={secret}

# for this project's function
export OSS_BUCKET={bucket} OSS_REGION={self.region} OSS_STS_ROLE_ARN={self.role_arn} UPLOAD_URL={self.oss.url}
export LOCAL=on STS_ENDPOINT={self.sts.url}

# Python: alibabacloud-oss-v2
import alibabacloud_oss_v2 as oss
config = oss.config.load_default()
config.credentials_provider = oss.credentials.StaticCredentialsProvider("{key}", "{secret}")
config.region, config.endpoint, config.use_path_style = "{self.region}", "{self.oss.url}", True
client = oss.Client(config)
client.put_object(oss.PutObjectRequest(bucket="{bucket}", key="hello.txt", body=b"hello"))

// Node.js: ali-oss (which does not accept an IP address as its endpoint)
const OSS = require("ali-oss");
const client = new OSS({{
    endpoint: "http://localhost:{self.oss.port}", cname: true, bucket: "{bucket}", region: "oss-{self.region}",
    authorizationV4: true, accessKeyId: "{key}", accessKeySecret: "{secret}",
}});
client.put("hello.txt", Buffer.from("hello"));

Press Ctrl-C to stop.
"""


def main(arguments: list[str]) -> int:
    """Run until Ctrl-C, or explain an error. Returns the exit code: 0, or 2 for wrong arguments; see `command.main`."""
    if arguments[:1] == ["explain"]:
        return command.main(arguments[1:])
    options = _parser().parse_args(arguments)
    with report_user_errors() as outcome, tempfile.TemporaryDirectory() as temporary:
        server = StandaloneServer(options, options.data or Path(temporary))
        with server.sts, server.oss:
            server.sts.on_record = server.oss.on_record = print_record
            print(server.banner(), flush=True)
            while True:
                server.oss.stopping.wait(3600)
    return outcome.exit_code


def _make_user(account: str) -> Identity:
    everything = {"Effect": "Allow", "Action": ["oss:*", "sts:AssumeRole"], "Resource": "*"}
    return Identity(
        access_key_id=f"LTAI5t{secrets.token_hex(9)}",
        access_key_secret=secrets.token_urlsafe(24),
        security_token="",
        arn=f"acs:ram::{account}:user/{USER}",
        expiration=math.inf,
        policies=({"Version": "1", "Statement": [everything]},),
    )


def _parse_seconds(text: str) -> int:
    match = re.fullmatch(r"([+-]?)([0-9]{1,6})([smhd])", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration such as +15m or -2h")
    return int(f"{match[1]}{match[2]}") * _UNIT_SECONDS[match[3]]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make cloud ARGS=…", description="Run stand-ins for STS and OSS on this machine."
    )
    add = parser.add_argument
    add("--bucket", action="append", metavar="NAME", help="a bucket; may be repeated (default: local-uploads)")
    add("--region", default="cn-hongkong", metavar="ID", help="the region of all buckets (default: cn-hongkong)")
    add(
        "--cors-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="an origin whose pages may POST and PUT; may be repeated",
    )
    add(
        "--data", type=Path, metavar="FOLDER", help="the folder for objects, stored as files (default: a temporary one)"
    )
    add("--clock", type=_parse_seconds, default=0, metavar="+15m", help="how far both clocks are ahead, or behind")
    add("--faults", default="", metavar="'oss_latency=2 …'", help="what fails: see localcloud/faults.py")
    add("--oss-port", default="0", metavar="PORT", help="the port of OSS (default: a free one)")
    add("--sts-port", default="0", metavar="PORT", help="the port of STS (default: a free one)")
    return parser


if __name__ == "__main__":
    guard_output()
    sys.exit(main(sys.argv[1:]))
