"""A call between two of the user's own workloads."""

from dataclasses import replace
from typing import Any

import pytest

from operations.connectivity import own_call
from operations.connectivity.own_call import End
from operations.failures import UsageError
from pi_mesh.checks.finding import Finding, Level
from pi_mesh.cluster import policies, proxies
from pi_mesh.cluster.pods import Container
from pi_mesh.cluster.policies import Policies, Policy
from pi_mesh.cluster.port_forward import NotForwardedError
from tests.support.factories import make_settings
from tests.support.fake_client import FakeClient
from tests.support.own_calls import APP, CLIENT, SERVER, STRICT, access, make_call, policy
from tests.support.snapshots import make_snapshot

EJECTED = {"health_status": {"failed_outlier_check": True}}
LOST = {"hosts": ["app"], "http": [{"route": [{"destination": {"host": "gone"}}]}]}


def judged(monkeypatch: pytest.MonkeyPatch, hosts: Any, *policies: Any, **changes: Any) -> list[Finding]:
    def answer(*asked: str) -> Any:
        assert asked == ("test", "shop", "client-0", "outbound|80||app.trading.svc.cluster.local")
        if isinstance(hosts, Exception):
            raise hosts
        return hosts

    monkeypatch.setattr(proxies, "read_endpoints", answer)
    return list(own_call.proxy_findings(make_settings(), make_call(*policies, **changes)))


@pytest.mark.parametrize(("hosts", "level", "said"), [
    ([{}, EJECTED], Level.OK, "has 2 endpoints of trading/app:80, 1 of them healthy"),
    ([EJECTED, EJECTED], Level.ERROR, "has ejected every endpoint of trading/app:80 (outlier detection)"),
    ([], Level.ERROR, "has no endpoint of trading/app:80"),
    (None, Level.ERROR, "does not know trading/app:80"),
    (NotForwardedError("no kubectl"), Level.UNKNOWN, "was not asked: no kubectl"),
])  # fmt: skip
def test_the_proxys_endpoints_are_told(monkeypatch, hosts, level, said):
    (finding,) = judged(monkeypatch, hosts)
    assert (str(finding.subject), finding.level, finding.message) == ("pod shop/client-0", level, said)


def test_a_proxy_that_is_none_or_does_not_learn_of_the_service_is_not_asked(monkeypatch):
    assert judged(monkeypatch, None, caller=replace(CLIENT, containers=())) == []
    assert judged(monkeypatch, None, service=None) == []
    assert judged(monkeypatch, None, policy("Sidecar", {"egress": [{"hosts": ["./*"]}]}, "scope", "shop")) == []


SLICES = "/apis/discovery.k8s.io/v1/namespaces/trading/endpointslices"
READY = {"addresses": ["10.0.0.2"], "conditions": {"ready": True}, "targetRef": {"kind": "Pod", "name": "app-0"}}


