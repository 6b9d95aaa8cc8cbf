"""An account in which what is shipped is deployed, as OSS, Function Compute and RAM answer about it."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from deploy import declared
from deploy.site.files import site_files
from support.ros_template import PARAMETERS, Template
from support.sound_deployment import ACCOUNT
from support.upload_bucket import Asks

CREDENTIALS = {"AccessKeyID": "LTAI1", "AccountID": ACCOUNT}
NAMES = {"NAME": "team", "UPLOAD_PREFIX": "in/here"}


def serve_function(server: HTTPServer, props: dict[str, Any], changed: Mapping[str, Any]) -> None:
    """Has Function Compute answer about a function with these props, except for what was changed."""
    name = props["functionName"]
    path, arn = f"/2023-03-30/functions/{name}", f"acs:fc:{props['region']}:{ACCOUNT}:functions/{name}"
    settings = dict(props["environmentVariables"])
    if "CALLBACK_URL" in settings:
        settings["CALLBACK_URL"] = address_of(f"{NAMES['NAME']}-callback")
    sent = {each: props[each] for each in props if each not in ("code", "region", "triggers", "concurrencyConfig")}
    own = {"environmentVariables": settings, "role": props["role"].lower(), "functionArn": arn}
    server.expect_request(path).respond_with_json({**sent, **own, **OF_FUNCTION_COMPUTE, **changed})
    [trigger] = props["triggers"]
    made = {"httpTrigger": {"urlInternet": address_of(name)}, "targetArn": arn, "qualifier": "LATEST", "status": ""}
    config = json.dumps(trigger["triggerConfig"])
    server.expect_request(f"{path}/triggers").respond_with_json(
        {"triggers": [{**trigger, **made, "triggerConfig": config, "triggerId": "1", "createdTime": "2026"}]}
    )
    for kind, configs in (("concurrency", [{"functionArn": arn, **props["concurrencyConfig"]}]), ("async-invoke", [])):
        server.expect_request(f"/2023-03-30/{kind}-configs", query_string={"functionName": name}).respond_with_json(
            {"configs": configs}
        )


@cache
def _parse_template(text: str) -> Any:
    return yaml.safe_load(text)


def serve_what_is_shipped(
    server: HTTPServer, project: Path, secret: str, changed: Mapping[str, Any] = {}, **added: dict[str, Any]
) -> None:
    """Has the account answer as if what is shipped were deployed in it, except for what was `changed` in the functions.

    `added` are statements by role.
    """
    declared_there = declared.read(project, {**NAMES, "JWT_SECRET": secret}, ACCOUNT)
    template = _parse_template((project / "deploy" / "ros.yaml").read_text(encoding="utf-8"))
    resources = Template(copy.deepcopy(template), PARAMETERS).resources().values()
    roles = {each["Properties"]["RoleName"]: each["Properties"] for each in resources if "Role" in each["Type"]}
    for props in (declared_there.function, declared_there.callback):
        serve_function(server, props, changed)
    server.expect_request(f"/team-uploads-{ACCOUNT}/", query_string=Asks("website")).respond_with_data(
        "<Error><Code>NoSuchWebsiteConfiguration</Code></Error>", 404, content_type="application/xml"
    )
    for folder, answers in (
        (f"/team-uploads-{ACCOUNT}/", OF_UPLOADS),
        (
            f"/team-site-{ACCOUNT}/",
            {
                "publicAccessBlock": UNBLOCKED,
                "acl": OF_UPLOADS["acl"].replace("private", "public-read"),
                "website": WEBSITE,
                "list-type": page_list(project),
            },
        ),
    ):
        server.expect_request(folder, query_string=Asks("policy")).respond_with_data(
            "<Error><Code>NoSuchBucketPolicy</Code></Error>", 404, content_type="application/xml"
        )
        for name, xml in answers.items():
            server.expect_request(folder, query_string=Asks(name)).respond_with_data(
                xml, content_type="application/xml"
            )

    server.expect_request("/", method="GET", query_string=Asks("publicAccessBlock")).respond_with_data(
        UNBLOCKED, content_type="application/xml"
    )

    def ram(request: Request) -> Response:
        name = request.args.get("RoleName") or request.args["PolicyName"]
        policy = copy.deepcopy(roles[name]["Policies"][0]["PolicyDocument"])
        policy["Statement"] += [added[name]] if name in added else []
        answers = {
            "GetRole": {
                "Role": {
                    "Arn": f"acs:ram::{ACCOUNT}:role/{name}",
                    "MaxSessionDuration": 3600,
                    "AssumeRolePolicyDocument": json.dumps(roles[name]["AssumeRolePolicyDocument"]),
                }
            },
            "ListPoliciesForRole": {"Policies": {"Policy": [{"PolicyType": "Custom", "PolicyName": name}]}},
            "GetPolicy": {"DefaultPolicyVersion": {"PolicyDocument": json.dumps(policy)}},
        }
        return Response(json.dumps(answers[request.headers["x-acs-action"]]), content_type="application/json")

    server.expect_request("/", method="POST").respond_with_handler(ram)


def page_list(project: Path, **changed: str) -> str:
    """Returns what OSS lists of a page that was just deployed, except for ETags that were `changed`."""
    upload = f"https://team-uploads-{ACCOUNT}.oss-cn-hongkong.aliyuncs.com"
    files = {each.key: each.md5 for each in site_files(project / "web", address_of("team-sign"), upload, {})}
    etags = {".published.json": "0" * 32, **files, **changed}
    found = (f'<Contents><Key>{key}</Key><ETag>"{tag.upper()}"</ETag></Contents>' for key, tag in etags.items() if tag)
    return f"<ListBucketResult><Name>team-site-{ACCOUNT}</Name><IsTruncated>false</IsTruncated>{''.join(found)}</ListBucketResult>"


def address_of(function: str) -> str:
    return f"https://{function}-abcdefghij.cn-hongkong.fcapp.run"


OF_FUNCTION_COMPUTE = {
    "functionId": "0b1f5c3e",
    "createdTime": "2026-01-01T00:00:00Z",
    "lastModifiedTime": "2026-01-01T00:00:00Z",
    "codeChecksum": "11889523712305923712",
    "codeSize": 7700000,
    "state": "Active",
    "lastUpdateStatus": "Successful",
    "layers": [],
    "tags": [],
    "instanceIsolationMode": "SHARE",
    "sessionAffinity": "NONE",
    "disableOndemand": False,
    "resourceGroupId": "rg-1",
    "vpcConfig": {"vpcId": "", "vSwitchIds": [], "securityGroupId": ""},
    "nasConfig": {"userId": 0, "groupId": 0, "mountPoints": []},
    "ossMountConfig": {"mountPoints": []},
    "tracingConfig": {"type": "", "params": None},
}
"""What Function Compute answers besides, after its documentation and what fc3 sends it."""

WEBSITE = "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix><SupportSubDir>false</SupportSubDir></IndexDocument><ErrorDocument><Key>404.html</Key><HttpStatus>404</HttpStatus></ErrorDocument></WebsiteConfiguration>"
OF_UPLOADS = {
    "versioning": "<VersioningConfiguration></VersioningConfiguration>",
    "publicAccessBlock": "<PublicAccessBlockConfiguration><BlockPublicAccess>true</BlockPublicAccess></PublicAccessBlockConfiguration>",
    "acl": f"<AccessControlPolicy><Owner><ID>{ACCOUNT}</ID></Owner><AccessControlList><Grant>private</Grant></AccessControlList></AccessControlPolicy>",
    "cors": f"<CORSConfiguration><CORSRule><AllowedOrigin>https://team-site-{ACCOUNT}.oss-cn-hongkong.aliyuncs.com</AllowedOrigin><AllowedMethod>POST</AllowedMethod><AllowedMethod>PUT</AllowedMethod><ExposeHeader>ETag</ExposeHeader><ExposeHeader>x-oss-request-id</ExposeHeader><ExposeHeader>x-oss-ec</ExposeHeader><ExposeHeader>x-oss-hash-crc64ecma</ExposeHeader></CORSRule></CORSConfiguration>",
    "lifecycle": "<LifecycleConfiguration><Rule><ID>a</ID><Prefix></Prefix><Status>Enabled</Status><AbortMultipartUpload><Days>7</Days></AbortMultipartUpload></Rule></LifecycleConfiguration>",
    "encryption": "<ServerSideEncryptionRule><ApplyServerSideEncryptionByDefault><SSEAlgorithm>AES256</SSEAlgorithm></ApplyServerSideEncryptionByDefault></ServerSideEncryptionRule>",
    "referer": "<RefererConfiguration><AllowEmptyReferer>true</AllowEmptyReferer><RefererList></RefererList></RefererConfiguration>",
    "list-type": f"<ListBucketResult><Name>team-uploads-{ACCOUNT}</Name><IsTruncated>false</IsTruncated></ListBucketResult>",
}
"""What OSS answers, after its documentation."""
UNBLOCKED = OF_UPLOADS["publicAccessBlock"].replace("true", "false")
