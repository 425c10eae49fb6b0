"""Record the exchanges of a client."""

import asyncio
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from time import perf_counter
from types import MappingProxyType
from urllib.parse import parse_qsl

import msgspec

from linkskipper.egress import Client, CookieJar, Exchange, Response, Url
from linkskipper.egress.har import model
from linkskipper.errors import EgressError
from linkskipper.version import VERSION

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class Recording:
    """A transport for one link that fetches through a client and keeps every exchange in `entries`."""

    def __init__(self, client: Client) -> None:
        self.started = datetime.now(UTC)
        self.entries: list[model.HarEntry] = []
        self._client = client

    async def fetch(
        self,
        url: Url,
        *,
        method: str = "GET",
        headers: Mapping[str, str] = _NO_HEADERS,
        body: bytes | None = None,
        jar: CookieJar | None = None,
        timeout: float | None = None,
    ) -> Response:
        """Send one request through the client and record the exchange, even if it fails.

        Raises:
            EgressError: The error of the client.
        """
        exchange, started, began = Exchange(sent=headers), datetime.now(UTC), perf_counter()
        response, failure = None, None
        try:
            response = await self._client.fetch(
                url, method=method, headers=headers, body=body, jar=jar, timeout=timeout, exchange=exchange
            )
        except (EgressError, asyncio.CancelledError) as error:
            failure = f"{type(error).__name__}: {error}"
            raise
        finally:
            request, recorded = _request(url, method, body, exchange), _response(exchange, response, failure)
            self.entries.append(_entry(request, recorded, started, began, exchange.answered_at))
        return response


def build_har(recorded: Iterable[tuple[model.HarOutcome, Recording]]) -> model.Har:
    """Combine recordings into one file, with a page for each link."""
    pages, entries = [], []
    for number, (outcome, recording) in enumerate(recorded, 1):
        page = f"page_{number}"
        pages.append(
            model.HarPage(started_date_time=recording.started, id=page, title=outcome.url, outcome=outcome),
        )
        entries += [msgspec.structs.replace(entry, pageref=page) for entry in recording.entries]
    creator = model.HarCreator(name="Link Skipper", version=VERSION)
    return model.Har(log=model.HarLog(creator=creator, pages=pages, entries=entries))


def _entry(
    request: model.HarRequest, response: model.HarResponse, started: datetime, began: float, answered: float | None
) -> model.HarEntry:
    ended = perf_counter()
    wait, receive = (answered or ended) - began, ended - (answered or ended)
    return model.HarEntry(
        request,
        response,
        started_date_time=started,
        time=_milliseconds(ended - began),
        timings=model.Timings(wait=_milliseconds(wait), receive=_milliseconds(receive)),
    )


def _request(url: Url, method: str, body: bytes | None, exchange: Exchange) -> model.HarRequest:
    sent = exchange.sent or {}
    posted = (
        msgspec.UNSET
        if body is None
        else model.PostData(mime_type=sent.get("Content-Type", ""), text=body.decode("utf-8", "replace"))
    )
    return model.HarRequest(
        method=method,
        url=url.without_fragment,
        http_version=exchange.version or "HTTP/1.1",
        cookies=[_pair(item) for item in sent.get("Cookie", "").split("; ") if item],
        headers=_headers(sent),
        query_string=[model.NameValue(name=name, value=value) for name, value in _parameters(url.query)],
        post_data=posted,
        body_size=len(body or b""),
    )


def _response(exchange: Exchange, response: Response | None, failure: str | None) -> model.HarResponse:
    headers = exchange.headers or {}
    return model.HarResponse(
        status=exchange.status or 0,
        http_version=exchange.version or "HTTP/1.1",
        cookies=[_pair(value.partition(";")[0]) for name, value in headers.items() if name.lower() == "set-cookie"],
        headers=_headers(headers),
        content=_content(exchange, response),
        redirect_url=next(iter(response.locations()), "") if response else "",
        error=msgspec.UNSET if failure is None else failure,
    )


def _content(exchange: Exchange, response: Response | None) -> model.HarContent:
    """Return the body as far as it was read, as text if the text encodes to the same bytes, else in base64."""
    body = response.body if response else exchange.body.result() if exchange.body else b""
    media_type = (exchange.headers or {}).get("Content-Type", "")
    text = response.text() if response else ""
    if text.encode("utf-8", "replace") == body:
        return model.HarContent(size=len(body), mime_type=media_type, text=text)
    return model.HarContent(size=len(body), mime_type=media_type, text=b64encode(body).decode(), encoding="base64")


def _headers(headers: Mapping[str, str]) -> list[model.NameValue]:
    return [model.NameValue(name=_text(str(name)), value=_text(value)) for name, value in headers.items()]


def _text(value: str) -> str:
    """Return the bytes of a header value, one character each, as browsers write them: JSON has no surrogates."""
    return value if value.isascii() else value.encode("utf-8", "surrogateescape").decode("latin-1")


def _pair(text: str) -> model.NameValue:
    name, _, value = text.partition("=")
    return model.NameValue(name=_text(name.strip()), value=_text(value.strip()))


def _parameters(query: str) -> list[tuple[str, str]]:
    return parse_qsl(query, keep_blank_values=True, errors="replace")


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)
