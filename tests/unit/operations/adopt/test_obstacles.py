"""The place of each release of the cluster in the mesh, whatever its name, and the obstacles to an adoption."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from operations.adopt import obstacles
from operations.adopt.obstacles import Living
from operations.pull_request.manifests import named_texts
from operations.repair.processes import Lock
from pi_mesh.checks.finding import Finding, Level
from pi_mesh.cluster import helm_releases
from pi_mesh.cluster.client import Forbidden, Refused
from pi_mesh.cluster.objects import Deployment
from pi_mesh.inventory import Kind
from tests.support.factories import make_mesh, make_settings
from tests.support.fake_client import FakeClient
from tests.support.helm_mesh import PEER, deployment, living, resource, situation, state_with
from tests.support.snapshots import make_snapshot


def gateways(*names: str) -> list[Living]:
    return [living(name, "gateway") for name in names]


@pytest.mark.parametrize(("releases", "names"), [
    pytest.param([living("istio-base", "base"), living("istiod", "istiod"), *gateways("istio-ingressgateway")],
                 {"base": "istio-base", "istiod": "istiod", "ingress": "istio-ingressgateway"}, id="expected names"),
    pytest.param([living("mesh-crds", "base"), living("mesh", "istiod"), *gateways("edge", "mesh-egress"),
                  living("grafana", "grafana")],
                 {"base": "mesh-crds", "istiod": "mesh", "ingress": "edge", "egress": "mesh-egress"},
                 id="other names are found by their charts"),
    pytest.param([living("mesh", "istiod", namespace="elsewhere")], {}, id="a release of another namespace"),
    pytest.param(gateways("istio-ingressgateway", "partners"), {"ingress": "istio-ingressgateway"},
                 id="a second gateway beside the expected one stays nobody's"),
    pytest.param(gateways("east", "west"), {}, id="two gateways of unknown use"),
])  # fmt: skip
def test_a_release_is_found_by_its_chart_under_any_name(releases, names):
    assert obstacles.release_names(make_settings(), releases) == names


def of_mesh(*releases: Living, deployments: Iterable[Deployment] = (deployment(),)) -> list[Finding]:
    """Return the obstacles in a mesh with these releases."""
    now = situation(snapshot={"deployments": tuple(deployments)})
    return [*obstacles.mesh_obstacles(now, FakeClient(), releases)]


def test_of_two_gateways_of_unknown_use_the_owner_says_which():
    (problem,) = of_mesh(*gateways("east", "west"))
    assert problem.name == "releases.names.ingress"
    assert "east, west" in problem.message
    assert "pulumi config set --path releases.names.ingress NAME" in problem.fix
    assert not of_mesh(*gateways("istio-ingressgateway", "partners"))


@pytest.mark.parametrize(("deployments", "values", "words"), [
    pytest.param([deployment(), deployment("istiod-canary", release="canary")], {}, "are 2 control planes", id="two"),
    pytest.param([deployment(), deployment(namespace="other")], {},
                 "istio-system/istiod, other/istiod are 2 control planes", id="two namespaces"),
    pytest.param([deployment(namespace="mesh")], {}, "is in another namespace than istio.namespace istio-system",
                 id="elsewhere"),
    pytest.param([deployment("istiod-1-20")], {"revision": "1-20"}, "is of revision 1-20", id="revision"),
    pytest.param([deployment()], {}, "", id="the one istiod of a release in the mesh's namespace is no problem"),
])  # fmt: skip
def test_a_control_plane_that_can_not_be_adopted_is_one_line(deployments, values, words):
    problems = of_mesh(living("istiod", "istiod", values), deployments=deployments)
    assert [words in problem.message and bool(problem.fix) for problem in problems] == ([True] if words else [])
    assert "uninstall --purge" not in str(problems)


def test_every_release_is_read_but_those_that_are_gone_or_that_nobody_can_read(monkeypatch):
    statuses = {"istiod": "deployed", "old": "uninstalled", "broken": "failed"}
    kept, gone, unread = (living(name, "istiod", status=status) for name, status in statuses.items())
    applied = {kept.record: kept.applied, gone.record: gone.applied, unread.record: None}
    monkeypatch.setattr(helm_releases, "read", lambda _, record: applied[record])
    assert obstacles.read_releases(None, make_snapshot(releases=tuple(applied))) == (kept,)


UNDER_WAY = state_with(creating=resource("x:y:Z", "istiod-release"))
VAULT = {"enabled": True, "address": "https://vault.example:8200"}


@pytest.mark.parametrize(("now", "words"), [
    pytest.param(situation(), (), id="a stack that is free and a cluster that can be read"),
    pytest.param(situation(snapshot={"unreadable": ("releases",)}), ("may not list Secrets", "cluster-admin"),
                 id="without the right to read secrets nothing is known of releases"),
    pytest.param(situation(UNDER_WAY), ("pending operations: creating istiod-release", "repair"),
                 id="an unfinished run is repaired first"),
    pytest.param(situation(vault=VAULT), ("vault.enabled: is true",), id="a change of the CA waits"),
])  # fmt: skip
def test_an_obstacle_of_the_stack_is_one_line(now, words):
    lines = [str(problem) for problem in obstacles.stack_obstacles(now)]
    assert [all(word in line for word in words) for line in lines] == ([True] if words else [])


@pytest.mark.parametrize(("here", "alive", "state", "words"), [
    pytest.param(True, True, state_with(), "is locked by a run that is going on (|wait until it ends", id="a live run"),
    pytest.param(False, False, state_with(), "is locked from another machine|`pulumi cancel`", id="another machine"),
    pytest.param(True, False, state_with(), "", id="the lock of an interrupted adoption"),
    pytest.param(True, False, UNDER_WAY, "was killed|python -m operations repair -s STACK", id="a run that left work"),
])  # fmt: skip
def test_a_locked_backend_is_left_alone_unless_nothing_was_under_way(monkeypatch, here, alive, state, words):
    monkeypatch.setattr(Lock, "here", here)
    monkeypatch.setattr(Lock, "alive", alive)
    problems = obstacles.stack_obstacles(situation(state, locks=(Lock(7, "pi", "james", "today"),)))
    line = str(next(problems, ""))
    assert bool(line) is bool(words)
    assert [word for word in words.split("|") if word not in line] == []


@pytest.mark.parametrize(("status", "revision", "fix"), [
    ("pending-upgrade", 2, "wait until Helm has finished (at most 900 s); if no Helm command is running: `helm roll"),
    ("pending-install", 1, "if no Helm command is running: `python -m operations repair -s STACK`"),
    ("failed", 3, "`helm history istiod -n istio-system` shows the last deployed REVISION: `helm rollback istiod REV"),
])  # fmt: skip
def test_a_release_in_the_middle_of_something_is_not_adopted(status, revision, fix):
    broken = living("istiod", "istiod", status=status, revision=revision)
    (problem,) = obstacles.release_obstacles(broken, 900)
    assert f"is {status}" in problem.message
    assert fix in problem.fix


def test_the_labels_of_a_gateway_are_those_of_its_charts_values():
    edge, egress = living("edge", "gateway", {"labels": {"istio": "front", "zone": 1}}), gateways("mesh-egress")
    releases = [living("istiod", "istiod", {"labels": {"a": "b"}}), edge, *egress]
    labels = {"ingress": {"istio": "front", "zone": "1"}, "egress": {}}
    assert obstacles.given_labels(make_settings(), releases) == labels


def edge_deployment(label: str, **spec: object) -> dict:
    meta = {"name": "edge", "namespace": "istio-system"}
    spec = {"selector": {"matchLabels": {"istio": label}}, **spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec}


EDGE = "/apis/apps/v1/namespaces/istio-system/deployments/edge"
LIVE = edge_deployment("front", paused=True)
IMMUTABLE = 'Deployment.apps "edge" is invalid: spec.selector: Invalid value: {"matchLabels":{}}: field is immutable'
DENIED = 'admission webhook "rules.example" denied the request: no gateway here'
NO_RIGHT = 'deployments "edge" is forbidden: User "reader" cannot update resource "deployments"'
HELD_PORT = 'Service "edge" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already in use'


def tried(answers: dict, *installed: dict, kind: Kind = Kind.GATEWAY) -> tuple[list[Finding], FakeClient]:
    """Return the rows for a gateway's Deployment, and the client that was asked."""
    resources = {"resources": [{"kind": "Deployment", "name": "deployments", "namespaced": True}]}
    client = FakeClient({"/apis/apps/v1": resources, **answers})
    release = replace(make_mesh().the(Kind.ISTIOD), kind=kind, name="edge", setting="ingress")
    rendered = dict(named_texts([edge_deployment("edge")]))
    return [*obstacles.refusals(client, release, living("edge", "gateway", objects=installed), rendered)], client


