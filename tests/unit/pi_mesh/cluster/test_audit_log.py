"""The audit log of trading's proxies, read through the API server."""

import json

import pytest

from pi_mesh.cluster import audit_log
from pi_mesh.cluster.client import Relayed
from pi_mesh.cluster.pods import Container
from tests.support.snapshots import make_pod

APP = make_pod(
    "app-7d9-x",
    namespace="trading",
    owner="ReplicaSet/app-7d9",
    labels={"app": "app"},
    containers=(Container("app"), Container("istio-proxy")),
)
CALLERS = (
    make_pod("tester", namespace="dev", address="10.1.0.9"),
    make_pod("exporter", namespace="monitoring", address="192.0.2.7", host_network=True),
)


def line(**fields: object) -> str:
    entry = {"pi-mesh-audit": "v1", "denied": "- -", "peer": None, "address": "10.1.0.9", "port": 8080}
    return json.dumps(entry | fields)


@pytest.fixture
def logs(monkeypatch):
    """Let the API server answer with a status and text for every proxy; return the function that reads them."""
    asked = []

    class Client:
        def __init__(self, context):
            pass

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def relay(self, path, _seconds):
            asked.append(path)
            return Relayed(self.status, self.text)

    def read(*lines: str, status: int = 200):
        Client.status, Client.text = status, "\n".join(lines)
        return audit_log.read("test", (APP, *CALLERS), ["trading"])

    monkeypatch.setattr(audit_log, "Client", Client)
    read.asked = asked
    return read


def test_equal_calls_are_counted_and_the_most_frequent_come_first(logs):
    account = line(peer="spiffe://cluster.local/ns/argocd/sa/default", denied="denied -")
    log = logs(line(), account, account)
    assert [(call.caller, call.count) for call in log.calls] == [
        ("service account argocd/default", 2),
        ("pod dev/tester", 1),
    ]


def test_a_call_has_its_callee_its_port_and_what_would_refuse_it(logs):
    (call,) = logs(line(denied="- denied")).calls
    assert (call.callee, call.port, call.labels) == ("trading/app", 8080, {"app": "app"})
    assert (call.plain_text, call.denied) == (True, True)


def test_a_call_with_mutual_tls_is_not_in_plain_text(logs):
    (call,) = logs(line(peer="spiffe://cluster.local/ns/argocd/sa/default")).calls
    assert (call.plain_text, call.denied) == (False, False)


@pytest.mark.parametrize(
    ("address", "caller"),
    [("10.1.0.9", "pod dev/tester"), ("192.0.2.7", "node pi-1"), ("203.0.113.5", "address 203.0.113.5")],
)
def test_a_caller_without_identity_is_named_by_its_address(logs, address, caller):
    assert logs(line(address=address)).calls[0].caller == caller


def test_other_lines_of_the_proxy_are_skipped(logs):
    assert logs("2026-11-26 info Envoy proxy is ready", '{"pi-mesh-audit": broken', '["pi-mesh-audit"]').calls == ()


def test_a_log_that_may_not_be_read_is_named_with_the_reason(logs):
    log = logs('{"message": "pods is forbidden"}', status=403)
    assert (log.calls, log.unread) == ((), ("trading/app-7d9-x (pods is forbidden)",))


def test_only_the_proxies_of_the_namespace_are_read(logs):
    logs()
    (path,) = logs.asked
    assert path.startswith("/api/v1/namespaces/trading/pods/app-7d9-x/log?container=istio-proxy")
