"""The command that replaces the pods of a workload, so that they are injected anew."""

from pi_mesh.checks.finding import Subject
from pi_mesh.cluster.pods import Pod


def workload(pod: Pod) -> Subject:
    """Return what owns a pod, or the pod itself."""
    kind = pod.owner.partition("/")[0]
    return Subject("deployment" if kind == "ReplicaSet" else kind.lower() or "pod", pod.workload)


def command(pod: Pod) -> str:
    """Return what replaces the pods of its owner."""
    kind, name = workload(pod)
    name = name.partition("/")[2]
    if kind == "pod":
        return f"make it anew: `kubectl delete pod -n {pod.namespace} {name}`"
    return f"`kubectl rollout restart -n {pod.namespace} {kind}/{name}`"
