"""Content types: which may be uploaded, each with the extension its objects get, and which one a file is of.

A browser takes a file's type from its name, and each has other tables; so a type's other names count as the type, and
the name's extension counts where a browser says nothing, or something that nobody knows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from direct_upload.known_types import ACTIVE_EXTENSIONS, ACTIVE_TYPES, BYTES, TYPES

DEFAULT = {name: extensions.partition(" ")[0] for name, (extensions, _) in TYPES.items()}
"""Every known type with the extension that its objects get."""

FOLDER_ROOM = 2600
"""Bytes for the names of types in a folder form: with a security token of usual length it is within what OSS takes."""

_OF_EXTENSION = {extension: name for name, (extensions, _) in TYPES.items() for extension in extensions.split()}

_OF_NAME: dict[str, tuple[str, ...]] = {name: (name,) for name in TYPES}
"""What each name may stand for; itself first."""
for _type, (_, _names) in TYPES.items():
    for _name in _names.split():
        _OF_NAME[_name] = (*_OF_NAME.get(_name, ()), _type)

_TYPE = re.compile(r"[a-z0-9][a-z0-9!#&^_.+-]{0,126}/[a-z0-9][a-z0-9!#&^_.+-]{0,126}")
_EXTENSION = re.compile(r"[a-z0-9_]{1,16}")
_RUNS_IN_A_BROWSER = re.compile(
    r".*(html|xml|svg|script|shockwave|mathml|xsl|rdf).*|.*/(x-php|hta)|multipart/.*|message/.*"
    r"|.*unknown.*|.*guess-from-ext.*"  # browsers look into these, and show what looks like a page as one
)
_RUNS_WHEN_OPENED = re.compile(
    r".*/(x-)?(sh|csh|perl|python|java.*|msdownload|dosexec|msdos-program|ms-dos-executable|msi|bat|executable|elf"
    r"|xpinstall|ms-application|ms-shortcut|apple-aspen-config|chrome-extension|sharedlib|desktop|mach-binary"
    r"|powershell|httpd-php.*|apple-diskimage|vnd\.android\.package-archive|ms-installer|x509-ca-cert)"
)
_HARMLESS_XML = re.compile(r"application/vnd\.openxmlformats-officedocument\.[a-z.]+")


def type_of(declared: str, filename: str, allowed: Mapping[str, str]) -> str | None:
    """The type of `allowed` that a file is of, by what it is declared to be and by its name; None if it is of none.

    A declared type that is known decides, under whichever of its names; the extension only says which of the types
    with that name it is. A file of no other allowed type counts as bytes, if these are allowed and no browser runs it.
    """
    if declared in allowed and _OF_EXTENSION.get(filename.rpartition(".")[2]) == declared:
        return declared  # what most files are, quickly
    name = declared.partition(";")[0].strip().lower()
    extension = _extension(filename)
    by_extension = _by_extension(extension, allowed)
    is_known = name not in ("", BYTES) and (name in _OF_NAME or name in allowed or name in ACTIVE_TYPES)
    if by_extension and (not is_known or _OF_EXTENSION.get(extension) in _OF_NAME.get(name, ())):
        return by_extension
    if is_known:
        # What is a type itself stands for another one only together with that one's extension.
        meant = (name,) if name in TYPES or name in allowed else _OF_NAME.get(name, ())
        for each in meant:
            if each in allowed:
                return each
    runs = name in ACTIVE_TYPES or extension in ACTIVE_EXTENSIONS
    return BYTES if BYTES in allowed and not runs else None


def parse(text: str) -> dict[str, str]:
    """Types from a list such as `image/*, application/pdf, .stl, chemical/x-mine=bin`.

    Raises ValueError that names the entry at fault.
    """
    types = {}
    for entry in words(text):
        name, equals, extension = (part.strip().lower() for part in entry.partition("="))
        if equals or not (known := _matching(name, DEFAULT)):
            name = _OF_NAME.get(name, (name,))[0]
            _check(entry, name, extension)
            types[name] = extension
        else:
            types |= {each: DEFAULT[each] for each in known if each not in types}
    if not types:
        raise ValueError("names no type")
    return types


def words(text: str) -> list[str]:
    """The entries of such a list."""
    return list(filter(None, (part.strip() for part in text.split(","))))


def narrowed(allowed: Mapping[str, str], entries: list[str]) -> dict[str, str]:
    """Those of `allowed` that such entries name; what names none of them counts for nothing."""
    named = {name for entry in entries for name in _matching(entry.partition("=")[0].strip().lower(), allowed)}
    return {name: extension for name, extension in allowed.items() if name in named}


def accept(allowed: Mapping[str, str]) -> list[str]:
    """What an `<input accept>` is to offer: types, their other names and extensions; nothing where any file will do."""
    if BYTES in allowed:
        return []
    offered: dict[str, None] = {}
    for name, extension in allowed.items():
        extensions, others = TYPES.get(name, ("", ""))
        offered[name] = None
        offered.update((other, None) for other in others.split() if other not in TYPES)
        offered.update((f".{each}", None) for each in (extension, *extensions.split()))
    return list(offered)


@lru_cache(maxsize=8)
def of_folder_form(allowed: tuple[str, ...], room: int) -> tuple[list[str], list[str]]:
    """Of these types the first that fit into `room` bytes, one at least; and those with the other names for them.

    Nothing translates what is posted with a folder form: the object has the name that the browser has for its type.
    """
    types: list[str] = []
    names: dict[str, None] = {}
    for name in allowed:
        others = TYPES.get(name, ("", ""))[1].split()
        more = names | dict.fromkeys([name, *(other for other in others if other not in TYPES and is_inert(other))])
        if types and sum(len(each) + len('"",') for each in more) > room:
            break
        types.append(name)
        names = more
    return types, list(names)


def is_inert(name: str) -> bool:
    """Whether nothing is known that would run in files of this type."""
    runs = _RUNS_IN_A_BROWSER.fullmatch(name) or _RUNS_WHEN_OPENED.fullmatch(name)
    return not runs or bool(_HARMLESS_XML.fullmatch(name))


def _extension(filename: str) -> str:
    _, dot, extension = filename.rpartition(".")
    return extension.lower() if dot and "/" not in extension and "\\" not in extension else ""


def _by_extension(extension: str, allowed: Mapping[str, str]) -> str | None:
    known = _OF_EXTENSION.get(extension)
    if known in allowed:
        return known
    return next((name for name, own in allowed.items() if own == extension), None)


def _matching(word: str, among: Mapping[str, str]) -> list[str]:
    """The types of `among` that a type, another name of it, a group or an extension stands for."""
    if word.startswith("."):
        name = _by_extension(word[1:], among)
        # Whatever is of no known type counts as bytes: .bin would let any file in.
        return [name] if name and name != BYTES else []
    if word.endswith("/*"):
        return [name for name in among if name.startswith(word[:-1]) and name != BYTES]
    if word in TYPES or word in among:
        return [word] if word in among else []
    return [name for name in _OF_NAME.get(word, ()) if name in among]


def _check(entry: str, name: str, extension: str) -> None:
    if name.startswith("."):
        _check_extension(entry, name[1:])
        if _OF_EXTENSION[name[1:]] == BYTES:
            raise ValueError(f"{entry!r} would let any file in: write {BYTES} if that is meant")
    if not _TYPE.fullmatch(name):
        raise ValueError(f"{entry!r} is not a content type")
    if not is_inert(name):
        why = "can run scripts in the browser of whoever opens the file"
        raise ValueError(f"{name} {why if _RUNS_IN_A_BROWSER.fullmatch(name) else 'is a type of programs'}")
    if not _EXTENSION.fullmatch(extension):
        raise ValueError(f"{entry!r} needs an extension of letters and digits, as in {name}=bin")
    _check_extension(entry, extension)


def _check_extension(entry: str, extension: str) -> None:
    if extension not in _OF_EXTENSION:
        raise ValueError(
            f"{entry!r} would store files under an extension that is not known to be harmless (known_types.py): "
            f"allow {BYTES}, or give the type the extension bin"
        )