def refused(reason: str, kind: type[Refused] = Refused) -> dict:
    return {EDGE: LIVE, f"PUT {EDGE}": kind(f"cluster 'test' refused PUT: {reason}", reason)}


@pytest.mark.parametrize(("answers", "level", "line", "fix"), [
    pytest.param(refused(IMMUTABLE), Level.ERROR,
                 "spec.selector: field is immutable (spec.selector.matchLabels.istio 'front' becomes 'edge')",
                 "keep what is there by ingress.labels or ingress.values", id="a field that can't change"),
    pytest.param(refused(HELD_PORT), Level.ERROR, "spec.ports[0].nodePort: Invalid value: 30080: provided port is", "",
                 id="an item of a list"),
    pytest.param(refused(DENIED, Forbidden), Level.ERROR, "no gateway here", "", id="a webhook says no"),
    pytest.param(refused(NO_RIGHT, Forbidden), Level.UNKNOWN, "1 object could not be tried", "", id="a missing right"),
    pytest.param({EDGE[: -len("/edge")]: Refused("", IMMUTABLE)}, Level.ERROR, "is immutable", "", id="a new one"),
])  # fmt: skip
def test_what_the_api_server_refuses_in_a_dry_run_is_one_line(answers, level, line, fix):
    (row,), _ = tried(answers, edge_deployment("front"))
    assert row.level is level
    assert line in row.message
    assert fix in row.fix


