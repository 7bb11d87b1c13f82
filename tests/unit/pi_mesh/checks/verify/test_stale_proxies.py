"""Proxies that are older than their istiod."""

from dataclasses import replace

from pi_mesh.checks.observation import Observation
from pi_mesh.checks.verify import stale_proxies
from pi_mesh.cluster.pods import Container, Pod
from tests.support.findings import assert_lines, case, table
from tests.support.healthy_mesh import HEALTHY, in_cluster
from tests.support.versions import BEFORE, NEWEST


def proxy(image: str = f"docker.io/istio/proxyv2:{BEFORE}", **more: object) -> Pod:
    containers = (Container("istio-proxy", image=image),)
    return replace(Pod("trading", "shop-1", owner="ReplicaSet/shop-7d9f", containers=containers), **more)


def of(*pods: Pod, **more: object) -> Observation:
    return in_cluster(HEALTHY, pods=pods, **more)


OLD_ISTIOD = replace(HEALTHY.snapshot.deployments[0], containers=(Container("discovery", image=f"p:{BEFORE}"),))
STALE = f"WARNING deployment trading/shop: …{BEFORE}…; `kubectl rollout restart -n trading deployment/shop`$"
DIGEST = "istio/proxyv2@sha256:aa"


@table(
    case("a stale proxy", of(proxy()), STALE),
    case("two of one workload are one warning", of(proxy(), proxy()), "WARNING=2 deployment trading/shop"),
    case("of no workload", of(proxy(owner="")), "WARNING kubectl delete pod -n trading shop-1"),
    case("of istiod's version", of(proxy(f"istio/proxyv2:{NEWEST}")), "OK "),
    case("of a registry's", of(proxy(f"registry:5000/istio/proxyv2:{NEWEST}-distroless")), "OK "),
    case("of an unknown one", of(proxy(DIGEST)), "OK "),
    case("on its way out", of(proxy(ending=True)), ""),
    case("as old as the istiod that runs", of(proxy(), deployments=(OLD_ISTIOD,)), "OK "),
)
def test_a_proxy_that_is_older_than_its_istiod_is_a_warning(observed, line):
    assert_lines(stale_proxies.check(observed), line)
