"""QR codes of links: drawn for a terminal, and written for their owner alone."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest

from deploy.link.qr_code import QrCode, png_paths
from support.tokens import new_secret

LINK = "https://upload.example.com/#token="


def modules_of_text(text: str) -> list[list[bool]]:
    """Returns which modules of a drawing are dark: a character is two of them, one below the other."""
    halves = {" ": (True, True), "▀": (False, True), "▄": (True, False), "█": (False, False)}
    return [[halves[each][half] for each in line] for line in text.splitlines() for half in (0, 1)]


def modules_of_png(content: bytes, scale: int) -> list[list[bool]]:
    """Returns which modules of a PNG in black and white are dark (PNG, 3rd edition: a bit a pixel, filters 0 and 2)."""
    width, height, depth, colour = struct.unpack(">IIBB", content[16:26])
    assert (depth, colour) == (1, 0)
    data, at = b"", 8
    while at < len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        data += content[at + 8 : at + 8 + length] if content[at + 4 : at + 8] == b"IDAT" else b""
        at += length + 12
    rows, stride = zlib.decompress(data), (width + 7) // 8 + 1
    lines = [bytes(stride - 1)]
    for start in range(0, stride * height, stride):
        kind, *line = rows[start : start + stride]
        above = {0: bytes(stride - 1), 2: lines[-1]}[kind]
        lines.append(bytes((byte + up) % 256 for byte, up in zip(line, above, strict=True)))
    return [[not line[x // 8] >> (7 - x % 8) & 1 for x in range(0, width, scale)] for line in lines[1::scale]]


def test_the_drawing_and_the_png_are_one_code(tmp_path: Path) -> None:
    code = QrCode(LINK + new_secret())
    code.write_png(tmp_path / "a.png")
    drawn = modules_of_text(code.terminal_text())
    written = modules_of_png((tmp_path / "a.png").read_bytes(), 8)
    assert drawn[: len(written)] == written
    assert (len(written), len(written[0])) == (code.columns, code.columns)
    # The corner of a finder pattern, within four light modules (ISO/IEC 18004, 6.3.3).
    assert [row[4:11] for row in written[4:6]] == [[True] * 7, [True] + [False] * 5 + [True]]
    assert not any(written[3])


def test_nothing_in_the_drawing_is_obeyed_by_a_terminal() -> None:
    assert set(QrCode(LINK + new_secret()).terminal_text()) == set(" ▀▄█\n")


def test_the_png_is_for_its_owner_alone_and_replaces_nothing(tmp_path: Path) -> None:
    code, file = QrCode(LINK), tmp_path / "a.png"
    code.write_png(file)
    first = file.read_bytes()
    with pytest.raises(FileExistsError):
        QrCode(LINK + "other").write_png(file)
    assert (oct(file.stat().st_mode & 0o777), file.read_bytes()) == ("0o600", first)


def test_a_link_that_leads_through_another_name_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.png").symlink_to(tmp_path / "elsewhere.png")
    with pytest.raises(FileExistsError):
        QrCode(LINK).write_png(tmp_path / "a.png")
    assert not (tmp_path / "elsewhere.png").exists()


def test_a_link_too_long_for_a_code_is_refused() -> None:
    assert QrCode("x" * 2953).columns == 185
    with pytest.raises(ValueError, match=r"^The link has 2,954 characters, and a QR code holds 2,953: shorten"):
        QrCode("x" * 2954)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("Anna", "Anna.png"),
        ("张三", "张三.png"),
        ("../../x", "___.._x.png"),
        ("..", "unnamed.png"),
        ("a\\b/c", "a_b_c.png"),
        ("-rf", "_rf.png"),
        ("=1+1", "=1+1.png"),
        ("\x1b[31mx", "_[31mx.png"),
        ("x" * 255, "x" * 200 + ".png"),
    ],
)
def test_the_file_has_the_persons_name_and_lies_in_the_folder(tmp_path: Path, name: str, file: str) -> None:
    assert png_paths([name], tmp_path) == [tmp_path / file]


def test_two_people_in_one_file_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^The QR codes of 'a/b' and 'A_b' would be one file, A_b\.png: rename one$"):
        png_paths(["a/b", "A_b"], tmp_path)


def test_what_is_there_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    (tmp_path / "Ben.png").symlink_to("nowhere")
    with pytest.raises(ValueError, match=r"Ben\.png is there already: move it away, or delete it$"):
        png_paths(["Anna", "Ben"], tmp_path)
