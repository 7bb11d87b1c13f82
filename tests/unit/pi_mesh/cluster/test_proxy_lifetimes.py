"""The life of the certificates that running proxies ask for."""

from datetime import timedelta

import pytest

from pi_mesh.cluster import pods, proxy_lifetimes
from pi_mesh.cluster.pods import Pod
from tests.support.snapshots import make_snapshot


def pod(secret_ttl: str | None, container: str = "istio-proxy", kind: str = "containers") -> Pod:
    env = [] if secret_ttl is None else [{"name": "OTHER"}, {"name": "SECRET_TTL", "value": secret_ttl}]
    spec = {"containers": [{"name": "app"}], kind: [{"name": container, "env": env, "restartPolicy": "Always"}]}
    return pods.parse({"metadata": {"namespace": "trading", "name": "x"}, "spec": spec})


def longest(*running: Pod) -> timedelta:
    return proxy_lifetimes.longest(make_snapshot(pods=running))


@pytest.mark.parametrize(
    ("secret_ttl", "hours"), [("2h", 2), ("90m", 1.5), ("1h30m0s", 1.5), ("24h0m0s", 24), (None, 24), ("a day", 24)]
)
def test_a_proxy_asks_for_what_its_own_pod_says(secret_ttl, hours):
    assert longest(pod(secret_ttl)) == timedelta(hours=hours)


def test_the_longest_counts_and_a_native_sidecar_too():
    assert longest(pod("2h"), pod("720h", kind="initContainers"), pod("10m")) == timedelta(days=30)


def test_a_pod_without_a_proxy_asks_for_none():
    assert longest(pod("720h", container="app")) == timedelta()


def test_where_pods_may_not_be_listed_istios_default_counts():
    assert proxy_lifetimes.longest(make_snapshot(unreadable=("pods",))) == timedelta(hours=24)
