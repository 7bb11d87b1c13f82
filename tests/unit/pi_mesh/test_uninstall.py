"""The clean-up after a destroy."""

from typing import cast

import pytest

from pi_mesh import uninstall
from pi_mesh.cluster.client import Client
from tests.support.fake_client import FakeClient
from tests.support.findings import case, table

CONFIG_MAPS, GATEWAYS = "/api/v1/configmaps", "/apis/networking.istio.io/v1/gateways"
OURS = "istio-system/istio-base"


class Cluster(FakeClient):
    """A cluster with objects by path, without those that were deleted."""

    def items(self, path: str, *_: object, **__: str) -> list[dict]:
        items = self.answers.get(path, [])
        return [item for item in items if ("delete", f"{path}/{item['metadata']['name']}") not in self.wrote]


def named(name: str, namespace: str = "", **more: object) -> dict:
    return {"metadata": {"name": name, "namespace": namespace}, **more}


def config_map(namespace: str, root: str, name: str = "istio-ca-root-cert") -> dict:
    return named(name, namespace, data={"root-cert.pem": root})


def crd(name: str, release: str = "") -> dict:
    """Return a CRD of a Helm release, or one as old charts left it."""
    names = {"plural": "gateways", "kind": "Gateway"}
    spec = {"group": "networking.istio.io", "names": names, "versions": [{"name": "v1", "served": True}]}
    namespace, _, owner = release.partition("/")
    marks = {"meta.helm.sh/release-namespace": namespace, "meta.helm.sh/release-name": owner}
    labels = {"app.kubernetes.io/managed-by": "Helm"} if release else {"release": "istio"}
    return {"metadata": {"name": name, "labels": labels, "annotations": marks if release else {}}, "spec": spec}


ISTIO = "gateways.networking.istio.io"
UNMARKED, FOREIGN = crd(ISTIO), crd(ISTIO, "elsewhere/base")
MARKED, OTHER_API = crd("sidecars.networking.istio.io", OURS), crd("gateways.gateway.networking.k8s.io")
THEIRS = [named("istiod", "other-istio")]


@table(
    case("the unmarked CRDs of old charts are removed too", [UNMARKED], [], [ISTIO]),
    case("but not with another istiod", [UNMARKED, MARKED], THEIRS, ["sidecars.networking.istio.io"]),
    case("those of another release and of others than Istio stay", [FOREIGN, OTHER_API], [], []),
)
def test_the_crds_of_the_stack_are_removed(crds, istiods, removed):
    cluster = Cluster({uninstall.CRDS: crds, uninstall.DEPLOYMENTS: istiods})
    uninstall.crds(cast(Client, cluster), OURS)
    assert cluster.wrote == [("delete", f"{uninstall.CRDS}/{name}") for name in removed]


def test_nothing_is_removed_while_an_unmarked_kind_is_in_use():
    cluster = Cluster({uninstall.CRDS: [UNMARKED], GATEWAYS: [named("web", "shop")]})
    with pytest.raises(uninstall.InUse, match="Gateway shop/web"):
        uninstall.crds(cast(Client, cluster), OURS)
    assert cluster.wrote == []


OURS_AND_THEIRS = [config_map("shop", "ours"), config_map("bank", "theirs"), config_map("other-istio", "theirs")]
OURS_AND_OLD = [config_map("shop", "ours"), config_map("bank", "older"), config_map("shop", "x", "somebodys")]


@table(
    case("roots of another istiod stay and ours go", OURS_AND_THEIRS, THEIRS, ["shop"]),
    case("without another istiod every root goes and nothing else", OURS_AND_OLD, [], ["shop", "bank"]),
)
def test_the_root_certificates_of_the_mesh_are_removed(roots, istiods, removed):
    cluster = Cluster({CONFIG_MAPS: roots, uninstall.DEPLOYMENTS: istiods})
    uninstall.root_certificates(cast(Client, cluster))
    paths = [f"/api/v1/namespaces/{name}/configmaps/istio-ca-root-cert" for name in removed]
    assert cluster.wrote == [("delete", path) for path in paths]
