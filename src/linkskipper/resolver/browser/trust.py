"""Make Chromium trust the operator's extra CA. On Linux it reads the NSS database in its HOME.

Chromium's own switches cannot be used, since they turn verification off: --ignore-certificate-errors-spki-list accepts
any certificate that is sent together with the CA's.
"""

import ctypes
import ctypes.util
import ssl
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from publicsuffixlist import PublicSuffixList

from linkskipper.errors import SettingsError

_TRUSTED_CA = 0x08 | 0x10  # CERTDB_VALID_CA, CERTDB_TRUSTED_CA: what certutil calls "C"
_POINTERS = ("NSS_InitContext", "PK11_GetInternalKeySlot", "CERT_GetDefaultCertDB", "CERT_NewTempCertificate")
_REPLACED = (x509.NameConstraints, x509.AuthorityKeyIdentifier)


class _Item(ctypes.Structure):
    _fields_ = (("kind", ctypes.c_uint), ("data", ctypes.c_char_p), ("length", ctypes.c_uint))


class _Trust(ctypes.Structure):
    _fields_ = (("tls", ctypes.c_uint), ("mail", ctypes.c_uint), ("code", ctypes.c_uint))


def trust(ca: Path, home: Path, names: Sequence[str] | None = None) -> None:
    """Make a browser with this HOME trust the certificates in a PEM file, for some names or for all.

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
        failed = _fill(nss, [der if names is None else constrained(der, names) for der in _certificates(ca)])
    finally:
        nss.NSS_ShutdownContext(context)
    if failed:
        raise _unusable(ca)


def constrained(der: bytes, names: Sequence[str]) -> bytes:
    """Return a certificate of the same authority that vouches for the sites of these names only.

    A certificate often names more hosts of one site, and one name outside of the constraints refuses it as a whole. The
    site of go.corp.example is corp.example.

    The authority is trusted by its name and key, so the signature of the new certificate does not matter. Chromium
    enforces the constraints of authorities that the user added.
    """
    original = x509.load_der_x509_certificate(der)
    key = ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder(subject_name=original.subject, issuer_name=original.subject)
        .public_key(original.public_key())
        .serial_number(original.serial_number)
        .not_valid_before(original.not_valid_before_utc)
        .not_valid_after(original.not_valid_after_utc)
    )
    for extension in original.extensions:
        if not isinstance(extension.value, _REPLACED):
            builder = builder.add_extension(extension.value, extension.critical)
    suffixes = PublicSuffixList()
    sites = {suffixes.privatesuffix(name) or name for name in names or ["invalid"]}
    permitted = [x509.DNSName(site) for site in sorted(sites)]
    constraints = x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None)
    certificate = builder.add_extension(constraints, critical=True).sign(key, hashes.SHA256())
    return certificate.public_bytes(serialization.Encoding.DER)


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
