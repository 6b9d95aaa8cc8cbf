"""Has pages and a thief use one counted link in random order: `make fuzz` at length, the tests a slice.

The pages are the page's own modules (counted_pages.mjs), the function is the real one, and OSS is the stand-in. In
between, requests and answers are lost. Never are there more objects than the link allows, never does a page say of a
file that it is uploaded that is not, and none loses a slot without saying so.
"""

from __future__ import annotations

import base64
import itertools
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, ClassVar, TypeVar
from xml.etree import ElementTree

import requests
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from localcloud.dev.cloud import Cloud, CloudOptions
from support.tokens import bearer, new_secret, token

SMALL, LARGE = 3, 1_000_001
"""Bytes of a file that goes by form, and of one that goes in parts."""

RULES_PER_LINK = 30

STEPS_PER_LINK = 50
"""About so many: most rules take several, as when all that waits is answered."""

THIEF = b"the thief's"

SEEDS = st.integers(0, 2**31 - 1)

ANSWERED = (*["answered"] * 9, "answer lost", "request lost", "busy")

FATES = ("answered", "answered", "answer lost", "answer lost", "request lost", "busy")
"""What may become of a request that stores something."""

STORED_STATES = ("done", "unreported")

STALLED_MS = 61_000
"""After so long without an answer a page gives up a try."""

PAUSES_MS = (5_000, 5_000, STALLED_MS)


LOST: dict[str, object] = {"status": 0}

BUSY: dict[str, object] = {
    "status": 503,
    "text": '{"error":{"code":"credentials_unavailable","message":""}}',
    "error": {"Code": "ServiceUnavailable", "Message": ""},
}


