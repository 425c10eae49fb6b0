"""The lab as a whole: its ports, its certificate authority, and the settings that lead to it."""

import contextlib
import errno
import shlex
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import trustme

from linkskipper.errors import DataDirError, PortInUseError, SettingsError
from linkskipper.lab.page import front_page
from linkskipper.lab.server import LabServer
from linkskipper.lab.site import DOMAIN, SiteDirectory
from linkskipper.lab.sites import SITES

BACKLOG = 1024
LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
HIGHEST_PORT = 65535

SAMPLES = {
    "https://redirect.lab.test/three": "Redirects",
    "https://chain.lab.test/three": "Three shorteners",
    "https://countdown.lab.test/timed": "A countdown",
    "https://slow.lab.test/3/demo": "A slow server",
    "https://gate.lab.test/recaptcha": "A captcha",
    "https://removed.lab.test/410": "A removed link",
    "https://loop.lab.test/there": "A loop",
}
"""One link of each kind, for people who look at the service for the first time."""


@dataclass(frozen=True, slots=True)
class LabLink:
    """A link of the lab and its outcome: `target`, or the `reason` for which resolving stops."""

    url: str
    target: str | None
    reason: str | None
    about: str


class Lab:
    """Local shorteners: HTTP on `port`, HTTPS on the next port. Port 0 is any two free ports.

    Use it as an async context manager. Entering it binds the ports, creates a certificate authority, and writes two
    files to `state_dir`, which must exist: the authority's certificate, and `lab.env` with the settings that lead to
    the lab. The authority's key stays in memory. `command` is how the front page calls `linkskipper`.

    Raises:
        PortInUseError: on entering, if another process listens there.
        DataDirError: on entering, if `state_dir` cannot be written.
        SettingsError: on entering, if the address cannot be listened on for another reason.
    """

    providers_dir = Path(__file__).parent / "providers"
    links = tuple(
        LabLink(site.url(link), link.target, link.reason, link.about) for site in SITES for link in site.links
    )
    samples = tuple(SAMPLES.items())

    def __init__(
        self, host: str = "127.0.0.1", port: int = 0, *, state_dir: Path, command: str = "linkskipper"
    ) -> None:
        self.ca_file = state_dir.absolute() / "lab-ca.pem"
        self.env_file = state_dir.absolute() / "lab.env"
        self._command = command
        self._host = host
        self._port = port
        self._plain = self._secure = ""
        self._server: LabServer

    @property
    def url(self) -> str:
        """The URL of the page that lists the links."""
        return f"http://{self._plain}/"

    @property
    def host_map(self) -> tuple[str, ...]:
        """The address of each host of the lab, in the form of LINKSKIPPER_HOST_MAP."""
        hosts = [DOMAIN, *(site.host for site in SITES)]
        ports = {80: self._plain, 443: self._secure}
        return tuple(f"{host}:{port}={address}" for host in hosts for port, address in ports.items())

    @property
    def settings(self) -> dict[str, str]:
        """The environment variables that lead commands to the lab."""
        return {
            "LINKSKIPPER_HOST_MAP": ",".join(self.host_map),
            "LINKSKIPPER_EXTRA_CA": str(self.ca_file),
            "LINKSKIPPER_PROVIDERS_DIR": str(self.providers_dir),
        }

    async def __aenter__(self) -> Self:
        plain, secure = _listeners(self._host, self._port)
        with contextlib.ExitStack() as undo:
            undo.callback(plain.close)
            undo.callback(secure.close)
            self._plain, self._secure = _address(plain), _address(secure)
            tls = self._write_files()
            undo.pop_all()
        page = front_page(
            SITES, secure=self._secure, ca_file=self.ca_file, env_file=self.env_file, command=self._command
        )
        self._server = LabServer(SiteDirectory(SITES, page))
        await self._server.listen(plain)
        await self._server.listen(secure, tls)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._server.stop()

    def _write_files(self) -> ssl.SSLContext:
        """Create the authority, write the files, and return the context of the lab's own certificates.

        The names of this machine have a certificate of their own. Browsers trust this authority for the domain only,
        and refuse a certificate that has other names too.
        """
        authority = trustme.CA(organization_name="Link Skipper lab")
        exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in self.settings.items())
        try:
            authority.cert_pem.write_to_path(str(self.ca_file))
            self.env_file.write_text(exports, encoding="utf-8")
        except OSError as error:
            raise DataDirError(f"The lab cannot write {error.filename} ({error.strerror}).") from None
        context, local = _server_context(authority, DOMAIN, f"*.{DOMAIN}"), _server_context(authority, *LOCAL_NAMES)

        def choose(connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
            if name is None or name in LOCAL_NAMES:
                connection.context = local

        context.sni_callback = choose
        return context


def _server_context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context


def _listeners(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    if port == HIGHEST_PORT:
        raise SettingsError(f"LINKSKIPPER_LAB_PORT: {port} leaves no port after it for HTTPS. Choose a lower one.")
    plain = _listen(host, port)
    try:
        return plain, _listen(host, port and port + 1)
    except BaseException:
        plain.close()
        raise


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortInUseError(
                f"{host}:{port} is in use, and the lab needs it: choose another with LINKSKIPPER_LAB_PORT."
            ) from None
        raise SettingsError(
            f"The lab cannot listen on {host}:{port} ({error.strerror}): choose another with LINKSKIPPER_LAB_PORT."
        ) from None


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
