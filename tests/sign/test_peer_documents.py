"""The policies of Google Cloud Storage's conformance tests, said in OSS's words: ours have these bytes."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from direct_upload import post_policy

SUITE = Path(__file__).parents[2] / "vectors" / "peers" / "gcs.json"
DOCUMENTS = json.loads(SUITE.read_text(encoding="utf-8"))["documents"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document["case"])
def test_a_policy_has_exactly_these_bytes(document: dict[str, Any]) -> None:
    """Quotation marks, dollar signs and letters beyond ASCII are escaped as JSON and OSS want it."""
    conditions = post_policy.exact_form_conditions(
        document["fields"],
        bucket=document["bucket"],
        part_types=[document["content_type"]],
        size=document["size"],
    )
    encoded = post_policy.encode(conditions, expiration=document["expiration"])
    assert base64.b64decode(encoded, validate=True) == document["document"].encode("ascii")
