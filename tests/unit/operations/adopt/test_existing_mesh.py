"""The settings that an adoption writes, and the bounds that it proposes to switch off for running pods."""

from dataclasses import replace
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
from tests.support.helm_mesh import PEER, living, registered, resource, situation
from tests.support.snapshots import make_snapshot

BOUNDED = Container("app", Resources(100, 64 * MI), Resources(200, 128 * MI))
SMALL = Container("app", Resources(10, 16 * MI), Resources(50, 64 * MI))
SIDECAR = Container("istio-proxy", Resources(50, 128 * MI), Resources(200, 256 * MI))


def pods(count: int, container: Container = BOUNDED, namespace: str = "trading") -> tuple[Pod, ...]:
    return tuple(Pod(namespace, f"app-{number}", containers=(container, SIDECAR)) for number in range(count))


def proposed(
    *running: Pod, state: StackState = NEVER_RUN, names=None, listeners=(), **settings: object
) -> dict[str, object]:
    """Return the proposals beside those pods, in a cluster with the namespace trading."""
    snapshot = make_snapshot(pods=running, namespaces=(Namespace("trading", uid="u"),))
    found = existing_mesh.proposed_settings(make_settings(**settings), snapshot, state, names or {}, listeners)
    return {one.path: one.value for one in found}


def test_a_name_is_written_where_helm_has_another():
    assert proposed(names={"base": "istio-base", "istiod": "mesh"})["releases.names.istiod"] == "mesh"
    assert "releases.names.base" not in proposed(names={"base": "istio-base"})


def test_a_namespace_that_is_there_is_adopted_and_one_that_is_not_is_not():
    assert proposed() == {"trading.adopt": True}


@pytest.mark.parametrize("state", [StackState(namespaces={"trading": "u"})])
def test_a_namespace_that_the_stack_made_is_not_adopted(state):
    assert proposed(state=state) == {}


def test_bounds_that_all_pods_can_live_with_stay():
    assert proposed(*pods(3), trading={"adopt": True}) == {}
    assert proposed(*pods(9, SMALL), trading={"adopt": True, "workloads": 10}) == {}


@pytest.mark.parametrize(
    ("running", "trading"),
    [
        (pods(10, SMALL), {"workloads": 10}),
        (pods(3, replace(SMALL, requests=Resources(900, 0), limits=Resources(900, 64 * MI))), {}),
        (pods(6, replace(BOUNDED, requests=Resources(900, 64 * MI), limits=Resources(900, 128 * MI))), {}),
        (pods(3, replace(BOUNDED, limits=Resources(200, 6000 * MI))), {}),
    ],
    ids=["pods", "one more of three", "requests of CPU", "limits of memory"],
)
def test_a_quota_that_would_refuse_the_next_rollout_is_proposed_off(running, trading):
    assert proposed(*running, trading={"adopt": True, **trading}) == {"trading.bounds.quota": False}


@pytest.mark.parametrize(
    "container",
    [
        replace(BOUNDED, limits=Resources(200, 0)),
        replace(BOUNDED, requests=Resources(600, 0), limits=Resources(0, 128 * MI)),
    ],
    ids=["no memory limit", "more CPU than the limit it would get"],
)
def test_a_limit_range_that_would_bound_a_container_anew_goes_and_the_quota_with_it(container):
    found = proposed(*pods(1, container), trading={"adopt": True})
    assert found == {"trading.bounds.quota": False, "trading.bounds.limitRange": False}
    make_settings(trading={"bounds": {"quota": False, "limitRange": False}})


def test_a_sidecar_that_would_hide_other_workloads_of_the_mesh_is_proposed_off():
    found = proposed(*pods(1), *pods(1, namespace="reports"), trading={"adopt": True})
    assert found == {"trading.bounds.sidecar": False}


@pytest.mark.parametrize(
    ("others", "scope"),
    [
        (pods(1, namespace="istio-system"), ["./*"]),
        (pods(1, namespace="reports"), ["./*", "reports/*"]),
        (pods(1, namespace="reports"), ["*/*"]),
        ((Pod("reports", "plain", containers=(BOUNDED,)),), ["./*"]),
    ],
    ids=["the mesh's own", "in the scope", "everything in the scope", "not meshed"],
)
def test_a_sidecar_that_hides_nobody_stays(others, scope):
    assert proposed(*pods(1), *others, trading={"adopt": True, "sidecarScope": scope}) == {}


