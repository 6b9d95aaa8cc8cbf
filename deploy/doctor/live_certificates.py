"""The certificates that the deployment's own domains show in a TLS handshake, as every browser sees them."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass

TIMEOUT_SECONDS = 5


@dataclass(frozen=True)
class LiveCertificate:
    """What a domain showed."""

    domain: str
    ends_at: float = 0
    """Seconds since the epoch."""
    refused: str = ""
    """Why browsers refuse it; empty if they do not."""
    code: str = ""
    """Why it was not seen; empty if it was."""


def read_end(domain: str) -> float:
    """Returns the instant at which a domain's certificate ends. Raises ssl.SSLError, OSError."""
    address = (domain, 443)
    with (
        socket.create_connection(address, TIMEOUT_SECONDS) as connection,
        ssl.create_default_context().wrap_socket(connection, server_hostname=domain) as tls,
    ):
        certificate = tls.getpeercert()
    return ssl.cert_time_to_seconds(str((certificate or {}).get("notAfter")))


def inspect_certificates(
    domains: Iterable[str], read: Callable[[str], float] | None = None
) -> tuple[LiveCertificate, ...]:
    """Looks at the certificate of each domain; `read` is as `read_end`."""
    return tuple(_inspect(domain, read or read_end) for domain in domains)


def _inspect(domain: str, read: Callable[[str], float]) -> LiveCertificate:
    try:
        return LiveCertificate(domain, read(domain))
    except ssl.SSLCertVerificationError as error:
        return LiveCertificate(domain, refused=error.verify_message or "it is not valid")
    except OSError:  # ssl's other errors are such, too
        return LiveCertificate(domain, code=f"no certificate was shown by {domain}: it did not answer, or not over TLS")
