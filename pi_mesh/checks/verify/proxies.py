"""Running proxies must be of istiod's version: a proxy stays what it was injected as until its pod is replaced."""

from collections import Counter
from collections.abc import Iterator

from pi_mesh.checks.finding import Finding, Subject, ok, warning
from pi_mesh.checks.verify.input import VerificationInput
from pi_mesh.checks.verify.restart import command, workload
from pi_mesh.cluster.pods import SIDECAR, Container
from pi_mesh.names import ISTIOD

ID = "stale proxies"


def check(seen: VerificationInput) -> Iterator[Finding]:
    version = _control_plane(seen)
    proxies = [
        (pod, version_of(container.image))
        for pods in seen.meshed_pods.values()
        for pod in pods
        for container in pod.containers
        if container.name == SIDECAR and not pod.ending
    ]
    stale = Counter((workload(pod), command(pod), tag) for pod, tag in proxies if tag not in ("", version))
    for (owner, restart, tag), count in stale.items():
        pods = "1 proxy is" if count == 1 else f"{count} proxies are"
        yield warning(ID, owner, f"{pods} of {tag}, istiod of {version}", restart, number=count)
    if proxies and not stale:
        message = f"every proxy is of istiod's version {version}"
        yield ok(ID, Subject("cluster"), message, number=len(proxies))


def _control_plane(seen: VerificationInput) -> str:
    """Return the version of the running istiod; the settings' where its image does not tell."""
    name = (seen.settings.istio.namespace, ISTIOD)
    found = (one.containers for one in seen.snapshot.deployments if (one.namespace, one.name) == name)
    images: list[Container] = [container for containers in found for container in containers]
    return (version_of(images[0].image) if images else "") or seen.settings.istio.version


def version_of(image: str) -> str:
    """Return the version of an image by its tag, without the variant; empty for one that is named by digest alone."""
    _, _, tag = image.partition("@")[0].rpartition("/")[2].partition(":")
    return tag.partition("-")[0]
