"""Which cluster the stack may touch, and what its Pis offer."""

from typing import Annotated, Literal

from pydantic import Field

from pi_mesh.model.base import Model
from pi_mesh.model.patterns import matching
from pi_mesh.model.quantity import Cpu, Memory
from pi_mesh.model.resources import Amounts

UID = r"^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$"


class NodeSize(Amounts):
    """What one Pi offers to pods (its allocatable); the budget of a preview without a cluster counts with it."""

    cpu: Cpu = Cpu("4")
    memory: Memory = Memory("3700Mi")
    pods: Annotated[int, Field(ge=1, le=500)] = 110


class ClusterSettings(Model):
    """The cluster that this stack belongs to."""

    context: Annotated[str, Field(min_length=1)]
    """The kube context that this stack may touch; any other current context is refused."""
    uid: Annotated[str, matching(UID, "the UID of a namespace, as kubectl prints it")] = ""
    """UID of the cluster's namespace kube-system; a cluster with another one is refused. Empty: the UID that the last
    `pulumi up` recorded. A cluster that was built anew under the same stack needs it."""
    architecture: Literal["arm64", "amd64"] = "arm64"
    """`kubernetes.io/arch` of the nodes that istiod and the gateways run on."""
    nodes: Annotated[int, Field(ge=1, le=1000)] = 3
    """At least so many nodes must be Ready."""
    free_memory: Memory = Memory("2Gi")
    """Memory that must be free on each of them before an install."""
    node: NodeSize = NodeSize()
