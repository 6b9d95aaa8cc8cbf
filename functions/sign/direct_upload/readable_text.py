"""Text that people read in one line, in the order of its characters: names of files, titles."""

from __future__ import annotations

import unicodedata

_UNFIT_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp", "Cf"})
"""Unicode's categories of control characters, lone surrogates, line and paragraph separators, and of format characters,
among them those that make `gnp.exe` read as `exe.png`."""

_NEEDED_CHARACTERS = frozenset(
    map(
        chr,
        (
            *(0x00AD, 0x180E, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF),  # join and separate letters, words and emoji
            *range(0x0600, 0x0606),  # visible signs beside Arabic, Syriac and Kaithi numbers
            *(0x06DD, 0x070F, 0x0890, 0x0891, 0x08E2, 0x110BD, 0x110CD),
            *range(0x13430, 0x13440),  # arrange hieroglyphs
            *range(0xE0020, 0xE0080),  # spell the flags of England, Scotland and Wales
        ),
    )
)
"""Format characters that occur in names of real languages, and that do not change the order of the others."""


def is_readable_line(text: str) -> bool:
    """Returns whether the text is one line that reads in the order of its characters."""
    if text.isascii():
        return text.isprintable()  # the same, quickly
    return all(unicodedata.category(each) not in _UNFIT_CATEGORIES or each in _NEEDED_CHARACTERS for each in text)
