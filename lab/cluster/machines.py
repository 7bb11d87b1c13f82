"""The four machines of the lab: a control plane and three nodes, each a network namespace and a cgroup of its own."""

from dataclasses import dataclass
from pathlib import Path

from lab.cluster.names import IDENTITY, LAB
from lab.cluster.shell import LabError

POD_RANGE = "10.244.0.0/16"
SERVICE_RANGE = "10.96.0.0/16"
API_SERVICE_ADDRESS = "10.96.0.1"
DNS_SERVICE_ADDRESS = "10.96.0.10"
API_PORT = 6443


@dataclass(frozen=True)
class Machine:
    """A machine of the lab; `index` 0 is the control plane, the nodes count from 1."""

    name: str
    index: int

    @property
    def namespace(self) -> str:
        """Return the network namespace's name, as in `ip netns`."""
        return f"{IDENTITY}-{self.name}"

    @property
    def cgroup(self) -> str:
        """Return the cgroup's path below each hierarchy."""
        return f"/{IDENTITY}/{self.name}"

    @property
    def address(self) -> str:
        """Return the machine's address on the lab's bridge."""
        return f"10.250.0.{self.index + 1}"

    @property
    def pod_range(self) -> str:
        """Return the range of the pods' addresses on this node (CIDR)."""
        return f"10.244.{self.index}.0/24"

    @property
    def folder(self) -> Path:
        """Return the folder that is the machine's disk, which a reboot keeps."""
        return LAB / "machines" / self.name


CONTROL_PLANE = Machine("cp", 0)
NODES = tuple(Machine(f"pi-{index}", index) for index in (1, 2, 3))
API_URL = f"https://{CONTROL_PLANE.address}:{API_PORT}"


def node(name: str) -> Machine:
    """Return the node called `name`; raises LabError with the names there are."""
    nodes = {machine.name: machine for machine in NODES}
    if name not in nodes:
        raise LabError(f"no real node {name} in the lab: there are {', '.join(nodes)}")
    return nodes[name]
