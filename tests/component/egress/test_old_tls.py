"""Servers with an old TLS, which browsers still open."""

import asyncio
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import trustme
from tlslite import tlsconnection
from tlslite.api import HandshakeSettings, TLSConnection, X509CertChain, parsePEMKey

from linkskipper.egress import Client, Policy, parse_url

HOST = "old.test"
RENEGOTIATION_INFO = 0xFF01  # RFC 5746, section 3.2
SIGNALLING_SUITE = 0xFF
REPLY = b"HTTP/1.1 302 Found\r\nLocation: https://dest.example/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class OldServer:
    """Speaks TLS 1.2 and does not know RFC 5746: it answers no renegotiation_info."""

    def __init__(self) -> None:
        self.ca = trustme.CA()
        certificate = self.ca.issue_cert(HOST, key_type=trustme.KeyType.RSA)
        self._chain = X509CertChain()
        self._chain.parsePemList(b"".join(part.bytes() for part in certificate.cert_chain_pems).decode())
        self._key = parsePEMKey(certificate.private_key_pem.bytes().decode(), private=True)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        Thread(target=self._serve_one, daemon=True).start()

    def close(self) -> None:
        self._listening.close()

    def _serve_one(self) -> None:
        settings = HandshakeSettings()
        settings.maxVersion = (3, 3)
        with closing(self._listening.accept()[0]) as connection:
            tls = TLSConnection(connection)
            tls.handshakeServer(certChain=self._chain, privateKey=self._key, settings=settings)
            tls.read(max=4096, min=1)
            tls.write(REPLY)
            tls.close()


@pytest.fixture
def old_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OldServer]:
    """A server that does not hear what the client says about renegotiation."""
    read_hello = tlsconnection.TLSConnection._serverGetClientHello

    def read_old_hello(connection: TLSConnection, *arguments: Any, **named: Any) -> Iterator[Any]:
        for result in read_hello(connection, *arguments, **named):
            if isinstance(result, tuple) and hasattr(result[0], "cipher_suites"):
                hello = result[0]
                hello.extensions = [each for each in hello.extensions or [] if each.extType != RENEGOTIATION_INFO]
                hello.cipher_suites = [suite for suite in hello.cipher_suites if suite != SIGNALLING_SUITE]
            yield result

    monkeypatch.setattr(tlsconnection.TLSConnection, "_serverGetClientHello", read_old_hello)
    server = OldServer()
    yield server
    server.close()


async def test_a_server_without_rfc_5746(old_server: OldServer, tmp_path: Path) -> None:
    """A server that cannot renegotiate safely is spoken to, since the client never renegotiates."""
    old_server.ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    policy = Policy.parse(
        ports=["443"], allow=[], host_map=[f"{HOST}:443=127.0.0.1:{old_server.port}"], extra_ca=tmp_path / "ca.pem"
    )
    async with asyncio.timeout(60), Client(policy, user_agent="Test/1") as client:
        response = await client.fetch(parse_url(f"https://{HOST}/x"))
    assert response.locations() == ["https://dest.example/"]
