"""servicelb (klipper-lb), which k3s and RKE2 bring: a DaemonSet for each Service holds its ports on the nodes.

Source: k3s pkg/cloudprovider/servicelb.go at commit 0821db5a. A Service has no address until one of these pods runs,
and a pod runs only on a node on which no other pod holds one of its ports: Traefik, which k3s brings, holds 80 and 443.
"""

import json
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

from pi_mesh.cluster.nodes import Node
from pi_mesh.cluster.pods import Pod

NAME = "k3s servicelb"
LABELS = [f"svccontroller.{program}.cattle.io" for program in ("k3s", "rke2")]
NAMED = "servicelb"


def is_on(nodes: Sequence[Node], pods: Sequence[Pod]) -> bool:
    """Return True where it serves: k3s starts it, unless one of its servers was told not to."""
    if any(served(pod) for pod in pods):
        return True
    k3s = [node for node in nodes if "+k3s" in node.kubelet]
    return bool(k3s) and not any(_is_off(node.k3s_arguments) for node in k3s)


def served(pod: Pod) -> str:
    """Return NAMESPACE/NAME of the Service that a pod of servicelb is for; empty for any other pod."""
    for label in LABELS:
        if name := pod.labels.get(f"{label}/svcname"):
            return f"{pod.labels.get(f'{label}/svcnamespace', '')}/{name}"
    return ""


def refusal(nodes: Sequence[Node], pods: Sequence[Pod], service: str, ports: Collection[int]) -> str:
    """Return why no node can take the pod of a Service, NAMESPACE/NAME, with these ports; empty where one can."""
    others = [pod for pod in pods if served(pod) != service]
    places = [node for node in _enabled(nodes) if node.ready]
    holders: dict[str, set[int]] = {}
    for node in places:
        held = list(_held(others, node.name, ports))
        if not held:
            return ""
        for port, holder in held:
            holders.setdefault(holder, set()).add(port)
    if not places:
        return f"no node that is Ready may run the pods of {NAME}"
    by = " and ".join(f"{holder} holds {_listed(held)}" for holder, held in sorted(holders.items()))
    return f"{NAME} needs {_listed(ports)} free on a node, and on every node {by}"


def _held(pods: Collection[Pod], node: str, ports: Collection[int]) -> Iterator[tuple[int, str]]:
    for pod in pods:
        if pod.node == node:
            yield from ((port, served(pod) or pod.workload) for port in pod.host_ports if port in ports)


def _enabled(nodes: Sequence[Node]) -> list[Node]:
    """Return the nodes that its pods may run on: those with the label `enablelb`, where any node has it."""
    labelled = {node.name: [node.labels.get(f"{label}/enablelb") for label in LABELS] for node in nodes}
    if not any(value for values in labelled.values() for value in values):
        return list(nodes)
    return [node for node in nodes if "true" in labelled[node.name]]


def _is_off(arguments: str) -> bool:
    """Judge `k3s.io/node-args`: `--disable servicelb`, `--disable=traefik,servicelb`, or no cloud controller at all."""
    try:
        words = json.loads(arguments or "[]")
    except ValueError:
        return NAMED in arguments
    flags = [word.partition("=") for word in map(str, words)]
    if any(flag == "--disable-cloud-controller" and value != "false" for flag, _, value in flags):
        return True
    values = [value for flag, _, value in flags if flag == "--disable"]
    values += [str(after) for before, after in pairwise(words) if before == "--disable"]
    return any(NAMED in value.split(",") for value in values)


def _listed(ports: Collection[int]) -> str:
    *others, last = map(str, sorted(ports))
    return f"ports {', '.join(others)} and {last}" if others else f"port {last}"
