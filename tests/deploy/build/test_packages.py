"""The packages of both functions as `make build` makes them: whole, small, the same on every run, and enough to run."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.build import command as build
from deploy.build import dependencies
from localcloud.dev.cloud import Cloud, CloudOptions
from support.build import MINOR, RUNTIME, names
from support.chain import CONTENT, FILE, post_upload
from support.scratch import PROJECT

PROFILES = b'{"photos": {"max_size": "10MB", "requires_claim": false}}'


@pytest.fixture(scope="module")
def sign_package(tmp_path_factory: pytest.TempPathFactory) -> build.BuildResult:
    if RUNTIME not in build.RUNTIMES:
        pytest.skip(f"Function Compute does not run Python {MINOR}")
    folder = tmp_path_factory.mktemp("build") / "sign"
    return build.build(build.SIGN, RUNTIME, folder, os.environ, print, profiles=PROFILES)


@pytest.fixture(scope="module")
def code(sign_package: build.BuildResult) -> Path:
    return sign_package.folder


@pytest.fixture
def cloud(tmp_path: Path, code: Path) -> Iterator[Cloud]:
    with Cloud(tmp_path / "files", CloudOptions(code=code)) as cloud:
        yield cloud
    cloud.check()


def everything(folder: Path) -> dict[str, tuple[int, float, bytes]]:
    return {
        path.relative_to(folder).as_posix(): (
            path.stat().st_mode,
            path.stat().st_mtime,
            b"" if path.is_dir() else path.read_bytes(),
        )
        for path in [folder, *folder.rglob("*")]
    }


@pytest.mark.thorough
def test_two_builds_are_the_same_byte_for_byte(code: Path, tmp_path: Path) -> None:
    again = build.build(build.SIGN, RUNTIME, tmp_path / "sign", os.environ, print, profiles=PROFILES)
    first, second = everything(code), everything(again.folder)
    assert [name for name in first if first[name] != second.get(name)] == []
    assert list(second.keys() - first.keys()) == []


def test_nothing_of_the_callback_function_is_in_it(code: Path) -> None:
    assert [name for name in names(code) if name.startswith("upload_callback")] == []


def test_zipped_it_is_no_larger_than_10_mb(sign_package: build.BuildResult) -> None:
    assert sign_package.zipped <= 10_000_000


def test_it_is_told_what_was_made(sign_package: build.BuildResult, code: Path) -> None:
    files = [path for path in code.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    told = rf"{re.escape(str(code))}: {len(files)} files, {size / 1e6:.1f} MB, zipped \d+\.\d MB"
    assert re.fullmatch(told, str(sign_package))


def test_the_function_is_in_it_as_it_is(code: Path) -> None:
    sources = PROJECT / "functions" / "sign"
    ours = ["index.py", *(f"direct_upload/{path.name}" for path in (sources / "direct_upload").glob("*.py"))]
    assert {name: (code / name).read_bytes() for name in ours} == {name: (sources / name).read_bytes() for name in ours}


def test_each_package_of_the_lock_is_in_it_with_its_licence_or_its_name(code: Path) -> None:
    """What the markers of this minor version leave out is not; the lock of 3.10 has one more package."""
    lock = build.SIGN.lock.read_text(encoding="utf-8")
    older = sys.version_info < (3, 11)
    expected = set()
    for requirement, version, marker in re.findall(r"^([\w-]+)==(\S+)(?: ; (.*))? \\$", lock, re.MULTILINE):
        if requirement in dependencies.LEFT_OUT:
            continue
        if "win32" in marker or ("< '3.11'" in marker and not older) or (">= '3.11'" in marker and older):
            continue
        expected.add(f"{requirement.replace('-', '_').lower()}-{version}")
    there = {path.parent.name.removesuffix(".dist-info").lower() for path in code.glob("*.dist-info/METADATA")}
    assert there == expected


ALONE = """
import json, sys, sysconfig
from types import SimpleNamespace
code = sys.argv[1]
sys.path.insert(0, code)
import index
context = SimpleNamespace(request_id="1-alone", function=SimpleNamespace(name="sign"))
index.initialize(context)
reply = index.handler(sys.stdin.buffer.read(), context)
places = (code, sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"))
files = [getattr(module, "__file__", None) or "" for name, module in sys.modules.items() if name != "__main__"]
print(json.dumps({"reply": reply, "elsewhere": [file for file in files if file and not file.startswith(places)]}))
"""


def test_it_signs_from_its_folder_alone(code: Path, cloud: Cloud, tmp_path: Path) -> None:
    """A process without site-packages, elsewhere, with the folder and nothing else in its environment."""
    event = cloud.gateway.event("POST", "/sign", [], json.dumps({"files": [FILE]}).encode(), "1-alone")
    environ = {
        "OSS_BUCKET": cloud.bucket.name,
        "OSS_REGION": cloud.region,
        "OSS_STS_ROLE_ARN": cloud.role_arn,
        "ALLOWED_ORIGINS": "https://www.example.com",
        "AUTH": "none",
        "UPLOAD_URL": cloud.oss.url,
        "LOCAL": "on",
        "STS_ENDPOINT": cloud.sts.url,
        "ALIBABA_CLOUD_ACCESS_KEY_ID": cloud.function_role.access_key_id,
        "ALIBABA_CLOUD_ACCESS_KEY_SECRET": cloud.function_role.access_key_secret,
        "ALIBABA_CLOUD_SECURITY_TOKEN": cloud.function_role.security_token,
    }
    ended = subprocess.run(  # noqa: S603 - the package
        [sys.executable, "-I", "-S", "-B", "-c", ALONE, str(code)],
        input=event,
        env=environ,
        cwd=tmp_path,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr.decode()) == (0, "")
    outcome: Any = json.loads(ended.stdout.splitlines()[-1])
    [upload] = json.loads(outcome["reply"]["body"])["uploads"]
    assert (outcome["reply"]["statusCode"], outcome["elsewhere"]) == (200, [])
    assert post_upload(upload).status_code == 200
    assert [each.path.read_bytes() for each in cloud.bucket.objects()] == [CONTENT]


def test_it_signs_behind_the_gateway(cloud: Cloud) -> None:
    answer = requests.post(f"{cloud.gateway.url}/sign", json={"files": [FILE]}, timeout=60)
    [upload] = answer.json()["uploads"]
    assert post_upload(upload).status_code == 200
    assert [each.path.read_bytes() for each in cloud.bucket.objects()] == [CONTENT]


def test_the_profiles_are_in_it_and_the_function_has_them(cloud: Cloud, code: Path) -> None:
    limits = requests.get(f"{cloud.gateway.url}/limits?profile=photos", timeout=60).json()
    assert ((code / "profiles.json").read_bytes(), limits["max_size"]) == (PROFILES, 10_000_000)


@pytest.fixture(scope="module")
def callback(tmp_path_factory: pytest.TempPathFactory) -> build.BuildResult:
    if RUNTIME not in build.RUNTIMES:
        pytest.skip(f"Function Compute does not run Python {MINOR}")
    return build.build(build.CALLBACK, RUNTIME, tmp_path_factory.mktemp("build") / "callback", os.environ, print)


@pytest.mark.thorough
@pytest.mark.registry
def test_the_callback_functions_package_has_its_own_modules_the_shared_ones_and_one_dependency(
    callback: build.BuildResult,
) -> None:
    sources = PROJECT / "functions"
    ours = {"index.py": "callback/index.py"} | {
        f"{path.parent.name}/{path.name}": path.relative_to(sources).as_posix()
        for folder in ("callback/upload_callback", "shared/fc_http", "shared/oss_protocol")
        for path in (sources / folder).glob("*.py")
    }
    assert {name: (callback.folder / name).read_bytes() for name in ours} == {
        name: (sources / source).read_bytes() for name, source in ours.items()
    }
    found = {name.partition("/")[0] for name in names(callback.folder)}
    assert {name for name in found if name.endswith(".dist-info") and name.startswith("crypto")} != set()
    assert {name for name in found if name.startswith(("alibabacloud", "jwt", "aiohttp"))} == set()


@pytest.mark.thorough
@pytest.mark.registry
def test_the_callback_functions_package_is_small(callback: build.BuildResult) -> None:
    assert callback.zipped <= 6_000_000


@pytest.mark.thorough
def test_the_callback_functions_package_verifies_behind_the_gateway(
    callback: build.BuildResult, code: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("localcloud.dev.cloud.CALLBACK", callback.folder)
    with Cloud(tmp_path / "files", CloudOptions(code=code, settings={"CALLBACK": "on"})) as cloud:
        answer = requests.post(f"{cloud.gateway.url}/sign", json={"files": [FILE]}, timeout=60)
        [upload] = answer.json()["uploads"]
        assert post_upload(upload).json()["stored"]["key"] == upload["key"]
    cloud.check()
