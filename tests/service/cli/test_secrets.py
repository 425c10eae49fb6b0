"""The programs that the service starts hold none of its secrets."""

from pathlib import Path

import psutil
import pytest

from linkskipper.settings import SECRETS, forget_secrets
from support.memory_scan import holders_of
from support.processes import serving

pytestmark = pytest.mark.attack

SECRET = "0123456789abcdef-secret-of-the-service"


async def test_no_program_of_serve_holds_the_secret(data_dir: Path) -> None:
    """The secret key is in no environment, and in the memory of Python's processes alone."""
    async with serving(data_dir, LINKSKIPPER_SECRET_KEY=SECRET) as service:
        family = set(psutil.Process(service.process.pid).children(recursive=True))
        programs = {process for process in family if not process.name().startswith("python")}
        assert any(process.name() == "postgres" for process in programs)
        assert not holders_of(SECRET.encode(), programs)
        environments = {Path(f"/proc/{process.pid}/environ").read_bytes() for process in family}
    assert not [environment for environment in environments if SECRET.encode() in environment]


def test_secrets_are_forgotten() -> None:
    """Each setting that holds a password or a key leaves the environment, in any case of letters. Others stay."""
    kept = {"LINKSKIPPER_PORT": "1", "SECRET_KEY": "of another program", "PGPASSWORD": "for the driver"}
    secrets = {*(f"LINKSKIPPER_{name}" for name in SECRETS), "linkskipper_secret_key", "OTEL_EXPORTER_OTLP_HEADERS"}
    environment = kept | dict.fromkeys(secrets, "x")
    forget_secrets(environment)
    assert environment == kept
