"""The query parameter `encoding-type=url`: keys in a response are percent-encoded, since XML cannot carry them all."""

from __future__ import annotations

from urllib.parse import quote


def encoding_element(encoding_type: str | None) -> list[tuple[str, str]]:
    """Returns the element that says that keys are encoded, if they are."""
    return [("EncodingType", encoding_type)] if encoding_type else []


def encode_key(key: str, encoding_type: str | None) -> str:
    """Returns the key as the response has it."""
    return quote(key) if encoding_type == "url" else key
