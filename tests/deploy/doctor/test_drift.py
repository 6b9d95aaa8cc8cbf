"""The live functions against s.yaml: every property of the vendor's models, changed one by one."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest
from alibabacloud_fc20230330 import models

from deploy.declared import Deployment
from deploy.doctor.context import Context
from support.sound_deployment import ACCOUNT, BUCKET_URL, DEFAULT_DECISIONS, SoundDeployment
from support.tokens import new_secret

FOREIGN = "acs:fc:cn-hongkong:42:functions/foreign"
ADDRESS = "https://odu-callback-abcdefghij.cn-hongkong.fcapp.run"

CHANGES: dict[str, tuple[Any, str]] = {
    "handler": ("evil.handler", "handler"),
    "layers": ([{"arn": "acs:fc:cn-hongkong:42:layers/evil/versions/1", "size": 1}], "layers"),
    "runtime": ("custom.debian12", "runtime"),
    "customContainerConfig": (
        {"image": "registry.example/evil", "command": [], "port": 0},
        "customContainerConfig.image",
    ),
    "customRuntimeConfig": ({"command": ["evil"], "args": None}, "customRuntimeConfig.command"),
    "instanceLifecycleConfig": (
        {"initializer": {"handler": "", "timeout": 3}, "preStop": {"handler": "evil.stop", "timeout": 3}},
        "instanceLifecycleConfig.preStop.handler, instanceLifecycleConfig.preStop.timeout",
    ),
    "cpu": (2, "cpu"),
    "memorySize": (4096, "memorySize"),
    "diskSize": (10240, "diskSize"),
    "gpuConfig": ({"gpuMemorySize": 2048, "gpuType": "t"}, "gpuConfig.gpuMemorySize, gpuConfig.gpuType"),
    "timeout": (86400, "timeout"),
    "instanceConcurrency": (20, "instanceConcurrency"),
    "instanceIsolationMode": ("SESSION_EXCLUSIVE", "instanceIsolationMode"),
    "internetAccess": (False, "internetAccess"),
    "vpcConfig": (
        {"vpcId": "vpc-1", "vSwitchIds": ["v"], "securityGroupId": ""},
        "vpcConfig.vpcId, vpcConfig.vSwitchIds",
    ),
    "customDNS": ({"nameServers": ["192.0.2.1"], "dnsOptions": []}, "customDNS.nameServers"),
    "microSandboxConfig": ({"a": "b"}, "microSandboxConfig.a"),
    "enableLongLiving": (True, "enableLongLiving"),
    "disableOndemand": (True, "disableOndemand"),
    "nasConfig": (
        {"userId": 0, "groupId": 0, "mountPoints": [{"serverAddr": "s:/", "mountDir": "/code"}]},
        "nasConfig.mountPoints",
    ),
    "ossMountConfig": ({"mountPoints": [{"bucketName": "foreign", "mountDir": "/code"}]}, "ossMountConfig.mountPoints"),
    "polarFsConfig": ({"mountPoints": ["m"]}, "polarFsConfig.mountPoints"),
    "juiceFsConfig": ({"mountPoints": ["m"]}, "juiceFsConfig.mountPoints"),
    "logConfig": (
        {"project": "odu", "logstore": "foreign", "enableLlmMetrics": True},
        "logConfig.logstore, logConfig.enableLlmMetrics",
    ),
    "tracingConfig": (
        {"type": "Jaeger", "params": {"endpoint": "https://tok:en@evil.example"}},
        "tracingConfig.type, tracingConfig.params.endpoint",
    ),
    "sessionAffinity": ("GENERATED_COOKIE", "sessionAffinity"),
    "sessionAffinityConfig": ('{"sessionTTLInSeconds": 60}', "sessionAffinityConfig"),
    "disableInjectCredentials": ("All", "disableInjectCredentials"),
    "invocationRestriction": ({"disable": True}, "invocationRestriction.disable"),
}
"""For each property what somebody might set it to, and what of it is named."""

NO_DRIFT = {
    *("functionName", "functionArn", "functionId", "description", "tags", "resourceGroupId", "createdTime"),
    *("lastModifiedTime", "codeSize", "codeChecksum", "state", "stateReason", "stateReasonCode", "lastUpdateStatus"),
    *("lastUpdateStatusReason", "lastUpdateStatusReasonCode", "lockInfo", "idleTimeout"),
}
"""What says nothing of what runs, where, with whose rights, and where data goes; the code's archive cannot be compared."""

