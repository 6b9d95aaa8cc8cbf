"""Object keys: where a caller's files go. The function makes each key, and a caller chooses an id or a slot at most.

A counted link, one with the claim `max_files`, has so many keys and no others: its slots. Each takes one file, since
forms and uploads in parts forbid to overwrite. No key of a slot has an extension, or each slot would have many keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import UUID

from direct_upload.authorize import Grant
from direct_upload.errors import InvalidId, InvalidSlot

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class ObjectKeys:
    """Makes the keys for the files of one request: no two are alike, or one of the files would be lost."""

    def __init__(self, grant: Grant, entries: Iterable[object], random_hex: Callable[[int], str]) -> None:
        """`entries` are the files of the request, so that no slot that one of them names is picked for another."""
        self._grant = grant
        self._random_hex = random_hex
        self._used: set[object] = set()
        self._named_slots = {_slot_of(entry) for entry in entries} if grant.max_files else set()

    def new_key(self, entry: Mapping[str, Any], extension: str) -> tuple[str, int | None]:
        """Returns the key for a file, and its slot if it has one. Raises InvalidId, InvalidSlot."""
        upload_id, slot, max_files = entry.get("id"), entry.get("slot"), self._grant.max_files
        if max_files is None:
            if slot is not None:
                raise InvalidSlot("Only an upload link for a number of files has slots.")
            return f"{self._grant.key_prefix}{self._check_id(upload_id)}.{extension}", None
        if upload_id is not None:
            raise InvalidId("An upload link for a number of files has slots instead of ids.")
        number = self._pick_slot(max_files) if slot is None else self._check_slot(slot, max_files)
        return f"{self._grant.key_prefix}{number}", number

    def _check_id(self, declared: object) -> str:
        if declared is None:
            return str(UUID(hex=self._random_hex(16), version=4))
        if not isinstance(declared, str) or not _UUID.fullmatch(upload_id := declared.lower()):
            raise InvalidId("id must be a UUID.")
        if upload_id in self._used:
            raise InvalidId("Another file of this request has the same id.")
        self._used.add(upload_id)
        return upload_id

    def _check_slot(self, declared: object, max_files: int) -> int:
        if type(declared) is not int or not 1 <= declared <= max_files:
            raise InvalidSlot(f"slot must be a whole number from 1 to {max_files}.")
        if declared in self._used:
            raise InvalidSlot("Another file of this request has the same slot.")
        self._used.add(declared)
        return declared

    def _pick_slot(self, max_files: int) -> int:
        """Returns a random slot, so that two pages with one link seldom pick the same."""
        free = [slot for slot in range(1, max_files + 1) if slot not in self._used and slot not in self._named_slots]
        if not free:
            raise InvalidSlot(f"This request has more files than the upload link is for: {max_files}.")
        slot = free[int(self._random_hex(8), 16) % len(free)]
        self._used.add(slot)
        return slot


def gives_out(grant: Grant, key: str, slot: int | None) -> bool:
    """Returns whether a key that this function has made is one of this grant's, and not of another of the caller's."""
    return f"{key.rpartition('/')[0]}/" == grant.key_prefix and (slot or 0) <= (grant.max_files or 0)


def new_directory(grant: Grant, random_hex: Callable[[int], str]) -> str:
    """Returns a new directory, which ends in a slash and which nobody can guess (128 random bits)."""
    return f"{grant.key_prefix}{random_hex(16)}/"


def _slot_of(entry: object) -> int | None:
    slot = entry.get("slot") if isinstance(entry, dict) else None
    return slot if type(slot) is int else None
