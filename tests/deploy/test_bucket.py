"""The deployer's credentials, however they are spelled."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

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


@pytest.mark.parametrize("environ", [{}, {"AccessKeyID": "LTAI1"}, {"x_serverless_devs_key": "no JSON"}])
def test_half_credentials_are_none(environ: Mapping[str, str]) -> None:
    assert credentials.deployer(environ) is None
