"""The manifests for Kubernetes fit its published schemas, each other, and this version."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from prometheus_client import REGISTRY

from linkskipper.settings import SECRETS, Settings
from linkskipper.version import VERSION
from support.documents import DOCS, ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
VERSIONS = ("1.30", "1.37")


def manifests(folder: str) -> Iterator[Any]:
    """Yield the resources that a kustomization lists in files of its own."""
    listed = yaml.safe_load((FOLDER / folder / "kustomization.yaml").read_text())
    for file in listed["resources"]:
        if file.endswith(".yaml"):
            yield from yaml.safe_load_all((FOLDER / folder / file).read_text())


RESOURCES = {f"{resource['kind']}/{resource['metadata']['name']}": resource for resource in manifests("base")}
PODS = {
    name: resource["spec"]["template"]["spec"] for name, resource in RESOURCES.items() if "template" in str(resource)
}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", RESOURCES)
def test_a_resource(name: str, version: str) -> None:
    """It has no member that Kubernetes does not know, and none of a wrong type."""
    kubernetes_validate.validate(RESOURCES[name], version, strict=True)


def test_a_wrong_resource_is_refused() -> None:
    """The check itself sees a misspelled member."""
    job = RESOURCES["Job/linkskipper-migrate"]
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(job | {"spec": job["spec"] | {"backofLimit": 1}}, VERSIONS[0], strict=True)


def test_every_part_is_there() -> None:
    """API, workers and migration, with a budget for disruptions each and an autoscaler for workers."""
    assert set(RESOURCES) == {
        "Job/linkskipper-migrate",
        "Deployment/linkskipper-api",
        "Deployment/linkskipper-worker",
        "Service/linkskipper",
        "PodDisruptionBudget/linkskipper-api",
        "PodDisruptionBudget/linkskipper-worker",
        "HorizontalPodAutoscaler/linkskipper-worker",
    }


@pytest.mark.parametrize("name", PODS)
def test_a_pod_is_confined(name: str) -> None:
    """It runs as no root, writes no file outside of its volumes, and gets no variables such as LINKSKIPPER_PORT.

    Kubernetes would set that one for the Service with our name, to an address.
    """
    pod = PODS[name]
    assert pod["enableServiceLinks"] is False
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    [container] = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@pytest.mark.parametrize("name", ["api", "worker"])
def test_selectors_and_probes(name: str) -> None:
    """Selectors find the pods, and probes ask ports that the container names."""
    deployment = RESOURCES[f"Deployment/linkskipper-{name}"]["spec"]
    labels = deployment["template"]["metadata"]["labels"]
    assert deployment["selector"]["matchLabels"] == labels
    assert RESOURCES[f"PodDisruptionBudget/linkskipper-{name}"]["spec"]["selector"]["matchLabels"] == labels
    [container] = deployment["template"]["spec"]["containers"]
    ports = {port["name"] for port in container["ports"]}
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["port"] in ports
    assert RESOURCES["Service/linkskipper"]["spec"]["ports"][0]["targetPort"] == "http"


def test_settings_and_metric_exist() -> None:
    """Every variable is a setting, and the autoscaler's metric is one of ours."""
    variables = dict(re.findall(r"LINKSKIPPER_(\w+)=(.*)", (FOLDER / "base" / "settings.env").read_text()))
    assert set(variables) <= {field.upper() for field in Settings.model_fields} | {f"{name}_FILE" for name in SECRETS}
    [metric] = RESOURCES["HorizontalPodAutoscaler/linkskipper-worker"]["spec"]["metrics"]
    assert metric["external"]["metric"]["name"] in {each.name for each in REGISTRY.collect()}


@pytest.mark.parametrize("file", ["base/kustomization.yaml", "browser/kustomization.yaml"])
def test_the_image_is_of_this_version(file: str) -> None:
    """Both kustomizations name the image of this version."""
    [image] = yaml.safe_load((FOLDER / file).read_text())["images"]
    assert image["newTag"].removesuffix("-browser") == VERSION


def images_of(folder: str) -> dict[str, str]:
    """Return the image of each deployment once the kustomization of the guide lies over a folder, as kustomize does."""
    images = {name: pod["containers"][0]["image"] for name, pod in PODS.items()}
    layers = [yaml.safe_load((FOLDER / "base" / "kustomization.yaml").read_text())["images"]]
    if folder == "browser":
        patch = yaml.safe_load((FOLDER / folder / "worker.yaml").read_text())
        image = patch["spec"]["template"]["spec"]["containers"][0]["image"]
        images = _replaced(images, layers.pop()) | {"Deployment/linkskipper-worker": image}
        layers.append(yaml.safe_load((FOLDER / folder / "kustomization.yaml").read_text())["images"])
    guide = (DOCS / "guides" / "run-on-kubernetes.md").read_text()
    [overlay] = re.findall(r"```yaml\n(.*?)```", guide, re.DOTALL)
    layers.append(yaml.safe_load(overlay)["images"])
    for layer in layers:
        images = _replaced(images, layer)
    return images


def _replaced(images: dict[str, str], entries: list[dict[str, str]]) -> dict[str, str]:
    """Replace names and tags as `images` of a kustomization says. An entry counts for the whole name before the tag."""
    for entry in entries:
        for name, image in images.items():
            if image.rpartition(":")[0] == entry["name"] or image == entry["name"]:
                images = images | {name: f"{entry.get('newName', entry['name'])}:{entry['newTag']}"}
    return images


@pytest.mark.parametrize(("folder", "suffix"), [("base", ""), ("browser", "-browser")])
def test_the_images_of_the_guide(folder: str, suffix: str) -> None:
    """The guide's kustomization takes all images from the operator's registry, and keeps the browser of workers."""
    image = f"registry.example/linkskipper:{VERSION}"
    assert images_of(folder) == dict.fromkeys(PODS, image) | {"Deployment/linkskipper-worker": f"{image}{suffix}"}


def test_workers_with_a_browser() -> None:
    """The patch changes a deployment, container and volume list that are in the base."""
    patch = yaml.safe_load((Path(FOLDER) / "browser" / "worker.yaml").read_text())
    base = RESOURCES[f"{patch['kind']}/{patch['metadata']['name']}"]
    assert [container["name"] for container in patch["spec"]["template"]["spec"]["containers"]] == [
        container["name"] for container in base["spec"]["template"]["spec"]["containers"]
    ]
