"""The istiods of a mesh: their versions by revision, and the one that injects a pod."""

from collections.abc import Iterable

from pi_mesh.cluster.image_name import version
from pi_mesh.cluster.objects import Deployment
from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.names import INJECTION_LABEL, ISTIOD, REVISION_LABEL, TAG_WEBHOOK
from pi_mesh.settings.revisions import FIRST


def control_plane(deployments: Iterable[Deployment], namespace: str) -> str:
    """Return the version of the running istiod, by its image; empty without one, or if its image has no version."""
    for entry in deployments:
        if (entry.namespace, entry.name) == (namespace, ISTIOD) and entry.containers:
            return version(entry.containers[0].image)
    return ""


def by_revision(snapshot: Snapshot, namespace: str) -> dict[str, str]:
    """Return the version of each running istiod that has a revision."""
    of_istiod = (entry for entry in snapshot.deployments if entry.namespace == namespace and entry.containers)
    return {
        entry.labels.get(REVISION_LABEL, ""): version(entry.containers[0].image)
        for entry in of_istiod
        if entry.labels.get("app") == ISTIOD and entry.name != ISTIOD
    }


def injector(snapshot: Snapshot, namespace: str, pod: Pod) -> str:
    """Return the name of the istiod (its Deployment and Service) that would inject a recreated pod."""
    home = snapshot.namespace(pod.namespace)
    own = "" if home and INJECTION_LABEL in home.labels else pod.labels.get(REVISION_LABEL, "")
    revision = (home.revision if home else "") or own
    tagged = {hook.service for hook in snapshot.webhooks if hook.configuration == f"{TAG_WEBHOOK}{revision}"}
    for service in tagged:
        return service.removeprefix(f"{namespace}/")
    return ISTIOD if revision in ("", FIRST) else f"{ISTIOD}-{revision}"


def is_serving(pod: Pod) -> bool:
    """Return True for a Ready pod of an istiod."""
    return pod.labels.get("app") == ISTIOD and pod.ready and not pod.ending
