"""Names of a test's cases."""

from __future__ import annotations


def as_id(value: object) -> str:
    """Returns a value as a case's name.

    Without backslashes: pytest doubles those each time that it collects a test in one process, as mutmut has it do.
    """
    return ascii(value)[:60].replace("\\", "/")
