"""The manager of an object, in words."""

import pytest

from pi_mesh.cluster.objects import manager_of

HELM = {
    "labels": {"app.kubernetes.io/managed-by": "Helm"},
    "annotations": {"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "shop"},
}


def written(manager: str, time: str, **more: str) -> dict[str, str]:
    return {"manager": manager, "time": time, **more}


@pytest.mark.parametrize(
    ("metadata", "manager"),
    [
        ({}, ""),
        (HELM, "Helm release shop/web"),
        ({"annotations": {"argocd.argoproj.io/tracking-id": "web:v1/Pod:a/b"}}, "Argo CD application web"),
        ({"labels": {"argocd.argoproj.io/instance": "web"}}, "Argo CD application web"),
        (
            {"labels": {"kustomize.toolkit.fluxcd.io/name": "web", "kustomize.toolkit.fluxcd.io/namespace": "flux"}},
            "Flux Kustomization flux/web",
        ),
        ({"ownerReferences": [{"kind": "Gateway", "name": "web"}]}, "Gateway web"),
        ({"managedFields": [written("pulumi-kubernetes-1a2b", "1")]}, "a Pulumi stack"),
        ({"managedFields": [written("kubectl", "2"), written("helm", "1")]}, "field manager kubectl"),
        (
            {"managedFields": [written("kubectl", "1"), written("istiod", "2", subresource="status")]},
            "field manager kubectl",
        ),
    ],
)
def test_the_manager_is_told_by_the_most_certain_mark(metadata, manager):
    assert manager_of(metadata) == manager
