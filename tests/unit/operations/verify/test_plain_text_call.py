"""The plain-text call that STRICT must refuse."""

import json
from dataclasses import replace

import pytest

from operations.verify import plain_text_call
from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.observation import Observation
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.policies import Policy
from tests.support.factories import make_mesh
from tests.support.fake_client import FakeClient
from tests.support.healthy_mesh import HEALTHY, in_cluster, make_verification, with_policies

TRADING = "/api/v1/namespaces/trading/pods"
APP = Pod("trading", "app-0", {"app": "app"}, containers=(Container("app", ports=(8080,)), Container("istio-proxy")))
ROGUE = Policy("PeerAuthentication", "trading", "rogue", {"mtls": {"mode": "PERMISSIVE"}})


def status(message: str, code: int = 503) -> tuple[int, str]:
    return code, json.dumps({"kind": "Status", "code": code, "message": message})


def failed(cause: str) -> tuple[int, str]:
    return status(f"error trying to reach service: {cause}")


HELLO, EOF = (200, "hello"), failed("EOF")
RESET = failed("read tcp 10.0.0.1:1->10.0.0.2:8080: read: connection reset by peer")
TIMEOUT = failed("dial tcp 10.0.0.2:8080: i/o timeout")


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> FakeClient:
    """Return an API server that makes no call yet."""
    fake = FakeClient()
    monkeypatch.setattr(plain_text_call, "Client", fake)
    return fake


def the(seen: Observation) -> Finding:
    (finding,) = plain_text_call.check(seen)
    return finding


@pytest.mark.parametrize(("answer", "level", "says"), [
    (EOF, Level.OK, "1 plain-text call was refused, as STRICT asks"),
    (RESET, Level.OK, "1 plain-text call was refused, as STRICT asks"),
    (HELLO, Level.ERROR, "port 8080 answered a plain-text call (status 200)"),
    ((403, "RBAC: access denied"), Level.ERROR, "port 8080 answered a plain-text call (status 403)"),
    ((404, '{"kind": "page"}'), Level.ERROR, "port 8080 answered a plain-text call (status 404)"),
    (failed("dial tcp 10.0.0.2:8080: connect: connection refused"), Level.UNKNOWN, ""),
    (TIMEOUT, Level.UNKNOWN, ""),
    (status('pods "app-0" is forbidden', 403), Level.UNKNOWN, ""),
    (status('pods "app-0" not found', 404), Level.UNKNOWN, ""),
])  # fmt: skip
def test_only_a_call_that_is_closed_without_an_answer_was_refused(client, answer, level, says):
    twins = tuple(replace(APP, name=f"app-{number}", owner="ReplicaSet/app-5f") for number in range(2))
    client.relayed = {f"{TRADING}/app-0:8080/proxy/": answer}
    finding = the(in_cluster(HEALTHY, pods=twins))
    assert (finding.level, says or finding.message, client.wrote) == (level, finding.message, [])


@pytest.mark.usefixtures("client")
def test_a_port_that_takes_plain_text_as_asked_and_a_workload_under_a_rogue_exception_are_not_called():
    legacy = make_verification(make_mesh(traffic={"legacy": {"old": {"selector": {"app": "app"}}}}))
    for seen in (legacy, with_policies(HEALTHY, ROGUE)):
        assert "was not made: no Ready pod" in the(in_cluster(seen, pods=(APP,))).message


def test_a_permissive_mesh_is_not_called(client):
    finding = the(make_verification(make_mesh(mtls={"mode": "PERMISSIVE"})))
    assert (finding.level, "was not made" in finding.message) == (Level.OK, True)
    assert (client.got, client.wrote) == ([], [])


def test_each_namespace_with_sidecars_is_called_and_no_other(client):
    mesh = make_mesh(namespaces={"research": {}, "batch": {"injection": False}})
    apps = tuple(replace(APP, namespace=name) for name in ("trading", "research", "batch"))
    client.relayed = {f"/api/v1/namespaces/{pod.namespace}/pods/app-0:8080/proxy/": EOF for pod in apps}
    findings = plain_text_call.check(in_cluster(make_verification(mesh), pods=apps))
    assert [(one.name, one.level) for one in findings] == [("trading", Level.OK), ("research", Level.OK)]
