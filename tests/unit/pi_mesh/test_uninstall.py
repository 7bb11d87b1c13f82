"""What is cleaned up after a destroy."""

from typing import cast

from pi_mesh import uninstall
from pi_mesh.uninstall import UninstallClient
from tests.support import awaited

VERSIONS = [{"name": "v1", "served": True}]
KIND = {"group": "networking.istio.io", "names": {"plural": "gateways", "kind": "Gateway"}, "versions": VERSIONS}


class Cluster:
    """Answers with these objects by path, and notes what is removed."""

    def __init__(self, **objects: list[dict]) -> None:
        self.objects = {uninstall.CRDS: [], "/api/v1/configmaps": [], **objects}
        self.removed: list[str] = []

    def items(self, path: str, **_: str) -> list[dict]:
        return self.objects.get(path, [])

    def get(self, path: str) -> dict:
        return {"metadata": {"uid": "this-one"}} if path.endswith("/kube-system") else {}

    def remove(self, path: str) -> None:
        self.removed.append(path)
        folder, _, name = path.rpartition("/")
        self.objects[folder] = [one for one in self.objects.get(folder, []) if one["metadata"]["name"] != name]


@awaited.safe("M14 charts before 1.24 carry the CRDs unmarked, and destroy.crds removes none of them")
def test_the_unmarked_crds_of_old_charts_are_removed_too():
    unmarked = {"metadata": {"name": "gateways.networking.istio.io", "labels": {"release": "istio"}}, "spec": KIND}
    cluster = Cluster(**{uninstall.CRDS: [unmarked]})
    uninstall.crds(cast(UninstallClient, cluster), "istio-system/istio-base")
    assert cluster.removed == [f"{uninstall.CRDS}/gateways.networking.istio.io"]


def config_map(namespace: str, root: str, name: str = "istio-ca-root-cert") -> dict:
    return {"metadata": {"name": name, "namespace": namespace}, "data": {"root-cert.pem": root}}


def test_roots_of_another_istiod_stay_and_ours_go():
    found = [config_map("shop", "ours"), config_map("bank", "theirs"), config_map("other-istio", "theirs")]
    istiod = {"metadata": {"name": "istiod", "namespace": "other-istio"}}
    cluster = Cluster(**{"/api/v1/configmaps": found, uninstall.DEPLOYMENTS: [istiod]})
    uninstall.root_certificates(cast(UninstallClient, cluster))
    assert cluster.removed == ["/api/v1/namespaces/shop/configmaps/istio-ca-root-cert"]


def test_without_another_istiod_every_root_goes_and_nothing_else():
    found = [config_map("shop", "ours"), config_map("bank", "older"), config_map("shop", "x", "somebodys")]
    cluster = Cluster(**{"/api/v1/configmaps": found})
    uninstall.root_certificates(cast(UninstallClient, cluster))
    assert cluster.removed == [
        "/api/v1/namespaces/shop/configmaps/istio-ca-root-cert",
        "/api/v1/namespaces/bank/configmaps/istio-ca-root-cert",
    ]
