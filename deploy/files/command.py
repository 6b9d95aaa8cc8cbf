"""`make files`: what was uploaded, and by whom; `--download FOLDER` fetches it, each file under the name it had.

`--delete` deletes for good what one person has uploaded.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timezone
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote

import alibabacloud_oss_v2 as oss
import requests
from alibabacloud_oss_v2.credentials import StaticCredentialsProvider
from urllib3.exceptions import HTTPError

from deploy import credentials, declared, oss_client
from deploy.counts import number_of
from deploy.environment import own_environment
from deploy.files.deletion import UploadBucket, delete, subject_paths
from deploy.files.inbox import Inbox, StoredObject
from deploy.files.safe_path import safe_path
from localcloud.terminal import visible
from oss_protocol.bucket import DEFAULT_KEY_PREFIX

ROOT = Path(__file__).parents[2]

AT_ONCE = 8
"""Objects whose names are asked for at the same time."""

PATIENCE = 60
"""Seconds to wait for the next bytes, at most."""

CHUNK = 256 * 1024
"""Bytes read at a time."""


class ReadError(ValueError):
    """One object cannot be fetched; others can."""


@dataclass(frozen=True)
class Upload:
    """A file that somebody uploaded."""

    listed: StoredObject
    name: str
    """As the uploader knows it, perhaps with its folders. They chose it: it may say anything."""
    who: str
    """The subject of the uploader's token, as it stands in the key."""


class Store(Protocol):
    """A bucket, as far as it is needed here. What it raises are the errors of the vendor's SDK."""

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Yields every object whose key begins with this, in the order of keys."""

    def head(self, key: str) -> Mapping[str, str]:
        """Returns an object's user metadata, by lower-case name without `x-oss-meta-`."""

    def get(self, key: str) -> Iterator[bytes]:
        """Yields an object's bytes."""


class OssStore:
    """A bucket at OSS, through the vendor's SDK."""

    def __init__(self, client: oss.Client, name: str) -> None:
        self._client = client
        self._bucket = name

    def list(self, prefix: str) -> Iterator[StoredObject]:
        request = oss.ListObjectsV2Request(bucket=self._bucket, prefix=prefix)
        for page in self._client.list_objects_v2_paginator().iter_page(request):
            for found in page.contents or ():
                yield StoredObject(found.key, found.size or 0, found.last_modified.astimezone(timezone.utc))

    def head(self, key: str) -> Mapping[str, str]:
        if _is_shortened(key):
            return {}
        found: Any = self._client.head_object(oss.HeadObjectRequest(bucket=self._bucket, key=key))
        return {name.lower(): value for name, value in (found.metadata or {}).items()}

    def get(self, key: str) -> Iterator[bytes]:
        if _is_shortened(key):
            raise ReadError(f"{visible(key)} cannot be read: its key has . or .. for a part. Use OSS's console for it")
        url = self._client.presign(oss.GetObjectRequest(bucket=self._bucket, key=key)).url
        try:
            with requests.get(url, stream=True, timeout=PATIENCE, allow_redirects=False) as answer:
                if answer.status_code != 200:
                    raise ReadError(f"{visible(key)} cannot be read: OSS answers {answer.status_code}")
                # The SDK would unpack what its uploader calls compressed: into any size they like.
                yield from answer.raw.stream(CHUNK, decode_content=False)
        except (requests.RequestException, HTTPError) as fault:
            # By its kind alone: its text has the address in it, which anybody who reads it could use.
            raise ValueError(f"{visible(key)} cannot be read: {type(fault).__name__}") from None


def _is_shortened(key: str) -> bool:
    """Tells whether clients ask for another path: they take such parts out, and OSS finds the signature wrong.

    The holder of a folder form can choose such a key, and must not stop the owner's list by it.
    """
    return not {".", ".."}.isdisjoint(key.split("/"))


