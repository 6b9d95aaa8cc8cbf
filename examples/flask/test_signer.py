"""Tests the signer: `pip install alibabacloud_sts20150401 flask oss-localcloud pytest requests`, then `pytest`."""

import pytest
import requests
from signer import app


@pytest.fixture(autouse=True)
def settings(oss_cloud, monkeypatch):
    for name, value in oss_cloud.environ.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(("key", "size", "status"), [("uploads/a", 9, 204), ("a", 9, 403), ("uploads/a", 1001, 400)])
def test_only_small_files_below_uploads(oss_cloud, key, size, status):
    form = app.test_client().get("/get_post_signature_for_oss_upload").json
    answer = requests.post(form["url"], data={"key": key, **form["fields"]}, files={"file": b"x" * size}, timeout=9)
    assert answer.status_code == status, oss_cloud.requests[-1].explanation
    assert (oss_cloud.read(key) is not None) == (status == 204)
