"""The plain-text call that STRICT must refuse."""

import json
from dataclasses import replace
from typing import Any

import pytest

from operations.envoy_server import CONTROL, GUARDED
from operations.verify import plain_text_call
from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster.client import Refused
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.policies import Policy
from tests.support.factories import make_mesh
from tests.support.fake_client import FakeClient
from tests.support.healthy_mesh import in_cluster, make_verification, with_policies

TRADING = "/api/v1/namespaces/trading/pods"
JOBS = "/apis/batch/v1/namespaces/trading/jobs"
APP = Pod("trading", "app-0", {"app": "app"}, containers=(Container("app", ports=(8080,)), Container("istio-proxy")))


def status(message: str, code: int = 503) -> tuple[int, str]:
    return code, json.dumps({"kind": "Status", "code": code, "message": message})


def failed(cause: str) -> tuple[int, str]:
    return status(f"error trying to reach service: {cause}")


CLOSED = failed("read tcp 10.0.0.1:1->10.0.0.2:8080: read: connection reset by peer")


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> FakeClient:
    """Return an API server on which the pod of the Job would be Ready."""
    fake = FakeClient({TRADING: {"items": [job_pod()]}})
    monkeypatch.setattr(plain_text_call, "Client", fake)
    return fake


def job_pod(*containers: str) -> dict[str, Any]:
    return {
        "metadata": {"namespace": "trading", "name": "job-0"},
        "spec": {"containers": [{"name": name} for name in containers or ("server", "istio-proxy")]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    }


def calls(client: FakeClient, pod: str, answers: dict[int, tuple[int, str]]) -> None:
    client.relayed |= {f"{TRADING}/{pod}:{port}/proxy/": answer for port, answer in answers.items()}


def the(seen: Observation) -> Finding:
    (finding,) = plain_text_call.check(seen)
    return finding


@pytest.mark.parametrize("cause", ["EOF", "read: connection reset by peer"])
def test_a_call_that_is_closed_without_an_answer_was_refused(healthy, client, cause):
    calls(client, "app-0", {8080: failed(cause)})
    finding = the(in_cluster(healthy, pods=(APP,)))
    assert (finding.level, finding.number) == (Level.OK, 1)
    assert finding.message == "1 plain-text call was refused, as STRICT asks"
    assert client.wrote == []


@pytest.mark.parametrize("answer", [(200, "hello"), (403, "RBAC: access denied"), (404, '{"kind": "page"}')])
def test_any_answer_of_the_pod_is_a_problem(healthy, client, answer):
    calls(client, "app-0", {8080: answer})
    finding = the(in_cluster(healthy, pods=(APP,)))
    assert (finding.level, finding.message) == (
        Level.ERROR,
        f"port 8080 answered a plain-text call (status {answer[0]})",
    )


@pytest.mark.parametrize(
    "answer",
    [
        failed("dial tcp 10.0.0.2:8080: connect: connection refused"),
        failed("dial tcp 10.0.0.2:8080: i/o timeout"),
        status('pods "app-0" is forbidden', 403),
        status('pods "app-0" not found', 404),
    ],
)
def test_a_call_that_did_not_reach_the_pod_proves_nothing(healthy, client, answer):
    calls(client, "app-0", {8080: answer})
    assert the(in_cluster(healthy, pods=(APP,))).level is Level.UNKNOWN


def test_one_pod_of_each_workload_is_called(healthy, client):
    twins = tuple(replace(APP, name=f"app-{number}", owner="ReplicaSet/app-5f") for number in range(2))
    calls(client, "app-0", {8080: CLOSED})
    assert the(in_cluster(healthy, pods=twins)).number == 1


def test_a_port_that_takes_plain_text_as_asked_is_not_called(client):
    seen = make_verification(make_mesh(traffic={"legacy": {"old": {"selector": {"app": "app"}}}}))
    calls(client, "job-0", {CONTROL: (200, "ok"), GUARDED: CLOSED})
    assert "a new pod" in the(in_cluster(seen, pods=(APP,))).message


def test_without_a_workload_a_job_is_called_and_removed(healthy, client):
    calls(client, "job-0", {CONTROL: (200, "ok"), GUARDED: CLOSED})
    finding = the(healthy)
    assert (finding.level, "a Job of the proxy's image" in finding.message) == (Level.OK, True)
    assert client.wrote == [("create", JOBS), ("delete", f"{JOBS}/plain-text-call-x")]


@pytest.mark.parametrize(
    ("answers", "level", "says"),
    [
        ({CONTROL: (200, "ok"), GUARDED: (200, "ok")}, Level.ERROR, "a new pod answered"),
        ({CONTROL: CLOSED}, Level.UNKNOWN, "the API server does not reach pods"),
        ({CONTROL: (200, "ok"), GUARDED: failed("dial tcp: i/o timeout")}, Level.UNKNOWN, "could not be called"),
    ],
)
def test_what_the_job_shows_is_said(healthy, client, answers, level, says):
    calls(client, "job-0", answers)
    assert (the(healthy).level, says in the(healthy).message) == (level, True)


def test_a_job_whose_pod_has_no_sidecar_proves_nothing(healthy, client):
    client.answers[TRADING] = {"items": [job_pod("server")]}
    assert (the(healthy).level, the(healthy).message) == (Level.UNKNOWN, "was not made: the Job's pod has no sidecar")


def test_a_job_that_may_not_be_made_is_unknown_with_the_api_servers_words(healthy, client):
    client.answers[f"create {JOBS}"] = Refused("refused POST: jobs is forbidden", "jobs is forbidden")
    assert (the(healthy).level, "jobs is forbidden" in the(healthy).message) == (Level.UNKNOWN, True)


def test_a_permissive_mesh_is_not_called(client):
    finding = the(make_verification(make_mesh(mtls={"mode": "PERMISSIVE"})))
    assert (finding.level, "was not made" in finding.message) == (Level.OK, True)
    assert (client.got, client.wrote) == ([], [])


def test_a_workload_under_a_rogue_exception_is_left_to_the_rows_of_mutual_tls(healthy, client):
    rogue = Policy("PeerAuthentication", "trading", "rogue", {"mtls": {"mode": "PERMISSIVE"}})
    calls(client, "job-0", {CONTROL: (200, "ok"), GUARDED: (200, "ok")})
    assert the(in_cluster(with_policies(healthy, rogue), pods=(APP,))).level is Level.ERROR


def test_each_namespace_with_sidecars_is_called_and_no_other(client):
    mesh = make_mesh(namespaces={"research": {}, "batch": {"injection": False}})
    apps = tuple(replace(APP, namespace=name) for name in ("trading", "research", "batch"))
    for name in ("trading", "research", "batch"):
        client.relayed[f"/api/v1/namespaces/{name}/pods/app-0:8080/proxy/"] = CLOSED
    found = plain_text_call.check(in_cluster(make_verification(mesh), pods=apps))
    assert [(one.name, one.level) for one in found] == [("trading", Level.OK), ("research", Level.OK)]
