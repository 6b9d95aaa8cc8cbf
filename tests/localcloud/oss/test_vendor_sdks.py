"""The vendor's own clients against the stand-in OSS: what they may they can, and what they may not is refused to each alike."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import alibabacloud_oss_v2 as oss
import oss2
import pytest
import requests
from alibabacloud_oss_v2.credentials import StaticCredentialsProvider

from localcloud.ram.identities import Identity
from support.oss_world import ACCOUNT, BUCKET, REGION, OssWorld, new_identity, ram_policy

KEY = "uploads/a b/\u4e2d+~'(1).txt"
EVERYTHING = {
    "Version": "1",
    "Statement": [
        {"Effect": "Allow", "Action": "oss:*", "Resource": [f"acs:oss:*:*:{BUCKET}", f"acs:oss:*:*:{BUCKET}/*"]}
    ],
}
ELSEWHERE = ram_policy("oss:*", resource=f"acs:oss:*:*:{BUCKET}/elsewhere/*")


class SdkError(Exception):
    """The code with which a client was refused."""


class Client(Protocol):
    """What all three can do."""

    def put(self, key: str, body: str) -> None: ...
    def get(self, key: str) -> str: ...
    def head(self, key: str) -> int: ...
    def delete(self, key: str) -> None: ...
    def list(self, prefix: str) -> list[str]: ...
    def presign(self, method: str, key: str) -> str: ...


class OssV2:
    """alibabacloud-oss-v2."""

    def __init__(self, world: OssWorld, identity: Identity) -> None:
        token = identity.security_token or None
        provider = StaticCredentialsProvider(identity.access_key_id, identity.access_key_secret, token)
        settings = {"region": REGION, "endpoint": world.oss.url, "retry_max_attempts": 1}
        self._client = oss.Client(oss.Config(credentials_provider=provider, **settings))

    def _do(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except oss.exceptions.OperationError as failed:
            error: Any = failed.unwrap()
            raise SdkError(error.code) from None

    def put(self, key: str, body: str) -> None:
        self._do(lambda: self._client.put_object(oss.PutObjectRequest(bucket=BUCKET, key=key, body=body.encode())))

    def get(self, key: str) -> str:
        found = self._do(lambda: self._client.get_object(oss.GetObjectRequest(bucket=BUCKET, key=key)))
        content: bytes = found.body.content
        return content.decode()

    def head(self, key: str) -> int:
        return int(
            self._do(lambda: self._client.head_object(oss.HeadObjectRequest(bucket=BUCKET, key=key))).content_length
        )

    def delete(self, key: str) -> None:
        self._do(lambda: self._client.delete_object(oss.DeleteObjectRequest(bucket=BUCKET, key=key)))

    def list(self, prefix: str) -> list[str]:
        request = oss.ListObjectsV2Request(bucket=BUCKET, prefix=prefix)
        return [each.key for each in self._do(lambda: self._client.list_objects_v2(request)).contents or []]

    def presign(self, method: str, key: str) -> str:
        kind = oss.PutObjectRequest if method == "PUT" else oss.GetObjectRequest
        return str(self._client.presign(kind(bucket=BUCKET, key=key), expires=timedelta(seconds=60)).url)


class Oss2:
    """oss2, the older SDK for Python, with V4 signatures."""

    def __init__(self, world: OssWorld, identity: Identity) -> None:
        key, secret, token = identity.access_key_id, identity.access_key_secret, identity.security_token
        auth = oss2.StsAuth(key, secret, token, auth_version="v4") if token else oss2.AuthV4(key, secret)
        self._bucket = oss2.Bucket(auth, world.oss.url, BUCKET, region=REGION, is_path_style=True)

    def _do(self, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except oss2.exceptions.OssError as error:
            raise SdkError(error.code) from None

    def put(self, key: str, body: str) -> None:
        self._do(lambda: self._bucket.put_object(key, body))

    def get(self, key: str) -> str:
        content: bytes = self._do(lambda: self._bucket.get_object(key)).read()
        return content.decode()

    def head(self, key: str) -> int:
        return int(self._do(lambda: self._bucket.head_object(key)).content_length)

    def delete(self, key: str) -> None:
        self._do(lambda: self._bucket.delete_object(key))

    def list(self, prefix: str) -> list[str]:
        return [each.key for each in self._do(lambda: self._bucket.list_objects_v2(prefix=prefix)).object_list]

    def presign(self, method: str, key: str) -> str:
        return str(self._bucket.sign_url(method, key, 60, slash_safe=True))


class AliOss:
    """ali-oss, for Node.js; all of its tests share a process."""

    node: Any = None

    def __init__(self, world: OssWorld, identity: Identity) -> None:
        self._options = {
            "endpoint": f"http://localhost:{world.oss.port}",
            "cname": True,
            "bucket": BUCKET,
            "region": f"oss-{REGION}",
            "authorizationV4": True,
            "accessKeyId": identity.access_key_id,
            "accessKeySecret": identity.access_key_secret,
            **({"stsToken": identity.security_token} if identity.security_token else {}),
        }

    def _do(self, operation: str, **asked: Any) -> Any:
        self.node.stdin.write(json.dumps({"options": self._options, "operation": operation, **asked}) + "\n")
        self.node.stdin.flush()
        told = json.loads(self.node.stdout.readline())
        if "code" in told:
            raise SdkError(told["code"])
        return told["answer"]

    def put(self, key: str, body: str) -> None:
        self._do("put", key=key, body=body)

    def get(self, key: str) -> str:
        return str(self._do("get", key=key))

    def head(self, key: str) -> int:
        return int(self._do("head", key=key))

    def delete(self, key: str) -> None:
        self._do("delete", key=key)

    def list(self, prefix: str) -> list[str]:
        return list(self._do("list", prefix=prefix))

    def presign(self, method: str, key: str) -> str:
        return str(self._do("presign", method=method, key=key))

    def upload(self, key: str, file: Path, checkpoint: Any = None) -> None:
        """Uploads in parts of 100 KB, three at once; with a checkpoint, those that are missing."""
        self._do("upload", key=key, file=str(file), checkpoint=checkpoint)

    def interrupt(self, key: str, file: Path) -> Any:
        """Begins the same and cancel it: the checkpoint."""
        return self._do("interrupt", key=key, file=str(file))

    def parts(self, key: str, upload_id: str) -> set[int]:
        return set(self._do("parts", key=key, uploadId=upload_id))

    def abort(self, key: str, upload_id: str) -> None:
        self._do("abort", key=key, uploadId=upload_id)


@pytest.fixture(scope="module", autouse=True)
def node() -> Iterator[None]:
    script = Path(__file__).parents[2] / "oracles" / "ali_oss_client.mjs"
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(["node", script], text=True, **pipes) as process:  # noqa: S603, S607
        AliOss.node = process
        yield
        AliOss.node.stdin.close()


Kind = Callable[[OssWorld, Identity], Client]


@pytest.fixture(params=[OssV2, Oss2, AliOss], ids=lambda kind: kind.__name__)
def kind(request: pytest.FixtureRequest, world: OssWorld) -> Kind:
    """Returns one of the vendor's clients. They have no clock to give, so the stand-in takes theirs."""
    world.clock.now = time.time()
    made: Kind = request.param
    return made


