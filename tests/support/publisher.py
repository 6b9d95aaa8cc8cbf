"""The page's publisher, run in this process against localcloud's OSS, with a small page to publish."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from deploy.site import publish
from localcloud.ram.identities import Identity
from support.oss_world import BUCKET, REGION, OssWorld

INDEX = "<meta content=\"connect-src 'self' https://function.invalid https://upload.invalid; base-uri 'none'\">"


FILES = {
    "index.html": INDEX,
    "app.js": "export {};",
    "parts/style.css": "p {}",
    "icon.svg": "<svg/>",
    "en.json": "{}",
    "data.unknown": "?",
    "types.d.ts": "no browser loads this",
    ".hidden/secret": "not for anybody",
}


KEYS = [
    ".published.json",
    "app.js",
    "config.json",
    "data.unknown",
    "en.json",
    "icon.svg",
    "index.html",
    "parts/style.css",
]


@dataclass
class Publisher:
    """Runs the command, and keeps what it says."""

    world: OssWorld
    folder: Path
    capsys: pytest.CaptureFixture[str]
    identity: Identity
    more: dict[str, str] = field(default_factory=dict)
    """Members of what is asked for, over the usual ones."""

    @property
    def environ(self) -> dict[str, str]:
        """Returns the credentials."""
        return {
            "ALIBABA_CLOUD_ACCESS_KEY_ID": self.identity.access_key_id,
            "ALIBABA_CLOUD_ACCESS_KEY_SECRET": self.identity.access_key_secret,
            "ALIBABA_CLOUD_SECURITY_TOKEN": self.identity.security_token,
        }

    @property
    def request(self) -> dict[str, str]:
        """Returns what is asked for."""
        return {
            "folder": str(self.folder),
            "bucket": BUCKET,
            "region": REGION,
            "endpoint": self.world.oss.url,
            "function": "https://sign.example.com/",
            "upload": "https://files.example.com",
            "domain": "",
            **self.more,
        }

    def run(self, command: str, environ: dict[str, str] | None = None) -> tuple[int, str, list[str]]:
        """Returns exit code, standard output, and the lines on stderr."""
        code = publish.main([command, json.dumps(self.request)], self.environ if environ is None else environ)
        said = self.capsys.readouterr()
        return code, said.out, said.err.splitlines()

    def ok(self, command: str) -> list[str]:
        """Runs a command that must succeed; the lines on stderr."""
        code, _, told = self.run(command)
        assert code == 0, told
        return told

    def fails(self, command: str = "deploy", environ: dict[str, str] | None = None) -> str:
        """Runs a command that must not succeed; the one line that it says."""
        code, out, told = self.run(command, environ)
        assert (code, out, len(told)) == (1, "", 1), told
        return told[0]

    def puts(self) -> list[Any]:
        """Returns the keys put so far, and forgotten by this."""
        found = [record.note["key"] for record in self.world.oss.records if record.method == "PUT"]
        self.world.oss.records.clear()
        return found


def keys(world: OssWorld) -> list[str]:
    return [stored.key for stored in world.bucket.objects()]
