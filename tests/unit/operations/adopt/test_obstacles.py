"""The place of each release of the cluster in the mesh, whatever its name."""

from dataclasses import replace

import pytest

from operations.adopt import obstacles
from operations.repair.processes import Lock
from pi_mesh.cluster import helm_releases
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient
from tests.support.helm_mesh import PEER, deployment, living, record_of, resource, situation
from tests.support.snapshots import make_snapshot

RECORDS = (("istiod", "deployed"), ("old", "uninstalled"), ("broken", "failed"))
OTHERS = (
    living("mesh-crds", "base"),
    living("mesh", "istiod"),
    living("edge", "gateway"),
    living("mesh-egress", "gateway"),
    living("grafana", "grafana"),
)


def test_releases_under_the_expected_names_are_found():
    named = [living("istio-base", "base"), living("istiod", "istiod"), living("istio-ingressgateway", "gateway")]
    found = obstacles.release_names(make_settings(), named)
    assert found == {"base": "istio-base", "istiod": "istiod", "ingress": "istio-ingressgateway"}


def test_releases_under_other_names_are_found_by_their_charts():
    found = obstacles.release_names(make_settings(), OTHERS)
    assert found == {"base": "mesh-crds", "istiod": "mesh", "ingress": "edge", "egress": "mesh-egress"}


def test_a_release_of_another_namespace_is_none_of_the_mesh():
    elsewhere = [record_of(living("mesh", "istiod"), namespace="elsewhere")]
    assert obstacles.release_names(make_settings(), elsewhere) == {}


def test_a_second_gateway_beside_the_expected_one_stays_nobodys():
    gateways = [living("istio-ingressgateway", "gateway"), living("partners", "gateway")]
    assert obstacles.release_names(make_settings(), gateways) == {"ingress": "istio-ingressgateway"}
    assert not [*obstacles.ambiguities(make_settings(), gateways)]


def test_of_two_gateways_of_unknown_use_the_owner_says_which():
    gateways = [living("east", "gateway"), living("west", "gateway")]
    (problem,) = obstacles.ambiguities(make_settings(), gateways)
    assert problem.name == "releases.names.ingress"
    assert "east, west" in problem.message
    assert "pulumi config set --path releases.names.ingress NAME" in problem.fix


@pytest.mark.parametrize(
    ("deployments", "values", "said"),
    [
        ([deployment(), deployment("istiod-canary", release="canary")], {}, "are 2 control planes"),
        ([deployment(), deployment(namespace="other")], {}, "istio-system/istiod, other/istiod are 2 control planes"),
        ([deployment(namespace="mesh")], {}, "is in another namespace than istio.namespace istio-system"),
        ([deployment("istiod-1-20")], {"revision": "1-20"}, "is of revision 1-20"),
    ],
    ids=["two", "two namespaces", "elsewhere", "revision"],
)
def test_a_control_plane_that_can_not_be_adopted_is_one_line(deployments, values, said):
    snapshot = make_snapshot(deployments=tuple(deployments))
    (problem,) = obstacles.control_planes(make_settings(), snapshot, [living("istiod", "istiod", values)])
    assert said in problem.message
    assert problem.fix
    assert "uninstall --purge" not in problem.fix


def test_the_one_istiod_of_a_release_in_the_meshs_namespace_is_no_problem():
    snapshot = make_snapshot(deployments=(deployment(),))
    assert not [*obstacles.control_planes(make_settings(), snapshot, [living("istiod", "istiod")])]


def test_every_release_is_read_but_those_that_are_gone_or_that_nobody_can_read(monkeypatch):
    kept, gone, unread = (living(name, "istiod", status=status) for name, status in RECORDS)
    asked = {kept.record: kept.applied, gone.record: gone.applied, unread.record: None}
    monkeypatch.setattr(helm_releases, "read", lambda _, record: asked[record])
    snapshot = make_snapshot(releases=tuple(asked))
    assert obstacles.read_releases(None, snapshot) == (kept,)


OPERATION = {"type": "creating", "resource": resource("x:y:Z", "istiod-release")}
UNDER_WAY = {"version": 3, "deployment": {"resources": [], "pending_operations": [OPERATION]}}


def lines(now) -> list[str]:
    return [str(finding) for finding in obstacles.stack_obstacles(now)]


def test_a_stack_that_is_free_and_a_cluster_that_can_be_read_stand_in_no_way():
    assert lines(situation()) == []


