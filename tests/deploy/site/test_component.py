"""The component that publishes the page: by itself from another folder, and under the real Serverless Devs."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from localcloud.oss.storage.bucket import Bucket
from localcloud.ram.identities import Identity
from support import scratch as scratches
from support import sentinels
from support.oss_client import user
from support.oss_world import ACCOUNT, BUCKET, REGION, OssWorld, new_identity

pytestmark = pytest.mark.node_modules

PROJECT = Path(__file__).parents[3]
COMPONENT = PROJECT / "deploy" / "site"
RUN = Path(__file__).parent / "run_component.cjs"
SITE_BUCKET = f"oss-direct-upload-site-{ACCOUNT}"
URL = f"https://{BUCKET}.oss-{REGION}.aliyuncs.com/index.html"

Run = Callable[..., tuple[dict[str, Any], str]]


@pytest.fixture
def props(world: OssWorld) -> dict[str, str]:
    """Returns the props as s.yaml gives them."""
    return {
        "folder": str(PROJECT / "web"),
        "bucket": BUCKET,
        "region": REGION,
        "function": "https://sign.example.com",
        "upload": "https://files.example.com",
        "domain": "upload.example.com",
        "title": "",
        "endpoint": world.oss.url,
    }


@pytest.fixture
def identity(world: OssWorld) -> Identity:
    """Returns temporary credentials, as CI has them."""
    may = {"Effect": "Allow", "Action": "oss:*", "Resource": "acs:oss:*"}
    session = Identity(
        **{
            **vars(new_identity({"Version": "1", "Statement": [may]})),
            "expiration": time.time() + 3600,
        }
    )
    sentinels.keep_identity(session)
    return world.add(session)


@pytest.fixture
def run(props: dict[str, str], identity: Identity, tmp_path: Path) -> Run:
    """Calls a method of the component, from another folder; what came of it, and what was said on stderr."""

    def call(command: str, *, component: Path = COMPONENT, **more: str) -> tuple[dict[str, Any], str]:
        credential = {
            "AccountID": ACCOUNT,
            "AccessKeyID": identity.access_key_id,
            "AccessKeySecret": identity.access_key_secret,
            "SecurityToken": identity.security_token,
        }
        others = {"AccessKeyID": "other", "AccessKeySecret": "other", "ci_serverless_devs_key": '{"AccessKeyID":"a"}'}
        node = shutil.which("node")
        assert node
        done = subprocess.run(  # noqa: S603 - the command is ours
            [node, str(RUN), command],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "COMPONENT": str(component), **others, "OSS_ACCESS_KEY_ID": "other"},
            input=json.dumps({"props": {**props, **more}, "credential": credential}),
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return json.loads(done.stdout), done.stderr

    return call


def keys(world: OssWorld) -> list[str]:
    return [stored.key for stored in world.bucket.objects()]


def test_deploy_publishes_and_returns_the_address(run: Run, world: OssWorld) -> None:
    came, told = run("deploy")
    assert came == {"output": {"url": "http://upload.example.com/", "domain": "upload.example.com"}}
    assert {".published.json", "config.json", "index.html", "en.json"} <= set(keys(world))
    assert re.search(r"^\d+ of \d+: later-[0-9A-Z]{8}\.js \([\d,]+ B\)$", told, re.MULTILINE)


def test_remove_works_without_the_results_of_other_resources(run: Run, world: OssWorld) -> None:
    run("deploy")
    came, _ = run("remove", function="${resources.sign.output.url.system_url}")
    again, _ = run("remove", function="${resources.sign.output.url.system_url}")
    assert (came["output"]["removed"] > 5, again, keys(world)) == (True, {"output": {"removed": 0}}, [])


def test_info_tells_the_address(run: Run) -> None:
    assert run("info", endpoint="", domain="")[0] == {"output": {"url": URL, "domain": ""}}


def test_without_a_domain_it_says_what_that_means(run: Run) -> None:
    assert run("deploy", domain="")[1].splitlines()[-1] == "this address downloads the page; set SITE_DOMAIN"


def test_what_stops_it_is_told_in_one_line(run: Run) -> None:
    came, told = run("deploy", accent="red")
    assert (came, told) == (
        {"fault": "PAGE_ACCENT must be a colour as #rrggbb, not 'red'"},
        "PAGE_ACCENT must be a colour as #rrggbb, not 'red'\n",
    )


def test_only_deploying_needs_the_results_of_other_resources() -> None:
    script = "const s = new (require(process.argv[1]))(); console.log(JSON.stringify([s.commands, s.getSchema()]))"
    node = shutil.which("node")
    assert node
    done = subprocess.run([node, "-e", script, str(COMPONENT)], capture_output=True, text=True, check=True, timeout=60)  # noqa: S603
    commands, schema = json.loads(done.stdout)
    assert {name: command.get("verify", True) for name, command in commands.items()} == {
        "deploy": True,
        "remove": False,
        "info": False,
    }
    assert all(command["help"]["description"] for command in commands.values())
    assert json.loads(schema)["required"] == ["folder", "bucket", "region", "function", "upload"]


@pytest.fixture
def site(tmp_path: Path, world: OssWorld) -> Bucket:
    """Returns the bucket that s.yaml names."""
    bucket = Bucket(SITE_BUCKET, ACCOUNT, tmp_path / "site")
    world.oss.buckets[SITE_BUCKET] = bucket
    return bucket


def published_keys(site: Bucket) -> list[str]:
    return [stored.key for stored in site.objects()]


@pytest.fixture
def real(tmp_path: Path, world: OssWorld, site: Bucket) -> scratches.Scratch:
    """Returns s.yaml with this component for real: recorders stand in for the vendor's, hooks are left out."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    scratch = scratches.make(folder, world.oss.url)
    for function in ("sign", "callback"):
        (folder / "build" / function).mkdir(parents=True)
    shutil.rmtree(folder / "deploy" / "site")
    shutil.copytree(COMPONENT, folder / "deploy" / "site")
    may = {
        "Effect": "Allow",
        "Action": "oss:*",
        "Resource": [f"acs:oss:*:*:{SITE_BUCKET}", f"acs:oss:*:*:{SITE_BUCKET}/*"],
    }
    deployer = user(world, {"Version": "1", "Statement": [may]})
    sentinels.keep_secret(deployer.access_key_secret)
    scratch.environ |= {
        "AccessKeyID": deployer.access_key_id,
        "AccessKeySecret": deployer.access_key_secret,
        "REGION": REGION,
        "SITE_DOMAIN": "upload.example.com",
    }
    return scratch


