"""The distribution oss-localcloud: built, installed into an empty environment, and driven there.

The environment has the wheel, and of this one's packages those that the wheel declares, and no others: what it imports
without saying so is not there.
"""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_string
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Any

import alibabacloud_oss_v2 as oss
import pytest
import requests
from alibabacloud_oss_v2.credentials import StaticCredentialsProvider
from packaging.requirements import Requirement

from localcloud.dev.cloud import ROOT
from support import sentinels
from support.ports import free_port

TIMEOUT = 60

MAX_SIZE = 15_000_000
"""Bytes, beyond pytest-httpserver and Werkzeug with what they need."""

EXAMPLE = ROOT / "examples" / "flask"


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Returns the wheel and the sdist, by how their names end."""
    command = [sys.executable, "-I", str(ROOT / "tools" / "package.py"), str(tmp_path_factory.mktemp("dist"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=TIMEOUT)  # noqa: S603 - ours
    assert (done.returncode, done.stderr) == (0, "")
    return {path.suffix: path for path in map(Path, done.stdout.split())}


@pytest.fixture(scope="module")
def wheel(dist: dict[str, Path]) -> Path:
    return dist[".whl"]


def metadata(wheel: Path) -> Any:
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        return message_from_string(archive.read(name).decode())


def requirements(entries: list[str] | None) -> list[str]:
    """Returns the names of what is required here, without an extra."""
    needs = map(Requirement, entries or [])
    return [need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]


def closure(*names: str) -> dict[str, Distribution]:
    """Returns these distributions of this environment, and all that they require."""
    found: dict[str, Distribution] = {}
    left = list(names)
    while left:
        name = left.pop().lower().replace("_", "-")
        if name in found:
            continue
        found[name] = distribution(name)
        left += requirements(found[name].requires)
    return found


class Environment:
    """A virtual environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "bin" / "python"
        [self.packages] = folder.glob("lib/python3*/site-packages")

    def link(self, *names: str) -> Environment:
        """Puts packages of this process's environment into it, and all that they require."""
        for each in closure(*names).values():
            for top in {file.parts[0] for file in each.files or () if file.parts[0] not in ("..", "__pycache__")}:
                link = self.packages / top
                if not link.exists():
                    link.symlink_to(Path(str(each.locate_file(top))).absolute())
        return self

    def run(self, *words: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Runs a command of the environment."""
        command = [str(self.folder / "bin" / words[0]), *words[1:]]
        # In a folder of its own: in the usual one pytest deletes, at its end, what all earlier runs have left.
        temporary = tempfile.mkdtemp(dir=self.folder)
        return subprocess.run(  # noqa: S603 - ours
            command,
            cwd=cwd or self.folder,
            env=environ(TMPDIR=temporary),
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT,
        )


def environ(**variables: str) -> dict[str, str]:
    """Returns an environment without this process's settings."""
    return {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **variables}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Environment:
    """Returns an environment with the wheel, and with nothing that it does not declare."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    venv = [sys.executable, "-m", "venv", "--without-pip", str(folder)]
    subprocess.run(venv, check=True, timeout=TIMEOUT)  # noqa: S603 - Python's own
    made = Environment(folder).link(*requirements(metadata(wheel).get_all("Requires-Dist")))
    install = ["pip", "--python", str(made.python), "install", "-q", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([sys.executable, "-I", "-m", *install], check=True, timeout=TIMEOUT)  # noqa: S603 - pip
    return made


# What is in it.


def test_the_version_is_the_projects(wheel: Path) -> None:
    [version] = re.findall(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    assert (metadata(wheel)["Name"], metadata(wheel)["Version"]) == ("oss-localcloud", version)


def test_the_changelog_has_the_version(wheel: Path) -> None:
    version = metadata(wheel)["Version"]
    assert f"\n## {version} " in (ROOT / "localcloud" / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_licence_is_the_projects() -> None:
    assert (ROOT / "localcloud" / "LICENSE").read_bytes() == (ROOT / "LICENSE").read_bytes()


OWN_FUNCTIONS = ("dev", "fc", "oidc")
"""Parts that run this project's functions, or serve `make dev` alone."""


def test_the_wheel_has_every_module_but_those_that_run_our_functions(wheel: Path) -> None:
    folder = ROOT / "localcloud"
    files = {path.relative_to(ROOT).as_posix() for path in folder.rglob("*.py")}
    files -= {name for name in files if name.split("/")[1] in OWN_FUNCTIONS}
    with zipfile.ZipFile(wheel) as archive:
        there = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert there == files | {"localcloud/py.typed", "localcloud/explain/rules.json"}


def test_nothing_in_the_wheel_imports_what_runs_our_functions(wheel: Path) -> None:
    own = tuple(f"localcloud.{name}" for name in OWN_FUNCTIONS)
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            nodes = ast.walk(ast.parse(archive.read(name))) if name.endswith(".py") else ()
            modules = [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
            assert [module for module in modules if module.startswith(own)] == [], name


def test_the_sdist_has_what_the_wheel_is_made_of(dist: dict[str, Path]) -> None:
    with tarfile.open(dist[".gz"]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", "py.typed", "explain/rules.json"} <= names
    assert [name for name in names if name.startswith(OWN_FUNCTIONS)] == []


# Installed.


@contextmanager
def running(environment: Environment, *arguments: str, **variables: str) -> Iterator[dict[str, Any]]:
    """Runs the command, in a folder that has no checkout; yields what it prints as JSON."""
    command = [str(environment.folder / "bin" / "oss-localcloud"), "--json", *arguments]
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": environ(**variables)}
    with subprocess.Popen(command, cwd=environment.folder, **pipes) as process:  # noqa: S603 - ours
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, process.communicate(timeout=TIMEOUT)[1]
            addresses = json.loads(line)
            sentinels.keep_secret(addresses["access_key_secret"])
            yield addresses
        finally:
            process.terminate()
        assert process.wait(TIMEOUT) == 0
        assert process.stderr is not None
        sentinels.search_log(process.stderr.read())


def test_the_command_serves_the_vendors_client(environment: Environment) -> None:
    with running(environment, "--bucket", "my-bucket") as cloud:
        provider = StaticCredentialsProvider(cloud["access_key_id"], cloud["access_key_secret"])
        config = oss.config.Config(
            region=cloud["region"], endpoint=cloud["oss"], use_path_style=True, credentials_provider=provider
        )
        client = oss.Client(config)
        client.put_object(oss.PutObjectRequest(bucket="my-bucket", key="a", body=b"hello"))
        found = client.get_object(oss.GetObjectRequest(bucket="my-bucket", key="a"))
        assert found.body is not None
        assert found.body.content == b"hello"
        records = requests.get(f"{cloud['control']}/-/requests", timeout=TIMEOUT).json()["requests"]
        assert [record["operation"] for record in records] == ["PutObject", "GetObject"]


def test_every_module_can_be_imported_with_what_is_declared(environment: Environment) -> None:
    program = (
        "import localcloud, pkgutil, importlib\n"
        "names = [m.name for m in pkgutil.walk_packages(localcloud.__path__, 'localcloud.')]\n"
        "names = [n for n in names if n not in ('localcloud.__main__', 'localcloud.pytest_plugin')]\n"
        "for name in names: importlib.import_module(name)\n"
        "print(len(names), localcloud.__file__)"
    )
    done = environment.run("python", "-c", program)
    assert done.returncode == 0, done.stderr
    count, file = done.stdout.split()
    assert (int(count) > 40, Path(file).is_relative_to(environment.folder)) == (True, True)


def test_the_module_explains_an_error(environment: Environment) -> None:
    done = environment.run("python", "-m", "localcloud", "explain", "0006-00000227")
    assert (done.returncode, done.stderr) == (0, "")
    assert "A value in the form does not match a condition of the policy. To fix: " in done.stdout


def test_without_the_extra_a_callback_is_named_as_missing(environment: Environment) -> None:
    program = (
        "from localcloud.oss.callback import Callbacks\n"
        "from localcloud.fault_switches import Faults\n"
        "from localcloud.oss.errors import OssError\n"
        "try: Callbacks(lambda: 0.0, Faults(), None).parse('')\n"
        "except OssError as error: print(error.status, error.message)"
    )
    done = environment.run("python", "-c", program)
    what = "callbacks without the package cryptography: pip install 'oss-localcloud[callback]'"
    assert (done.stdout, done.stderr) == (f"501 The stand-in for OSS does not support {what}.\n", "")


def size(files: list[Path]) -> int:
    return sum(file.stat().st_size for file in files if file.suffix != ".pyc" and file.is_file())


def test_it_is_small(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        own = sum(entry.file_size for entry in archive.infolist())
    needs = closure(*requirements(metadata(wheel).get_all("Requires-Dist")))
    more = needs.keys() - closure("pytest-httpserver", "werkzeug").keys()
    assert more == {"crcmod-plus", "python-multipart"}
    others = size([Path(str(needs[name].locate_file(file))) for name in more for file in needs[name].files or ()])
    assert 300_000 < own + others < MAX_SIZE


# The image, without an engine: its instructions, one by one.


def instructions() -> list[tuple[str, str]]:
    """Returns the Containerfile's instructions: the name of each, and its words."""
    text = (ROOT / "localcloud" / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(name, " ".join(rest.split())) for name, _, rest in (line.partition(" ") for line in lines)]


def test_the_image_installs_locked_packages_and_the_wheel_and_is_not_root() -> None:
    assert [(name, words) for name, words in instructions() if name in ("COPY", "RUN", "USER", "ENTRYPOINT")] == [
        ("COPY", "requirements.txt oss_localcloud-*.whl /tmp/dist/"),
        (
            "RUN",
            "pip install --no-cache-dir --require-hashes --no-deps --only-binary :all: -r /tmp/dist/requirements.txt",
        ),
        ("RUN", "pip install --no-cache-dir --no-deps --no-index /tmp/dist/*.whl"),
        ("RUN", "useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin localcloud"),
        ("USER", "10001:10001"),
        ("ENTRYPOINT", '["oss-localcloud"]'),
    ]


def test_what_the_image_copies_is_in_dist(dist: dict[str, Path]) -> None:
    files = {path.name for path in dist[".whl"].parent.iterdir()}
    assert files == {"Containerfile", "requirements.txt", dist[".whl"].name, dist[".gz"].name}


def test_the_lock_of_the_image_has_what_the_wheel_needs(wheel: Path) -> None:
    lock = (ROOT / "localcloud" / "requirements.txt").read_text(encoding="utf-8")
    names = re.findall(r"^([a-z0-9-]+)==", lock, re.MULTILINE)
    assert set(names) == closure(*requirements(metadata(wheel).get_all("Requires-Dist"))).keys()
    assert len(names) <= lock.count("--hash=sha256:")


def test_the_image_is_healthy_while_it_runs(environment: Environment) -> None:
    words = dict(instructions())
    variables = dict(re.findall(r"(\w+)=(\S+)", words["ENV"]))
    ports = {name: str(free_port()) for name in variables if name.endswith("_PORT")}
    check = json.loads(words["HEALTHCHECK"].partition(" CMD ")[2])
    check[-1] = check[-1].replace(variables["OSS_LOCALCLOUD_CONTROL_PORT"], ports["OSS_LOCALCLOUD_CONTROL_PORT"])
    before = environment.run(*check).returncode
    with running(environment, **{**variables, **ports}) as cloud:
        assert cloud["sts"] == f"http://127.0.0.1:{ports['OSS_LOCALCLOUD_STS_PORT']}"
        assert (before, environment.run(*check).returncode) == (1, 0)


# The plugin, and the example.


@pytest.fixture(scope="module")
def with_pytest(tmp_path_factory: pytest.TempPathFactory, environment: Environment) -> Environment:
    """Returns the environment of someone who tests a signer of theirs: a copy, with what the example imports."""
    copy = tmp_path_factory.mktemp("with-pytest") / "environment"
    shutil.copytree(environment.folder, copy, symlinks=True)
    return Environment(copy).link("pytest", "requests", "flask", "alibabacloud-sts20150401")


def example(with_pytest: Environment, folder: Path, old: str = "", new: str = "") -> str:
    """Runs the example's tests in a folder, with something in the signer replaced. Returns what pytest prints."""
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    signer = (folder / "signer.py").read_text(encoding="utf-8")
    assert old in signer
    (folder / "signer.py").write_text(signer.replace(old, new, 1), encoding="utf-8")
    return with_pytest.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=folder).stdout


def test_the_example_passes(with_pytest: Environment, tmp_path: Path) -> None:
    assert "3 passed" in example(with_pytest, tmp_path / "example")


@pytest.mark.parametrize(
    ("condition", "failed", "reason"),
    [
        pytest.param(
            '        ["content-length-range", 1, 1000],\n',
            "uploads/a-1001-400",
            "assert 204 == 400",
            marks=pytest.mark.thorough,
        ),
        (
            '        {"x-oss-date": f"{now:%Y%m%dT%H%M%SZ}"},\n',
            "uploads/a-9-204",
            "The form has a field of the signature for which the policy has no condition. To fix: ",
        ),
    ],
)
def test_the_example_fails_for_the_right_reason_without_one_condition(
    with_pytest: Environment, tmp_path: Path, condition: str, failed: str, reason: str
) -> None:
    printed = example(with_pytest, tmp_path / "example", condition)
    assert f"test_only_small_files_below_uploads[{failed}]" in printed
    assert reason in printed
    assert " failed" in printed


SUITE = """
import pytest, requests

def ask(cloud, method, path):
    return requests.request(method, cloud.oss.url + path, timeout=60).status_code

def test_the_options_of_the_file_count(oss_cloud):
    assert (list(oss_cloud.buckets), oss_cloud.region) == (["one-bucket", "two"], "cn-beijing")
    assert oss_cloud.bucket.cors_rules[0].allowed_origins == ("https://app.example.com",)

def test_whatever_is_changed(oss_cloud):
    oss_cloud.clock.offset, oss_cloud.faults.oss_latency = 900, 0.01
    oss_cloud.bucket.allow_public("public-read")
    assert ask(oss_cloud, "GET", "/a") == 404

def test_is_as_at_the_start_in_the_next_test(oss_cloud):
    changed = oss_cloud.clock.offset, oss_cloud.faults.oss_latency, oss_cloud.bucket.acl
    assert (changed, list(oss_cloud.requests)) == ((0, 0, "private"), [])

def test_what_the_stand_in_does_not_have(oss_cloud):
    assert ask(oss_cloud, "PUT", "/?lifecycle") == 501

def test_after_it_all_is_well(oss_cloud):
    assert ask(oss_cloud, "GET", "/a") == 403
"""

INI = """
[pytest]
oss_cloud_buckets = one-bucket two
oss_cloud_region = cn-beijing
oss_cloud_cors_origins = https://app.example.com
"""


def test_the_plugin(with_pytest: Environment, tmp_path: Path) -> None:
    (tmp_path / "test_suite.py").write_text(SUITE, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text(INI, encoding="utf-8")
    printed = with_pytest.run("python", "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=tmp_path).stdout
    assert re.findall(r"^(?:FAILED|ERROR) (\S+)", printed, re.MULTILINE) == [
        "test_suite.py::test_what_the_stand_in_does_not_have"
    ], printed
    assert (
        "AssertionError: the stand-in for OSS does not have this operation: PutBucketLifecycle: PUT / lifecycle"
        in printed
    )
    assert "5 passed, 1 error in" in printed


def test_the_example_has_at_most_20_lines() -> None:
    assert len((EXAMPLE / "test_signer.py").read_text(encoding="utf-8").splitlines()) <= 20
