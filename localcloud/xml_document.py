"""XML as the services read and write it: one parser with its guard, and one writer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias
    from xml.etree.ElementTree import Element

    Content: TypeAlias = "str | Sequence[tuple[str, Content]]"
    """What an element contains: text, or elements by name, in order."""

MAX_BYTES = 2 * 1024**2
"""Size of the largest document that is parsed; our choice."""

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
REPLACEMENT = "\ufffd"


def parse(document: bytes | str) -> Element:
    """Returns the root element of a document in UTF-8. Raises ValueError."""
    raw = document.encode() if isinstance(document, str) else document
    if len(raw) > MAX_BYTES:
        raise ValueError(f"the document is larger than {MAX_BYTES} bytes")
    # Decoded first: in another encoding a document type would get past the next check.
    text = raw.decode()
    if "<!" in text:
        raise ValueError("the document has a document type, whose entities could make it grow")
    try:
        return ElementTree.fromstring(text)  # noqa: S314 - checked above
    except ElementTree.ParseError as error:
        raise ValueError(f"the document is not XML: {error}") from None


def render(root: str, content: Content) -> str:
    """Writes a document; what XML cannot carry becomes U+FFFD."""
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', *_lines(root, content), ""])


def _lines(name: str, content: Content) -> list[str]:
    if isinstance(content, str):
        return [f"<{name}>{escape(NOT_XML.sub(REPLACEMENT, content))}</{name}>"]
    inner = [f"  {line}" for child, child_content in content for line in _lines(child, child_content)]
    return [f"<{name}>", *inner, f"</{name}>"]
