"""Make Chromium trust the operator's extra CA. On Linux it reads the NSS database in its HOME.

Chromium's own switches cannot be used, since they turn verification off: --ignore-certificate-errors-spki-list accepts
any certificate that is sent together with the CA's.
"""

import ctypes
import ctypes.util
import ssl
from pathlib import Path

from linkskipper.errors import SettingsError

_TRUSTED_CA = 0x08 | 0x10  # CERTDB_VALID_CA, CERTDB_TRUSTED_CA: what certutil calls "C"
_POINTERS = ("NSS_InitContext", "PK11_GetInternalKeySlot", "CERT_GetDefaultCertDB", "CERT_NewTempCertificate")


class _Item(ctypes.Structure):
    _fields_ = (("kind", ctypes.c_uint), ("data", ctypes.c_char_p), ("length", ctypes.c_uint))


class _Trust(ctypes.Structure):
    _fields_ = (("tls", ctypes.c_uint), ("mail", ctypes.c_uint), ("code", ctypes.c_uint))


def trust(ca: Path, home: Path) -> None:
    """Make a browser with this HOME trust the certificates in a PEM file.

    Raises:
        SettingsError: The certificates cannot be used, or NSS is missing.
    """
    directory = home / ".pki" / "nssdb"
    directory.mkdir(parents=True)
    nss = _library()
    context = ctypes.c_void_p(nss.NSS_InitContext(f"sql:{directory}".encode(), b"", b"", b"secmod.db", None, 0))
    if not context:
        raise _unusable(ca)
    try:
        failed = _fill(nss, _certificates(ca))
    finally:
        nss.NSS_ShutdownContext(context)
    if failed:
        raise _unusable(ca)


def _unusable(ca: Path) -> SettingsError:
    return SettingsError(f"LINKSKIPPER_EXTRA_CA: the browser cannot use {ca}")


def _fill(nss: ctypes.CDLL, certificates: list[bytes]) -> bool:
    """Add the certificates to the open database. Return whether that failed."""
    slot = ctypes.c_void_p(nss.PK11_GetInternalKeySlot())
    if not slot:
        return True
    try:
        database = ctypes.c_void_p(nss.CERT_GetDefaultCertDB())
        return bool(nss.PK11_InitPin(slot, None, b"")) or any(
            _add(nss, slot, database, certificate, f"extra {number}".encode())
            for number, certificate in enumerate(certificates)
        )
    finally:
        nss.PK11_FreeSlot(slot)


def _library() -> ctypes.CDLL:
    name = ctypes.util.find_library("nss3")
    if name is None:
        raise SettingsError("LINKSKIPPER_EXTRA_CA: the browser can use an extra CA on Linux only, with libnss3")
    library = ctypes.CDLL(name)
    for function in _POINTERS:
        getattr(library, function).restype = ctypes.c_void_p
    return library


def _certificates(ca: Path) -> list[bytes]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ca)
    return context.get_ca_certs(binary_form=True)


def _add(nss: ctypes.CDLL, slot: ctypes.c_void_p, database: ctypes.c_void_p, der: bytes, name: bytes) -> bool:
    """Add one certificate. Return whether that failed."""
    item, trusted = _Item(0, der, len(der)), _Trust(_TRUSTED_CA, 0, 0)
    certificate = ctypes.c_void_p(nss.CERT_NewTempCertificate(database, ctypes.byref(item), None, 0, 1))
    if not certificate:
        return True
    failed = nss.PK11_ImportCert(slot, certificate, ctypes.c_void_p(0), name, 0) or nss.CERT_ChangeCertTrust(
        database, certificate, ctypes.byref(trusted)
    )
    nss.CERT_DestroyCertificate(certificate)
    return bool(failed)
