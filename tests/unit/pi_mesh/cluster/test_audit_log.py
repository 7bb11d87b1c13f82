"""The audit log of trading's proxies, read through the API server."""

import json

import pytest

from pi_mesh.cluster import audit_log
from pi_mesh.cluster.client import Relayed
from pi_mesh.cluster.pods import Container
from tests.support.fake_client import FakeClient
from tests.support.findings import table
from tests.support.snapshots import make_pod

PROXIED = {"labels": {"app": "app"}, "containers": (Container("app"), Container("istio-proxy"))}
APP = make_pod("app-7d9-x", namespace="trading", owner="ReplicaSet/app-7d9", **PROXIED)
CALLERS = (
    make_pod("tester", namespace="dev", address="10.1.0.9"),
    make_pod("exporter", namespace="monitoring", address="192.0.2.7", host_network=True),
)
ARGOCD = "spiffe://cluster.local/ns/argocd/sa/default"


def line(**fields: object) -> str:
    entry = {"pi-mesh-audit": "v1", "denied": "- -", "peer": None, "address": "10.1.0.9", "port": 8080}
    return json.dumps(entry | fields)


@pytest.fixture
def logs(monkeypatch):
    """Return `logs(*lines)`: the log, where the API server answers so for every proxy; `logs.asked` has the paths."""
    asked = []

    def read(*lines: str, status: int = 200):
        client = FakeClient()
        monkeypatch.setattr(client, "relay", lambda path, _: asked.append(path) or Relayed(status, "\n".join(lines)))
        monkeypatch.setattr(audit_log, "Client", client)
        return audit_log.read("test", (APP, *CALLERS), ["trading"])

    read.asked = asked
    return read


def test_equal_calls_are_counted_and_the_most_frequent_come_first(logs):
    account = line(peer=ARGOCD, denied="denied -")
    calls = [(call.caller, call.count) for call in logs(line(), account, account).calls]
    assert calls == [("service account argocd/default", 2), ("workload dev/tester", 1)]


@table(({"denied": "- denied"}, True, True), ({"denied": "denied -"}, True, True), ({"peer": ARGOCD}, False, False))
def test_a_call_has_its_callee_its_port_and_what_would_refuse_it(logs, fields, plain_text, denied):
    (call,) = logs(line(**fields)).calls
    assert (call.callee, call.port, call.labels) == ("trading/app", 8080, {"app": "app"})
    assert (call.plain_text, call.denied) == (plain_text, denied)


@table(("10.1.0.9", "workload dev/tester"), ("192.0.2.7", "node pi-1"), ("203.0.113.5", "address 203.0.113.5"))
def test_a_caller_without_identity_is_named_by_its_address(logs, address, caller):
    assert logs(line(address=address)).calls[0].caller == caller


def test_other_lines_of_the_proxy_are_skipped_and_only_the_namespaces_proxies_are_read(logs):
    assert logs("2026-11-26 info Envoy proxy is ready", '{"pi-mesh-audit": broken', '["pi-mesh-audit"]').calls == ()
    (path,) = logs.asked
    assert path.startswith("/api/v1/namespaces/trading/pods/app-7d9-x/log?container=istio-proxy")


def test_a_log_that_may_not_be_read_is_named_with_the_reason(logs):
    log = logs('{"message": "pods is forbidden"}', status=403)
    assert (log.calls, log.unread) == ((), ("trading/app-7d9-x (pods is forbidden)",))
