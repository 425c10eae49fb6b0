"""What import contracts cannot say: nothing but egress opens outbound connections."""

import ast
from pathlib import Path

import linkskipper

SOURCE = Path(linkskipper.__file__).parent
OPENERS = {
    "open_connection",
    "create_connection",
    "open_unix_connection",
    "create_unix_connection",
    "urlopen",
    "HTTPConnection",
    "HTTPSConnection",
    "sock_connect",
    "connect",
}
MAY_CONNECT = {
    "database/embedded/server_socket.py",  # asks the embedded server's own socket file
    "database/connect.py",  # PostgreSQL
}
OURS = {"open_connection"}  # database.pool's, to PostgreSQL


def test_only_egress_opens_connections() -> None:
    """No other room calls what opens a connection, by whatever module."""
    offenders = []
    for file in SOURCE.rglob("*.py"):
        room = str(file.relative_to(SOURCE))
        if room.startswith("egress/") or room in MAY_CONNECT:
            continue
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                called = node.func
                if isinstance(called, ast.Attribute) and called.attr in OPENERS:
                    offenders.append(f"{room}:{node.lineno} {called.attr}")
                if isinstance(called, ast.Name) and called.id in OPENERS - OURS:
                    offenders.append(f"{room}:{node.lineno} {called.id}")
    assert offenders == []
