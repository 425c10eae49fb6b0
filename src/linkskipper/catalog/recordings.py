"""Find a provider's recording: ID.har in the folder of its file."""

from pathlib import Path

from linkskipper.catalog.loading.loader import BUILTIN, read_layer


def recording_of(provider_id: str, directory: Path | None) -> Path | None:
    """Return a provider's recording, the operator's first.

    The built-in recording does not fit an operator's file that replaces the built-in one.
    """
    if directory is not None:
        if (own := directory / f"{provider_id}.har").is_file():
            return own
        if provider_id in read_layer([directory])[0].providers:
            return None
    built_in = BUILTIN / f"{provider_id}.har"
    return built_in if built_in.is_file() else None
