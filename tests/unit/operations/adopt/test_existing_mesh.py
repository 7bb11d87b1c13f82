"""The settings that an adoption writes, the bounds that it switches off for running pods, and what it finds."""

from collections.abc import Iterable
from types import SimpleNamespace

import pytest

from operations.adopt import existing_mesh, obstacles
from pi_mesh.checks.finding import Subject, error
from pi_mesh.cluster.objects import Namespace
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.stack_state import NEVER_RUN, StackState
from pi_mesh.quantities import MI, Resources
from tests.support.factories import STACK, make_settings
from tests.support.fake_client import FakeClient
from tests.support.helm_mesh import PEER, living, name_of, registered, resource, situation, state_with
from tests.support.snapshots import make_snapshot

BOUNDED = Container("app", Resources(100, 64 * MI), Resources(200, 128 * MI))
SIDECAR = Container("istio-proxy", Resources(50, 128 * MI), Resources(200, 256 * MI))
OFF = {"quota": False, "limitRange": False, "sidecar": False}
UNBOUND = {"bounds": {"quota": False, "limitRange": False}}
QUOTA, LIMIT_RANGE, SCOPE = (f"trading.bounds.{bound}" for bound in OFF)
SECURE = {"tls": {"mode": "SIMPLE", "credentialName": "certificate"}}
KEEPS_RIGHT = {"ingress.values.rbac.enabled": True}
TAKEN = {"istio": "front", "example.org/team": "a"}
ARGO_CD = {**PEER, "metadata": {**PEER["metadata"], "labels": {"argocd.argoproj.io/instance": "mesh"}}}


def pods(count: int, namespace: str = "trading") -> tuple[Pod, ...]:
    return tuple(Pod(namespace, f"app-{number}", containers=(BOUNDED, SIDECAR)) for number in range(count))


REPORTS = pods(1, namespace="reports")


def proposed(
    running: Iterable[Pod] = (),
    state: StackState = NEVER_RUN,
    names=None,
    listeners=(),
    labels=None,
    marks=None,
    **settings: object,
) -> dict[str, object]:
    """Return the proposals beside those pods, in a cluster with the namespaces trading and research."""
    namespaces = tuple(Namespace(name, annotations=marks or {}, uid="u") for name in ("trading", "research"))
    snapshot = make_snapshot(pods=tuple(running), namespaces=namespaces)
    proposals = existing_mesh.proposed_settings(
        make_settings(**settings), snapshot, state, names or {}, listeners, labels or {}
    )
    return {proposal.path: proposal.value for proposal in proposals}


@pytest.mark.parametrize(("running", "trading", "off"), [
    pytest.param(pods(1), {}, [QUOTA, LIMIT_RANGE], id="pods that were made without bounds"),
    pytest.param((), {}, [], id="no pods"),
    pytest.param((*pods(1), *REPORTS), {}, [QUOTA, LIMIT_RANGE, SCOPE], id="a sidecar that would hide workloads"),
    pytest.param((*pods(1), *pods(1, namespace="istio-system")), UNBOUND, [], id="the mesh's own hide nobody"),
    pytest.param((*pods(1), *REPORTS), {**UNBOUND, "sidecarScope": ["./*", "reports/*"]}, [], id="in the scope"),
    pytest.param((*pods(1), *REPORTS), {**UNBOUND, "sidecarScope": ["*/*"]}, [], id="everything in the scope"),
    pytest.param((*pods(1), Pod("reports", "plain", containers=(BOUNDED,))), UNBOUND, [], id="not meshed"),
    pytest.param((*pods(9), *REPORTS), {"bounds": OFF}, [], id="what is off already"),
])  # fmt: skip
def test_a_bound_that_running_pods_may_not_live_with_is_proposed_off(running, trading, off):
    proposals = proposed(running, trading={"adopt": True, **trading})
    assert proposals == dict.fromkeys(off, False)
    make_settings(trading={"bounds": {path.rpartition(".")[2]: value for path, value in proposals.items()}})


def gateway(selector: str, **server: object) -> dict:
    spec = {"selector": {"istio": selector}, "servers": [{"port": {"number": 443}, **server}]}
    return {"metadata": {"namespace": "trading", "name": "front"}, "spec": spec}


OTHER_NAME = {"names": {"base": "istio-base", "istiod": "mesh"}, "trading": {}}
RESEARCH = {"running": pods(1, namespace="research"), "namespaces": {"research": {}}}
UNBOUND_RESEARCH = dict.fromkeys(("namespaces.research.bounds.quota", "namespaces.research.bounds.limitRange"), False)
HELD = {"running": pods(3), "state": StackState(namespaces={"trading": "u"})}
MARKED = {"running": pods(3), "marks": {"pi-mesh/stack": "pi-mesh/lost"}}
EDGE = {"listeners": [gateway("edge", **SECURE)], "names": {"ingress": "edge"}}
LABELLED = {"listeners": [gateway("front", **SECURE)], "labels": {"ingress": {"istio": "front"}}}
TEAM = 'labels["example.org/team"]'


