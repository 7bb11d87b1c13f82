"""The cluster that the stack may change, and the size of its Pis."""

from typing import Annotated, Literal

from pydantic import Field

from pi_mesh.facts import EVERY, SIZE, Harmless, Helm, Weaker, differs, replaces
from pi_mesh.model import Amounts, Cpu, Memory, Model, counted_in, matching

UID = r"^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$"


class NodeSize(Amounts):
    """Allocatable CPU, memory and pods of one Pi, with which the budget counts."""

    cpu: Annotated[Cpu, SIZE] = Cpu("4")
    """CPU that one Pi offers to pods (its allocatable)."""
    memory: Annotated[Memory, SIZE] = Memory("3700Mi")
    """Memory that one Pi offers to pods (its allocatable)."""
    pods: Annotated[int, Field(ge=1, le=500), SIZE] = 110
    """Number of pods that one Pi accepts."""


class ClusterSettings(Model):
    """The cluster that this stack belongs to."""

    context: Annotated[
        str,
        Field(min_length=1),
        matching(r"^[^\x00-\x1f\x7f]*$", "the name of a kube context, which is in one line"),
        Weaker(differs, "the stack may change another cluster"),
    ]
    """Name of the kube context that this stack may change; any other current context is refused."""
    uid: Annotated[
        str,
        matching(UID, "the UID of a namespace, as kubectl prints it"),
        Weaker(replaces, "the stack may change another cluster"),
    ] = ""
    """UID of the cluster's namespace kube-system; a cluster with another UID is refused. By default it is the UID that
    the last `pulumi up` recorded. Set it if the stack's cluster was rebuilt."""
    architecture: Annotated[
        Literal["arm64", "amd64"],
        Helm(EVERY, "nodeSelector"),
        Helm("istiod", "pilot.nodeSelector"),
        Harmless("pods run on other nodes, or on none"),
    ] = "arm64"
    """Architecture (`kubernetes.io/arch`) of the nodes that istiod and the gateways run on."""
    unreachable_seconds: Annotated[
        Annotated[int, counted_in("seconds, such as 60", ge=10, le=3600)] | None,
        Helm("istiod", "pilot.tolerations"),
        Helm("gateway", "tolerations"),
        Helm("cert-manager", "tolerations"),
        Harmless("a lost pod is made anew sooner or later, with the same rules"),
    ] = None
    """Seconds after which pods of istiod, the gateways and the stack's cert-manager are made anew elsewhere when their
    node is not Ready; Kubernetes' own is 300. A node counts as not Ready after 40 to 50 s without a sign of life, so
    that with 60 a Pi has time to restart. A change restarts istiod and the gateways."""
    nodes: Annotated[int, Field(ge=1, le=1000), SIZE] = 3
    """Smallest number of nodes that must be Ready."""
    free_memory: Annotated[Memory, SIZE] = Memory("2Gi")
    """Memory that must be free on each node before an install."""
    node: NodeSize = NodeSize()
    """Size of one Pi."""