@pytest.fixture
def locked(monkeypatch):
    """Return `locked(here, alive, **more)`: the lines about a locked stack."""

    def lines_of(here: bool, alive: bool, state: dict | None = None) -> list[str]:
        monkeypatch.setattr(Lock, "here", here)
        monkeypatch.setattr(Lock, "alive", alive)
        return lines(replace(situation(state), locks=(Lock(7, "pi", "james", "today"),)))

    return lines_of


@pytest.mark.parametrize(("here", "fix"), [(True, "wait until it ends"), (False, "`pulumi cancel`")])
def test_a_locked_backend_is_left_alone(here, fix, locked):
    (line,) = locked(here, alive=here)
    assert "is locked" in line
    assert fix in line


def test_the_lock_of_an_interrupted_adoption_does_not_keep_the_next_one_from_going_on(locked):
    assert locked(here=True, alive=False) == []


def test_a_killed_run_that_left_work_is_repaired_first(locked):
    line, _ = locked(here=True, alive=False, state=UNDER_WAY)
    assert "was killed" in line
    assert "python -m operations repair -s STACK" in line


def test_without_the_right_to_read_secrets_nothing_is_known_of_releases():
    (line,) = lines(situation(snapshot={"unreadable": ("releases",)}))
    assert "may not list Secrets" in line
    assert "cluster-admin" in line


def test_an_unfinished_run_is_repaired_first():
    (line,) = lines(situation(UNDER_WAY))
    assert "pending operations: creating istiod-release" in line
    assert "repair" in line


def test_a_change_of_the_ca_waits_until_the_mesh_is_adopted():
    (line,) = lines(situation(vault={"enabled": True, "address": "https://vault.example:8200"}))
    assert "vault.enabled: is true" in line


@pytest.mark.parametrize(("status", "revision", "fix"), [
    ("pending-upgrade", 2, "wait until Helm has finished (at most 900 s); if no Helm command is running: `helm roll"),
    ("pending-install", 1, "if no Helm command is running: `python -m operations repair -s STACK`"),
    ("failed", 2, "`helm rollback istiod -n istio-system`, then adopt again"),
])  # fmt: skip
def test_a_release_in_the_middle_of_something_is_not_adopted(status, revision, fix):
    broken = record_of(living("istiod", "istiod"), status=status, revision=revision)
    (problem,) = obstacles.release_obstacles(broken, 900)
    assert f"is {status}" in problem.message
    assert fix in problem.fix


@pytest.mark.parametrize(("metadata", "said", "fix"), [
    ({"managedFields": [{"manager": "istioctl", "time": "1"}]}, "field manager istioctl", "--take-ownership"),
    ({"annotations": {"argocd.argoproj.io/tracking-id": "mesh:apps/Deployment"}}, "Argo CD application mesh",
     "argocd app delete NAME --cascade=false"),
])  # fmt: skip
def test_an_istiod_that_helm_does_not_own_has_its_own_way(metadata, said, fix):
    path = "/apis/apps/v1/namespaces/istio-system/deployments/istiod"
    now = situation(snapshot={"deployments": (deployment(release=""),)})
    found = [*obstacles.mesh_obstacles(now, FakeClient({path: {"metadata": metadata}}), [])]
    assert [said in problem.message and fix in problem.fix for problem in found] == [True]


def test_a_cluster_without_istio_is_sent_to_up():
    (problem,) = obstacles.mesh_obstacles(situation(), FakeClient(), [living("grafana", "grafana")])
    assert problem.fix == "install the mesh: `pulumi up -s test`"


@pytest.mark.parametrize("metadata", [
    {"labels": {"argocd.argoproj.io/instance": "trading"}},
    {
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": {"meta.helm.sh/release-name": "app", "meta.helm.sh/release-namespace": "trading"},
    },
])  # fmt: skip
def test_an_object_that_somebody_keeps_as_it_is_would_be_fought_over(metadata):
    (problem,) = obstacles.object_obstacles(PEER, {**PEER, "metadata": {**PEER["metadata"], **metadata}})
    assert problem.name == "istio-system/default"
    assert "two managers would undo each other's changes" in problem.message


def test_a_namespace_of_argo_cd_can_be_adopted_since_it_keeps_what_others_gave_it():
    home = {"kind": "Namespace", "metadata": {"name": "trading", "labels": {"argocd.argoproj.io/instance": "apps"}}}
    assert not [*obstacles.object_obstacles(home, home)]


def test_a_secret_never_comes_into_the_state():
    (problem,) = obstacles.object_obstacles(
        {"kind": "Secret"}, {"metadata": {"name": "cacerts", "namespace": "istio-system"}}
    )
    assert problem.name == "istio-system/cacerts"
