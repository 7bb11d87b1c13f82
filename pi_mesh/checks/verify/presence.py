"""A release or Deployment of the mesh must exist; without any, this is the only finding."""

from pi_mesh.checks.finding import Finding, Subject, error
from pi_mesh.checks.verify.input import VerificationInput

ID = "helm releases"


def absence(seen: VerificationInput) -> list[Finding]:
    """Return one error if the cluster has neither a release nor a Deployment of the inventory."""
    cluster = seen.snapshot
    if {"releases", "deployments"} & set(cluster.unreadable):
        return []
    deployments = {(entry.namespace, entry.name) for entry in cluster.deployments}
    there = [release for release in seen.mesh.releases if cluster.release(release.namespace, release.name)]
    if there or any((entry.namespace, entry.name) in deployments for entry in seen.mesh.workloads):
        return []
    names = ", ".join(release.id for release in seen.mesh.releases)
    message = f"none is there ({names}): the mesh is not installed"
    fix = f"`pulumi up`; `pulumi up --refresh` if cluster '{cluster.context}' was rebuilt since the last one"
    return [error(ID, Subject("release"), message, fix, number=0)]
