"""Number of istiod's and the gateways' pods, the nodes that they may run on, their priority and their eviction."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pi_mesh.facts import SIZE, Harmless, Helm
from pi_mesh.model import PERCENT, LabelKey, LabelValue, Model, NamespaceName, Replicas


def _scaled(istiod: str, gateway: str) -> tuple[Helm, Helm]:
    """Return the values of both charts, which do not change their Deployments."""
    return Helm("istiod", f"pilot.{istiod}", restarts=False), Helm("gateway", f"autoscaling.{gateway}", restarts=False)


class Autoscaling(Model):
    """A HorizontalPodAutoscaler, off by default.

    It needs a metrics server, and capacity for its maximum number of pods.
    """

    enabled: Annotated[bool, *_scaled("autoscaleEnabled", "enabled"), SIZE] = False
    """Scale the number of pods with a HorizontalPodAutoscaler."""
    min_replicas: Annotated[Replicas, *_scaled("autoscaleMin", "minReplicas")] = 1
    """Smallest number of pods."""
    max_replicas: Annotated[Replicas, *_scaled("autoscaleMax", "maxReplicas")] = 2
    """Largest number of pods; the budget counts with it."""
    target_cpu: Annotated[int, PERCENT, *_scaled("cpu", "targetCPUUtilizationPercentage"), SIZE] = 80
    """Average CPU utilisation that the autoscaler aims at, in percent of the request."""

    def least(self, replicas: int) -> int:
        """Return the smallest number of pods; `replicas` counts while nothing is scaled."""
        return self.min_replicas if self.enabled else replicas

    def most(self, replicas: int) -> int:
        """Return the largest number of pods."""
        return self.max_replicas if self.enabled else replicas

    def conflicts(self) -> Iterator[str]:
        if self.min_replicas > self.max_replicas:
            yield f"minReplicas {self.min_replicas} is above maxReplicas {self.max_replicas}"


class Toleration(Model):
    """A taint that does not keep the pods away."""

    key: LabelKey
    """Key of the taint."""
    value: LabelValue | None = None
    """Value of the taint; by default any."""
    effect: Literal["NoSchedule", "PreferNoSchedule", "NoExecute"] | None = None
    """Effect of the taint; by default any."""


class NodeCondition(Model):
    """A condition for the pods' nodes, by a label."""

    key: LabelKey
    """Key of the node's label."""
    operator: Literal["In", "NotIn", "Exists", "DoesNotExist"] = "In"
    """Comparison of the node's label with `values`."""
    values: tuple[LabelValue, ...] = ()
    """Values for In and NotIn."""
    required: bool = True
    """Leave a pod Pending if no node meets the condition; false makes it a wish."""

    def conflicts(self) -> Iterator[str]:
        if bool(self.values) != (self.operator in ("In", "NotIn")):
            yield f"operator {self.operator} {'takes no' if self.values else 'needs'} values"


PLACED = Harmless("it decides where pods run, not whom they admit")


class Scheduling(Model):
    """Scheduling of the pods, by default on every node of `cluster.architecture` that has no taint."""

    tolerations: Annotated[
        tuple[Toleration, ...], Helm("istiod", "pilot.tolerations"), Helm("gateway", "tolerations"), PLACED
    ] = ()
    """Taints that do not keep the pods away, such as that of a control plane's node."""
    node_affinity: Annotated[
        tuple[NodeCondition, ...], Helm("istiod", "pilot.affinity"), Helm("gateway", "affinity"), PLACED
    ] = ()
    """Conditions for the pods' nodes, which must or should meet all of them."""
    priority_class: Annotated[
        NamespaceName | None, Helm("istiod", "global.priorityClassName"), Helm("gateway", "priorityClassName"), PLACED
    ] = None
    """PriorityClass of the pods, which must exist, such as system-cluster-critical. On a full node pods of a lower
    priority give way."""
    unhealthy_pod_eviction_policy: Annotated[
        Literal["IfHealthyBudget", "AlwaysAllow"] | None,
        Helm("istiod", "pilot.pdb", restarts=False),
        Helm("gateway", "podDisruptionBudget", restarts=False),
        Harmless("no pod that serves is evicted by it"),
    ] = None
    """Eviction of pods that are not Ready by the PodDisruptionBudget, which two or more pods have. With AlwaysAllow a
    pod that cannot start blocks no drain of its node; istiod's chart has it from 1.27 on."""
