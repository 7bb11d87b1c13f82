"""An audit names the callers that STRICT and a default deny would refuse, before either is turned on."""

import json
from collections.abc import Iterator

import pytest

from lab.calls import REFUSED, settled, status
from lab.cluster.kubectl import kubectl
from lab.cluster.waiting import wait_until
from pi_mesh.values import telemetry
from tests.live.traffic import cast
from tests.support.project import Project

pytestmark = pytest.mark.usefixtures("workloads")

DENY, LOGS = "traffic.authorization.defaultDeny", "observability.accessLogs"
INGRESS = "istio-ingressgateway.istio-system"
MESHED, BARE = "service account argocd/", "workload outside/outsider"
CALLERS = (cast.CLIENT, cast.DEPLOYER, cast.OUTSIDER)
AUDIT = {
    "mtls": {"mode": "PERMISSIVE", "audit": True},
    DENY: {"audit": True},
    LOGS: {"gateways": True, "namespaces": ["trading"], "sampling": 100, "paths": True},
    "traffic.gateways": {"logged": {"hosts": ["*"]}},
}


@pytest.fixture(scope="module")
def audited(mesh: Project) -> Iterator[Project]:
    """Yield the mesh in an audit; the last test leaves it, and afterwards the shipped mesh is back."""
    mesh.change(AUDIT)
    mesh.must_up()
    yield mesh
    mesh.must_hold_the_shipped_mesh()


def logged(namespace: str, pods: str, path: str = "/") -> list[dict]:
    """Return the lines of the access log of some pods' proxies about a path."""
    where = (f"--selector={pods}", f"--namespace={namespace}", "--container=istio-proxy", "--tail=-1")
    lines = [line for line in kubectl("logs", *where).splitlines() if telemetry.ACCESS_LOG in line]
    return [
        entry for entry in map(json.loads, lines) if telemetry.ACCESS_LOG in entry and entry.get("path", path) == path
    ]


def named(project: Project) -> dict[str, str]:
    """Return the rows of `verify` about calls to the application, by the caller and who would refuse it."""
    findings = project.operation("verify", "--all", "--json").must().findings
    messages = (one["message"] for one in findings if one["id"] == "audit" and one["name"] == "trading/trading-app")
    return {message.partition(" by ")[2]: message for message in messages}


def test_an_audit_refuses_nobody_and_verify_names_whom_the_changes_would_refuse(audited, figure):
    def answers() -> list[int]:
        return [status(one, cast.APPLICATION_URL) for one in CALLERS]

    assert settled(answers, [200, 200, 200]) == [200, 200, 200]
    answers()
    found = named(audited)
    by_deny = [caller for caller in found if caller.endswith("which the default deny would refuse")]
    assert any(caller.startswith(MESHED) for caller in by_deny)
    assert any(caller.startswith(BARE) and caller.endswith("which STRICT would refuse") for caller in found)
    assert not any("trading/" in caller for caller in found)
    figure("; ".join(found.values()))


@pytest.mark.usefixtures("audited")
def test_the_access_log_has_each_request_beside_the_audit_and_nothing_of_its_query(figure):
    assert status(cast.CLIENT, f"{cast.APPLICATION_URL}/orders?account=made-up") == 200
    assert settled(lambda: status(cast.CLIENT, f"http://{INGRESS}/nowhere?account=made-up"), 404) == 404
    pods = {("trading", "app=trading-app"): "/orders", ("istio-system", "app=istio-ingressgateway"): "/nowhere"}
    for (namespace, selector), path in pods.items():
        wait_until(f"{path} in the log", lambda one=(namespace, selector, path): bool(logged(*one)), 30)
    (order,) = logged("trading", "app=trading-app", "/orders")
    assert (order["status"], order["method"]) == (200, "GET")
    assert order["caller"].startswith("spiffe://cluster.local/ns/trading/sa/")
    nowhere = logged("istio-system", "app=istio-ingressgateway", "/nowhere")[0]
    assert nowhere["status"] == 404
    assert "made-up" not in json.dumps([order, nowhere])
    figure(json.dumps(order))


def test_strict_and_the_default_deny_are_refused_while_the_audit_names_callers(audited, figure):
    audited.change({"mtls": {"mode": "STRICT"}, DENY: {"enabled": True}})
    refused = audited.preview()
    strict, deny = (refused.refused(f"{key}: refuses callers") for key in ("mtls.mode", f"{DENY}.enabled"))
    assert BARE in strict
    assert MESHED in deny
    figure(f"{strict.strip()}; {deny.strip()}")


def test_a_setting_lets_strict_and_the_default_deny_through(audited, figure):
    cut_off = {"mtls": {"mode": "STRICT", "allowCutOff": True}, DENY: {"enabled": True, "allowCutOff": True}}
    audited.change({**cut_off, LOGS: {"namespaces": ["trading"]}})
    audited.must_up()
    refused = settled(lambda: [status(one, cast.APPLICATION_URL) for one in CALLERS], [200, 403, REFUSED])
    assert refused == [200, 403, REFUSED]
    figure("trading 200, argocd 403, no answer for the caller without a sidecar")


@pytest.mark.usefixtures("audited")
def test_without_sampling_the_access_log_has_the_requests_that_fail_alone(figure):
    def only_failed() -> bool:
        before = len(logged("trading", "app=trading-app"))
        assert [status(cast.CLIENT, cast.APPLICATION_URL) for _ in range(5)] == [200] * 5
        status(cast.CLIENT, f"{cast.APPLICATION_URL}/?status=503")
        seen = {entry["status"] for entry in logged("trading", "app=trading-app")[before:]}
        return (200 in seen, 503 in seen) == (False, True)

    # Connections of the listener before the filter log every request until that is drained.
    wait_until("five requests and a failing one log the failing one alone", only_failed, 120)
    figure("after 5 requests with 200 and one with 503: the one with 503")
