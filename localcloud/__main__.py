"""`python -m localcloud` (`make cloud`): the stand-ins for STS and OSS alone, for any signer and any client.

One account with a RAM user who may do everything with its buckets and may assume one role, which may put objects. All
keys are random, and printed with settings to paste. Every request is a line on standard error.
`python -m localcloud explain` says instead what an error of OSS is about.
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

from localcloud.dev.__main__ import explained, tell
from localcloud.explain import explain
from localcloud.faults import Faults
from localcloud.oss.cors import CorsRule
from localcloud.oss.server import Oss
from localcloud.oss.storage.bucket import Bucket
from localcloud.ram.identities import Identities, Identity
from localcloud.sts.server import Role, Sts
from localcloud.terminal import guard_output

EXPOSED = ("ETag", "x-oss-request-id", "x-oss-ec")
"""Headers of OSS's answers that a page may read."""

USER, ROLE = "developer", "uploader"

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Alone:
    """STS and OSS of one account."""

    def __init__(self, asked: argparse.Namespace, folder: Path) -> None:
        """Objects become files below `folder`, in a folder for each bucket."""

        def clock() -> float:
            return time.time() + float(asked.clock)

        self.region = asked.region
        faults, identities = Faults.parse(asked.faults), Identities()
        account = str(secrets.randbelow(9 * 10**15) + 10**15)
        self.role_arn = f"acs:ram::{account}:role/{ROLE}"
        self.user = _user(account)
        identities.add(self.user)
        names: list[str] = list(dict.fromkeys(asked.bucket or ["local-uploads"]))
        rules = (
            [CorsRule(tuple(asked.cors_origin), ("POST", "PUT"), expose_headers=EXPOSED)] if asked.cors_origin else []
        )
        buckets = {name: Bucket(name, account, folder / name, list(rules)) for name in names}
        self.buckets = tuple(names)
        put = {"Effect": "Allow", "Action": "oss:PutObject", "Resource": "acs:oss:*:*:*"}
        role = Role({"Version": "1", "Statement": [put]}, trusted=(self.user.arn,))
        self.sts = Sts(clock, identities, faults, {self.role_arn: role}, port=asked.sts_port)
        self.oss = Oss(clock, identities, faults, buckets, names[0], region=self.region, port=asked.oss_port)

    def words(self) -> str:
        """Where everything is, and settings to paste."""
        key, secret = self.user.access_key_id, self.user.access_key_secret
        bucket = self.buckets[0]
        return f"""\
OSS  {self.oss.url}   buckets: {", ".join(self.buckets)}   region: {self.region}
STS  {self.sts.url}   role: {self.role_arn}
Keys of the user {USER}, who may do everything here and assume that role:

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

// Node.js: ali-oss (which takes no IP for an endpoint)
const OSS = require("ali-oss");
const client = new OSS({{
    endpoint: "http://localhost:{self.oss.port}", cname: true, bucket: "{bucket}", region: "oss-{self.region}",
    authorizationV4: true, accessKeyId: "{key}", accessKeySecret: "{secret}",
}});
client.put("hello.txt", Buffer.from("hello"));

Ctrl-C ends it.
"""


def main(arguments: list[str]) -> int:
    """Run until Ctrl-C, or explain an error. The exit code: 0, 2 where something given is wrong; see `explain.main`."""
    if arguments[:1] == ["explain"]:
        return explain.main(arguments[1:])
    asked = _parser().parse_args(arguments)
    with explained() as outcome, tempfile.TemporaryDirectory() as temporary:
        alone = Alone(asked, asked.data or Path(temporary))
        with alone.sts, alone.oss:
            alone.sts.on_record = alone.oss.on_record = tell
            print(alone.words(), flush=True)
            while True:
                alone.oss.stopping.wait(3600)
    return outcome.code


def _user(account: str) -> Identity:
    everything = {"Effect": "Allow", "Action": ["oss:*", "sts:AssumeRole"], "Resource": "*"}
    return Identity(
        access_key_id=f"LTAI5t{secrets.token_hex(9)}",
        access_key_secret=secrets.token_urlsafe(24),
        security_token="",
        arn=f"acs:ram::{account}:user/{USER}",
        expiration=math.inf,
        policies=({"Version": "1", "Statement": [everything]},),
    )


def _seconds(text: str) -> int:
    match = re.fullmatch(r"([+-]?)([0-9]{1,6})([smhd])", text)
    if not match:
        raise argparse.ArgumentTypeError(f"must be such as +15m or -2h, not {text!r}")
    return int(f"{match[1]}{match[2]}") * _UNITS[match[3]]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make cloud ARGS=…", description="Stand-ins for STS and OSS on this machine.")
    add = parser.add_argument
    add("--bucket", action="append", metavar="NAME", help="a bucket; may be given several times (else local-uploads)")
    add("--region", default="cn-hongkong", metavar="ID", help="of all buckets (else cn-hongkong)")
    add(
        "--cors-origin",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="a page that may post and put; several times",
    )
    add("--data", type=Path, metavar="FOLDER", help="where objects are kept as files (else a folder that is deleted)")
    add("--clock", type=_seconds, default=0, metavar="+15m", help="how far the clock of both is ahead, or behind")
    add("--faults", default="", metavar="'oss_latency=2 …'", help="what goes wrong: see localcloud/faults.py")
    add("--oss-port", type=int, default=0, metavar="PORT", help="of OSS (else a free one)")
    add("--sts-port", type=int, default=0, metavar="PORT", help="of STS (else a free one)")
    return parser


if __name__ == "__main__":
    guard_output()
    sys.exit(main(sys.argv[1:]))
