"""The manager of an object, from its labels, annotations, owners and managed fields."""

from collections.abc import Iterator
from typing import Any

from pi_mesh.cluster.objects import release_of

PULUMI = "a Pulumi stack"
ARGOCD_ID = "argocd.argoproj.io/tracking-id"
ARGOCD_LABEL = "argocd.argoproj.io/instance"
FLUX = {"kustomize.toolkit.fluxcd.io": "Flux Kustomization", "helm.toolkit.fluxcd.io": "Flux HelmRelease"}


def manager_of(metadata: dict[str, Any]) -> str:
    """Return the manager in words, such as "Helm release shop/web"; empty for an object that names none."""
    return next(_managers(metadata), "")


def _managers(metadata: dict[str, Any]) -> Iterator[str]:
    labels, notes = metadata.get("labels") or {}, metadata.get("annotations") or {}
    # https://argo-cd.readthedocs.io/en/stable/user-guide/resource_tracking/
    if application := notes.get(ARGOCD_ID, "").partition(":")[0] or labels.get(ARGOCD_LABEL):
        yield f"Argo CD application {application}"
    for group, kind in FLUX.items():
        if name := labels.get(f"{group}/name"):
            yield f"{kind} {labels.get(f'{group}/namespace', '')}/{name}"
    if release := release_of(metadata):
        yield f"Helm release {release}"
    for owner in metadata.get("ownerReferences") or []:
        yield f"{owner['kind']} {owner['name']}"
    entries = [entry for entry in metadata.get("managedFields") or [] if not entry.get("subresource")]
    # The last writer of the spec comes first.
    for entry in sorted(entries, key=lambda entry: entry.get("time", ""), reverse=True):
        name = entry.get("manager", "")
        yield PULUMI if name.startswith("pulumi-kubernetes") else f"field manager {name}"