@pytest.mark.parametrize(("cluster", "proposals"), [
    pytest.param(OTHER_NAME, {"releases.names.istiod": "mesh", "trading.adopt": True},
                 id="a name where helm has another, and a namespace that is there is adopted"),
    pytest.param({"state": StackState(namespaces={"trading": "u"}), "trading": {}}, {}, id="a namespace of the stack"),
    pytest.param(RESEARCH, {"namespaces.research.adopt": True, **UNBOUND_RESEARCH},
                 id="a further namespace by its own keys"),
    pytest.param(HELD, {}, id="the bounds of a namespace in the state"),
    pytest.param(MARKED, {}, id="the bounds of a namespace of a stack whose state is lost"),
    pytest.param({"listeners": [gateway("ingressgateway", **SECURE)]}, KEEPS_RIGHT,
                 id="a gateway that serves a certificate keeps its right to read it"),
    pytest.param(EDGE, KEEPS_RIGHT | {"releases.names.ingress": "edge"}, id="a gateway of another name"),
    pytest.param(LABELLED, KEEPS_RIGHT | {"ingress.labels.istio": "front"}, id="one known by the labels that it keeps"),
    pytest.param({"listeners": [gateway("ingressgateway")]}, {}, id="a gateway without a certificate"),
    pytest.param({"listeners": [gateway("partners", **SECURE)]}, {}, id="a gateway of others"),
    pytest.param({"labels": {"ingress": TAKEN}}, {f"ingress.{TEAM}": "a", "ingress.labels.istio": "front"},
                 id="the labels that helm gave a gateway"),
    pytest.param({"labels": {"egress": TAKEN}, "egress": {"labels": {"istio": "mine"}}}, {f"egress.{TEAM}": "a"},
                 id="but not those that are set"),
    pytest.param({"labels": {"egress": TAKEN}, "egress": {"values": {"labels": TAKEN}}}, {},
                 id="nor those among the extra values"),
    pytest.param({"labels": {"egress": TAKEN}, "egress": {"enabled": False}}, {}, id="nor of a gateway that is off"),
])  # fmt: skip
def test_the_settings_of_an_adoption_keep_what_the_cluster_has(cluster, proposals):
    assert proposed(**{"trading": {"adopt": True}, **cluster}) == proposals


APPS, SECURITY = "/apis/apps/v1", "/apis/security.istio.io/v1beta1"
ISTIOD = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "istiod", "namespace": "istio-system"}}
OBSTACLE = error("not adopted", Subject("stack", STACK), "is locked", "wait")
API = {
    "/apis/networking.istio.io": {"versions": []},
    "/api/v1": {"resources": [{"kind": "Namespace", "name": "namespaces", "namespaced": False}]},
    APPS: {"resources": [{"kind": "Deployment", "name": "deployments", "namespaced": True}]},
    SECURITY: {"resources": [{"kind": "PeerAuthentication", "name": "peerauthentications", "namespaced": True}]},
    f"{APPS}/namespaces/istio-system/deployments/istiod": ISTIOD,
    f"{SECURITY}/namespaces/istio-system/peerauthentications/default": PEER,
    "/api/v1/namespaces/istio-system": {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "istio-system"}},
}


def api_with(item: dict, other: dict | None) -> dict:
    """Return the answers of a cluster that has another object, or none, in the place of this one."""
    return {path: other if answer is item else answer for path, answer in API.items()}


def read(monkeypatch, now=None, resources=None, api=API, of_stack=(), of_mesh=(), **record):
    """Return the mesh of a cluster with one istiod of Helm, whose stack registers these resources."""
    now = now or situation()
    istiod = living("istiod", "istiod", objects=(ISTIOD, PEER), **record)
    preview = registered() if resources is None else resources
    monkeypatch.setattr(existing_mesh.pulumi, "registered", lambda _: preview)
    monkeypatch.setattr(existing_mesh.stacks, "load", lambda _: now.settings)
    monkeypatch.setattr(existing_mesh.stacks, "load_changed", lambda *_: now.settings)
    monkeypatch.setattr(existing_mesh.observed_state, "read", lambda *_: now)
    monkeypatch.setattr(existing_mesh.obstacles, "read_releases", lambda *_: (istiod,))
    monkeypatch.setattr(existing_mesh, "proposed_settings", lambda *_: iter([]))
    monkeypatch.setattr(obstacles, "stack_obstacles", lambda _: iter(of_stack))
    monkeypatch.setattr(obstacles, "mesh_obstacles", lambda *_: iter(of_mesh))
    monkeypatch.setattr(existing_mesh, "Client", FakeClient(api))
    return existing_mesh.read(STACK)


