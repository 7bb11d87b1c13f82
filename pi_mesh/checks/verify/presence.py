"""A release or Deployment of the mesh must be there; without any, this is all that is said."""

from pi_mesh.checks.finding import Finding, Subject, error
from pi_mesh.checks.verify.input import VerificationInput

ID = "helm releases"


def absence(seen: VerificationInput) -> list[Finding]:
    """Return one error where neither a release nor a Deployment of the inventory is in the cluster."""
    cluster = seen.snapshot
    if {"releases", "deployments"} & set(cluster.unreadable):
        return []
    deployments = {(entry.namespace, entry.name) for entry in cluster.deployments}
    there = [release for release in seen.mesh.releases if cluster.release(release.namespace, release.name)]
    if there or any((entry.namespace, entry.name) in deployments for entry in seen.mesh.workloads):
        return []
    names = ", ".join(release.id for release in seen.mesh.releases)
    message = f"none is there ({names}): the mesh is not installed"
    fix = f"`pulumi up`; `pulumi up --refresh` where cluster '{cluster.context}' was made anew after the last one"
    return [error(ID, Subject("release"), message, fix, number=0)]
