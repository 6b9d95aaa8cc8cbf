"""Tests which text reads in one line and in the order of its characters: names of files, and titles."""

from __future__ import annotations

import pytest

from direct_upload.readable_text import is_readable_line

UNREADABLE = frozenset(
    chr(code)
    for first, last in (
        *((0x00, 0x1F), (0x7F, 0x9F), (0xD800, 0xDFFF), (0x2028, 0x2029)),  # controls, surrogates, separators
        *((0x061C, 0x061C), (0x200E, 0x200F), (0x202A, 0x202E), (0x2066, 0x2069)),  # direction
        *((0x206A, 0x206F), (0xFFF9, 0xFFFB), (0xE0001, 0xE0001)),  # swapped brackets, annotations, languages
        *((0x2061, 0x2064), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A)),  # mathematics, shorthand, music
    )
    for code in range(first, last + 1)
)


def test_no_name_has_a_character_that_makes_it_read_as_another() -> None:
    assert [character for character in UNREADABLE if is_readable_line(f"a{character}gnp.exe")] == []


def test_a_name_may_have_any_other_character() -> None:
    """It does not matter whether Unicode has assigned it: the next emoji is not assigned yet."""
    others = [chr(code) for code in range(0x110000) if chr(code) not in UNREADABLE]
    pieces = ["".join(others[first : first + 4000]) for first in range(0, len(others), 4000)]
    assert [ascii(piece[0]) for piece in pieces if not is_readable_line(piece)] == []


@pytest.mark.parametrize(
    "name",
    [
        *("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645.pdf", "\u0915\u094d\u200d\u0937.png"),  # Persian, Hindi
        *("\u0e2a\u0e27\u0e31\u0e2a\u200b\u0e14\u0e35.txt", "\u1820\u180e\u1820.txt"),  # Thai, Mongolian
        "\U0001f468\u200d\U0001f469\u200d\U0001f467.jpg",  # a family
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f.png",  # the flag of England
        *("\u2764\ufe0f.png", "co\u00adoperate.txt", "\ufeffexport.csv", "\u0601\u0662\u0660.txt", "\uf8ff.txt"),
    ],
)
def test_names_in_real_languages_and_emoji_are_taken(name: str) -> None:
    assert is_readable_line(name)
