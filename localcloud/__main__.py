"""`python -m localcloud` (`oss-localcloud`, `make cloud`): runs the stand-ins for STS and OSS alone, for any client.

They have one account with a RAM user who may do everything with its buckets and may assume one role, which may put
objects. The keys are printed with settings to paste, and are random unless some are given. Every request is one line on
standard error. Each option can be a variable of the environment instead: OSS_LOCALCLOUD_OSS_PORT for --oss-port, with
commas between several values. `python -m localcloud explain` explains an error of OSS or STS instead.
"""

from __future__ import annotations

import argparse
import ipaddress
import json
import os
import re
import sys
import tempfile
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from localcloud.explain import command
from localcloud.fault_switches import Faults
from localcloud.ports import parse_port
from localcloud.record import print_record
from localcloud.stand_in import LOOPBACK
from localcloud.standalone import USER, Options, OssCloud
from localcloud.terminal import guard_output, report_user_errors

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "OSS_LOCALCLOUD_"
"""What the names of the variables begin with."""

SEVERAL = frozenset({"bucket", "cors_origin", "allowed_host"})
"""Options that may be repeated."""

_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def main(arguments: list[str], environ: Mapping[str, str]) -> int:
    """Runs until Ctrl-C, or explains an error. Returns the exit code: 0, or 2 for wrong arguments."""
    if arguments[:1] == ["explain"]:
        return command.main(arguments[1:])
    parser = _parser()
    options = parser.parse_args(_from_environ(environ, parser) + arguments)
    with report_user_errors() as outcome, tempfile.TemporaryDirectory() as temporary:
        cloud = OssCloud(options.data or Path(temporary), _cloud_options(options))
        cloud.on_record = print_record
        with cloud:
            print(json.dumps(_addresses(cloud)) if options.json else _banner(cloud), flush=True)
            while True:
                cloud.oss.stopping.wait(3600)
    return outcome.exit_code


def run() -> int:
    """Runs the command of this process: the console script `oss-localcloud`."""
    guard_output()
    return main(sys.argv[1:], os.environ)


def _cloud_options(options: argparse.Namespace) -> Options:
    """Reads the options of the command. Raises ValueError."""
    ports = {
        name: parse_port(f"--{name}-port", getattr(options, f"{name}_port"), options.host)
        for name in ("oss", "sts", "control")
    }
    return Options(
        buckets=tuple(dict.fromkeys(options.bucket or ["local-uploads"])),
        region=options.region,
        cors_origins=tuple(options.cors_origin),
        clock_offset=options.clock,
        faults=Faults.parse(options.faults),
        access_key=_access_key(options.access_key_id, options.access_key_secret),
        role_arn=options.role_arn,
        host=options.host,
        allowed_hosts=tuple(options.allowed_host),
        **{f"{name}_port": port for name, port in ports.items()},
    )


def _access_key(key: str | None, secret: str | None) -> tuple[str, str] | None:
    if not key and not secret:
        return None
    if not key or not secret:
        raise ValueError("--access-key-id and --access-key-secret go together. Use both, or none for random keys.")
    if not re.fullmatch("[A-Za-z0-9]{1,64}", key):
        raise ValueError("--access-key-id must consist of 1 to 64 letters and digits.")
    # It is printed to be pasted into a shell and into programs.
    if not re.fullmatch("[A-Za-z0-9+/=._-]{1,128}", secret):
        raise ValueError("--access-key-secret must consist of 1 to 128 letters, digits and + / = . _ -")
    return key, secret


def _addresses(cloud: OssCloud) -> dict[str, object]:
    return {
        "oss": cloud.oss.url,
        "sts": cloud.sts.url,
        "control": cloud.control.url,
        "region": cloud.region,
        "buckets": list(cloud.buckets),
        "role_arn": cloud.role_arn,
        "access_key_id": cloud.access_key_id,
        "access_key_secret": cloud.access_key_secret,
    }


def _banner(cloud: OssCloud) -> str:
    """Returns the addresses, and settings to paste."""
    key, secret = cloud.access_key_id, cloud.access_key_secret
    buckets = ", ".join(f"{each.name} ({each.region or cloud.region})" for each in cloud.buckets.values())
    return f"""\
OSS  {cloud.oss.url}   buckets: {buckets}
STS  {cloud.sts.url}   role: {cloud.role_arn}
Control  {cloud.control.url}/-/requests   what was asked, and which rule decided (/-/ready, /-/reset)
The keys below belong to the user {USER}, who may do everything here and may assume that role.
{_warning(cloud)}
# for any shell, and for the vendor's SDKs
export OSS_ACCESS_KEY_ID={key} OSS_ACCESS_KEY_SECRET={secret}
export ALIBABA_CLOUD_ACCESS_KEY_ID={key} ALIBABA_CLOUD_ACCESS_KEY_SECRET={secret}
export OSS_BUCKET={cloud.bucket.name} OSS_REGION={_region(cloud)} OSS_STS_ROLE_ARN={cloud.role_arn}
export OSS_ENDPOINT={cloud.oss.url} STS_ENDPOINT={cloud.sts.url}

# for the function of OSS Direct Upload, besides
export LOCAL=on UPLOAD_URL={cloud.oss.url}

{_samples(cloud)}
Press Ctrl-C to stop.
"""


