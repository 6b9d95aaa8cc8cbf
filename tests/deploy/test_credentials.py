"""The deployer's credentials, however they are spelled."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path

import pytest

from deploy import credentials
from support import sentinels
from support.sound_deployment import ACCOUNT
from support.tokens import new_secret


@pytest.mark.parametrize(
    "names",
    [
        ("ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"),
        ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN"),
        ("AccessKeyID", "AccessKeySecret", "SecurityToken"),
    ],
)
def test_credentials_are_taken_as_the_vendors_tools_spell_them(names: tuple[str, str, str]) -> None:
    values = ("LTAI" + secrets.token_hex(8), secrets.token_urlsafe(30), secrets.token_urlsafe(60))
    sentinels.keep_secret(values[1])
    provider = credentials.deployer(dict(zip(names, values, strict=True)))
    assert provider
    got = provider.get_credentials()
    assert (got.access_key_id, got.access_key_secret, got.security_token) == values


def test_the_json_variable_of_serverless_devs_goes_first_and_has_the_account() -> None:
    secret = new_secret()
    environ = {
        "AccessKeyID": "LTAI1",
        "AccessKeySecret": new_secret(),
        "default_serverless_devs_key": f'{{"AccountID":{ACCOUNT},"AccessKeyID":"STS.2","AccessKeySecret":"{secret}","SecurityToken":"t"}}',
    }
    provider = credentials.deployer(environ)
    assert provider
    assert (provider.get_credentials().access_key_id, provider.get_credentials().security_token) == ("STS.2", "t")
    assert credentials.account_id(environ) == ACCOUNT


def in_json(key_id: str) -> str:
    return json.dumps({"AccountID": f"of-{key_id}", "AccessKeyID": key_id, "AccessKeySecret": "s"})


TRIPLE = {"AccountID": "of-triple", "AccessKeyID": "triple", "AccessKeySecret": "s"}
OF_SDK = {"ALIBABA_CLOUD_ACCESS_KEY_ID": "sdk", "ALIBABA_CLOUD_ACCESS_KEY_SECRET": "s"}
OF_OSS = {"OSS_ACCESS_KEY_ID": "oss", "OSS_ACCESS_KEY_SECRET": "s"}
PAIR = {"AccessKeyID": "pair", "AccessKeySecret": "s"}
TWO = {"a_serverless_devs_key": in_json("a"), "b_serverless_devs_key": in_json("b")}
STORED = {"default": json.loads(in_json("stored")), "work": json.loads(in_json("work"))}


@pytest.mark.parametrize(
    ("environ", "stored", "key_id", "account"),
    [
        ({**TRIPLE, **OF_SDK, **OF_OSS, **TWO, "ACCESS": "work"}, STORED, "triple", "of-triple"),
        ({**OF_SDK, **OF_OSS, **PAIR, **TWO, "ACCESS": "b_serverless_devs_key"}, STORED, "b", "of-b"),
        ({**OF_SDK, **OF_OSS, **PAIR, **TWO, "ACCESS": "work"}, STORED, "work", "of-work"),
        ({**OF_SDK, **OF_OSS, **TWO, "AccountID": "1"}, STORED, "stored", "of-stored"),
        ({**OF_SDK, **OF_OSS, **PAIR, **TWO}, {}, "a", "of-a"),
        ({**OF_SDK, **OF_OSS, **PAIR}, {}, "sdk", ""),
        ({**OF_OSS, **PAIR}, {}, "oss", ""),
        (PAIR, {}, "pair", ""),
        ({**OF_SDK, "AccountID": "1"}, {}, "sdk", "1"),
    ],
)
def test_those_that_a_deployment_uses_go_first(
    tmp_path: Path, environ: dict[str, str], stored: dict[str, object], key_id: str, account: str
) -> None:
    (tmp_path / ".s").mkdir()
    (tmp_path / ".s" / "access.yaml").write_text(json.dumps(stored), encoding="utf-8")
    environ = {**environ, "HOME": str(tmp_path)}
    provider = credentials.deployer(environ)
    assert provider
    assert (provider.get_credentials().access_key_id, credentials.account_id(environ)) == (key_id, account)


@pytest.mark.parametrize("environ", [{}, {"AccessKeyID": "LTAI1"}, {"x_serverless_devs_key": "no JSON"}])
def test_half_credentials_are_none(environ: Mapping[str, str]) -> None:
    assert credentials.deployer(environ) is None
