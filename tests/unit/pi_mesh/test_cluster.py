"""The reads of the cluster: its identity, nodes, images, owners of objects, rights and routes."""

import pytest

from pi_mesh.cluster import identity, nodes, pods, routes, snapshot
from pi_mesh.cluster.client import Forbidden
from pi_mesh.cluster.errors import WrongCluster
from pi_mesh.cluster.objects import manager_of
from pi_mesh.cluster.policies import Policy
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.names import GATEWAY_API
from pi_mesh.settings.cluster import ClusterSettings
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient
from tests.support.findings import table
from tests.support.snapshots import make_node, make_snapshot

OURS, THEIRS = "0a1b2c3d-0000-4000-8000-000000000001", "0a1b2c3d-0000-4000-8000-000000000002"
DIGEST = "sha256:" + "0" * 64
PI = make_node("pi-1", labels={"disk": "ssd", "slots": "4"})
TAINTED = make_node(taints=("dedicated=mesh:NoSchedule",))
CONTROL_PLANE = make_node(taints=("node-role.kubernetes.io/control-plane:NoSchedule",))
ORDERS = make_settings(traffic={"services": {"orders": {"ports": [80], "takesOrders": True}}})
API = "/apis/networking.istio.io/v1"
ROUTE = {"metadata": {"namespace": "shop", "name": "a"}, "spec": {"hosts": ["x"]}}


@table(("", OURS, OURS), ("", "", OURS), ("", OURS, ""), (OURS,) * 3, (THEIRS, OURS, THEIRS))
def test_the_recorded_cluster_passes_and_so_does_what_can_not_be_compared(uid, recorded, live):
    identity.require(ClusterSettings(context="default", uid=uid), recorded, live)


def test_another_cluster_than_the_recorded_one_is_refused_with_both_ways_out():
    with pytest.raises(WrongCluster, match="nothing was touched") as refused:
        identity.require(ClusterSettings(context="default"), OURS, THEIRS)
    assert str(refused.value).startswith("cluster.context 'default' leads to another cluster")
    assert f"only if that cluster was rebuilt, set cluster.uid: {THEIRS}" in str(refused.value)


def test_a_uid_in_the_settings_counts_before_the_recorded_one():
    with pytest.raises(WrongCluster, match=f"cluster.uid is {THEIRS}"):
        identity.require(ClusterSettings(context="default", uid=THEIRS), OURS, OURS)


@table(({"pods": "110"}, 110), ({"pods": 110}, 110), ({"pods": "1M"}, 1_000_000), ({"pods": "1k"}, 1000), ({}, 0))
def test_the_number_of_pods_is_a_quantity_of_kubernetes_and_none_where_the_node_says_nothing(status, count):
    assert nodes.parse({"metadata": {"name": "pi-1"}, "status": {"allocatable": status}}).pods == count
    assert nodes.parse({"metadata": {"name": "pi-1"}}).pods == 0


def required(*terms: dict) -> dict:
    affinity = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}
    return {"affinity": {"nodeAffinity": affinity}}


def label(key: str, operator: str, *values: str) -> dict:
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


def tolerates(**toleration: str) -> dict:
    return {"tolerations": [toleration]}


@table(
    ({}, PI, True),
    ({"nodeSelector": {"disk": "ssd"}}, PI, True),
    ({"nodeSelector": {"disk": "sd"}}, PI, False),
    ({"nodeSelector": {"kubernetes.io/arch": "arm64", "kubernetes.io/hostname": "pi-1"}}, PI, True),
    (required(label("disk", "In", "ssd", "nvme")), PI, True),
    (required(label("disk", "NotIn", "ssd")), PI, False),
    (required(label("disk", "In", "sd"), label("slots", "In", "4")), PI, True),
    (required({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["pi-2"]}]}), PI, False),
    (required({}), PI, False),
    ({}, TAINTED, False),
    (tolerates(operator="Exists"), TAINTED, True),
    (tolerates(key="dedicated", operator="Exists"), TAINTED, True),
    (tolerates(key="dedicated", value="mesh", effect="NoSchedule"), TAINTED, True),
    (tolerates(key="dedicated", value="vault"), TAINTED, False),
    (tolerates(key="dedicated", operator="Exists", effect="NoExecute"), TAINTED, False),
    (tolerates(key="node-role.kubernetes.io/control-plane"), CONTROL_PLANE, True),
    ({}, make_node(ready=False), False),
    ({}, make_node(cordoned=True), False),
)
def test_a_pod_is_placed_by_the_labels_the_taints_and_the_state_of_the_node(spec, node, allowed):
    assert nodes.parse_placement(spec).allows(node) is allowed