def _samples(cloud: OssCloud) -> str:
    """Returns what begins a program that uses the default bucket, in two languages."""
    key, secret, bucket, region = cloud.access_key_id, cloud.access_key_secret, cloud.bucket.name, _region(cloud)
    return f"""\
# Python: alibabacloud-oss-v2
import alibabacloud_oss_v2 as oss
config = oss.config.load_default()
config.credentials_provider = oss.credentials.StaticCredentialsProvider("{key}", "{secret}")
config.region, config.endpoint, config.use_path_style = "{region}", "{cloud.oss.url}", True
client = oss.Client(config)
client.put_object(oss.PutObjectRequest(bucket="{bucket}", key="hello.txt", body=b"hello"))

// Node.js: ali-oss (which does not accept an IP address as its endpoint)
const OSS = require("ali-oss");
const client = new OSS({{
    endpoint: "http://localhost:{cloud.oss.port}", sldEnable: true, bucket: "{bucket}", region: "oss-{region}",
    authorizationV4: true, accessKeyId: "{key}", accessKeySecret: "{secret}",
}});
client.put("hello.txt", Buffer.from("hello"));
"""


def _region(cloud: OssCloud) -> str:
    return cloud.bucket.region or cloud.region


def _warning(cloud: OssCloud) -> str:
    """Returns a warning where other machines may reach the cloud."""
    if cloud.oss.host == LOOPBACK:
        return ""
    return f"It listens at {cloud.oss.host}: other machines may reach it, and read there what was asked of it.\n"


def _parse_seconds(text: str) -> int:
    match = re.fullmatch(r"([+-]?)([0-9]{1,6})([smhd])", text)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is not a duration such as +15m or -2h")
    return int(f"{match[1]}{match[2]}") * _UNIT_SECONDS[match[3]]


def _parse_host(text: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not an IPv4 address such as 127.0.0.1 or 0.0.0.0") from None


def _parse_host_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a host name such as oss (no port, no wildcard)")
    return text.lower()


def _from_environ(environ: Mapping[str, str], parser: argparse.ArgumentParser) -> list[str]:
    """Returns the variables as arguments, to be read before the others. An unknown one ends the command."""
    known = vars(parser.parse_args([])).keys() - {"json"}
    arguments = []
    for variable in sorted(environ):
        if variable.startswith(PREFIX) and environ[variable]:
            name = variable.removeprefix(PREFIX).lower()
            if name not in known:
                parser.error(f"unknown variable {variable}")
            values = environ[variable].split(",") if name in SEVERAL else [environ[variable]]
            arguments += [f"--{name.replace('_', '-')}={value.strip()}" for value in values]
    return arguments


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="oss-localcloud",
        description="Run stand-ins for STS and OSS on this machine.",
        epilog=f"Each option with a value can be a variable instead: {PREFIX}OSS_PORT for --oss-port. "
        "`oss-localcloud explain` explains an error of OSS or STS.",
    )
    _add_account_options(parser)
    _add_network_options(parser)
    parser.add_argument("--json", action="store_true", help="print one line of JSON in place of settings to paste")
    return parser


def _add_account_options(parser: argparse.ArgumentParser) -> None:
    """Adds what the account has, and how its services behave."""
    add = parser.add_argument
    add(
        "--bucket",
        action="append",
        metavar="NAME[@REGION]",
        help="a bucket, in a region of its own if need be; may be repeated (default: local-uploads)",
    )
    add("--region", default="cn-hongkong", metavar="ID", help="the region of other buckets (default: cn-hongkong)")
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
    switches = ", ".join(switch.name for switch in fields(Faults))
    add("--faults", default="", metavar="'oss_latency=2 …'", help=f"what fails: {switches}")
    add("--access-key-id", metavar="ID", help="the user's AccessKey ID (default: a random one)")
    add("--access-key-secret", metavar="SECRET", help="the user's AccessKey secret; safer as a variable")
    add("--role-arn", metavar="ARN", help="the role's ARN (default: one of a random account)")


def _add_network_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--host", type=_parse_host, default=LOOPBACK, metavar="ADDRESS", help="where to listen (default: 127.0.0.1)")
    add(
        "--allowed-host",
        action="append",
        default=[],
        type=_parse_host_name,
        metavar="NAME",
        help="a host name that requests may use besides this machine's; may be repeated",
    )
    add("--oss-port", default="0", metavar="PORT", help="the port of OSS (default: a free one)")
    add("--sts-port", default="0", metavar="PORT", help="the port of STS (default: a free one)")
    add("--control-port", default="0", metavar="PORT", help="the port of /-/ready and the like (default: a free one)")


if __name__ == "__main__":
    guard_output()
    sys.exit(main(sys.argv[1:], os.environ))