def test_what_is_off_already_is_not_proposed():
    off = {"adopt": True, "bounds": {"quota": False, "limitRange": False, "sidecar": False}}
    running = (*pods(9, replace(BOUNDED, limits=Resources(0, 0))), *pods(1, namespace="reports"))
    assert proposed(*running, trading=off) == {}


def gateway(selector: str, **server: object) -> dict:
    spec = {"selector": {"istio": selector}, "servers": [{"port": {"number": 443}, **server}]}
    return {"metadata": {"namespace": "trading", "name": "front"}, "spec": spec}


SECURE = {"tls": {"mode": "SIMPLE", "credentialName": "certificate"}}


def test_a_gateway_that_serves_a_certificate_keeps_its_right_to_read_it():
    found = proposed(listeners=[gateway("ingressgateway", **SECURE)], trading={"adopt": True})
    assert found == {"ingress.values.rbac.enabled": True}
    renamed = proposed(listeners=[gateway("edge", **SECURE)], names={"ingress": "edge"}, trading={"adopt": True})
    assert renamed["ingress.values.rbac.enabled"] is True


@pytest.mark.parametrize("listener", [gateway("ingressgateway"), gateway("partners", **SECURE)])
def test_without_such_a_certificate_the_right_goes(listener):
    assert proposed(listeners=[listener], trading={"adopt": True}) == {}


def test_a_further_namespace_is_adopted_and_freed_of_bounds_by_its_own_keys():
    there = make_snapshot(pods=pods(10, SMALL, "research"), namespaces=(Namespace("research", uid="r"),))
    settings = make_settings(namespaces={"research": {"workloads": 10}})
    found = {one.path: one.value for one in existing_mesh.proposed_settings(settings, there, NEVER_RUN, {})}
    assert found == {"namespaces.research.adopt": True, "namespaces.research.bounds.quota": False}


def test_pods_of_a_namespace_without_sidecars_count_without_them():
    batch = {"adopt": True, "injection": False, "workloads": 8}
    bare = tuple(replace(pod, containers=(BOUNDED,)) for pod in pods(3, namespace="batch"))
    assert proposed(*bare, trading={"adopt": True}, namespaces={"batch": batch}) == {}


APPS, SECURITY = "/apis/apps/v1", "/apis/security.istio.io/v1beta1"
ISTIOD = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "istiod", "namespace": "istio-system"}}
OBSTACLE = error("not adopted", Subject("stack", STACK), "is locked", "wait")
HOME = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "istio-system"}}
API = {
    "/apis/networking.istio.io": {"versions": []},
    "/api/v1": {"resources": [{"kind": "Namespace", "name": "namespaces", "namespaced": False}]},
    APPS: {"resources": [{"kind": "Deployment", "name": "deployments", "namespaced": True}]},
    SECURITY: {"resources": [{"kind": "PeerAuthentication", "name": "peerauthentications", "namespaced": True}]},
    f"{APPS}/namespaces/istio-system/deployments/istiod": ISTIOD,
    f"{SECURITY}/namespaces/istio-system/peerauthentications/default": PEER,
    "/api/v1/namespaces/istio-system": HOME,
}


@pytest.fixture
def read(monkeypatch):
    """Return `read(...)`: the mesh of a cluster with one istiod of Helm, whose stack registers what `made` says."""

    def of(now=None, made=None, api=API, of_stack=(), of_mesh=(), **record):
        now = now or situation()
        istiod = living("istiod", "istiod", objects=(ISTIOD, PEER), **record)
        monkeypatch.setattr(existing_mesh.pulumi, "registered", lambda _: registered() if made is None else made)
        monkeypatch.setattr(existing_mesh.stacks, "load", lambda _: now.settings)
        monkeypatch.setattr(existing_mesh.stacks, "load_changed", lambda *_: now.settings)
        monkeypatch.setattr(existing_mesh.observed_state, "read", lambda *_: now)
        monkeypatch.setattr(existing_mesh.obstacles, "read_releases", lambda *_: (istiod,))
        monkeypatch.setattr(existing_mesh, "proposed_settings", lambda *_: iter([]))
        monkeypatch.setattr(obstacles, "stack_obstacles", lambda _: iter(of_stack))
        monkeypatch.setattr(obstacles, "mesh_obstacles", lambda *_: iter(of_mesh))
        monkeypatch.setattr(existing_mesh, "Client", FakeClient(api))
        return existing_mesh.read(STACK)

    return of


