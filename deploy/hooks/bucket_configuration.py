"""A bucket's configuration as OSS prints it, and put again: without the SDK's models, which drop what they do not know
of others' rules."""

from __future__ import annotations

import base64
import hashlib
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import alibabacloud_oss_v2 as oss
from alibabacloud_oss_v2.types import OperationInput

from deploy.oss_client import refusal

_OVERLAP = {"lifecycle": {"x-oss-allow-same-action-overlap": "true"}}
"""OSS takes lifecycle rules whose prefixes overlap only with this header (its page on PutBucketLifecycle)."""


def get(client: oss.Client, bucket: str, parameter: str, none: str = "") -> bytes:
    """Returns an answer about a bucket; empty if there is `none`, a code of OSS. Raises the SDK's OperationError."""
    try:
        answer = client.invoke_operation(_operation("Get", bucket, parameter))
    except oss.exceptions.OperationError as fault:
        refused = refusal(fault)
        if not none or refused is None or refused.code != none:
            raise
        return b""
    return bytes(answer.http_response.content)


def put(client: oss.Client, bucket: str, parameter: str, configuration: Element) -> None:
    """Replaces a configuration. Raises the SDK's OperationError."""
    operation = _operation("Put", bucket, parameter)
    operation.body = ElementTree.tostring(configuration)
    digest = hashlib.md5(operation.body, usedforsecurity=False).digest()
    operation.headers = {
        "Content-Type": "application/xml",
        "Content-MD5": base64.b64encode(digest).decode(),
        **_OVERLAP.get(parameter, {}),
    }
    client.invoke_operation(operation)


def delete(client: oss.Client, bucket: str, parameter: str) -> None:
    """Deletes a configuration. Raises the SDK's OperationError."""
    client.invoke_operation(_operation("Delete", bucket, parameter))


def _operation(verb: str, bucket: str, parameter: str) -> OperationInput:
    return OperationInput(
        op_name=f"{verb}Bucket{parameter.capitalize()}",
        method=verb.upper(),
        headers={},
        parameters={parameter: ""},
        bucket=bucket,
    )
