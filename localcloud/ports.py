"""The ports that users choose."""

from __future__ import annotations

import socket

from localcloud.stand_in import LOOPBACK


def parse_port(name: str, text: str, host: str = LOOPBACK) -> int:
    """Returns a port that is free, or 0 for any. Raises ValueError: for a port in use, a server would end the process.

    `name` is the variable or the option that has the text.
    """
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise ValueError(f"{name} is {text!r}. Use a number up to 65535.")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(text)))
        except OSError as error:
            raise ValueError(f"{name} {text} cannot be used: {error.strerror}. Use another port.") from None
    return int(text)
