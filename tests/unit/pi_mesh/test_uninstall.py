"""The clean-up after a destroy."""

from typing import cast

import pytest

from pi_mesh import uninstall
from pi_mesh.cluster.client import Client

VERSIONS = [{"name": "v1", "served": True}]
KIND = {"group": "networking.istio.io", "names": {"plural": "gateways", "kind": "Gateway"}, "versions": VERSIONS}
UNMARKED = {"metadata": {"name": "gateways.networking.istio.io", "labels": {"release": "istio"}}, "spec": KIND}
OURS = "istio-system/istio-base"


def _marks(namespace: str, name: str) -> dict:
    notes = {"meta.helm.sh/release-namespace": namespace, "meta.helm.sh/release-name": name}
    return {"labels": {"app.kubernetes.io/managed-by": "Helm"}, "annotations": notes}


MARKS = _marks(*OURS.split("/"))


class Cluster:
    """A cluster with objects by path, which records removals."""

    def __init__(self, **objects: list[dict]) -> None:
        self.objects = {uninstall.CRDS: [], "/api/v1/configmaps": [], **objects}
        self.removed: list[str] = []

    def items(self, path: str, *_: object, **__: str) -> list[dict]:
        return self.objects.get(path, [])

    def get(self, path: str) -> dict:
        return {"metadata": {"uid": "this-one"}} if path.endswith("/kube-system") else {}

    def delete(self, path: str) -> None:
        self.removed.append(path)
        folder, _, name = path.rpartition("/")
        self.objects[folder] = [one for one in self.objects.get(folder, []) if one["metadata"]["name"] != name]


def test_the_unmarked_crds_of_old_charts_are_removed_too():
    cluster = Cluster(**{uninstall.CRDS: [UNMARKED]})
    uninstall.crds(cast(Client, cluster), OURS)
    assert cluster.removed == [f"{uninstall.CRDS}/gateways.networking.istio.io"]


def config_map(namespace: str, root: str, name: str = "istio-ca-root-cert") -> dict:
    return {"metadata": {"name": name, "namespace": namespace}, "data": {"root-cert.pem": root}}


def test_roots_of_another_istiod_stay_and_ours_go():
    found = [config_map("shop", "ours"), config_map("bank", "theirs"), config_map("other-istio", "theirs")]
    istiod = {"metadata": {"name": "istiod", "namespace": "other-istio"}}
    cluster = Cluster(**{"/api/v1/configmaps": found, uninstall.DEPLOYMENTS: [istiod]})
    uninstall.root_certificates(cast(Client, cluster))
    assert cluster.removed == ["/api/v1/namespaces/shop/configmaps/istio-ca-root-cert"]


def test_without_another_istiod_every_root_goes_and_nothing_else():
    found = [config_map("shop", "ours"), config_map("bank", "older"), config_map("shop", "x", "somebodys")]
    cluster = Cluster(**{"/api/v1/configmaps": found})
    uninstall.root_certificates(cast(Client, cluster))
    assert cluster.removed == [
        "/api/v1/namespaces/shop/configmaps/istio-ca-root-cert",
        "/api/v1/namespaces/bank/configmaps/istio-ca-root-cert",
    ]


def test_unmarked_crds_stay_while_another_istiod_may_need_them():
    marked = {"metadata": {**MARKS, "name": "sidecars.networking.istio.io"}, "spec": KIND}
    other = {"metadata": {"name": "istiod", "namespace": "elsewhere"}}
    cluster = Cluster(**{uninstall.CRDS: [UNMARKED, marked], uninstall.DEPLOYMENTS: [other]})
    uninstall.crds(cast(Client, cluster), OURS)
    assert cluster.removed == [f"{uninstall.CRDS}/sidecars.networking.istio.io"]


def test_crds_of_another_release_and_of_others_than_istio_stay():
    foreign = {"metadata": {"name": "gateways.networking.istio.io", **_marks("elsewhere", "base")}, "spec": KIND}
    other = {"metadata": {"name": "gateways.gateway.networking.k8s.io"}, "spec": KIND}
    cluster = Cluster(**{uninstall.CRDS: [foreign, other]})
    uninstall.crds(cast(Client, cluster), OURS)
    assert cluster.removed == []


def test_nothing_is_removed_while_an_unmarked_kind_is_in_use():
    used = {"metadata": {"name": "web", "namespace": "shop"}}
    cluster = Cluster(**{uninstall.CRDS: [UNMARKED], "/apis/networking.istio.io/v1/gateways": [used]})
    with pytest.raises(uninstall.InUse, match="Gateway shop/web"):
        uninstall.crds(cast(Client, cluster), OURS)
    assert cluster.removed == []
