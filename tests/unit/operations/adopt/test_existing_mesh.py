"""The mesh in the cluster beside the registered resources: what an adoption finds."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from operations.adopt import existing_mesh, obstacles
from pi_mesh.checks.finding import Subject, error
from tests.support.factories import STACK
from tests.support.fake_client import FakeClient
from tests.support.helm_mesh import PEER, living, registered, resource, situation

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
        monkeypatch.setattr(existing_mesh.release_search, "read", lambda *_: (istiod,))
        monkeypatch.setattr(existing_mesh.proposals, "of", lambda *_: iter([]))
        monkeypatch.setattr(obstacles, "of_stack", lambda _: iter(of_stack))
        monkeypatch.setattr(obstacles, "of_mesh", lambda *_: iter(of_mesh))
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
    (found,) = [one for one in read().objects if one.wanted["kind"] == "PeerAuthentication"]
    assert found.live == PEER
    assert found.registered["urn"].endswith("::peer")


def test_an_object_that_the_cluster_lacks_is_not_found(read):
    assert read(api={path: item for path, item in API.items() if item is not PEER}).objects == ()


def test_a_namespace_is_found_only_where_it_is_adopted(read):
    kinds = [one.wanted["kind"] for one in read().objects]
    assert kinds == ["PeerAuthentication"]
    kinds = [one.wanted["kind"] for one in read(now=adopted_namespaces()).objects]
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
    monkeypatch.setattr(existing_mesh.proposals, "of", lambda *_: iter([proposal]))
    monkeypatch.setattr(existing_mesh.stacks, "load_changed", lambda _, paths: asked.append(paths) or changed)
    found = existing_mesh.read(STACK)
    assert asked == [{"istio.adopt": True}]
    assert found.now.settings is changed
    assert found.proposals == (proposal,)
