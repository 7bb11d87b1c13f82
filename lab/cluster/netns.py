"""The lab's network: a namespace per machine, the nodes wired to a bridge in the control plane's namespace.

Nothing of it shows in the machine's own network, and nothing in it leads out.
"""

import os
from pathlib import Path

from lab.cluster.machines import CONTROL_PLANE, NODES, SERVICE_RANGE, Machine
from lab.cluster.names import IDENTITY
from lab.cluster.shell import run

NAMESPACES = Path("/var/run/netns")
BRIDGE = "bridge0"
FORWARDING = "echo 1 >/proc/sys/net/ipv4/ip_forward"


def create() -> None:
    """Create namespaces, bridge, veth pairs and routes from nothing."""
    for machine in (CONTROL_PLANE, *NODES):
        run("ip", "netns", "add", machine.namespace)
        run("nsenter", f"--net={NAMESPACES / machine.namespace}", "sh", "-c", FORWARDING)
    _configure(
        CONTROL_PLANE,
        [
            "link set lo up",
            f"link add {BRIDGE} type bridge",
            f"address add {CONTROL_PLANE.address}/24 dev {BRIDGE}",
            f"link set {BRIDGE} up",
            *(line for node in NODES for line in _veth(node)),
            f"route add {SERVICE_RANGE} dev {BRIDGE}",  # kube-proxy rewrites what has a route
            *_routes(CONTROL_PLANE),
        ],
    )
    for node in NODES:
        _configure(
            node,
            [
                "link set lo up",
                f"address add {node.address}/24 dev eth0",
                "link set eth0 up",
                f"route add default via {CONTROL_PLANE.address}",
                *_routes(node),
            ],
        )


def _configure(machine: Machine, lines: list[str]) -> None:
    run("ip", "-netns", machine.namespace, "-batch", "-", stdin="\n".join(lines) + "\n")


def _veth(node: Machine) -> list[str]:
    """Return the commands for the veth pair from the bridge to a node's eth0."""
    return [
        f"link add {node.name} type veth peer name eth0 netns {node.namespace}",
        f"link set {node.name} master {BRIDGE} up",
    ]


def _routes(machine: Machine) -> list[str]:
    """Return the commands for the routes to the pods of the other nodes."""
    return [f"route add {node.pod_range} via {node.address}" for node in NODES if node != machine]


def remove() -> None:
    """Remove every namespace of this lab, with all that is in it."""
    for name in names():
        run("ip", "netns", "delete", name)
    if os.path.ismount(NAMESPACES) and not any(NAMESPACES.iterdir()):  # what the first `ip netns add` mounted
        run("umount", str(NAMESPACES))


def names() -> list[str]:
    """Return the names of this lab's namespaces that exist."""
    return sorted(entry.name for entry in NAMESPACES.glob(f"{IDENTITY}-*"))
