"""Content types: those that may be uploaded, each with the extension of its objects, and the type of a file.

A browser derives a file's type from the file's name, and each browser has its own table. So a type's other names count
as the type, and the extension counts if a browser sends no type, or an unknown one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from direct_upload.known_types import ACTIVE_EXTENSIONS, ACTIVE_TYPES, BYTES, TYPES
from fc_http.environment import split_list

DEFAULT = {name: extensions.partition(" ")[0] for name, (extensions, _) in TYPES.items()}
"""Every known type and the extension of its objects."""

FOLDER_FORM_BYTES = 2600
"""For the names of types in a folder form: with a security token of usual length, OSS accepts the form."""

_TYPE_BY_EXTENSION = {extension: name for name, (extensions, _) in TYPES.items() for extension in extensions.split()}

_TYPES_BY_NAME: dict[str, tuple[str, ...]] = {name: (name,) for name in TYPES}
"""The types that each name may stand for; a type itself comes first."""
for _type, (_, _names) in TYPES.items():
    for _name in _names.split():
        _TYPES_BY_NAME[_name] = (*_TYPES_BY_NAME.get(_name, ()), _type)

_TYPE = re.compile(r"[a-z0-9][a-z0-9!#&^_.+-]{0,126}/[a-z0-9][a-z0-9!#&^_.+-]{0,126}")
_EXTENSION = re.compile(r"[a-z0-9_]{1,16}")
_RUNS_IN_A_BROWSER = re.compile(
    r".*(html|xml|svg|script|shockwave|mathml|xsl|rdf).*|.*/(x-php|hta)|multipart/.*|message/.*"
    r"|.*unknown.*|.*guess-from-ext.*"  # browsers sniff these, and show what looks like a page as a page
)
_RUNS_WHEN_OPENED = re.compile(
    r".*/(x-)?(sh|csh|perl|python|java.*|msdownload|dosexec|msdos-program|ms-dos-executable|msi|bat|executable|elf"
    r"|xpinstall|ms-application|ms-shortcut|apple-aspen-config|chrome-extension|sharedlib|desktop|mach-binary"
    r"|powershell|httpd-php.*|apple-diskimage|vnd\.android\.package-archive|ms-installer|x509-ca-cert)"
)
_HARMLESS_XML = re.compile(r"application/vnd\.openxmlformats-officedocument\.[a-z.]+")


def find_type(declared: str, filename: str, allowed: Mapping[str, str]) -> str | None:
    """Returns the allowed type of a file, by its declared type and its name, or None if its type is not allowed.

    A known declared type decides, by any of its names; the extension only decides between types that share the name.
    A file of no allowed type counts as bytes if these are allowed and no browser runs the file.
    """
    if declared in allowed and _TYPE_BY_EXTENSION.get(filename.rpartition(".")[2]) == declared:
        return declared  # true of most files, and fast
    name = declared.partition(";")[0].strip().lower()
    extension = _extension(filename)
    by_extension = _by_extension(extension, allowed)
    is_known = name not in ("", BYTES) and (name in _TYPES_BY_NAME or name in allowed or name in ACTIVE_TYPES)
    if by_extension and (not is_known or _TYPE_BY_EXTENSION.get(extension) in _TYPES_BY_NAME.get(name, ())):
        return by_extension
    if is_known:
        # The name of a type stands for another type only together with that one's extension.
        candidates = (name,) if name in TYPES or name in allowed else _TYPES_BY_NAME.get(name, ())
        for each in candidates:
            if each in allowed:
                return each
    runs = name in ACTIVE_TYPES or extension in ACTIVE_EXTENSIONS
    return BYTES if BYTES in allowed and not runs else None


def parse(text: str) -> dict[str, str]:
    """Returns the types, with their extensions, in a list such as `image/*, application/pdf, .stl, chemical/x-a=bin`.

    Raises ValueError, which names the entry at fault.
    """
    types = {}
    for entry in split_list(text):
        name, equals, extension = (part.strip().lower() for part in entry.partition("="))
        if equals or not (known := _match(name, DEFAULT)):
            name = _TYPES_BY_NAME.get(name, (name,))[0]
            _check(entry, name, extension)
            types[name] = extension
        else:
            types |= {each: DEFAULT[each] for each in known if each not in types}
    if not types:
        raise ValueError("names no type")
    return types


def narrow(allowed: Mapping[str, str], entries: list[str]) -> dict[str, str]:
    """Returns those allowed types that such entries name. Entries that name none of them do nothing."""
    names = {name for entry in entries for name in _match(entry.partition("=")[0].strip().lower(), allowed)}
    return {name: extension for name, extension in allowed.items() if name in names}


def accept_list(allowed: Mapping[str, str]) -> list[str]:
    """Returns the value of `<input accept>`: types, their other names, extensions. It is empty if any file may come."""
    if BYTES in allowed:
        return []
    accepted: dict[str, None] = {}
    for name, extension in allowed.items():
        extensions, others = TYPES.get(name, ("", ""))
        accepted[name] = None
        accepted.update((other, None) for other in others.split() if other not in TYPES)
        accepted.update((f".{each}", None) for each in (extension, *extensions.split()))
    return list(accepted)


@lru_cache(maxsize=512)
def part_types(content_type: str) -> tuple[str, ...]:
    """Returns the types under which clients post a file of this type: its names, as far as they are inert, and bytes.

    Many clients cannot choose the type of the file part: they take it from a table of their own, or say "bytes".
    """
    names = TYPES.get(content_type, ("", ""))[1].split()
    return tuple(dict.fromkeys((content_type, *filter(is_inert, names), BYTES)))


@lru_cache(maxsize=8)
def folder_form_types(allowed: tuple[str, ...], max_bytes: int) -> tuple[list[str], list[str]]:
    """Returns the first of these types that fit into `max_bytes`, at least one, and all their names.

    With a folder form, the object gets the type by the name that the browser has for it.
    """
    types: list[str] = []
    names: dict[str, None] = {}
    for name in allowed:
        others = TYPES.get(name, ("", ""))[1].split()
        more = names | dict.fromkeys([name, *(other for other in others if other not in TYPES and is_inert(other))])
        if types and sum(len(each) + len('"",') for each in more) > max_bytes:
            break
        types.append(name)
        names = more
    return types, list(names)


def is_inert(name: str) -> bool:
    """Returns whether no browser and no system is known to run files of this type."""
    runs = _RUNS_IN_A_BROWSER.fullmatch(name) or _RUNS_WHEN_OPENED.fullmatch(name)
    return not runs or bool(_HARMLESS_XML.fullmatch(name))


def _extension(filename: str) -> str:
    _, dot, extension = filename.rpartition(".")
    return extension.lower() if dot and "/" not in extension and "\\" not in extension else ""


def _by_extension(extension: str, allowed: Mapping[str, str]) -> str | None:
    known = _TYPE_BY_EXTENSION.get(extension)
    if known in allowed:
        return known
    return next((name for name, own in allowed.items() if own == extension), None)


def _match(word: str, among: Mapping[str, str]) -> list[str]:
    """Returns the types that a word stands for: a type, another name of one, a group or an extension."""
    if word.startswith("."):
        name = _by_extension(word[1:], among)
        # A file of no known type counts as bytes, so .bin would let any file in.
        return [name] if name and name != BYTES else []
    if word.endswith("/*"):
        return [name for name in among if name.startswith(word[:-1]) and name != BYTES]
    if word in TYPES or word in among:
        return [word] if word in among else []
    return [name for name in _TYPES_BY_NAME.get(word, ()) if name in among]


def _check(entry: str, name: str, extension: str) -> None:
    if name.startswith("."):
        _check_extension(entry, name[1:])
        if _TYPE_BY_EXTENSION[name[1:]] == BYTES:
            raise ValueError(f"{entry!r} would let any file in: write {BYTES} if you mean that")
    if not _TYPE.fullmatch(name):
        raise ValueError(f"{entry!r} is not a content type")
    if not is_inert(name):
        reason = "can run scripts in the browser that opens the file"
        raise ValueError(f"{name} {reason if _RUNS_IN_A_BROWSER.fullmatch(name) else 'is a type of programs'}")
    if not _EXTENSION.fullmatch(extension):
        raise ValueError(f"{entry!r} needs an extension of letters and digits, as in {name}=bin")
    _check_extension(entry, extension)


def _check_extension(entry: str, extension: str) -> None:
    if extension not in _TYPE_BY_EXTENSION:
        raise ValueError(
            f"{entry!r} would store files under an extension that is not known to be harmless (known_types.py): "
            f"allow {BYTES}, or give the type the extension bin"
        )
