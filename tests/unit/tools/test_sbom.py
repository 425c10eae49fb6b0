"""The list of packages."""

from tools.sbom import add_licenses

LICENSES = [{"license": {"id": "MIT"}}]


def test_licenses_of_installed_packages() -> None:
    """A package has the licences of its installation, however its name is written. Others have none."""
    sbom: dict[str, list[dict[str, object]]] = {
        "components": [{"name": "prompt-toolkit"}, {"name": "other"}, {"name": "plain"}]
    }
    installed = {"components": [{"name": "Prompt_Toolkit", "licenses": LICENSES}, {"name": "plain"}]}
    add_licenses(sbom, installed)
    known = {"name": "prompt-toolkit", "licenses": LICENSES}
    assert sbom["components"] == [known, {"name": "other"}, {"name": "plain"}]
