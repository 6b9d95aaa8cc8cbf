"""Each fault switch of the stand-in OSS does what it says, and leaves nothing behind."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from support.oss_world import BOUNDARY, Draft, File, OssWorld, multipart, outcome, post


def files_of(world: OssWorld) -> list[str]:
    return [path.name for path in world.folder.rglob("*") if path.is_file()]


def test_latency(world: OssWorld, draft: Draft) -> None:
    world.faults.oss_latency = 0.2
    begin = time.monotonic()
    assert post(world, draft.fields()).status_code == 204
    assert time.monotonic() - begin >= 0.2


def test_bandwidth(world: OssWorld, draft: Draft) -> None:
    world.faults.oss_bandwidth = 100_000
    begin = time.monotonic()
    assert post(world, draft.fields(), File(b"x" * 30_000)).status_code == 204
    assert 0.3 <= time.monotonic() - begin < 30


def test_a_line_is_shared(world: OssWorld, draft: Draft) -> None:
    """Each of the three would take 0.1 s alone."""
    world.faults.oss_shared_bandwidth = 300_000
    forms = [draft.fields() for _ in range(3)]
    begin = time.monotonic()
    with ThreadPoolExecutor(3) as pool:
        posts = pool.map(lambda form: post(world, form, File(b"x" * 30_000)).status_code, forms)
        assert list(posts) == [204, 204, 204]
    assert 0.3 <= time.monotonic() - begin < 30


@pytest.mark.parametrize("at", [0, 1, 100, 300_000])
def test_reset(world: OssWorld, draft: Draft, at: int) -> None:
    world.faults.oss_reset_at = at
    with pytest.raises(requests.ConnectionError):
        post(world, draft.fields(), File(b"x" * 1_000_000))
    world.oss.stop()
    assert files_of(world) == []
    world.oss.start()


def test_who_sees_a_reset_finds_it_recorded(world: OssWorld, draft: Draft) -> None:
    is_seen = threading.Event()
    seen_before: list[bool] = []
    world.oss.on_record = lambda _: seen_before.append(is_seen.wait(0.2))  # time enough to go wrong in
    world.faults.oss_reset_at = 0
    with pytest.raises(requests.ConnectionError):
        post(world, draft.fields())
    is_seen.set()
    assert seen_before == [False]


def test_a_reset_beyond_the_end_never_comes(world: OssWorld, draft: Draft) -> None:
    world.faults.oss_reset_at = 1_000_000
    assert post(world, draft.fields()).status_code == 204


def start_stalled_post(world: OssWorld, draft: Draft) -> threading.Thread:
    """Returns a post that hangs, in a thread of its own."""
    world.faults.oss_stall_at = 2000

    def send() -> None:
        with pytest.raises(requests.ConnectionError):
            post(world, draft.fields(), File(b"x" * 100_000))

    thread = threading.Thread(target=send)
    thread.start()
    while not files_of(world):
        assert thread.is_alive()
    return thread


def test_a_stall_ends_with_the_cloud(world: OssWorld, draft: Draft) -> None:
    thread = start_stalled_post(world, draft)
    assert thread.is_alive()
    world.oss.stop()
    thread.join(60)
    assert (thread.is_alive(), files_of(world)) == (False, [])
    world.oss.start()


def test_a_stall_ends_with_the_client(world: OssWorld, draft: Draft) -> None:
    world.faults.oss_stall_at = 2000
    with pytest.raises(requests.ReadTimeout):
        requests.post(
            world.oss.url,
            data=multipart(draft.fields(), File(b"x" * 100_000)),
            headers={"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"},
            timeout=0.2,
        )
    begin = time.monotonic()
    while files_of(world):
        assert time.monotonic() - begin < 30


def test_fail_next_counts_down(world: OssWorld, draft: Draft) -> None:
    world.faults.oss_fail_next = 2
    outcomes = [outcome(post(world, draft.fields())) for _ in range(3)]
    assert outcomes == [(503, "ServiceUnavailable", None)] * 2 + [(204, None, None)]
    assert world.faults.oss_fail_next == 0


def test_error_rate(world: OssWorld, draft: Draft) -> None:
    world.faults.oss_error_rate = 0.5
    world.oss.uploads.random.seed(1)
    outcomes = [outcome(post(world, draft.fields())) for _ in range(20)]
    assert set(outcomes) == {(500, "InternalError", None), (204, None, None)}
    world.faults.oss_error_rate = 1.0
    assert outcome(post(world, draft.fields())) == (500, "InternalError", None)


def test_deny_early_is_still_heard(world: OssWorld, draft: Draft) -> None:
    world.faults.oss_deny_early = True
    answer = post(world, draft.fields(), File(b"x" * 3_000_000))
    assert outcome(answer) == (403, "AccessDenied", None)
    assert world.bucket.objects() == []


@pytest.mark.parametrize(("skew", "status"), [(599, 204), (600, 403), (-900, 204), (-901, 403)])
def test_skew(world: OssWorld, draft: Draft, skew: float, status: int) -> None:
    world.faults.oss_skew = skew
    assert post(world, draft.fields()).status_code == status


def test_an_expired_policy_is_explained_by_the_clock_that_refused_it(world: OssWorld, draft: Draft) -> None:
    world.faults.oss_skew = 3000
    post(world, draft.fields())
    said = "The policy was valid until 2024-11-24T12:10:00.000Z; by the clock of OSS it is 2024-11-24T12:50:00Z. "
    assert world.oss.records[-1].explanation.startswith(said)


def test_disk_full(world: OssWorld, draft: Draft) -> None:
    world.faults.oss_disk_full = True
    assert outcome(post(world, draft.fields(), File(b""))) == (500, "InternalError", None)
    assert files_of(world) == []


def test_a_disk_that_is_full_in_truth(world: OssWorld, draft: Draft, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("localcloud.oss.storage.bucket.Incoming.write", full)
    assert outcome(post(world, draft.fields())) == (500, "InternalError", None)
    assert files_of(world) == []


def test_faults_leave_reading_and_preflights_alone(world: OssWorld) -> None:
    world.faults.oss_fail_next, world.faults.oss_error_rate, world.faults.oss_deny_early = 1, 1.0, True
    assert requests.get(f"{world.oss.url}/uploads/a", timeout=60).status_code == 403
    assert outcome(requests.options(world.oss.url, timeout=60)) == (400, "BadRequest", None)
    assert world.faults.oss_fail_next == 1
