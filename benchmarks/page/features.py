"""What each feature of the page weighs: so much less would the published scripts be without its modules, compressed."""

from __future__ import annotations

import gzip
import json
from collections.abc import Container, Iterator
from itertools import pairwise
from pathlib import Path, PurePosixPath

from benchmarks.server.row import Row

FEATURES = {
    "The element, its attributes, and forms that it is in": ["element.js", "attributes.js", "form-control.js"],
    "What is shown without files, its look included": ["view.js", "template.js", "style.js", "drop.js"],
    "Eight languages, their numbers and plurals": ["messages.js"],
    "The page around: title, look, language, links": ["app.js", "storage.js"],
    "The function's client, and what faults mean": ["signer.js", "faults.js", "retry.js"],
    "The queue, with forms that expire": ["queue.js", "waiting.js", "uploader.js", "files.js", "states.js"],
    "The storage's client": ["oss.js", "abort.js"],
    "Checksums, and files that change": ["crc64.js", "reader.js"],
    "Forms that are signed ahead, twenty at a time": ["forms.js"],
    "Slow connections, outages": ["bandwidth.js", "outages.js"],
    "Large files in parts, resumed after a reload": ["multipart.js", "resume.js", "resume-offers.js"],
    "Folders, duplicates, what is chosen again": ["selection.js", "found-files.js", "duplicates.js"],
    "The list of files": ["list.js", "rows.js", "icons.js", "look.js", "wording.js"],
    "What is shown of all files together": ["summary.js"],
    "Failures in groups, with details for the owner": ["failure-report.js", "owner-details.js"],
    "Counted links": ["counted-link.js", "claims.js"],
    "Links: title, note and end; another one is opened": ["request.js", "link-switch.js"],
    "Pictures of images": ["thumbnails.js"],
    "The filter of long lists": ["list-filter.js"],
    "Events for the page around": ["events.js"],
    "Download link, copied list, question, wake lock": ["download.js", "receipt.js", "question.js", "wake-lock.js"],
}
"""The modules of each."""

_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def measure(folder: Path) -> Iterator[Row]:
    """Yields a row for each, and one for what all of them have in common."""
    scripts = {path.read_text(encoding="utf-8"): _read_sources(path) for path in folder.glob("*.js")}
    modules = {name for names in scripts.values() for name in names}
    if unknown := {name for names in FEATURES.values() for name in names} - modules:
        raise ValueError(f"These modules are not in the page: {', '.join(sorted(unknown))}")

    def size(without: Container[str]) -> int:
        texts = (
            "".join(character for character, name in zip(text, names, strict=True) if name not in without)
            for text, names in scripts.items()
        )
        return sum(len(gzip.compress(text.encode(), 9)) for text in texts)

    whole = size(())
    shared = whole
    for feature, names in FEATURES.items():
        saved = whole - size(names)
        shared -= saved
        yield _row(feature, saved)
    yield _row("What several of them share", shared)


def _row(what: str, size: int) -> Row:
    return Row(f"  {what}", f"{size / 1000:.2f}")


def _read_sources(script: Path) -> list[str]:
    """Returns the module that each character of a script comes from, by its source map; empty for none."""
    source_map = json.loads(script.with_name(f"{script.name}.map").read_text(encoding="utf-8"))
    names = [PurePosixPath(source).name for source in source_map["sources"]]
    text = script.read_text(encoding="utf-8")
    lines = text.split("\n")
    found: list[str] = []
    source = 0
    for line, segments in zip(lines, [*source_map["mappings"].split(";"), *[""] * len(lines)], strict=False):
        marks, column = [(0, "")], 0
        for segment in segments.split(",") if segments else []:
            step, *rest = _decode(segment)
            column += step
            source += rest[0] if rest else 0
            marks.append((column, names[source] if rest else ""))
        for (begin, name), (end, _) in pairwise([*marks, (len(line) + 1, "")]):
            found += [name] * (end - begin)
    exports = len(text.rpartition("export{")[0]) or len(text)  # maps know nothing of them
    return [name if at < exports else "" for at, name in enumerate(found[:-1])]


def _decode(segment: str) -> list[int]:
    """Returns the numbers of a segment (https://tc39.es/ecma426/)."""
    numbers, value, shift = [], 0, 0
    for digit in map(_DIGITS.index, segment):
        value |= (digit & 31) << shift
        shift += 5
        if digit < 32:
            numbers.append(-(value >> 1) if value & 1 else value >> 1)
            value, shift = 0, 0
    return numbers
