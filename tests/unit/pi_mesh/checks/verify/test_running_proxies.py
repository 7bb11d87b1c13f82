"""The command `verify` on running proxies, as istiod reports them."""

from dataclasses import replace
from unittest.mock import Mock

from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify import running_proxies
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.port_forward import NotForwardedError
from pi_mesh.cluster.proxies import Proxies, Proxy
from tests.support.findings import assert_lines, case, table
from tests.support.healthy_mesh import HEALTHY, in_cluster, make_verification
from tests.support.versions import BEFORE, NEWEST

SHOP = Proxy(Pod("trading", "shop-7d9f-1", owner="ReplicaSet/shop-7d9f"), NEWEST, connected=True)
LOST, UNASKED = (replace(SHOP, connected=connected) for connected in (False, None))
OLDER = "WARNING trading/shop: runs with a stale proxy: concurrency 1, now 2"
OLD_ISTIOD = replace(HEALTHY.snapshot.deployments[0], containers=(Container("discovery", image=f"p:{BEFORE}"),))
STALE = f"WARNING deployment trading/shop: …{BEFORE}…; `kubectl rollout restart -n trading deployment/shop`$"


@table(
    case("connected, as istiod injects it", Proxies(NEWEST, (SHOP,)), (), "OK "),
    case("not connected", Proxies(NEWEST, (LOST,)), (), "WARNING trading/shop-7d9f-1: …is not connected to istiod"),
    case("starting", Proxies(NEWEST, (replace(LOST, pod=replace(SHOP.pod, ready=False)),)), (), "OK "),
    case("older settings are told of the workload", Proxies(NEWEST, (SHOP,)), ("concurrency 1, now 2",), OLDER),
    case("another version is a stale proxy's row", Proxies(NEWEST, (SHOP,)), ("image a, now b",), "OK "),
    case("no injector to ask", Proxies(NEWEST, (SHOP,)), NotForwardedError("no webhook"), "UNKNOWN "),
    case("no istiod to ask", Proxies(NEWEST, (UNASKED,), "no pod of istiod is Ready"), (), "UNKNOWN "),
    case("no proxies", Proxies(NEWEST, ()), (), ""),
)
def test_a_running_proxy_is_judged_by_its_connection_and_its_settings(monkeypatch, running, older, line):
    compared = older if isinstance(older, Exception) else {SHOP.id: older}
    monkeypatch.setattr(running_proxies.proxies, "read", lambda *_, **__: running)
    monkeypatch.setattr(running_proxies.stale_proxies, "read", Mock(side_effect=[compared]))
    assert_lines(running_proxies.check(make_verification()), line)


def proxy(image: str = f"docker.io/istio/proxyv2:{BEFORE}", **more: object) -> Pod:
    containers = (Container("istio-proxy", image=image),)
    return replace(Pod("trading", "shop-1", owner="ReplicaSet/shop-7d9f", containers=containers), **more)


def of(*pods: Pod, **more: object) -> Observation:
    return in_cluster(HEALTHY, pods=pods, **more)


@table(
    case("a stale proxy", of(proxy()), STALE),
    case("two of one workload are one warning", of(proxy(), proxy()), "WARNING=2 deployment trading/shop"),
    case("of no workload", of(proxy(owner="")), "WARNING kubectl delete pod -n trading shop-1"),
    case("of istiod's version", of(proxy(f"istio/proxyv2:{NEWEST}")), "OK "),
    case("of a registry's", of(proxy(f"registry:5000/istio/proxyv2:{NEWEST}-distroless")), "OK "),
    case("of an unknown one", of(proxy("istio/proxyv2@sha256:aa")), "OK "),
    case("on its way out", of(proxy(ending=True)), ""),
    case("as old as the istiod that runs", of(proxy(), deployments=(OLD_ISTIOD,)), "OK "),
)
def test_a_proxy_that_is_older_than_its_istiod_is_a_warning(observed, line):
    assert_lines(running_proxies.check_versions(observed), line)