WHOSE = {"function": "The function", "callback": "The callback function"}


def found_in(given: SoundDeployment) -> list[tuple[str, str]]:
    return [each for each in given.findings() if each[0] not in (*DEFAULT_DECISIONS, "runtime", "log")]


def test_every_property_of_the_vendors_model_is_looked_at_or_left_out_on_purpose() -> None:
    names = set(re.findall(r"result\['(\w+)'\]", inspect.getsource(models.Function.to_map)))
    assert names == {*CHANGES, *NO_DRIFT, "environmentVariables", "role"}


@pytest.mark.parametrize("which", WHOSE)
@pytest.mark.parametrize("name", CHANGES)
def test_a_property_that_is_live_alone_is_named(which: str, name: str) -> None:
    value, named = CHANGES[name]
    given = SoundDeployment()
    given.deploy(lambda there: getattr(there, which).update({name: value}))
    assert ("configuration", f"Live: {WHOSE[which]} differs from s.yaml in {named}.") in found_in(given)
    assert all(check == "configuration" for check, _ in found_in(given))


@pytest.mark.parametrize("name", sorted(NO_DRIFT))
def test_names_and_history_are_no_drift(name: str) -> None:
    given = SoundDeployment().deploy(lambda there: there.function.update({name: "2026-01-01T00:00:00Z"}))
    assert found_in(given) == []


@pytest.mark.parametrize("which", WHOSE)
@pytest.mark.parametrize("name", ["handler", "layers", "cpu", "internetAccess", "vpcConfig", "instanceLifecycleConfig"])
def test_what_is_declared_and_not_live_is_named(which: str, name: str) -> None:
    stated = {
        "handler": "index.handler",
        "layers": ["acs:fc:cn-hongkong:official:layers/Python312/versions/1"],
        "cpu": 1,
        "internetAccess": False,
        "vpcConfig": {"vpcId": "vpc-1"},
        "instanceLifecycleConfig": {"initializer": {"handler": "index.initialize"}},
    }
    given = SoundDeployment()
    given.deploy(lambda there: None)
    getattr(given, which)[name] = stated[name]
    [(check, what)] = found_in(given)
    assert (check, what.startswith(f"Live: {WHOSE[which]} differs from s.yaml in {name}")) == ("configuration", True)


def test_what_function_compute_adds_to_a_function_is_no_drift() -> None:
    given = SoundDeployment()
    given.function.update(
        handler="index.handler",
        cpu=1,
        memorySize="1024",
        internetAccess=True,
        layers=["acs:fc:r:1:layers/l/versions/1"],
    )
    given.deploy(
        lambda there: there.function.update(
            cpu=1.0,
            memorySize=1024,
            diskSize=512,
            layers=[{"arn": "acs:fc:r:1:layers/l/versions/1", "size": 7}],
            instanceConcurrency=1,
            instanceIsolationMode="SHARE",
            sessionAffinity="NONE",
            sessionAffinityConfig="",
            disableInjectCredentials="None",
            disableOndemand=False,
            vpcConfig={"vpcId": "", "vSwitchIds": [], "securityGroupId": "", "role": ""},
            nasConfig={"userId": -1, "groupId": -1, "mountPoints": []},
            ossMountConfig={"mountPoints": []},
            tracingConfig={"type": "", "params": None},
            customDNS=None,
            customContainerConfig=None,
            gpuConfig={"gpuMemorySize": 0, "gpuType": ""},
            invocationRestriction={"disable": False, "lastModifiedTime": "2026-01-01T00:00:00Z", "reason": "none"},
            instanceLifecycleConfig={
                "initializer": {"handler": "", "timeout": 0},
                "preStop": {"handler": "", "timeout": 3},
            },
            logConfig={"project": "odu", "logstore": "sign", "logBeginRule": "None", "enableRequestMetrics": False},
            newlyMade=False,
        )
    )
    assert found_in(given) == []


