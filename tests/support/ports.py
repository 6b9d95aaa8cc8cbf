"""Ports for servers in other processes."""

from __future__ import annotations

import secrets
import socket
from contextlib import suppress

FIRST, LAST = 20_000, 32_767
"""Below those that the system gives to anyone who asks: such a one may be another's before the test uses it."""


def free_port() -> int:
    """Returns a port that nobody has. Raises OSError if it finds none."""
    for _ in range(100):
        port = FIRST + secrets.randbelow(LAST - FIRST + 1)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError("no port is free")
