"""A name server that gives the answers that a test wants."""

import asyncio
import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import cast

_TYPES = {1: "A", 28: "AAAA"}
_CODES = {"SERVFAIL": 2, "NXDOMAIN": 3}


@dataclass
class FakeDns(asyncio.DatagramProtocol):
    """Answers from `zone`, which maps a name and a type to answers. They come in turn, and the last one repeats.

    An answer is a list of record data, or "NXDOMAIN", "SERVFAIL" or "SILENT". Unknown names are NXDOMAIN.
    """

    zone: dict[tuple[str, str], list[Sequence[str] | str]] = field(default_factory=dict)
    port: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)
    transport: asyncio.DatagramTransport | None = None

    def set(self, name: str, *answers: Sequence[str] | str, kind: str = "A") -> None:
        """Set what a name leads to. It gets no addresses of the other kind."""
        for other in ("A", "AAAA"):
            self.zone.setdefault((name, other), [[]])
        self.zone[name, kind] = list(answers)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket to answer on."""
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one question."""
        name, end = _read_name(data)
        kind = _TYPES.get(struct.unpack_from(">H", data, end)[0], "?")
        self.asked.append((name, kind))
        answers = self.zone.get((name, kind), ["NXDOMAIN"])
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if answer != "SILENT" and self.transport is not None:
            self.transport.sendto(_dns_reply(data, end, answer), addr)


def _read_name(data: bytes) -> tuple[str, int]:
    labels, at = [], 12
    while data[at]:
        labels.append(data[at + 1 : at + 1 + data[at]].decode())
        at += 1 + data[at]
    return ".".join(labels).lower(), at + 1


def _dns_reply(query: bytes, end: int, answer: Sequence[str] | str) -> bytes:
    code = _CODES[answer] if isinstance(answer, str) else 0
    records = [] if isinstance(answer, str) else [record for item in answer for record in _records(item)]
    head = query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(records), 0, 0)
    return head + query[12 : end + 4] + b"".join(records)


def _records(item: str) -> list[bytes]:
    """Encode records with a TTL of 0. "alias>target>address" gives a CNAME and the address of its target."""
    if ">" in item:
        _, target, address = item.split(">")
        wire_name = b"".join(bytes([len(part)]) + part.encode() for part in target.split(".")) + b"\0"
        cname = struct.pack(">HHHIH", 0xC00C, 5, 1, 0, len(wire_name)) + wire_name
        return [cname, wire_name + _address_record(address)]
    return [b"\xc0\x0c" + _address_record(item)]


def _address_record(address: str) -> bytes:
    family, kind = (socket.AF_INET6, 28) if ":" in address else (socket.AF_INET, 1)
    data = socket.inet_pton(family, address)
    return struct.pack(">HHIH", kind, 1, 0, len(data)) + data