def adopted_namespaces(**settings):
    """Return a stack whose namespaces exist and are adopted."""
    return situation(istio={"adopt": True}, trading={"adopt": True}, **settings)


def test_a_release_of_helm_that_the_state_does_not_know_is_taken(read):
    found = read()
    (taken,) = found.releases
    assert (taken.release.id, taken.living.record.id) == ("istio-system/istiod", "istio-system/istiod")
    assert taken.registered["urn"].endswith("::istiod-release")
    assert [one.record.id for one in found.living] == ["istio-system/istiod"]
    assert len(found.registered) == len(registered())


def test_its_deployments_are_read_from_the_cluster_and_nothing_else_of_it(read):
    assert read().live == {"istio-system/istiod": ISTIOD}


def test_a_deployment_that_is_gone_is_left_out(read):
    assert read(api={path: item for path, item in API.items() if item is not ISTIOD}).live == {}


def test_a_release_that_the_state_knows_is_not_taken_again(read):
    known = [entry for entry in registered() if entry["urn"].endswith("::istiod-release")]
    assert read(now=situation({"version": 3, "deployment": {"resources": known}})).releases == ()


def test_a_state_without_a_deployment_knows_nothing(read):
    now = situation({"version": 3, "deployment": None})
    assert len(read(now=now).releases) == 1


def test_a_release_that_helm_does_not_have_is_none_to_take(read):
    assert read(namespace="elsewhere").releases == ()


def test_an_object_of_the_program_that_the_cluster_has_is_found(read):
    (found,) = [one for one in read().objects if one.manifest["kind"] == "PeerAuthentication"]
    assert found.live == PEER
    assert found.registered["urn"].endswith("::peer")


def test_an_object_that_the_cluster_lacks_is_not_found(read):
    assert read(api={path: item for path, item in API.items() if item is not PEER}).objects == ()


def test_a_namespace_is_found_only_where_it_is_adopted(read):
    kinds = [one.manifest["kind"] for one in read().objects]
    assert kinds == ["PeerAuthentication"]
    kinds = [one.manifest["kind"] for one in read(now=adopted_namespaces()).objects]
    assert kinds == ["Namespace", "PeerAuthentication"]


def test_a_component_and_a_provider_are_no_objects(read):
    provider = resource("pulumi:providers:kubernetes", "cluster", inputs={"context": "test"})
    assert read(made=[provider, resource("pi-mesh:istio:Istiod", "istiod")]).objects == ()


def test_an_obstacle_of_the_stack_ends_the_look(read):
    found = read(of_stack=[OBSTACLE])
    assert (found.obstacles, found.releases, found.living) == ((OBSTACLE,), (), ())


def test_an_obstacle_of_the_mesh_ends_the_look(read):
    found = read(of_mesh=[OBSTACLE])
    assert (found.obstacles, found.releases) == ((OBSTACLE,), ())


def test_a_release_that_helm_still_changes_is_an_obstacle(read):
    (obstacle,) = read(status="pending-upgrade").obstacles
    assert "is pending-upgrade" in obstacle.message
    assert f"at most {situation().mesh_settings.release.timeout} s" in obstacle.fix


def test_an_object_that_another_tool_manages_is_an_obstacle(read):
    labels = {"app.kubernetes.io/instance": "x", "argocd.argoproj.io/instance": "mesh"}
    theirs = {**PEER, "metadata": {**PEER["metadata"], "labels": labels, "annotations": labels}}
    api = {path: theirs if item is PEER else item for path, item in API.items()}
    assert [str(one.subject) for one in read(api=api).obstacles] == ["peerauthentication istio-system/default"]


def test_the_settings_of_the_adoption_are_the_changed_ones(read, monkeypatch):
    changed = replace(situation(istio={"adopt": True})).settings
    proposal = SimpleNamespace(path="istio.adopt", value=True)
    asked: list[dict] = []
    read()
    monkeypatch.setattr(existing_mesh, "proposed_settings", lambda *_: iter([proposal]))
    monkeypatch.setattr(existing_mesh.stacks, "load_changed", lambda _, paths: asked.append(paths) or changed)
    found = existing_mesh.read(STACK)
    assert asked == [{"istio.adopt": True}]
    assert found.now.settings is changed
    assert found.proposals == (proposal,)
