"""The ways to install a mesh of the same charts and values: this program, and what a user would use instead."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lab.bench.operator_file import istio_operator
from lab.bench.timed_command import run, seconds
from lab.cluster.names import CHECKOUT
from lab.dead_run import STACK
from pi_mesh import inventory
from pi_mesh.inventory import Kind, Release
from pi_mesh.settings import Settings
from pi_mesh.values.objects import Object

NAIVE = CHECKOUT / "lab/bench/naive"
PARTS = {Kind.BASE: "base", Kind.ISTIOD: "istiod", Kind.GATEWAY: "gateway"}
"""Istio's own releases, by what the other contenders call them."""


@dataclass(frozen=True)
class Contender:
    """A way to install: each step is a list of commands that run one after the other."""

    name: str
    install: Sequence[Sequence[str]]
    remove: Sequence[Sequence[str]]
    variables: Mapping[str, str] = field(default_factory=dict)
    directory: Path = CHECKOUT

    def time_install(self, environment: Mapping[str, str]) -> float:
        """Install and return the seconds."""
        return sum(seconds(command, {**environment, **self.variables}, self.directory) for command in self.install)

    def clean(self, environment: Mapping[str, str]) -> None:
        """Remove what was installed."""
        for command in self.remove:
            run(command, {**environment, **self.variables}, self.directory)


def pulumi(settings: Settings) -> Contender:
    """Return this program as a contender.

    What it creates besides the four releases, namespaces, quotas and its guard, counts against it.
    """
    flags = ("--stack", STACK, "--yes", "--skip-preview", "--non-interactive")
    remove = removal(settings.istio.namespace, [["pulumi", "destroy", *flags]])
    return Contender("pulumi up", [["pulumi", "up", *flags]], remove)


def naive(settings: Settings, folder: Path) -> Contender:
    """Return a Pulumi program of one file, with the SDK's own classes, as a contender."""
    releases = [
        {"name": one.name, "kind": PARTS[one.kind], "chart": str(CHECKOUT / one.package), "values": one.values}
        for one in istio_releases(settings)
    ]
    wanted = {"namespace": settings.istio.namespace, "releases": releases, "objects": strict(settings)}
    file = folder / "naive.json"
    file.write_text(json.dumps(wanted))
    flags = ("--stack", "naive", "--yes", "--skip-preview", "--non-interactive")
    remove = removal(settings.istio.namespace, [["pulumi", "destroy", *flags]])
    return Contender("naive program", [["pulumi", "up", *flags]], remove, {"NAIVE": str(file)}, NAIVE)


def helm(settings: Settings, folder: Path) -> Contender:
    """Return `helm upgrade --install --wait` of the four charts in their order as a contender."""
    namespace, planned = settings.istio.namespace, istio_releases(settings)
    for release in planned:
        (folder / f"{release.name}.json").write_text(json.dumps(release.values))
    install = [
        ["helm", "upgrade", "--install", release.name, release.package,
         "--namespace", namespace, "--create-namespace", "--wait", "--values", str(folder / f"{release.name}.json")]
        for release in planned
    ]  # fmt: skip
    remove = [["helm", "uninstall", release.name, "--namespace", namespace, "--wait"] for release in reversed(planned)]
    install += apply_strict(settings, folder)
    return Contender("helm upgrade --install --wait", install, removal(namespace, remove))


def istioctl(settings: Settings, folder: Path) -> Contender:
    """Return `istioctl install` of the same components as a contender."""
    file = folder / "istio-operator.json"
    file.write_text(json.dumps(istio_operator(inventory.mesh_inventory(settings))))
    remove = removal(settings.istio.namespace, [["istioctl", "uninstall", "--purge", "--skip-confirmation"]])
    install = ["istioctl", "install", "--skip-confirmation", "--filename", str(file)]
    return Contender("istioctl install", [install, *apply_strict(settings, folder)], remove)


def istio_releases(settings: Settings) -> list[Release]:
    """Return the releases of Istio itself, in the order of their installation."""
    return [release for release in inventory.mesh_inventory(settings).releases if release.kind in PARTS]


def strict(settings: Settings) -> list[Object]:
    """Return the objects that turn mutual TLS on for the mesh: no contender is done before."""
    return [item.manifest for item in inventory.mesh_inventory(settings).objects_of("mesh-mtls")]


def apply_strict(settings: Settings, folder: Path) -> list[list[str]]:
    """Return the command that turns mutual TLS on."""
    file = folder / "strict.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": strict(settings)}))
    return [["kubectl", "apply", "--server-side", "--force-conflicts", "--filename", str(file)]]


def removal(namespace: str, own: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """Return a contender's own commands of removal, with those after which all start from the same cluster.

    The gateways end at once: nobody times the removal, and each would drain for seconds. istiod stays: without its
    webhook the API server deletes no object of Istio that has a finalizer.
    """
    at = f"--namespace={namespace}"
    return [
        ["kubectl", "delete", "deployments", at, "--field-selector=metadata.name!=istiod"],
        ["kubectl", "delete", "pods", at, "--selector=app!=istiod", "--grace-period=0", "--force"],
        *own,
        ["kubectl", "delete", "namespace", namespace, "--ignore-not-found", "--wait"],
        ["kubectl", "delete", "crd", "--selector", "app=istio-pilot", "--wait"],
    ]