class Pages:
    """The process in which the pages' code runs."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("counted_pages.mjs")
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            ["node", script],  # noqa: S607
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )

    def run(self, command: str, **parameters: object) -> Any:
        """Runs a command, and returns what the pages show, and their new requests."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"command": command, **parameters}) + "\n")
        line = self._process.stdout.readline()
        assert line, "The pages' process has ended."
        return json.loads(line)

    def close(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(60)


class World:
    """A cloud and the pages, for all links: each link has objects of its own."""

    def __init__(self, folder: Path) -> None:
        self.secret = new_secret()
        self.cloud = Cloud(
            folder,
            CloudOptions(
                settings={
                    "AUTH": "jwt",
                    "JWT_SECRET": self.secret,
                    "CONTENT_TYPES": "text/plain",
                    "MULTIPART_THRESHOLD": "1MB",
                    "MULTIPART_SECRET": new_secret(),
                },
            ),
        )
        self.pages = Pages()
        self.links = itertools.count()
        self.steps = 0

    def __enter__(self) -> World:
        self.cloud.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.pages.close()
        self.cloud.stop()
        self.cloud.check()


class CountedLink(RuleBasedStateMachine):
    """One link, two pages that hold it, and a thief who does, too."""

    world: ClassVar[World]

    @initialize(
        count=st.integers(1, 4),
        seed=SEEDS,
        browsers=st.sampled_from(["1", "11", "12"]),
        thefts=st.integers(0, 3),
        has_parts=st.sampled_from([False, False, True]),
        files=st.integers(1, 5),
    )
    def make_link(self, count: int, seed: int, browsers: str, thefts: int, has_parts: bool, files: int) -> None:
        """Makes a link; `browsers` has the browser of each page: those of one browser share what it stores."""
        self.count = count
        self.thefts = thefts
        self.cancellations = self.reloads = 2
        self.retries = 4
        self.missed_slots: set[int] = set()
        self.jti = f"link {next(self.world.links)}"
        self.token = token(self.world.secret, sub="alice", exp=int(time.time()) + 86_400, jti=self.jti, max_files=count)
        self.sizes = (SMALL, SMALL, LARGE) if has_parts else (SMALL,)
        self.browsers = dict(zip("ab", browsers, strict=False))
        self.waiting: list[Any] = []
        self.shown: Any = {}
        self.chosen: dict[str, dict[str, int]] = {page: {} for page in self.browsers}
        """Of each page the files and their sizes."""
        self.sendings: Counter[str] = Counter()
        """How often the user has sent each file: again only after it was shown as not confirmed."""
        self.stored_names: set[str] = set()
        """Files that were shown as uploaded before a reload."""
        self.objects: dict[str, bytes] = {}
        self.run("reset", seed=seed)
        for page in self.browsers:
            self.open(page)
        for number in range(files):
            self.choose_another(number)

    def run(self, command: str, **parameters: object) -> None:
        answer = self.world.pages.run(command, **parameters)
        self.shown = answer["pages"]
        self.waiting += answer["requests"]

    def open(self, page: str) -> None:
        """Opens a page, or loads it again. It learns its limits at once: what counts comes later."""
        self.run("open", page=page, browser=self.browsers[page], address=self.world.cloud.gateway.url, token=self.token)
        self.answer(self.waiting.pop())

    @precondition(lambda self: sum(map(len, self.chosen.values())) < self.count + 3)
    @rule(at=st.integers(0, 10))
    def choose(self, at: int) -> None:
        """Chooses another file."""
        self.choose_another(at)

    def choose_another(self, at: int) -> None:
        page = pick(self.browsers, at)
        file = f"{page}{len(self.chosen[page])}"
        self.chosen[page][file] = pick(self.sizes, at)
        self.send(page, file)

    @precondition(lambda self: self.missing())
    @rule(at=st.integers(0, 5))
    def choose_again(self, at: int) -> None:
        """Chooses a file again that was not uploaded before a reload."""
        self.send(*pick(self.missing(), at))

    def missing(self) -> list[tuple[str, str]]:
        return [
            (page, file)
            for page, files in self.chosen.items()
            for file in files.keys() - self.uploads(page).keys() - self.stored_names
        ]

    def send(self, page: str, name: str) -> None:
        self.sendings.setdefault(name, 1)
        self.run("choose", page=page, file=name, size=self.chosen[page][name])
        self.check()

    @rule(seed=SEEDS)
    def go_on(self, seed: int) -> None:
        """Lets requests and answers arrive or get lost, and time pass: what happens most."""
        rng = random.Random(seed)  # noqa: S311 - repeatable, not secret
        for _ in range(10):
            if self.waiting and rng.random() < 0.8:
                request = self.waiting.pop(rng.randrange(len(self.waiting)))
                self.deliver(request, rng.choice(FATES if stores(request) else ANSWERED))
            elif self.thefts and self.missed_slots and rng.random() < 0.3:
                self.steal_slot(pick(self.missed_slots, rng.randrange(10)))
            elif self.find(is_open):
                self.pass_time(rng.choice(PAUSES_MS))

    def deliver(self, request: Any, fate: str) -> None:
        is_performed = fate in ("answered", "answer lost")
        answer = self.perform(request) if is_performed else BUSY
        if not is_performed and "key" in request.get("fields", {}):
            self.missed_slots.add(int(request["fields"]["key"].rpartition("/")[2]))
        self.answer(request, answer if fate in ("answered", "busy") else LOST)

    def answer(self, request: Any, answer: dict[str, object] | None = None) -> None:
        self.run("answer", id=request["id"], **(answer or self.perform(request)))
        self.check()

    def pass_time(self, milliseconds: int) -> None:
        self.run("pass", milliseconds=milliseconds)
        self.check()

    @precondition(lambda self: self.retries > 0 and self.find(can_restart))
    @rule(at=st.integers(0, 10))
    def try_again(self, at: int) -> None:
        """Clicks on "Try again", also where a file is not confirmed."""
        self.retries -= 1
        page, file = pick(self.find(can_restart), at)
        self.sendings[file] += self.uploads(page)[file]["state"] == "unconfirmed"
        self.run("retry", page=page, file=file)
        self.check()

    @precondition(lambda self: self.cancellations > 0 and self.find(is_open))
    @rule(at=st.integers(0, 10))
    def cancel(self, at: int) -> None:
        self.cancellations -= 1
        page, file = pick(self.find(is_open), at)
        self.run("cancel", page=page, file=file)
        self.check()

    @precondition(lambda self: self.reloads > 0)
    @rule(at=st.integers(0, 1))
    def reload(self, at: int) -> None:
        self.reloads -= 1
        name = pick(self.browsers, at)
        for file, upload in self.uploads(name).items():
            if upload["state"] in STORED_STATES:
                self.stored_names.add(file)
            self.sendings[file] += upload["state"] == "unconfirmed"
        self.open(name)
        self.check()

    @precondition(lambda self: self.thefts > 0)
    @rule(at=st.integers(0, 10))
    def steal(self, at: int) -> None:
        """Stores a file of somebody else."""
        self.steal_slot(pick(range(1, self.count + 2), at))

    def steal_slot(self, slot: int) -> None:
        self.thefts -= 1
        file = {"filename": "x.txt", "size": len(THIEF), "content_type": "text/plain", "slot": slot}
        url = f"{self.world.cloud.gateway.url}/sign"
        [upload] = requests.post(url, json={"files": [file]}, headers=bearer(self.token), timeout=PATIENCE).json()[
            "uploads"
        ]
        assert ("error" in upload) == (slot > self.count)
        if "fields" in upload:
            post(upload["url"], upload["fields"], THIEF, "text/plain")
        self.look()
        self.check()

    def perform(self, request: Any) -> dict[str, object]:
        """Sends a page's request on its way, and returns the answer."""
        answer = self.send_on(request)
        self.look()
        return answer

    def send_on(self, request: Any) -> dict[str, object]:
        if request["kind"] == "function":
            url = self.world.cloud.gateway.url + request["path"]
            response = requests.request(
                request["method"], url, headers=request["headers"], data=request["body"], timeout=PATIENCE
            )
            return {"status": response.status_code, "text": response.text}
        content = base64.b64decode(request["content"])
        if request["kind"] == "POST":
            return to_answer(post(request["url"], request["fields"], content, request["type"]))
        return to_answer(requests.put(request["url"], content, timeout=PATIENCE))

    def uploads(self, page: str) -> Any:
        return self.shown[page]["uploads"]

    def find(self, fits: Callable[[Any], bool]) -> list[tuple[str, str]]:
        """Returns page and name of the uploads that fit."""
        return [(page, file) for page in self.shown for file, each in self.uploads(page).items() if fits(each)]

    def look(self) -> None:
        """Looks at what the link's slots hold, by key: what is there does not change."""
        part = self.jti.replace(" ", "_20")
        for key in (f"uploads/alice/~{part}/{slot}" for slot in range(1, self.count + 2)):
            if key not in self.objects and (found := self.world.cloud.bucket.get(key)):
                self.objects[key] = found.path.read_bytes()

    def check(self) -> None:
        self.world.steps += 1
        objects = self.objects
        assert len(objects) <= self.count
        copies = Counter(objects.values())
        for page in self.shown:
            files = self.chosen[page]
            keys = []
            for name, upload in self.uploads(page).items():
                content = (name.encode() * files[name])[: files[name]]
                if upload["state"] in STORED_STATES:
                    keys.append(upload["key"])
                    assert objects.get(upload["key"]) == content, (name, upload)
                assert upload["fault"] != "link_used" or len(objects) == self.count, (name, upload)
            assert len(set(keys)) == len(keys)
            left = self.shown[page]["left"]
            assert left is None or left >= self.count - len(objects)
            for name, size in files.items():
                assert copies[(name.encode() * size)[:size]] <= self.sendings[name], name

    def teardown(self) -> None:
        """Checks that nothing stays open once everything works."""
        if not self.shown:
            return
        self.finish()
        for page, file in self.find(lambda each: each["fault"] == "link_full"):
            self.run("retry", page=page, file=file)
            self.finish()
            assert self.uploads(page)[file]["fault"] != "link_full"

    def finish(self) -> None:
        for _ in range(60):
            while self.waiting:
                self.answer(self.waiting.pop(0))
            if not self.find(is_open):
                return
            self.run("pass", milliseconds=STALLED_MS)
        raise AssertionError(f"Something stays open: {self.shown}")


T = TypeVar("T")


def pick(items: Collection[T], at: int) -> T:
    return sorted(items)[at % len(items)]  # type: ignore[type-var]


def stores(request: Any) -> bool:
    """Returns whether it is one of the requests whose answer matters."""
    return bool(request["kind"] != "function" or request["path"] == "/multipart/complete")


def is_open(upload: Any) -> bool:
    return bool(upload["isOpen"])


def can_restart(upload: Any) -> bool:
    return upload["isRetriable"] or upload["state"] in ("cancelled", "unconfirmed")


PATIENCE = 60
"""Seconds to wait for what ought to happen at once."""


def post(url: str, fields: dict[str, str], content: bytes, content_type: str) -> requests.Response:
    parts: list[tuple[str, Any]] = [(name, (None, value)) for name, value in fields.items()]
    return requests.post(url, files=[*parts, ("file", ("file", content, content_type))], timeout=PATIENCE)


def to_answer(response: requests.Response) -> dict[str, object]:
    answer: dict[str, object] = {"status": response.status_code, "text": response.text}
    if response.status_code >= 400:
        answer["error"] = {each.tag: each.text for each in ElementTree.fromstring(response.content)}  # noqa: S314
    else:
        answer["checksum"] = response.headers["x-oss-hash-crc64ecma"]
    return answer


def run(steps: int, **more: Any) -> tuple[int, set[int]]:
    """Takes about so many steps; returns how many were taken, and the sizes that were stored. Raises AssertionError."""
    with tempfile.TemporaryDirectory() as folder, World(Path(folder)) as CountedLink.world:
        run_state_machine_as_test(
            CountedLink,
            settings=settings(
                max_examples=max(1, steps // STEPS_PER_LINK),
                stateful_step_count=RULES_PER_LINK,
                deadline=None,
                suppress_health_check=list(HealthCheck),
                database=None,
                **more,
            ),
        )
        sizes = {each.path.stat().st_size for each in CountedLink.world.cloud.bucket.objects()}
        return CountedLink.world.steps, sizes


if __name__ == "__main__":
    sys.stdout.write(f"{run(int(sys.argv[1]))[0]} steps with counted links\n")