def test_a_taint_is_read_with_its_value():
    taint = {"key": "dedicated", "value": "mesh", "effect": "NoSchedule"}
    node = nodes.parse({"metadata": {"name": "pi-1", "labels": {"disk": "ssd"}}, "spec": {"taints": [taint]}})
    assert (node.taints, node.labels) == (("dedicated=mesh:NoSchedule",), {"disk": "ssd"})


@table(
    ("pilot", "pilot", ""),
    ("docker.io/istio/pilot:1.2.3", "pilot", "1.2.3"),
    ("docker.io/istio/proxyv2:1.2.3-distroless", "proxyv2", "1.2.3"),
    ("registry.example:5000/kube-vip/kube-vip-cloud-provider:v0.0.12", "kube-vip-cloud-provider", "v0.0.12"),
    ("registry.example:5000/pilot", "pilot", ""),
    (f"docker.io/istio/pilot:1.2.3@{DIGEST}", "pilot", "1.2.3"),
    (f"registry.example:5000/pilot@{DIGEST}", "pilot", ""),
    ("", "", ""),
)
def test_an_image_has_a_program_and_perhaps_a_version(image, program, version):
    assert (pods.image_program(image), pods.image_version(image)) == (program, version)


OF_HELM = {"meta.helm.sh/release-name": "web", "meta.helm.sh/release-namespace": "shop"}
HELM = {"labels": {"app.kubernetes.io/managed-by": "Helm"}, "annotations": OF_HELM}
FLUX = {"kustomize.toolkit.fluxcd.io/name": "web", "kustomize.toolkit.fluxcd.io/namespace": "flux"}


def written(*managers: str, **last: str) -> dict:
    """Return the metadata of an object that these field managers wrote one after the other."""
    fields = [{"manager": manager, "time": str(time)} for time, manager in enumerate(managers)]
    return {"managedFields": [*fields[:-1], fields[-1] | last]}


@table(
    ({}, ""),
    (HELM, "Helm release shop/web"),
    ({"annotations": {"argocd.argoproj.io/tracking-id": "web:v1/Pod:a/b"}}, "Argo CD application web"),
    ({"labels": {"argocd.argoproj.io/instance": "web"}}, "Argo CD application web"),
    ({"labels": FLUX}, "Flux Kustomization flux/web"),
    ({"ownerReferences": [{"kind": "Gateway", "name": "web"}]}, "Gateway web"),
    (written("pulumi-kubernetes-1a2b"), "a Pulumi stack"),
    (written("helm", "kubectl"), "field manager kubectl"),
    (written("kubectl", "istiod", subresource="status"), "field manager kubectl"),
)
def test_the_manager_is_told_by_the_most_certain_mark(metadata, manager):
    assert manager_of(metadata) == manager


def test_an_administrator_is_asked_about_once():
    assert snapshot.missing_rights(lambda *_: {"status": {"allowed": True}}) == snapshot.Missing()


def test_what_an_install_creates_is_told_apart_from_what_a_later_up_does_and_every_kind_is_asked_about():
    denied, asked = {("create", "deployments"), ("delete", "secrets"), ("create", "roles")}, set()

    def ask(_path: str, review: dict) -> dict:
        attributes = review["spec"]["resourceAttributes"]
        asked.add(right := (attributes["verb"], attributes["resource"]))
        # Like most servers, it allows nothing by `*`.
        return {"status": {"allowed": "*" not in right and right not in denied}}

    later = ("delete secrets", "create roles.rbac.authorization.k8s.io")
    assert snapshot.missing_rights(ask) == snapshot.Missing(("deployments.apps",), later)
    kinds = {kind.partition(".")[0] for kind in (*snapshot.NEEDED, *snapshot.ALSO)}
    assert {("*", "*")} | {(verb, kind) for verb in ("create", *snapshot.CHANGES) for kind in kinds} == asked