def test_the_dry_run_sends_what_helm_would_make_of_the_object():
    rows, client = tried({EDGE: LIVE}, edge_deployment("front"))
    assert (rows, client.bodies) == ([], [edge_deployment("edge", paused=True)])


def test_an_object_of_others_under_the_name_of_a_new_one_is_an_obstacle():
    (row,), client = tried({EDGE: LIVE})
    assert "exists, and is not of release istio-system/edge: Helm would refuse to change it" in row.message
    assert not client.bodies


@pytest.mark.parametrize(("kind", "gone"), [(Kind.GATEWAY, ["deployment istio-system/front"]), (Kind.ADDON, [])])
def test_a_gateway_that_up_would_delete_for_one_of_another_name_is_an_obstacle(kind, gone):
    front = {**LIVE, "metadata": {"name": "front", "namespace": "istio-system"}}
    account = {**front, "kind": "ServiceAccount"}
    rows, _ = tried({EDGE: LIVE}, edge_deployment("front"), front, account, kind=kind)
    assert [f"{row.kind} {row.name}" for row in rows] == gone


@pytest.mark.parametrize(("metadata", "manager", "fix"), [
    ({"managedFields": [{"manager": "istioctl", "time": "1"}]}, "field manager istioctl", "--take-ownership"),
    ({"annotations": {"argocd.argoproj.io/tracking-id": "mesh:apps/Deployment"}}, "Argo CD application mesh",
     "argocd app delete NAME --cascade=false"),
])  # fmt: skip
def test_an_istiod_that_helm_does_not_own_has_its_own_way(metadata, manager, fix):
    path = "/apis/apps/v1/namespaces/istio-system/deployments/istiod"
    now = situation(snapshot={"deployments": (deployment(release=""),)})
    (problem,) = obstacles.mesh_obstacles(now, FakeClient({path: {"metadata": metadata}}), [])
    assert manager in problem.message
    assert fix in problem.fix


def test_a_cluster_without_istio_is_sent_to_up():
    (problem,) = obstacles.mesh_obstacles(situation(), FakeClient(), [living("grafana", "grafana")])
    assert problem.fix == "install the mesh: `pulumi up -s test`"


ARGO_CD = {"labels": {"argocd.argoproj.io/instance": "trading"}}
HELM = {"labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": {"meta.helm.sh/release-name": "app", "meta.helm.sh/release-namespace": "trading"}}  # fmt: skip
HOME = {"kind": "Namespace", "metadata": {"name": "trading"}}
FOUGHT_OVER = "two managers would undo each other's changes"


@pytest.mark.parametrize(("manifest", "metadata", "words"), [
    pytest.param(PEER, ARGO_CD, FOUGHT_OVER, id="an object of Argo CD"),
    pytest.param(PEER, HELM, FOUGHT_OVER, id="an object of a Helm release"),
    pytest.param(HOME, ARGO_CD, "", id="a namespace of Argo CD keeps what others gave it"),
    pytest.param({**PEER, "kind": "Secret"}, {}, "would stand in the state", id="a secret never comes into the state"),
])  # fmt: skip
def test_an_object_that_somebody_keeps_as_it_is_would_be_fought_over(manifest, metadata, words):
    live = {**manifest, "metadata": {**manifest["metadata"], **metadata}}
    problems = {problem.name: problem.message for problem in obstacles.object_obstacles(manifest, live)}
    assert list(problems) == (["istio-system/default"] if words else [])
    assert all(words in message for message in problems.values())
