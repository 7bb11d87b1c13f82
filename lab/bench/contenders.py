"""The three ways to install the same mesh with the same charts and values: this program, helm, istioctl."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.bench.operator_file import istio_operator
from lab.bench.timed_command import run, seconds
from pi_mesh import inventory
from pi_mesh.inventory import Kind
from pi_mesh.settings import Settings

STACK = "lab"
ISTIO = (Kind.BASE, Kind.ISTIOD, Kind.GATEWAY)


@dataclass(frozen=True)
class Contender:
    """A way to install: each step is a list of commands that run one after the other."""

    name: str
    install: Sequence[Sequence[str]]
    remove: Sequence[Sequence[str]]

    def time_install(self, environment: Mapping[str, str]) -> float:
        """Install and return the seconds."""
        return sum(seconds(command, environment) for command in self.install)

    def clean(self, environment: Mapping[str, str]) -> None:
        """Remove what was installed."""
        for command in self.remove:
            run(command, environment)


def pulumi(settings: Settings) -> Contender:
    """Return this program as a contender.

    What it creates besides the four releases, namespaces, mutual TLS and quotas, counts against it.
    """
    flags = ("--stack", STACK, "--yes", "--skip-preview", "--non-interactive")
    remove = [["pulumi", "destroy", *flags], *_leftovers(settings.istio.namespace)]
    return Contender("pulumi up", [["pulumi", "up", *flags]], remove)


def helm(settings: Settings, folder: Path) -> Contender:
    """Return `helm upgrade --install --wait` of the four charts in their order as a contender."""
    namespace = settings.istio.namespace
    planned = [release for release in inventory.of(settings).releases if release.kind in ISTIO]
    for release in planned:
        (folder / f"{release.name}.json").write_text(json.dumps(release.values))
    install = [
        ["helm", "upgrade", "--install", release.name, release.package,
         "--namespace", namespace, "--create-namespace", "--wait", "--values", str(folder / f"{release.name}.json")]
        for release in planned
    ]  # fmt: skip
    remove = [["helm", "uninstall", release.name, "--namespace", namespace, "--wait"] for release in reversed(planned)]
    return Contender("helm upgrade --install --wait", install, [*remove, *_leftovers(namespace)])


def istioctl(settings: Settings, folder: Path) -> Contender:
    """Return `istioctl install` of the same components as a contender."""
    file = folder / "istio-operator.json"
    file.write_text(json.dumps(istio_operator(inventory.of(settings))))
    remove = [["istioctl", "uninstall", "--purge", "--skip-confirmation"], *_leftovers(settings.istio.namespace)]
    return Contender(
        "istioctl install", [["istioctl", "install", "--skip-confirmation", "--filename", str(file)]], remove
    )


def _leftovers(namespace: str) -> list[list[str]]:
    """Return commands that delete the namespace and the CRDs, so that each contender starts from the same cluster."""
    return [
        ["kubectl", "delete", "namespace", namespace, "--ignore-not-found", "--wait"],
        ["kubectl", "delete", "crd", "--selector", "app=istio-pilot", "--wait"],
    ]
