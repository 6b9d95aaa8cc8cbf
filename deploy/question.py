"""Questions to the person at the terminal."""

from __future__ import annotations

from collections.abc import Callable


def agrees(question: str, ask: Callable[[str], str]) -> bool:
    """Returns whether the answer is yes. Everything else, Ctrl-D too, is a no."""
    try:
        return ask(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:  # the terminal's line is left unfinished
        print()
        return False