@pytest.fixture
def client(monkeypatch) -> FakeClient:
    served = {
        "/apis/networking.istio.io": {"versions": [{"groupVersion": "networking.istio.io/v1"}]},
        API: {"resources": [{"kind": "VirtualService", "name": "virtualservices", "namespaced": True}]},
        f"{API}/virtualservices": {"items": [ROUTE]},
    }
    monkeypatch.setattr(routes, "Client", made := FakeClient(served))
    return made


def test_the_routes_are_read_where_a_service_takes_orders_and_nothing_is_asked_where_none_does(client):
    assert routes.with_routes(make_snapshot(), make_settings()) == make_snapshot()
    assert client.got == []
    of_api = tuple(Policy(kind, "shop", "a") for kind in ("Gateway", "HTTPRoute", "TCPRoute"))
    read = routes.with_routes(make_snapshot(gateway_api=of_api), ORDERS).routes
    assert [route.key for route in read] == [("VirtualService", "shop", "a"), ("HTTPRoute", "shop", "a")]


def test_routes_that_may_not_be_listed_are_named(client):
    client.answers[f"{API}/virtualservices"] = Forbidden("no", "no")
    unreadable = routes.with_routes(make_snapshot(gateway_api=None), ORDERS).unreadable
    assert unreadable == ("VirtualService", "HTTPRoute", "GRPCRoute")


def test_the_destinations_of_a_route_are_those_of_all_its_kinds_of_rules():
    app, feed = ({"route": [{"destination": {"host": host}}]} for host in ("app", "feed.market"))
    spec = {"http": [app, {"redirect": {}}], "tcp": [feed], "tls": [app]}
    destinations = routes.destinations(Policy("VirtualService", "shop", "a", spec))
    assert destinations == {"app.shop.svc.cluster.local", "feed.market"}


GATEWAYS = "/apis/gateway.networking.k8s.io/v1"
BUNDLE = {f"{GATEWAY_API}/bundle-version": "v1.6.3"}
CRD = {"metadata": {"name": f"gateways.{GATEWAY_API}", "annotations": BUNDLE}}
SERVING = {
    "/version": {"gitVersion": "v1.35.2"},
    snapshot.CRDS: {"items": [CRD]},
    "/apis/gateway.networking.k8s.io": {"versions": [{"groupVersion": "gateway.networking.k8s.io/v1"}]},
    GATEWAYS: {"resources": [{"kind": "Gateway", "name": "gateways", "namespaced": True}]},
    f"{GATEWAYS}/gateways": {"items": [ROUTE]},
}


def read_with(monkeypatch, **answers: object) -> tuple[Snapshot, FakeClient]:
    """Return the snapshot of a cluster that serves Gateways, with other answers, and the client that read it."""
    client = FakeClient({**SERVING, **answers})
    monkeypatch.setattr(snapshot, "Client", client)
    return snapshot.read("test", read_only=True), client


def test_the_objects_of_the_gateway_api_are_read_with_the_release_of_their_crds(monkeypatch):
    read, _ = read_with(monkeypatch)
    assert [entry.key for entry in read.gateway_api or ()] == [("Gateway", "shop", "a")]
    assert [crd.version for crd in read.crds] == ["v1.6.3"]


def test_no_object_of_the_gateway_api_is_asked_for_without_its_crds(monkeypatch):
    read, client = read_with(monkeypatch, **{snapshot.CRDS: {"items": []}})
    assert (read.gateway_api, [path for path in client.got if "gateway" in path]) == ((), [])


def test_objects_of_the_gateway_api_that_may_not_be_listed_are_not_known_and_hide_nothing_else(monkeypatch):
    read, _ = read_with(monkeypatch, **{f"{GATEWAYS}/gateways": Forbidden("no", "no")})
    assert (read.gateway_api, read.unreadable) == (None, ())
