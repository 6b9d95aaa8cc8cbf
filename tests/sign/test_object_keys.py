"""Tests object keys: ids, the slots of counted links, and that nobody's files come to lie in another's place."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import pytest
from hypothesis import given as for_all
from hypothesis import strategies as st

from direct_upload.authorize import Caller, Grant, subject_part
from direct_upload.errors import InvalidId, InvalidSlot
from direct_upload.object_keys import ObjectKeys, new_directory
from direct_upload.settings import Settings
from support import factories
from support.tokens import claims, new_secret

ID = "0f8fad5b-d9cb-469f-a165-70867728950e"
OTHER_ID = "11111111-2222-4333-8444-555555555555"

NAMES = ["photos", "p", "a-b", "f" * 32]
SETTINGS = Settings.from_environ(
    factories.ENVIRON | {"AUTH": "jwt", "JWT_SECRET": new_secret()},
    b"{%s}" % b",".join(b'"%s":{}' % name.encode() for name in NAMES),
)
ENDLESS_PREFIX = "p/" * 99 + "pp"
"""The longest that the settings take: 200 characters."""


def grant_of(sub: str = "alice", *, profile: str = "default", prefix: str = "uploads", **more: Any) -> Grant:
    settings = Settings(**{**vars(SETTINGS), "prefix": prefix})
    token = claims(sub=sub, profiles=[profile], **more)
    return Caller(settings, subject_part(sub), token).grant(profile, {})


def make_keys(
    grant: Grant, *entries: Any, random_hex: Callable[[int], str] = lambda n: "ab" * n
) -> list[tuple[str, int | None]]:
    """Returns the keys of the files of one request."""
    keys = ObjectKeys(grant, entries, random_hex)
    return [keys.new_key(entry, "png") for entry in entries]


def repeat(digits: str, _: int) -> str:
    """Stands in for randomness."""
    return digits


def test_a_key_is_the_callers_place_an_id_and_an_extension() -> None:
    assert make_keys(grant_of(), {"id": ID.upper()}, {}) == [
        (f"uploads/alice/{ID}.png", None),
        ("uploads/alice/abababab-abab-4bab-abab-abababababab.png", None),
    ]


@pytest.mark.parametrize("upload_id", ["", 7, True, [], {}, ID[:-1], f"{ID}0", f"{ID}\n", f"../{ID[3:]}"])
def test_an_id_that_is_not_one_is_refused(upload_id: object) -> None:
    with pytest.raises(InvalidId, match=r"^id must be a UUID\.$"):
        make_keys(grant_of(), {"id": upload_id})


def test_two_files_of_one_request_cannot_share_an_id() -> None:
    with pytest.raises(InvalidId, match="Another file of this request has the same id"):
        make_keys(grant_of(), {"id": ID}, {"id": OTHER_ID}, {"id": ID.upper()})


@pytest.mark.parametrize("slot", [1, 0, "1", True, [], {}, 1.0])
def test_a_link_that_does_not_count_has_no_slots(slot: object) -> None:
    with pytest.raises(InvalidSlot, match=r"^Only an upload link for a number of files has slots\.$"):
        make_keys(grant_of(), {"slot": slot})


def test_a_slot_has_the_place_of_its_link_and_no_extension() -> None:
    grant = grant_of(max_files=5, jti="Link 1")
    assert (grant.key_prefix, make_keys(grant, {"slot": 5}, {"slot": 1, "id": None})) == (
        "uploads/alice/~_4cink_201/",
        [("uploads/alice/~_4cink_201/5", 5), ("uploads/alice/~_4cink_201/1", 1)],
    )


def test_a_counted_link_of_a_profile_has_its_slots_there() -> None:
    assert make_keys(grant_of(profile="photos", max_files=1, jti="x"), {}) == [("uploads/~photos/alice/~x/1", 1)]


@pytest.mark.parametrize(
    "slot", [0, -1, 4, 10**30, 1.0, float("inf"), "1", "01", "", True, False, [], [1], {}, {"1": 1}]
)
def test_a_slot_that_the_link_does_not_have_is_refused(slot: object) -> None:
    with pytest.raises(InvalidSlot, match="slot must be a whole number from 1 to 3"):
        make_keys(grant_of(max_files=3, jti="x"), {"slot": slot})


def test_two_files_of_one_request_cannot_share_a_slot() -> None:
    with pytest.raises(InvalidSlot, match=r"^Another file of this request has the same slot\.$"):
        make_keys(grant_of(max_files=3, jti="x"), {"slot": 2}, {"slot": 1}, {"slot": 2})


def test_a_counted_link_takes_no_id() -> None:
    with pytest.raises(InvalidId, match=r"^An upload link for a number of files has slots instead of ids\.$"):
        make_keys(grant_of(max_files=3, jti="x"), {"id": ID})


def test_a_request_for_more_files_than_the_link_is_for_gets_no_slot_for_the_rest() -> None:
    keys = ObjectKeys(grant_of(max_files=2, jti="x"), [{}, {}, {}], lambda n: "ab" * n)
    assert {keys.new_key({}, "png")[1], keys.new_key({}, "png")[1]} == {1, 2}
    with pytest.raises(InvalidSlot, match="This request has more files than the upload link is for: 2"):
        keys.new_key({}, "png")


def test_no_slot_is_picked_that_a_later_file_names() -> None:
    for digits in map("{:x}".format, range(64)):
        keys = make_keys(grant_of(max_files=3, jti="x"), {}, {"slot": 3}, {}, random_hex=partial(repeat, digits))
        assert (keys[1][1], {keys[0][1], keys[2][1]}) == (3, {1, 2})


def test_every_free_slot_may_be_picked() -> None:
    grant = grant_of(max_files=4, jti="x")
    picked = [make_keys(grant, {}, random_hex=partial(repeat, f"{number}"))[0][1] for number in range(8)]
    assert picked == [1, 2, 3, 4, 1, 2, 3, 4]


def test_entries_that_are_no_objects_name_no_slot() -> None:
    keys = ObjectKeys(
        grant_of(max_files=1, jti="x"), [None, 7, "slot", [], {"slot": []}, {"slot": True}], lambda n: "0"
    )
    assert keys.new_key({}, "png") == ("uploads/alice/~x/1", 1)


def test_a_directory_is_the_callers_own_random_and_ends_in_a_slash() -> None:
    assert new_directory(grant_of(), lambda n: "0f" * n) == f"uploads/alice/{'0f' * 16}/"


# The second kinds are full of what a careless escape would confuse.
texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=255) | st.text("~/.A_7e\n", min_size=1, max_size=4)
profile_names = st.sampled_from(["default", *NAMES])


class Place(NamedTuple):
    """Whose files they are, and by which link they come, if by a counted one."""

    profile: str
    subject: str
    link: str | None
    slot: int | None

    @property
    def grant(self) -> Grant:
        counted: dict[str, Any] = {"max_files": 1000, "jti": self.link} if self.link is not None else {}
        return grant_of(self.subject, profile=self.profile, **counted)

    def possible_keys(self) -> set[str]:
        """Returns the keys that this place can have a form for, as far as they are not random."""
        if self.link is not None:
            return {make_keys(self.grant, {"slot": self.slot})[0][0]}
        entries = ({"id": ID}, {"id": OTHER_ID})
        return {key for key, _ in make_keys(self.grant, *entries)} | {new_directory(self.grant, lambda n: "0f" * n)}


owners = st.builds(Place, profile_names, texts, st.none(), st.none())
links = st.builds(Place, profile_names, texts, texts, st.integers(1, 1000))
places = owners | links


def neighbours(place: Place) -> st.SearchStrategy[tuple[Place, Place]]:
    """Draws another place that differs from this one in a single respect, or in many."""
    changes = [place._replace(subject=f"{place.subject}a"), place._replace(profile=place.subject[:1] or "p")]
    near = [each for each in changes if each.profile in ("default", *NAMES)]
    if place.link is not None and place.slot is not None:
        near += [place._replace(link=f"{place.link}~"), place._replace(slot=place.slot % 1000 + 1)]
        near += [Place(place.profile, place.subject, None, None), Place(place.profile, place.link, place.subject, 1)]
    return st.tuples(st.just(place), places | st.sampled_from(near))


@for_all(places.flatmap(neighbours))
def test_no_two_places_share_a_key_and_no_key_begins_with_anothers_place(pair: tuple[Place, Place]) -> None:
    one, other = pair
    if one == other:
        return
    assert one.possible_keys().isdisjoint(other.possible_keys())
    if one[:3] != other[:3]:
        assert [key for key in other.possible_keys() if key.startswith(one.grant.key_prefix)] == [] or is_own_link(
            other, one
        )


def is_own_link(link: Place, owner: Place) -> bool:
    """Returns whether it is a counted link of that very person, whose place it lies in, in a folder of its own."""
    return owner == Place(link.profile, link.subject, None, None)


@for_all(owners, owners)
def test_no_persons_place_is_a_part_of_anothers(one: Place, other: Place) -> None:
    if one != other:
        assert not one.grant.key_prefix.startswith(other.grant.key_prefix)


@for_all(links, links)
def test_no_links_place_is_a_part_of_anothers(one: Place, other: Place) -> None:
    if one[:3] != other[:3]:
        assert not one.grant.key_prefix.startswith(other.grant.key_prefix)


@for_all(links)
def test_no_uncounted_form_of_the_same_person_reaches_into_a_links_place(link: Place) -> None:
    owner = Place(link.profile, link.subject, None, None)
    assert [key for key in owner.possible_keys() if key.startswith(link.grant.key_prefix)] == []
    assert not link.grant.key_prefix.startswith(new_directory(owner.grant, lambda n: "0f" * n))


KEY = r"uploads/(~[a-z][a-z0-9-]{0,31}/)?[a-z0-9_-]{1,96}/(~[a-z0-9_-]{1,96}/[1-9][0-9]{0,3}|[0-9a-f-]{36}\.png|[0-9a-f]{32}/)"


@for_all(places)
def test_no_key_leaves_the_prefix_or_has_a_part_that_means_something(place: Place) -> None:
    assert [key for key in place.possible_keys() if not re.fullmatch(KEY, key)] == []


@for_all(texts, texts)
def test_with_the_longest_prefix_every_key_fits_into_1023_bytes(subject: str, link: str) -> None:
    grant = grant_of(subject, profile=NAMES[-1], prefix=ENDLESS_PREFIX, max_files=1000, jti=link)
    [(key, _)] = make_keys(grant, {"slot": 1000})
    assert len(key.encode()) <= 1023


def test_a_longer_prefix_is_a_fault_of_the_settings() -> None:
    assert factories.faults(factories.ENVIRON | {"UPLOAD_PREFIX": f"{ENDLESS_PREFIX}x"}) == (
        "UPLOAD_PREFIX must have at most 200 characters, so that every key fits into the 1,023 bytes of OSS: it has 201",
    )
