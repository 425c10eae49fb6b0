"""What the log says of links."""

import logging

import pytest

from linkskipper.cli import logs
from linkskipper.settings import load

pytestmark = pytest.mark.attack

SECRETS = ("https://go.example/t0ken", "HTTPS://go.example?k=t0ken", "http://a.b:8080/x#t0ken", "https://a\\\\t0ken")


@pytest.mark.parametrize("log_json", [True, False])
@pytest.mark.parametrize("link", SECRETS)
def test_links_are_shortened(
    link: str,
    log_json: bool,  # noqa: FBT001 - a parameter of the test
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No line has the path, the query or the fragment of a link, neither in a field nor in a traceback."""
    root, levels = logging.getLogger(), (logging.getLogger().level, logging.getLogger("linkskipper").level)
    handlers = root.handlers[:]
    try:
        logs.configure_library(load(log_json=log_json))
        logger = logging.getLogger("linkskipper.test")
        try:
            int(f"cannot read {link}")
        except ValueError:
            logger.exception("job.crashed", extra={"error": f"at {link} now", "host": "go.example"})
        logger.warning(f"an answer of {link}")
    finally:
        root.handlers[:] = handlers
        root.setLevel(levels[0])
        logging.getLogger("linkskipper").setLevel(levels[1])
    lines = capsys.readouterr().err
    assert "job.crashed" in lines
    assert "cannot read" in lines
    assert "t0ken" not in lines
    assert "go.example" in lines
