"""What s.yaml hands on to the two functions, `make dev` and `make invoke` hand on, too."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from localcloud.dev.cloud import ROOT, Cloud, CloudOptions
from localcloud.dev.settings import function_settings

TELLS = """
import json, os
def initialize(context): pass
def handler(event, context):
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ALIBABA_CLOUD_")}
    return {"statusCode": 200, "body": json.dumps(environ)}
"""
"""A function that answers with its environment, without its credentials: no response of a test may have those."""

MADE = {"CALLBACK_URL"}
"""What nobody sets: the address of the other function, which is known when it runs."""

VALUES = {"CALLBACK": "on", "ALLOWED_ORIGINS": "https://app.example.com"}
"""What the stand-ins themselves have to understand."""


def names_for(function: str) -> list[str]:
    """Returns the names in the environment that s.yaml declares for a function."""
    resources = yaml.safe_load((ROOT / "s.yaml").read_text(encoding="utf-8"))["resources"]
    return [*resources[function]["props"]["environmentVariables"]]


def value(name: str) -> str:
    return VALUES.get(name, f"the-{name.lower()}")


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Yields the environment that each function finds, where the one of `make dev` sets all that s.yaml knows."""
    folder: Path = tmp_path_factory.mktemp("functions")
    (folder / "code").mkdir()
    (folder / "code" / "index.py").write_text(TELLS, encoding="utf-8")
    environ = {name: value(name) for function in ("sign", "callback") for name in names_for(function)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("localcloud.dev.cloud.CALLBACK", folder / "code")
        with Cloud(folder / "files", CloudOptions(settings=function_settings(environ), code=folder / "code")) as cloud:
            yield {
                "sign": json.loads(requests.get(cloud.gateway.url, timeout=60).text),
                "callback": json.loads(requests.post(cloud.callback_gateway.url, timeout=60).text),
            }


@pytest.mark.parametrize("name", sorted(set(names_for("sign")) - MADE))
def test_the_signing_function_gets(name: str, environments: dict[str, Any]) -> None:
    assert environments["sign"].get(name, "").split(",")[-1] == value(name)


@pytest.mark.parametrize("name", names_for("callback"))
def test_the_callback_function_gets(name: str, environments: dict[str, Any]) -> None:
    assert environments["callback"].get(name) == value(name)
