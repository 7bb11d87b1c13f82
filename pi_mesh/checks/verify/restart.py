"""The command that replaces the pods of a workload, so that they are injected again."""

from pi_mesh.checks.finding import Subject
from pi_mesh.cluster.pods import Pod


def workload(pod: Pod) -> Subject:
    """Return the workload that owns a pod, or the pod itself."""
    kind = pod.owner.partition("/")[0]
    return Subject("deployment" if kind == "ReplicaSet" else kind.lower() or "pod", pod.workload)


def command(pod: Pod) -> str:
    """Return the command that replaces the pods of the pod's owner."""
    kind, name = workload(pod)
    name = name.partition("/")[2]
    if kind == "pod":
        return f"create it again after `kubectl delete pod -n {pod.namespace} {name}`"
    return f"`kubectl rollout restart -n {pod.namespace} {kind}/{name}`"