def list_uploads(
    store: Store, prefix: str, below: str = "", but: Callable[[StoredObject], bool] = lambda _: False
) -> Iterator[Upload]:
    """Yields what was uploaded under the function's prefix, or only what is `below` it, in the order of keys.

    Files for which `but` is true are left out.
    """
    # The console marks folders by empty objects.
    found = [
        each for each in store.list(f"{prefix}/{below}") if (each.size or not each.key.endswith("/")) and not but(each)
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for listed, meta in zip(found, pool.map(lambda each: store.head(each.key), found), strict=True):
            place = re.sub(r"^~[^/]*/", "", listed.key.removeprefix(f"{prefix}/"))  # without a profile's part
            who, _, rest = place.partition("/")
            # A folder form's key is its directory, which nobody can guess, and then the file's name.
            yield Upload(listed, unquote(meta.get("filename", "")) or rest.partition("/")[2] or rest, who)


def table(files: Iterable[Upload]) -> Iterator[str]:
    """Yields a line each: when, who, how many bytes, under which name, at which key; first the names of the columns."""
    yield _row("when (UTC)", "who", "bytes", "name", "key")
    for each in files:
        size = f"{each.listed.size:,}"
        yield _row(
            f"{each.listed.when:%Y-%m-%d %H:%M}",
            visible(each.who),
            size,
            visible(each.name),
            visible(each.listed.key),
        )


def _row(when: str, who: str, size: str, name: str, key: str) -> str:
    return f"{when:<16}  {who:<20}  {size:>13}  {name:<32}  {key}"


def main(arguments: list[str], environ: Mapping[str, str], folder: Path = ROOT) -> int:
    """Prints the table or fetches the files. Returns the exit code: 0; 1 where OSS refuses; 2 for a wrong call."""
    asked = _parser().parse_args(arguments)
    try:
        _check(asked)
        bucket = _local(environ) if asked.dev else _bucket(asked, environ, folder)
        paths = [asked.below] if asked.subject is None else subject_paths(bucket, _read_subject(asked.subject))
        if asked.delete:
            for line in delete(bucket, paths, None if asked.yes else input):
                print(line)
            return 0
        return list_or_download(OssStore(bucket.client, bucket.name), bucket.prefix, paths, asked.download)
    except (OSError, ValueError) as fault:
        print(fault, file=sys.stderr)
        return 2
    except oss.exceptions.BaseError as fault:
        refused = oss_client.refusal(fault)
        print(f"OSS: {f'{refused.code}: {refused.message}' if refused else fault}", file=sys.stderr)
        return 1


def list_or_download(store: Store, prefix: str, paths: Iterable[str], to: str | None) -> int:
    """Lists what is below these paths, or fetches it into the folder `to`. Raises OSError, ValueError."""
    if to is None:
        lines = table([each for path in paths for each in list_uploads(store, prefix, path)])
    else:
        inbox = Inbox.at(Path(to), ROOT)
        files = (each for path in paths for each in list_uploads(store, prefix, path, inbox.has))
        lines = map(str, download(store, files, inbox))
    for line in lines:
        print(line)
    return 0


def download(store: Store, files: Iterable[Upload], inbox: Inbox) -> Iterator[Path]:
    """Fetches the files, each whole or not at all; yields the path of each.

    No file is overwritten: another of the same name gets a number. Raises ValueError at the end, with a line for each
    that could not be read or arrived incomplete.
    """
    faults = []
    for each in files:
        try:
            path = inbox.new_file(safe_path(each.name), partial(_fetch, store, each.listed))
        except ReadError as fault:
            faults.append(str(fault))
            continue
        inbox.add(each.listed, path)
        yield path
    if faults:
        raise ValueError("\n".join(faults))


def _fetch(store: Store, listed: StoredObject, path: Path) -> None:
    size = 0
    with path.open("xb") as file:
        for chunk in store.get(listed.key):
            size += file.write(chunk)
    if size != listed.size:
        raise ReadError(f"{visible(listed.key)} has {number_of(listed.size, 'byte')}, and {size:,} came")


def _check(asked: argparse.Namespace) -> None:
    """Raises ValueError for options that do not go together."""
    if not asked.delete:
        return
    if asked.download is not None:
        raise ValueError("--download and --delete exclude each other: download first, look, and then delete")
    if asked.subject is None and not asked.below.endswith("/"):
        raise ValueError(
            "--delete needs --subject, or --below with a path that ends in a slash: alice is the beginning of alice-2"
        )
    if not asked.yes and not sys.stdin.isatty():
        raise ValueError("Nobody can be asked here: add --yes to delete without a question")


def _read_subject(given: str) -> str:
    """Returns what was given; for `-` a line of standard input, which neither make nor a shell obeys."""
    if given != "-":
        return given
    if sys.stdin.isatty():
        print("Subject: ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().rstrip("\r\n")


def _local(environ: Mapping[str, str]) -> UploadBucket:
    """Returns the bucket of `JSON=1 make dev`, by its line of JSON. Raises ValueError."""
    try:
        told = json.loads(sys.stdin.readline())
        own = StaticCredentialsProvider(told["access_key_id"], told["access_key_secret"], told["security_token"])
        client, name = oss_client.client(own, told["region"], told["oss"]), told["bucket"]
    except (ValueError, KeyError, TypeError):
        raise ValueError(
            "Standard input has no line of JSON of make dev: JSON=1 make dev | make files ARGS=--dev"
        ) from None
    return UploadBucket(client, name, _prefix(environ))


def _bucket(asked: argparse.Namespace, environ: Mapping[str, str], folder: Path) -> UploadBucket:
    """Returns the bucket that is named, else that of s.yaml. Raises OSError, ValueError."""
    provider = credentials.deployer(environ)
    if provider is None:
        why, _ = credentials.no_credentials(environ)
        raise ValueError(f"The bucket cannot be read: {why} (docs/operations.md, Credentials)")
    settings = {name: environ[name] for name in ("OSS_BUCKET", "OSS_REGION", "UPLOAD_PREFIX") if environ.get(name)}
    given = {"OSS_BUCKET": asked.bucket, "OSS_REGION": asked.region}
    settings |= {name: value for name, value in given.items() if value}
    if not (settings.get("OSS_BUCKET") and settings.get("OSS_REGION")):
        settings = declared.read(folder, environ, credentials.account_id(environ)).function_environ | settings
    if declared.NO_ACCOUNT in settings.get("OSS_BUCKET", declared.NO_ACCOUNT):
        raise ValueError("The bucket's name has the account's ID in it: set AccountID, or give --bucket and --region")
    client = oss_client.client(provider, settings["OSS_REGION"], asked.endpoint)
    return UploadBucket(client, settings["OSS_BUCKET"], _prefix(settings))


def _prefix(settings: Mapping[str, str]) -> str:
    return (settings.get("UPLOAD_PREFIX") or DEFAULT_KEY_PREFIX).rstrip("/")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make files ARGS=…", description="List what was uploaded, download or delete it."
    )
    add = parser.add_argument
    add("--download", metavar="FOLDER", help="download the files into this folder; no file there is overwritten")
    which = parser.add_mutually_exclusive_group().add_argument
    which("--subject", metavar="SUB", help="only what this person uploaded, by their token's `sub`; - reads a line")
    which("--below", metavar="PATH", default="", help="only what is below the prefix and this path: alice/, ~photos/")
    add("--delete", action="store_true", help="delete it for good, in every version; asks first")
    add("--yes", action="store_true", help="delete without a question")
    add("--bucket", help="else OSS_BUCKET, else that of s.yaml")
    add("--region", help="else OSS_REGION, else that of s.yaml")
    add(
        "--dev",
        action="store_true",
        help="use the bucket of `JSON=1 make dev`, named by its JSON line on standard input",
    )
    add("--endpoint", metavar="URL", default="", help="https://… of a custom domain or of a stand-in")
    return parser


def run(_: str, arguments: list[str]) -> int:
    """Runs the command in this process's environment; returns the exit code."""
    return main(arguments, own_environment(ROOT))
