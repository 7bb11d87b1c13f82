"""The provider of addresses for Services of type LoadBalancer."""

from collections.abc import Iterable

from pi_mesh.cluster.nodes import Node
from pi_mesh.cluster.objects import Crd, Service
from pi_mesh.cluster.pods import Pod

CRDS = {"ipaddresspools.metallb.io": "MetalLB", "ciliumloadbalancerippools.cilium.io": "Cilium"}
APPS = {"kube-vip": "kube-vip", "metallb": "MetalLB", "openelb": "OpenELB"}
CLOUDS = ("aws://", "azure://", "gce://", "hcloud://", "digitalocean://", "openstack://")


def provider(nodes: Iterable[Node], pods: Iterable[Pod], services: Iterable[Service], crds: Iterable[Crd]) -> str:
    """Return the provider's name; empty without a provider, so that a LoadBalancer would wait for ever."""
    balanced = [service for service in services if service.type == "LoadBalancer" and service.addresses]
    labels = {pod.labels.get("app.kubernetes.io/name", "") for pod in pods}
    candidates = [
        *(f"whatever serves {service.namespace}/{service.name}" for service in balanced),
        *(CRDS[crd.name] for crd in crds if crd.name in CRDS),
        *(name for label, name in APPS.items() if label in labels),
        *(cloud.removesuffix("://") for node in nodes for cloud in CLOUDS if node.provider.startswith(cloud)),
        *_servicelb(nodes),
    ]
    return candidates[0] if candidates else ""


def _servicelb(nodes: Iterable[Node]) -> list[str]:
    """Return k3s's own load balancer, unless a k3s server was started with `--disable servicelb`."""
    k3s = [node for node in nodes if "+k3s" in node.kubelet]
    return ["k3s servicelb"] if k3s and not any("servicelb" in node.k3s_arguments for node in k3s) else []