@pytest.mark.thorough
def test_under_serverless_devs(real: scratches.Scratch, site: Bucket) -> None:
    real.ok("verify")
    real.ok("deploy", "-y", "--skip-actions")
    first = published_keys(site)
    configuration = site.get("config.json")
    assert configuration
    function = json.loads(configuration.path.read_text())["function"]
    assert (function.startswith("https://"), "index.html" in first) == (True, True)
    assert "0 sent" in real.ok("deploy", "-y", "--skip-actions")
    told = json.loads(real.ok("info", "-o", "json", "--silent"))["site"]
    assert (told["url"], told["domain"]) == ("http://upload.example.com/", "upload.example.com")
    real.ok("remove", "-y", "--skip-actions")
    assert published_keys(site) == []
    real.ok("remove", "-y", "--skip-actions")
    assert [line for line in real.order() if line.endswith("remove")] == [
        "callback remove",
        "sign remove",
        "infra remove",
    ] * 2


@pytest.mark.thorough
def test_under_serverless_devs_what_is_not_ours_keeps_the_stack(real: scratches.Scratch, site: Bucket) -> None:
    real.ok("deploy", "-y", "--skip-actions")
    with site.incoming() as incoming:
        incoming.write(memoryview(b"theirs"))
        index = site.get("index.html")
        assert index
        site.put(incoming, replace(index, key="theirs.txt"), forbid_overwrite=True)
    done = real.s("remove", "-y", "--skip-actions")
    assert (done.exit_code, "holds what was not published from here: theirs.txt." in done.said) == (101, True)
    assert "infra remove" not in real.order()


@pytest.mark.parametrize("wrong", [{"bucket": ""}, pytest.param({"colour": "red"}, marks=pytest.mark.thorough)])
def test_under_serverless_devs_wrong_props_stop_it_before_anything(
    real: scratches.Scratch, wrong: dict[str, str]
) -> None:
    file = real.folder / "s.yaml"
    [(name, value)] = wrong.items()
    text = file.read_text()
    line = f"      bucket: ${{vars.siteBucket}}\n      {name}: {value}" if name != "bucket" else ""
    file.write_text(text.replace("      bucket: ${vars.siteBucket}", line))
    assert real.s("deploy", "-y", "--skip-actions").exit_code == 100
    assert real.order() == []