@pytest.mark.parametrize("which", WHOSE)
@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"newlyMade": {"by": "them"}}, " has newlyMade.by"),
        ({"scalingConfig": {"minInstances": 9}}, " has scalingConfig.minInstances"),
        ({"logConfig": {"newlyMade": "them"}}, " has logConfig.newlyMade"),
        (
            {"instanceLifecycleConfig": {"preFreeze": {"handler": "x"}}},
            " has instanceLifecycleConfig.preFreeze.handler",
        ),
    ],
)
def test_a_property_that_is_not_known_is_named_as_not_checked(which: str, change: dict[str, Any], named: str) -> None:
    given = SoundDeployment()
    stated = getattr(given, which)
    more = {name: {**stated.get(name, {}), **value} for name, value in change.items()}
    given.deploy(lambda there: getattr(there, which).update(more))
    assert found_in(given) == [("not-checked", f"Live: {WHOSE[which]}{named}, which is not checked.")]


def test_what_is_not_known_and_declared_is_compared() -> None:
    given = SoundDeployment()
    given.function["newlyMade"] = "ours"
    given.deploy(lambda there: there.function.update(newlyMade="theirs"))
    assert found_in(given) == [("configuration", "Live: The function differs from s.yaml in newlyMade.")]


def test_a_runtime_that_env_may_have_chosen_is_for_its_owner_to_decide() -> None:
    given = SoundDeployment().deploy(lambda there: there.function.update(runtime="python3.10"))
    assert found_in(given) == [("drift", "Live: The function differs from s.yaml in runtime.")]


OF_TRIGGER: list[tuple[str, Any]] = [
    ("triggerConfig.disableURLInternet", {"disableURLInternet": True}),
    ("triggerConfig.authConfig", {"authConfig": '{"jwks": {}}'}),
    ("triggerConfig.corsConfig.allowOrigins", {"corsConfig": {"allowOrigins": ["https://evil.example"]}}),
    ("triggerConfig.methods", {"methods": ["POST", "OPTIONS", "GET", "DELETE"]}),
    ("triggerConfig.authType", {"authType": "function"}),
]


@pytest.mark.parametrize("which", WHOSE)
@pytest.mark.parametrize(("name", "change"), OF_TRIGGER)
def test_a_trigger_that_is_live_otherwise_is_named(which: str, name: str, change: dict[str, Any]) -> None:
    given = SoundDeployment()
    given.deploy(lambda there: getattr(there, which)["triggers"][0]["triggerConfig"].update(change))
    assert ("configuration", f"Live: {WHOSE[which]}'s trigger differs from s.yaml in {name}.") in given.findings()


@pytest.mark.parametrize("which", WHOSE)
@pytest.mark.parametrize("change", [{"newlyMade": "x"}, {"triggerConfig": {"newlyMade": "x"}}])
def test_what_is_not_known_of_a_trigger_is_named_as_not_checked(which: str, change: dict[str, Any]) -> None:
    given = SoundDeployment()

    def spoil(there: SoundDeployment) -> None:
        trigger = getattr(there, which)["triggers"][0]
        config = {**trigger["triggerConfig"], **change.get("triggerConfig", {})}
        trigger.update({**change, "triggerConfig": config})

    given.deploy(spoil)
    name = "triggerConfig.newlyMade" if "triggerConfig" in change else "newlyMade"
    assert found_in(given) == [("not-checked", f"Live: {WHOSE[which]}'s trigger has {name}, which is not checked.")]


@pytest.mark.parametrize("which", WHOSE)
def test_what_function_compute_adds_to_a_trigger_is_no_drift(which: str) -> None:
    given = SoundDeployment()
    given.function["triggers"][0]["triggerConfig"]["disableURLInternet"] = False
    history = {"triggerId": "1", "createdTime": "t", "lastModifiedTime": "t", "status": "", "qualifier": "LATEST"}
    given.deploy(
        lambda there: (
            getattr(there, which)["triggers"][0].update(history, httpTrigger={"urlInternet": ADDRESS}),
            getattr(there, which)["triggers"][0]["triggerConfig"].update(corsConfig=None, authConfig=""),
            getattr(there, which)["triggers"][0]["triggerConfig"]["methods"].reverse(),
        )
    )
    assert found_in(given) == []


