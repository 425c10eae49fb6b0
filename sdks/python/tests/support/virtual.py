"""A virtual clock, and HTTP clients that play the answers of a case on it."""

import base64
import json
from typing import Any
from urllib.parse import parse_qsl

import httpx2

from support.cases import MISSING

START = 1780660800.0  # 2026-06-05T12:00:00Z


class VirtualClock:
    """Time that moves only when it is told to."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        self.sleeps: list[float] = []

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return 1000.0 + self.elapsed

    def time(self) -> float:
        """Return seconds since 1970."""
        return START + self.elapsed

    def sleep(self, seconds: float) -> None:
        """Move on, and remember the sleep."""
        self.sleeps.append(seconds)
        self.elapsed += seconds

    async def sleep_async(self, seconds: float) -> None:
        """Move on, and remember the sleep."""
        self.sleep(seconds)


class ScriptedServer:
    """Answers the attempts of a call one after the other."""

    def __init__(self, answers: list[dict[str, Any]], clock: VirtualClock) -> None:
        self.requests: list[dict[str, Any]] = []
        self.answers = list(answers)
        self._clock = clock

    def handle(self, request: httpx2.Request) -> httpx2.Response:
        """Meet an attempt with the next answer."""
        timeout = request.extensions["timeout"].get("read")
        self.requests.append({**describe(request), "at": self._clock.elapsed, "timeout": timeout})
        assert self.answers, f"no answer is left for {request.method} {request.url}"
        answer = self.answers.pop(0)
        takes = answer.get("takes", 0)
        if answer.get("hangs") or takes >= timeout:
            self._clock.elapsed += timeout
            raise httpx2.ReadTimeout("too slow", request=request)
        self._clock.elapsed += takes
        return respond(answer, request)

    async def handle_async(self, request: httpx2.Request) -> httpx2.Response:
        """Meet an attempt with the next answer."""
        return self.handle(request)


def respond(answer: dict[str, Any], request: httpx2.Request) -> httpx2.Response:
    """Make the answer of a script, or raise its failure."""
    if "fails" in answer:
        kind = httpx2.ConnectError if answer["fails"] == "connect" else httpx2.ReadError
        raise kind("scripted failure", request=request)
    headers = [(name.encode(), value.encode("latin-1")) for name, value in answer["headers"].items()]
    return httpx2.Response(answer["status"], headers=headers, content=body_of(answer))


def body_of(answer: dict[str, Any]) -> bytes:
    """Return the body of a scripted answer."""
    if "json" in answer:
        return json.dumps(answer["json"], ensure_ascii=False).encode()
    if "base64" in answer:
        return base64.b64decode(answer["base64"])
    return str(answer.get("text", "")).encode()


def describe(request: httpx2.Request) -> dict[str, Any]:
    """Return a request as the cases describe it."""
    path, _, query = request.url.raw_path.decode().partition("?")
    content = request.content
    return {
        "method": request.method,
        "origin": f"{request.url.scheme}://{request.url.netloc.decode()}",
        "path": path,
        "query": dict(parse_qsl(query, keep_blank_values=True)),
        "headers": {name.lower(): value for name, value in request.headers.items()},
        "json": json.loads(content) if content else MISSING,
    }
