"""The cookie that holds the id of a session."""

from starlette.requests import Request
from starlette.responses import Response

MAX_TOKEN_CHARACTERS = 128


class SessionCookie:
    """On HTTPS the cookie has the prefix `__Host-`, so that no other host and no plain HTTP can set it."""

    def __init__(self, base_url: str) -> None:
        self._secure = base_url.startswith("https://")
        self.name = "__Host-linkskipper" if self._secure else "linkskipper"

    def read(self, request: Request) -> str | None:
        """Return the id in a request, None if there is none."""
        token = request.cookies.get(self.name)
        return token if token and len(token) <= MAX_TOKEN_CHARACTERS and token.isascii() else None

    def set(self, response: Response, token: str) -> None:
        """Give the browser an id. The service ends sessions, so the cookie itself has no end of its own."""
        response.set_cookie(self.name, token, path="/", secure=self._secure, httponly=True, samesite="lax")

    def delete(self, response: Response) -> None:
        """Delete the cookie."""
        response.delete_cookie(self.name, path="/", secure=self._secure, httponly=True, samesite="lax")