def calling_back(url: str, address: str | None = ADDRESS) -> SoundDeployment:
    """Returns live functions of which the first calls this URL, and the second has this address."""
    given = SoundDeployment().switch_on()

    def deploy(there: SoundDeployment) -> None:
        there.settings["CALLBACK_URL"] = url
        if address is not None:
            there.callback["triggers"][0]["httpTrigger"] = {"urlInternet": address}

    return given.deploy(deploy)


@pytest.mark.parametrize("url", [ADDRESS, f"{ADDRESS}/", ADDRESS.upper()])
def test_callbacks_that_reach_the_callback_function_are_no_fault(url: str) -> None:
    assert found_in(calling_back(url)) == []


@pytest.mark.parametrize(
    "url", ["https://evil.example", f"{ADDRESS}/x", ADDRESS.replace("abcdefghij", "jihgfedcba"), ""]
)
def test_callbacks_that_lead_elsewhere_are_a_fault(url: str) -> None:
    assert found_in(calling_back(url)) == [
        ("callback-url", "Live: CALLBACK_URL is not the address of the live callback function.")
    ]


@pytest.mark.parametrize("address", [None, ""])
def test_callbacks_that_cannot_be_compared_are_named_as_not_checked(address: str | None) -> None:
    assert found_in(calling_back(ADDRESS, address)) == [
        ("not-checked", "Live: The callback function's address cannot be seen: CALLBACK_URL is not checked.")
    ]


def test_callbacks_are_not_compared_with_a_function_that_was_not_seen() -> None:
    given = calling_back("https://evil.example")
    assert given.account is not None
    resources = {name: each for name, each in given.account.resources.items() if name != "callback"}
    given.account = Deployment(resources, given.account.template)
    given.not_visible = {"callback function": "NoPermission"}
    assert found_in(given) == []


@pytest.mark.parametrize("which", WHOSE)
@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({"destinationConfig": {"onSuccess": {"destination": FOREIGN}}}, "destinationConfig.onSuccess.destination"),
        ({"destinationConfig": {"onFailure": {"destination": FOREIGN}}}, "destinationConfig.onFailure.destination"),
        ({"asyncTask": True, "maxAsyncRetryAttempts": 8}, "asyncTask, maxAsyncRetryAttempts"),
    ],
)
def test_where_asynchronous_calls_lead_is_named(which: str, config: dict[str, Any], named: str) -> None:
    history = {"createdTime": "t", "lastModifiedTime": "t", "functionArn": FOREIGN}
    given = SoundDeployment().deploy(
        lambda there: getattr(there, which).update(asyncInvokeConfigs=[{**history, **config}])
    )
    words = f"Live: {WHOSE[which]}'s asynchronous calls differ from s.yaml in {named}."
    assert found_in(given) == [("asynchronous", words)]


@pytest.mark.parametrize(
    ("live", "declared", "words"),
    [
        ([{"reservedConcurrency": 300}], {"reservedConcurrency": 20}, "300, and in s.yaml 20"),
        ([], {"reservedConcurrency": 20}, "no limit, and in s.yaml 20"),
        ([{"reservedConcurrency": 0}], None, "0, and in s.yaml no limit"),
        ([{"reservedConcurrency": 20}], {"reservedConcurrency": 20}, ""),
    ],
)
def test_how_many_requests_a_function_takes_is_compared(live: list[Any], declared: Any, words: str) -> None:
    given = SoundDeployment()
    given.function.update(concurrencyConfig=declared)
    given.deploy(lambda there: there.function.update(concurrencyConfigs=live))
    expected = [("concurrency", f"Live: The function's reservedConcurrency is {words}.")] if words else []
    assert found_in(given) == expected


def test_what_is_not_known_of_its_limit_is_named_as_not_checked() -> None:
    limit = {"functionArn": FOREIGN, "reservedConcurrency": 20, "newlyMade": "x"}
    given = SoundDeployment()
    given.function.update(concurrencyConfig={"reservedConcurrency": 20})
    given.deploy(lambda there: there.function.update(concurrencyConfigs=[limit]))
    assert found_in(given) == [("not-checked", "Live: The function's concurrency has newlyMade, which is not checked.")]


