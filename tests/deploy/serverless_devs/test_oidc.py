"""A CI job's credentials: its provider's token is exchanged at STS, and nothing of it is printed."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import certifi
import pytest
from pytest_httpserver import HTTPServer

from deploy import credentials
from deploy.serverless_devs import oidc
from support.tls import server_context

ROLE = "acs:ram::1234567890123456:role/deployer"
PROVIDER = "acs:ram::1234567890123456:oidc-provider/github"
TOKEN = secrets.token_urlsafe(40)


@pytest.fixture
def sts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    """Yields what takes STS's place, over TLS as the SDK asks for."""
    context, trusted = server_context(tmp_path)
    monkeypatch.setattr(certifi, "where", lambda: str(trusted))
    with HTTPServer(host="127.0.0.1", ssl_context=context) as server:
        yield server


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """Returns the environment of a job."""
    file = tmp_path / "token"
    file.write_text(TOKEN)
    return {
        "ALIBABA_CLOUD_ROLE_ARN": ROLE,
        "ALIBABA_CLOUD_OIDC_PROVIDER_ARN": PROVIDER,
        "ALIBABA_CLOUD_OIDC_TOKEN_FILE": str(file),
    }


def endpoint(sts: HTTPServer) -> str:
    return f"127.0.0.1:{sts.port}"


def fault(environ: dict[str, str], sts: HTTPServer) -> str:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - its text is compared
        oidc.with_credentials(environ, endpoint(sts))
    assert caught.value.__context__ is None
    return str(caught.value)


def test_the_token_is_exchanged_for_credentials_that_serverless_devs_and_the_commands_take(
    environ: dict[str, str], sts: HTTPServer
) -> None:
    issued = {"AccessKeyId": "STS.a", "AccessKeySecret": secrets.token_urlsafe(24), "SecurityToken": "t/+="}
    answer = {"RequestId": "r", "Credentials": {**issued, "Expiration": "2100-01-01T00:00:00Z"}}
    sts.expect_request("/").respond_with_json(answer)
    job = oidc.with_credentials(environ, endpoint(sts))
    [(request, _)] = sts.log
    asked = {name: request.args[name] for name in ("Action", "RoleArn", "OIDCProviderArn", "OIDCToken")}
    assert asked == {
        "Action": "AssumeRoleWithOIDC",
        "RoleArn": ROLE,
        "OIDCProviderArn": PROVIDER,
        "OIDCToken": TOKEN,
    }
    provider: Any = credentials.deployer(job)
    obtained = provider.get_credentials()
    assert (job["ACCESS"], credentials.deployment_account(job)) == ("oidc_serverless_devs_key", "1234567890123456")
    assert json.loads(job["oidc_serverless_devs_key"]) == {
        "AccountID": "1234567890123456",
        "AccessKeyID": obtained.access_key_id,
        "AccessKeySecret": obtained.access_key_secret,
        "SecurityToken": obtained.security_token,
    }
    assert [obtained.access_key_id, obtained.access_key_secret, obtained.security_token] == list(issued.values())


@pytest.mark.parametrize("change", [{"ALIBABA_CLOUD_OIDC_TOKEN_FILE": ""}, {"ACCESS": "default"}])
def test_nothing_is_exchanged_without_a_token_or_where_other_credentials_are_named(
    environ: dict[str, str], sts: HTTPServer, change: dict[str, str]
) -> None:
    assert (oidc.with_credentials(environ | change, endpoint(sts)), sts.log) == (environ | change, [])


def test_a_token_without_a_role_and_a_provider_is_refused(environ: dict[str, str], sts: HTTPServer) -> None:
    file = environ["ALIBABA_CLOUD_OIDC_TOKEN_FILE"]
    assert fault({"ALIBABA_CLOUD_OIDC_TOKEN_FILE": file}, sts) == (
        "ALIBABA_CLOUD_OIDC_TOKEN_FILE is set, and ALIBABA_CLOUD_ROLE_ARN and ALIBABA_CLOUD_OIDC_PROVIDER_ARN is not "
        "(docs/deploy-from-ci.md)"
    )
    assert fault(environ | {"ALIBABA_CLOUD_ROLE_ARN": "deployer"}, sts) == (
        "ALIBABA_CLOUD_ROLE_ARN must be like acs:ram::1234567890123456:role/deployer"
    )


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (
            400,
            {"Code": "AuthenticationFail.OIDCToken.Expired", "Message": TOKEN},
            "AuthenticationFail.OIDCToken.Expired",
        ),
        (403, {"Code": "NoPermission", "Message": "no"}, "NoPermission"),
        (403, {"Code": "\x1b[2J", "Message": TOKEN}, "CredentialException"),
        (200, {"Credentials": {"AccessKeyId": TOKEN}}, "CredentialException"),
        (200, {}, "CredentialException"),
    ],
)
def test_a_refusal_names_its_code_and_nothing_of_the_token(
    environ: dict[str, str], sts: HTTPServer, status: int, body: dict[str, Any], reason: str
) -> None:
    sts.expect_request("/").respond_with_json(body, status)
    assert fault(environ, sts) == (
        "The role of ALIBABA_CLOUD_ROLE_ARN could not be assumed with the token in ALIBABA_CLOUD_OIDC_TOKEN_FILE: "
        f"{reason}. Look whether the role's trust policy names the provider, and the token's subject and audience "
        "(docs/deploy-from-ci.md)."
    )


def test_a_token_that_cannot_be_read_or_sent_is_no_secret_told(environ: dict[str, str], sts: HTTPServer) -> None:
    missing = environ | {"ALIBABA_CLOUD_OIDC_TOKEN_FILE": "/does/not/exist"}
    assert "ALIBABA_CLOUD_OIDC_TOKEN_FILE: the file cannot be read. Look" in fault(missing, sts)
    with pytest.raises(ValueError, match="could not be assumed") as caught:
        oidc.with_credentials(environ, "127.0.0.1:1")
    assert TOKEN not in str(caught.value)
