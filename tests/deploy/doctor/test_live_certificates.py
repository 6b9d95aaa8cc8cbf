"""The certificates of domains, as a TLS handshake shows them: with a server that has one for this machine."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from deploy.doctor.live_certificates import LiveCertificate, inspect_certificates, read_end
from support.tls import server_context


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yields the certificate of a server to which every connection goes."""
    context, trusted = server_context(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=accept, args=(server, context), daemon=True)
        thread.start()
        connect = socket.create_connection
        monkeypatch.setattr(socket, "create_connection", lambda _, timeout: connect(server.getsockname(), timeout))
        yield trusted
        thread.join(60)


def accept(server: socket.socket, context: ssl.SSLContext) -> None:
    connection, _ = server.accept()
    with connection, suppress(OSError):  # the client may refuse the certificate
        context.wrap_socket(connection, server_side=True).close()


def test_the_end_of_a_certificate_is_read(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    end = datetime.fromtimestamp(read_end("127.0.0.1"), timezone.utc)
    assert timedelta(hours=23) < end - datetime.now(timezone.utc) <= timedelta(days=1)


@pytest.mark.usefixtures("certificate")
def test_a_certificate_that_nobody_trusts_is_refused() -> None:
    assert inspect_certificates(["127.0.0.1"]) == (LiveCertificate("127.0.0.1", refused="self-signed certificate"),)


def refuse(error: Exception) -> LiveCertificate:
    def read(_: str) -> float:
        raise error

    return inspect_certificates(["up.example.com"], read)[0]


@pytest.mark.parametrize("error", [TimeoutError(), ConnectionRefusedError(), ssl.SSLError("wrong version"), OSError()])
def test_a_domain_that_does_not_answer_is_not_seen(error: Exception) -> None:
    assert refuse(error) == LiveCertificate(
        "up.example.com", code="no certificate was shown by up.example.com: it did not answer, or not over TLS"
    )


def test_several_domains_are_looked_at() -> None:
    assert inspect_certificates(["a.example", "b.example"], lambda domain: float(len(domain))) == (
        LiveCertificate("a.example", 9),
        LiveCertificate("b.example", 9),
    )