@pytest.mark.parametrize("which", WHOSE)
@pytest.mark.parametrize("name", ["PYTHONPATH", "HTTPS_PROXY", "X_SECRET", "LOCAL"])
def test_a_variable_that_s_yaml_does_not_name_is_a_fault_and_no_setting(which: str, name: str) -> None:
    given = SoundDeployment().deploy(lambda there: getattr(there, which)["environmentVariables"].update({name: "none"}))
    assert found_in(given) == [
        ("configuration", f"Live: {WHOSE[which]} differs from s.yaml in environmentVariables.{name}.")
    ]


@pytest.mark.parametrize("name", ["OSS_STS_ROLE_ARN", "AUTH"])
def test_what_checks_of_their_own_see_in_the_function_is_seen_in_the_callback_function(name: str) -> None:
    given = SoundDeployment().deploy(lambda there: there.callback["environmentVariables"].update({name: "none"}))
    assert found_in(given) == [
        ("configuration", f"Live: The callback function differs from s.yaml in environmentVariables.{name}.")
    ]


def test_resources_are_in_the_region_of_their_service() -> None:
    given = SoundDeployment()
    given.settings["OSS_REGION"] = "ap-southeast-1"
    regions = {"oss": "ap-southeast-1", "log": "cn-hongkong"}
    assert Context({}, given.deployment).regions == regions
    assert (
        Context({}, SoundDeployment().deploy(lambda _: None).deployment, declared=given.deployment).regions == regions
    )
    assert ACCOUNT not in str(regions)


def test_a_setting_that_is_not_known_here_is_not_compared() -> None:
    given = SoundDeployment().switch_on()
    address = "https://cb.example.com"
    given.deploy(
        lambda there: (
            there.settings.update(CALLBACK_URL=address, EXPIRES_IN=""),
            there.callback["triggers"][0].update(httpTrigger={"urlInternet": address}),
        )
    )
    # CI has no secrets.
    given.settings.update(JWT_SECRET="", CALLBACK_SECRET="", JWT_JWKS="")
    names = [name for name, _ in given.findings()]
    assert ("drift" in names, "auth-live" in names) == (False, False)


def test_without_the_secrets_here_the_live_functions_must_still_agree() -> None:
    given = SoundDeployment().switch_on()
    given.deploy(lambda there: there.switch_on().callback["environmentVariables"].update(CALLBACK_SECRET=new_secret()))
    given.settings.update(JWT_SECRET="", CALLBACK_SECRET="")
    given.callback["environmentVariables"].update(CALLBACK_SECRET="")
    assert ("callback-agreement", "Live: The two functions differ in CALLBACK_SECRET.") in given.findings()


@pytest.mark.parametrize("by", [{"JWT_JWKS": "{}"}, {"JWT_ISSUER": "https://id.example.com", "JWT_AUDIENCE": "upload"}])
def test_a_secret_added_to_a_function_that_trusts_a_provider_is_named(by: dict[str, str]) -> None:
    given = SoundDeployment()
    given.settings.update(by, JWT_SECRET="")
    given.deploy(lambda there: there.settings.update(JWT_SECRET=new_secret()))
    assert ("drift", "Live: The function differs from s.yaml in JWT_SECRET.") in given.findings()


def test_without_the_secrets_here_what_the_live_functions_refuse_is_named() -> None:
    given = SoundDeployment().switch_on()
    given.deploy(
        lambda there: (
            there.settings.update(JWT_SECRET="short"),
            there.callback["environmentVariables"].update(CALLBACK_SECRET="short"),
        )
    )
    found = [message for name, message in given.findings() if name == "secrets-live"]
    assert found == [
        "Live: The function refuses its JWT_SECRET.",
        "Live: The callback function refuses its CALLBACK_SECRET.",
    ]


def test_where_the_live_function_has_files_sent_is_named() -> None:
    given = SoundDeployment()
    given.deploy(lambda there: there.settings.update(UPLOAD_URL="https://evil.example"))
    told = f"Live: The function has files sent to https://evil.example, which is neither {BUCKET_URL} nor at UPLOAD_DOMAIN."
    assert ("hosts", told) in given.findings()