class Cluster:
    """A cluster with the client in `shop` and the Service `app` in `trading`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.spec = {"ports": [{"name": "http", "port": 80}], "selector": {"app": "app"}}
        item = {"metadata": {"namespace": "trading", "name": "app"}, "spec": self.spec}
        slices = {"items": [{"ports": [{"name": "http", "port": 8080}], "endpoints": [READY]}]}
        self.client = FakeClient({"/api/v1/namespaces/trading/services/app": item, SLICES: slices})
        self.snapshot = make_snapshot(pods=(CLIENT, SERVER), services=(APP,))
        self.policies = Policies((STRICT,), {"rootNamespace": "istio-system"})
        monkeypatch.setattr(own_call, "Client", self.client)
        monkeypatch.setattr(policies, "read", lambda *_: self.policies)
        monkeypatch.setattr(own_call, "proxy_findings", lambda *_: iter(()))

    def add(self, *objects: Policy) -> None:
        self.policies = replace(self.policies, objects=(STRICT, *objects))

    def judged(self, caller: str = "shop/client-0", callee: str = "trading/app") -> list[Finding]:
        return own_call.call_findings(make_settings(), self.snapshot, end(caller), end(callee, "--to"))

    def errors(self, *ends: str) -> list[str]:
        return [str(one.subject) for one in self.judged(*ends) if one.level is Level.ERROR]


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Cluster:
    return Cluster(monkeypatch)


def end(text: str, option: str = "--from") -> End:
    return own_call.parse_end("test", option, text, with_port=option == "--to")


@pytest.mark.parametrize(("option", "text"), [
    ("--from", "shop/client:80"),
    *(("--to", text) for text in ("app", "trading/", "/app", "trading/app:x", "trading/app:", "T/app", "a/b/c", "")),
])  # fmt: skip
def test_an_end_that_names_nothing_and_a_port_of_the_caller_are_refused(option, text):
    form = {"--from": "NAMESPACE/NAME;", "--to": "NAMESPACE/NAME or NAMESPACE/NAME:PORT"}[option]
    with pytest.raises(UsageError, match=f"{option} '{text}' is not {form}"):
        end(text, option)


def test_a_call_that_nothing_refuses_is_said_by_each_check(cluster):
    checks = ("sidecar scope", "route", "endpoints", "mutual TLS", "access")
    assert {(one.id, one.level) for one in cluster.judged()} == {(id, Level.OK) for id in checks}


@pytest.mark.parametrize(("added", "subject"), [
    (access("DENY", {}, name="closed"), "AuthorizationPolicy trading/closed"),
    (Policy("VirtualService", "trading", "lost", LOST), "VirtualService trading/lost"),
])  # fmt: skip
def test_the_policy_or_route_that_refuses_it_is_named(cluster, added, subject):
    cluster.add(added)
    assert cluster.errors() == [subject]


def test_the_endpoints_are_those_of_the_services_slices(cluster):
    cluster.client.answers[SLICES] = {"items": []}
    assert cluster.errors() == ["service trading/app"]


def test_a_workload_is_named_by_its_controller_and_a_ready_pod_of_it_calls(cluster):
    owned = replace(CLIENT, owner="ReplicaSet/client-5f")
    waiting = replace(owned, name="client-1", ready=False, containers=())
    cluster.snapshot = make_snapshot(pods=(waiting, owned, SERVER), services=(APP,))
    assert cluster.errors("shop/client") == []


@pytest.mark.parametrize(("caller", "callee", "said"), [
    ("shop/gone", "trading/app", "namespace shop has no such workload or pod with pods; it has client-0"),
    ("empty/gone", "trading/app", "namespace empty has no such workload or pod with pods; it has no pods"),
    ("shop/client-0", "trading/gone", "namespace trading has no such Service, workload or pod with pods"),
    ("shop/client-0", "trading/app:81", "--to trading/app: the Service's ports are 80, 9000; give one of them"),
    ("shop/client-0", "trading/app", "the Service's ports are 80, 9000"),
    ("shop/client-0", "trading/app-0", "its containers declare these ports: none; give one: NAME:PORT"),
])  # fmt: skip
def test_an_end_that_is_not_there_is_refused_with_what_there_is(cluster, caller, callee, said):
    cluster.spec["ports"].append({"name": "metrics", "port": 9000})
    assert cluster.errors("shop/client-0", "trading/app:80") == []
    with pytest.raises(UsageError) as raised:
        cluster.judged(caller, callee)
    assert said in str(raised.value)


def test_a_workload_without_a_service_is_called_on_its_containers_port(cluster):
    serving = replace(SERVER, containers=(Container("app", ports=(8080,)), *SERVER.containers))
    cluster.snapshot = make_snapshot(pods=(CLIENT, serving))
    cluster.add(access("ALLOW", {"to": [{"operation": {"ports": ["8080"]}}]}))
    assert cluster.errors("shop/client-0", "trading/app-0") == []
    assert cluster.errors("shop/client-0", "trading/app-0:9") == ["AuthorizationPolicy trading/one"]


def test_kinds_that_may_not_be_listed_are_told(cluster):
    cluster.policies = replace(cluster.policies, unreadable=("AuthorizationPolicy",))
    (hidden,) = (one for one in cluster.judged() if one.level is Level.UNKNOWN)
    assert hidden.message == "AuthorizationPolicy may not be read, and was left out"
