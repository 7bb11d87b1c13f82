"""The ways to install a mesh of the same charts and values: this program, and what a user would use instead."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lab.bench.timed_command import run, seconds
from lab.cluster.names import CHECKOUT
from lab.dead_run import STACK
from pi_mesh import inventory
from pi_mesh.inventory import Inventory, Kind, Release
from pi_mesh.inventory.mesh_releases import gateways
from pi_mesh.settings import Settings
from pi_mesh.values.helm_values import Values
from pi_mesh.values.objects import Object

NAIVE = CHECKOUT / "lab/bench/naive"
PARTS = {Kind.BASE: "base", Kind.ISTIOD: "istiod", Kind.GATEWAY: "gateway"}
"""Istio's own releases, by what the other contenders call them."""
FLOOR = "floor: kubectl apply"
ROLLOUT_SECONDS = 120
"""Seconds after which a rollout counts as failed."""


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


def floor(settings: Settings, folder: Path, environment: Mapping[str, str]) -> Contender:
    """Return the floor under every installation as a contender: rendered charts, applied, and a wait by watch.

    The charts are rendered here, and their rendering is not timed.
    """
    namespace, releases = settings.istio.namespace, istio_releases(settings)
    rendered = {release.name: str(_rendered(release, namespace, folder, environment)) for release in releases}
    stages = {part: [one.name for one in releases if PARTS[one.kind] == part] for part in PARTS.values()}
    home = folder / "namespace.json"
    home.write_text(json.dumps({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}))
    install = [
        _apply(str(home)),
        _apply(*(rendered[name] for name in stages["base"])),
        _apply(*(rendered[name] for name in stages["istiod"])),
        *(_ready(name, namespace) for name in stages["istiod"]),
        _apply(*(rendered[name] for name in stages["gateway"])),
        *apply_strict(settings, folder),
        *(_ready(name, namespace) for name in stages["gateway"]),
    ]
    names = [name for part in reversed(stages) for name in stages[part]]
    remove = [["kubectl", "delete", "--ignore-not-found", "--wait", *_files(rendered[name])] for name in names]
    return Contender(FLOOR, install, removal(namespace, remove))


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


def istio_operator(mesh: Inventory) -> dict[str, object]:
    """Return the IstioOperator that is equivalent to our settings, for `istioctl install`.

    See https://istio.io/latest/docs/reference/config/istio.operator.v1alpha1/.
    """
    settings = mesh.settings
    values = dict(mesh.the(Kind.ISTIOD).values)
    mesh_config = values.pop("meshConfig")
    all_gateways = gateways(settings).values()
    values["gateways"] = {name: {"autoscaleEnabled": branch.autoscaling.enabled} for name, branch in all_gateways}
    installed = {release.setting: _gateway(release.name, release.values) for release in mesh.of_kind(Kind.GATEWAY)}
    components = {
        f"{setting}Gateways": [installed.get(setting, {"name": name, "enabled": False})]
        for setting, (name, _) in gateways(settings).items()
    }
    return {
        "apiVersion": "install.istio.io/v1alpha1",
        "kind": "IstioOperator",
        "spec": {
            "profile": "default",
            "hub": settings.images.hub,
            "tag": settings.istio.version,
            "namespace": settings.istio.namespace,
            "meshConfig": mesh_config,
            "values": values,
            "components": components,
        },
    }


def _gateway(name: str, values: Values) -> dict[str, object]:
    service = values["service"]
    assert isinstance(service, dict)
    return {
        "name": name,
        "enabled": True,
        "k8s": {
            "replicaCount": values["replicaCount"],
            "resources": values["resources"],
            "nodeSelector": values["nodeSelector"],
            "service": {"type": service["type"]},
        },
    }


def _rendered(release: Release, namespace: str, folder: Path, environment: Mapping[str, str]) -> Path:
    values, file = folder / f"{release.name}.values.json", folder / f"{release.name}.yaml"
    values.write_text(json.dumps(release.values))
    command = ["helm", "template", release.name, release.package, "--namespace", namespace, "--include-crds"]
    file.write_text(run([*command, "--values", str(values)], environment))
    return file


def _apply(*files: str) -> list[str]:
    """Return a command that also takes back the fields that istiod wrote into its webhooks."""
    return ["kubectl", "apply", "--server-side", "--force-conflicts", *_files(*files)]


def _ready(deployment: str, namespace: str) -> list[str]:
    """Return a command that watches until all pods of the Deployment are ready."""
    where = (f"--namespace={namespace}", f"--timeout={ROLLOUT_SECONDS}s")
    return ["kubectl", "rollout", "status", f"deployment/{deployment}", *where]


def _files(*files: str) -> list[str]:
    return [f"--filename={file}" for file in files]