def user(world: OssWorld, **changed: Any) -> Identity:
    return world.add(new_identity(EVERYTHING, sts=False, **changed))


def session(world: OssWorld, *policies: dict[str, Any], ends_in: float = 3600) -> Identity:
    made = new_identity(*policies)
    return world.add(Identity(**{**made.__dict__, "expiration": time.time() + ends_in}))


@pytest.mark.parametrize("whose", ["user", "session"])
def test_an_object_is_put_seen_listed_read_and_deleted(world: OssWorld, kind: Kind, whose: str) -> None:
    client = kind(world, user(world) if whose == "user" else session(world, EVERYTHING))
    client.put(KEY, "hello")
    assert (client.head(KEY), client.list("uploads/"), client.get(KEY)) == (5, [KEY], "hello")
    client.delete(KEY)
    assert client.list("uploads/") == []


def test_presigned_urls_are_good_for_what_they_say(world: OssWorld, kind: Kind) -> None:
    client = kind(world, session(world, EVERYTHING))
    url = client.presign("PUT", "uploads/a.txt")
    assert requests.put(url, data=b"hello", timeout=60).status_code == 200
    assert requests.get(client.presign("GET", "uploads/a.txt"), timeout=60).content == b"hello"
    assert requests.get(url, timeout=60).status_code == 403


