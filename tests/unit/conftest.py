"""Unit tests open no connections."""

import socket

import pytest


class ConnectionOpened(Exception):
    """A unit test has opened a connection."""


def _refuse(_socket: socket.socket, address: object) -> None:
    raise ConnectionOpened(f"A unit test connects to {address!r}: move it to tests/component.")


@pytest.fixture(autouse=True)
def no_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse every connection of a unit test, loopback included."""
    monkeypatch.setattr(socket.socket, "connect", _refuse)
