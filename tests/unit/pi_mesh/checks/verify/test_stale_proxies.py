"""Proxies that are older than their istiod."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.checks.verify import stale_proxies
from pi_mesh.cluster.pods import Container, Pod
from tests.support.healthy_mesh import in_cluster

OLD = "docker.io/istio/proxyv2:1.30.0"


def proxy(image: str, owner: str = "ReplicaSet/shop-7d9f", **more: object) -> Pod:
    return replace(Pod("trading", "shop-1", owner=owner, containers=(Container("istio-proxy", image=image),)), **more)


def findings(seen, *pods: Pod):
    return list(stale_proxies.check(in_cluster(seen, pods=pods)))


def test_a_stale_proxy_is_a_warning_with_the_restart_of_its_workload(healthy):
    (finding,) = findings(healthy, proxy(OLD))
    assert (finding.level, finding.kind, finding.name) == (Level.WARNING, "deployment", "trading/shop")
    assert "1.30.0" in finding.message
    assert finding.fix == "`kubectl rollout restart -n trading deployment/shop`"


def test_the_proxies_of_one_workload_are_one_warning(healthy):
    (finding,) = findings(healthy, proxy(OLD), proxy(OLD))
    assert finding.number == 2


def test_a_pod_of_no_workload_has_to_be_made_anew(healthy):
    (finding,) = findings(healthy, proxy(OLD, owner=""))
    assert "kubectl delete pod -n trading shop-1" in finding.fix


@pytest.mark.parametrize(
    "image", ["istio/proxyv2:1.31.0", "registry:5000/istio/proxyv2:1.31.0-distroless", "istio/proxyv2@sha256:aa"]
)
def test_a_proxy_of_istiods_version_or_of_an_unknown_one_is_none(healthy, image):
    assert [one.level for one in findings(healthy, proxy(image))] == [Level.OK]


def test_an_old_pod_on_its_way_out_is_not_judged(healthy):
    assert findings(healthy, proxy(OLD, ending=True)) == []


def test_proxies_are_compared_with_the_istiod_that_runs(healthy):
    istiod = replace(
        healthy.snapshot.deployments[0], name="istiod", containers=(Container("discovery", image="p:1.30.0"),)
    )
    seen = in_cluster(healthy, deployments=(istiod,))
    assert [one.level for one in findings(seen, proxy(OLD))] == [Level.OK]