OPERATIONS: dict[str, Callable[[Client], object]] = {
    "put": lambda client: client.put(KEY, "hello"),
    "get": lambda client: client.get(KEY),
    "delete": lambda client: client.delete(KEY),
    "list": lambda client: client.list("uploads/"),
}


def code(call: Callable[[Client], object], client: Client) -> str:
    with pytest.raises(SdkError) as refused:
        call(client)
    return str(refused.value)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_wrong_secret_is_refused(world: OssWorld, kind: Kind, operation: str) -> None:
    identity = user(world)
    wrong = Identity(**{**identity.__dict__, "access_key_secret": "another"})
    assert code(OPERATIONS[operation], kind(world, wrong)) == "SignatureDoesNotMatch"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_unknown_key_is_refused(world: OssWorld, kind: Kind, operation: str) -> None:
    assert code(OPERATIONS[operation], kind(world, new_identity(EVERYTHING, sts=False))) == "InvalidAccessKeyId"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_token_that_has_ended_is_refused(world: OssWorld, kind: Kind, operation: str) -> None:
    client = kind(world, session(world, EVERYTHING, ends_in=-1))
    assert code(OPERATIONS[operation], client) == "SecurityTokenExpired"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_session_policy_for_another_place_is_kept_to(world: OssWorld, kind: Kind, operation: str) -> None:
    world.bucket.acl = "private"
    assert code(OPERATIONS[operation], kind(world, session(world, EVERYTHING, ELSEWHERE))) == "AccessDenied"


def test_another_accounts_user_is_refused(world: OssWorld, kind: Kind) -> None:
    stranger = user(world, account="9" * len(ACCOUNT))
    assert code(OPERATIONS["put"], kind(world, stranger)) == "AccessDenied"


CONTENT = bytes(range(256)) * 4000 + b"the end"
"""Eleven parts."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "film.bin"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def ali_oss(world: OssWorld) -> AliOss:
    world.clock.now = time.time()
    return AliOss(world, session(world, EVERYTHING))


def object_bytes(world: OssWorld) -> bytes | None:
    found = world.bucket.get(KEY)
    return found.path.read_bytes() if found else None


def test_ali_oss_uploads_in_parts_side_by_side(world: OssWorld, ali_oss: AliOss, file: Path) -> None:
    ali_oss.upload(KEY, file)
    assert object_bytes(world) == CONTENT


def test_ali_oss_goes_on_from_its_checkpoint(world: OssWorld, ali_oss: AliOss, file: Path) -> None:
    checkpoint = ali_oss.interrupt(KEY, file)
    assert set(checkpoint["doneParts"][0]) == {"number", "etag"}
    there = ali_oss.parts(KEY, checkpoint["uploadId"])
    assert {part["number"] for part in checkpoint["doneParts"]} <= there < set(range(1, 12))
    assert object_bytes(world) is None
    ali_oss.upload(KEY, file, checkpoint)
    assert object_bytes(world) == CONTENT


def test_ali_oss_drops_an_upload(world: OssWorld, ali_oss: AliOss, file: Path) -> None:
    upload_id = ali_oss.interrupt(KEY, file)["uploadId"]
    ali_oss.abort(KEY, upload_id)
    with pytest.raises(SdkError, match="NoSuchUpload"):
        ali_oss.parts(KEY, upload_id)


@pytest.mark.parametrize("operation", ["upload", "interrupt", "parts", "abort"])
@pytest.mark.parametrize("secret", ["right", "wrong"])
def test_ali_oss_without_the_right_is_refused_whatever_it_does_with_parts(
    world: OssWorld, ali_oss: AliOss, file: Path, operation: str, secret: str
) -> None:
    upload_id = ali_oss.interrupt(KEY, file)["uploadId"]
    identity = session(world, EVERYTHING, ELSEWHERE)
    if secret == "wrong":
        identity = Identity(**{**identity.__dict__, "access_key_secret": "another"})
    client, given = AliOss(world, identity), upload_id if operation in ("parts", "abort") else file
    with pytest.raises(SdkError) as refused:
        getattr(client, operation)(KEY, given)
    assert str(refused.value) == ("AccessDenied" if secret == "right" else "SignatureDoesNotMatch")
