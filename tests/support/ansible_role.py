"""A mesh as the Ansible role installs it: its commands and values, on the local cluster."""

from collections.abc import Mapping

from lab.cluster.kubectl import kubectl
from lab.toolchain.charts import chart_dir
from lab.toolchain.istio_parts import ISTIO
from lab.workloads import CONTROL, TRADING, apply
from pi_mesh import names
from tests.support.helm import helm
from tests.support.helm_mesh import PEER as POLICY
from tests.support.objects import istio_crds

NAMES = {"base": names.BASE, "istiod": names.ISTIOD, "ingress": names.INGRESS}
"""Name of each release of the Ansible role, by its key in releases.names."""
OTHERS = {"base": "mesh-crds", "istiod": "mesh", "ingress": "istio-edge"}
ROOM = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "500m", "memory": "256Mi"}}
SIDECAR = {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"cpu": "200m", "memory": "256Mi"}}
LAB = {
    "global.hub": "docker.io/istio",
    "global.tag": ISTIO,
    "pilot.env.PILOT_ENABLE_METADATA_EXCHANGE": "false",
    "pilot.env.PILOT_ENABLE_ALPN_FILTER": "false",
    "telemetry.enabled": "false",
}
"""Values for the local cluster's images, which the Ansible role does not have."""


def install(called: Mapping[str, str], policy: Mapping[str, object] = POLICY, labels: Mapping[str, str] = {}) -> None:
    """Install the Ansible role's mesh: base, istiod, ingress gateway, trading namespace and mutual TLS.

    `labels` are the gateway's, in place of the chart's own.
    """
    _remove_crds()
    _release(called["base"], "base", {}, "--create-namespace")
    own = {"pilot.replicaCount": "1", "pilot.autoscaleEnabled": "false", **_room("pilot.resources", ROOM)}
    _release(called["istiod"], "istiod", {**own, **_room("global.proxy.resources", SIDECAR), **LAB})
    gateway = {"service.type": "NodePort", "imagePullPolicy": "IfNotPresent", **_room("resources", ROOM)}
    _release(called["ingress"], "gateway", gateway | {f"labels.{name}": value for name, value in labels.items()})
    kubectl("create", "namespace", TRADING)
    kubectl("label", "namespace", TRADING, "istio-injection=enabled")
    apply([dict(policy)])


def remove(called: Mapping[str, str]) -> None:
    """Remove all of the mesh, also of a partial one."""
    helm("uninstall", "--ignore-not-found", "--wait", *reversed([*called.values(), names.EGRESS]))
    kubectl("delete", "namespace", "--ignore-not-found", TRADING, CONTROL)
    _remove_crds()


def _remove_crds() -> None:
    """Remove the CRDs that the base chart keeps: they belong to a release of that name and block another."""
    if crds := istio_crds():
        kubectl("delete", "customresourcedefinition", *crds)


def _release(name: str, chart: str, values: Mapping[str, str], *more: str) -> None:
    given = [f"--set{'-string' if '.env.' in key else ''}={key}={value}" for key, value in values.items()]
    helm("install", name, str(chart_dir() / f"{chart}-{ISTIO}.tgz"), "--wait", *given, *more)


def _room(path: str, profile: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    return {f"{path}.{half}.{name}": value for half, both in profile.items() for name, value in both.items()}