def test_the_releases_and_objects_of_the_program_that_the_state_does_not_know_are_taken(monkeypatch):
    mesh = read(monkeypatch)
    (release,), (peer,) = mesh.releases, mesh.objects
    assert release.release.id == release.living.record.id == "istio-system/istiod"
    assert name_of(release.registered) == "istiod-release"
    assert (peer.live, name_of(peer.registered)) == (PEER, "peer")
    assert [known.record.id for known in mesh.living] == ["istio-system/istiod"]
    assert (len(mesh.registered), mesh.live) == (len(registered()), {"istio-system/istiod": ISTIOD})


KNOWN = situation(state_with(*(entry for entry in registered() if name_of(entry) == "istiod-release")))
NEW = situation({"version": 3, "deployment": None})
ADOPTED = situation(istio={"adopt": True}, trading={"adopt": True})
MOVED = [{**entry, "urn": entry["urn"].replace("::pi-mesh:", "::pi-mesh:index:Mesh$pi-mesh:"),
          "aliases": [entry["urn"]]} for entry in registered()]  # fmt: skip
NO_OBJECTS = [resource("pulumi:providers:kubernetes", "cluster", inputs={"context": "test"}),
              resource("pi-mesh:istio:Istiod", "istiod")]  # fmt: skip


@pytest.mark.parametrize(("cluster", "releases", "objects", "live"), [
    pytest.param({"now": KNOWN}, 0, ["PeerAuthentication"], 0, id="a release that the state knows"),
    pytest.param({"now": KNOWN, "resources": MOVED}, 0, ["PeerAuthentication"], 0, id="one that it knows by an alias"),
    pytest.param({"now": NEW}, 1, ["PeerAuthentication"], 1, id="a state without a deployment knows nothing"),
    pytest.param({"namespace": "elsewhere"}, 0, ["PeerAuthentication"], 0, id="a release that helm does not have"),
    pytest.param({"api": api_with(ISTIOD, None)}, 1, ["PeerAuthentication"], 0, id="a deployment that is gone"),
    pytest.param({"api": api_with(PEER, None)}, 1, [], 1, id="an object that the cluster lacks"),
    pytest.param({"now": ADOPTED}, 1, ["Namespace", "PeerAuthentication"], 1, id="a namespace that is adopted"),
    pytest.param({"resources": NO_OBJECTS}, 0, [], 0, id="a component and a provider are no objects"),
])  # fmt: skip
def test_what_is_known_or_gone_is_not_taken(monkeypatch, cluster, releases, objects, live):
    mesh = read(monkeypatch, **cluster)
    assert (len(mesh.releases), len(mesh.live)) == (releases, live)
    assert [existing.manifest["kind"] for existing in mesh.objects] == objects


@pytest.mark.parametrize("source", ["of_stack", "of_mesh"])
def test_an_obstacle_ends_the_look(monkeypatch, source):
    mesh = read(monkeypatch, **{source: [OBSTACLE]})
    assert (mesh.obstacles, mesh.releases, mesh.living) == ((OBSTACLE,), (), ())


@pytest.mark.parametrize(("cluster", "words"), [
    pytest.param({"status": "pending-upgrade"}, "release istio-system/istiod: is pending-upgrade|at most 900 s",
                 id="a release that helm still changes"),
    pytest.param({"api": api_with(PEER, ARGO_CD)}, "peerauthentication istio-system/default: is managed by Argo CD",
                 id="an object that another tool manages"),
])  # fmt: skip
def test_what_somebody_else_changes_is_an_obstacle(monkeypatch, cluster, words):
    (obstacle,) = read(monkeypatch, **cluster).obstacles
    assert [word for word in words.split("|") if word not in str(obstacle)] == []


def test_the_settings_of_the_adoption_are_the_changed_ones(monkeypatch):
    changed = situation(istio={"adopt": True}).settings
    proposal = SimpleNamespace(path="istio.adopt", value=True)
    paths: list[dict] = []
    read(monkeypatch)
    monkeypatch.setattr(existing_mesh, "proposed_settings", lambda *_: iter([proposal]))
    monkeypatch.setattr(existing_mesh.stacks, "load_changed", lambda _, changes: paths.append(changes) or changed)
    mesh = existing_mesh.read(STACK)
    assert paths == [{"istio.adopt": True}]
    assert mesh.now.settings is changed
    assert mesh.proposals == (proposal,)
