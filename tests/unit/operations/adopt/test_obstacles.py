"""The obstacles to an adoption: one line each, with what to do."""

from dataclasses import replace

import pytest

from operations.adopt import obstacles
from operations.repair.locks import Lock
from tests.support.fake_client import FakeClient
from tests.support.helm_mesh import PEER, deployment, living, record_of, resource, situation

OPERATION = {"type": "creating", "resource": resource("x:y:Z", "istiod-release")}
UNDER_WAY = {"version": 3, "deployment": {"resources": [], "pending_operations": [OPERATION]}}


def lines(now) -> list[str]:
    return [str(finding) for finding in obstacles.of_stack(now)]


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
    (problem,) = obstacles.of_release(broken, 900)
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
    found = [*obstacles.of_mesh(now, FakeClient({path: {"metadata": metadata}}), [])]
    assert [said in problem.message and fix in problem.fix for problem in found] == [True]


def test_a_cluster_without_istio_is_sent_to_up():
    (problem,) = obstacles.of_mesh(situation(), FakeClient(), [living("grafana", "grafana")])
    assert problem.fix == "install the mesh: `pulumi up -s test`"


@pytest.mark.parametrize("metadata", [
    {"labels": {"argocd.argoproj.io/instance": "trading"}},
    {
        "labels": {"app.kubernetes.io/managed-by": "Helm"},
        "annotations": {"meta.helm.sh/release-name": "app", "meta.helm.sh/release-namespace": "trading"},
    },
])  # fmt: skip
def test_an_object_that_somebody_keeps_as_it_is_would_be_fought_over(metadata):
    (problem,) = obstacles.of_object(PEER, {**PEER, "metadata": {**PEER["metadata"], **metadata}})
    assert problem.name == "istio-system/default"
    assert "two managers would undo each other's changes" in problem.message


def test_a_namespace_of_argo_cd_can_be_adopted_since_it_keeps_what_others_gave_it():
    home = {"kind": "Namespace", "metadata": {"name": "trading", "labels": {"argocd.argoproj.io/instance": "apps"}}}
    assert not [*obstacles.of_object(home, home)]


def test_a_secret_never_comes_into_the_state():
    (problem,) = obstacles.of_object({"kind": "Secret"}, {"metadata": {"name": "cacerts", "namespace": "istio-system"}})
    assert problem.name == "istio-system/cacerts"
