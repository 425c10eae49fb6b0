"""The compose file is valid, and fits this version."""

import re
from typing import Any

import pytest
import yaml
from compose_spec import PyCompose

from linkskipper.settings import SECRETS, Settings
from linkskipper.version import VERSION
from support.documents import ROOT

CONTENT = yaml.safe_load((ROOT / "deploy" / "compose" / "compose.yaml").read_text())
OURS = [service for service in CONTENT["services"].values() if service["image"].startswith("linkskipper:")]


def check(content: Any) -> None:
    PyCompose.from_yaml(yaml.safe_dump(content)).validate()


def test_it_is_valid() -> None:
    """It fits the specification, and every network, volume and secret that a service names exists."""
    check(CONTENT)


@pytest.mark.parametrize("member", [{"raed_only": True}, {"networks": ["nowhere"]}])
def test_a_wrong_one_is_refused(member: dict[str, object]) -> None:
    """The check itself sees a misspelled member and a network that does not exist."""
    services = CONTENT["services"] | {"api": CONTENT["services"]["api"] | member}
    with pytest.raises(ValueError, match=r"raed_only|nowhere"):
        check(CONTENT | {"services": services})


def test_our_services() -> None:
    """Each runs this version, cannot write outside of its volumes, and has variables that are settings."""
    assert len(OURS) == 3
    for service in OURS:
        assert service["image"] == f"linkskipper:{VERSION}"
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
        named = {re.sub("^LINKSKIPPER_", "", name) for name in service["environment"]}
        assert named <= {field.upper() for field in Settings.model_fields} | {f"{name}_FILE" for name in SECRETS}
