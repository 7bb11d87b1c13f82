"""An istiod that watches the mesh's own namespaces alone."""

import pytest

from lab.calls import settled
from lab.cluster.kubectl import kubectl, staying_pods
from lab.workloads import CONTROL, apply, namespace, service
from tests.support.project import Project
from tests.support.proxies import Proxy

ELSEWHERE, QUIET = "elsewhere", "quiet"


@pytest.mark.long
def test_another_namespace_is_unknown_and_is_named_once_it_asks_for_sidecars(alone: Project, figure):
    """Other tests' workloads are gone: preflight names each of their namespaces too."""
    alone.must_hold_the_shipped_mesh()
    apply([namespace(ELSEWHERE), service(QUIET, {"app": QUIET}, ELSEWHERE, http=8080)])
    try:
        before = settled(gateway_knows, True)
        alone.set("istio.discovery", {"limited": True})
        alone.must_up()
        limited = settled(gateway_knows, False)
        verified = alone.operation("verify").status
        kubectl("label", "namespace", ELSEWHERE, "istio-injection=enabled")
        refused = alone.preview()
        alone.set("istio.discovery", {"limited": True, "also": [ELSEWHERE]})
        alone.must_up()
        kept = settled(gateway_knows, True)
    finally:
        kubectl("delete", "namespace", ELSEWHERE, "--wait=false")
    assert (before, limited, verified, kept) == (True, False, 0, True)
    assert f"add {ELSEWHERE} to istio.discovery.also" in refused.refused(f"namespace {ELSEWHERE}:")
    figure("the ingress gateway knew the Service, did not while limited, and did again with `also`; verify 0")


def gateway_knows() -> bool:
    """Return True if the ingress gateway's proxy has a cluster for port 80 of the Service."""
    (pod,) = staying_pods(CONTROL, "app=istio-ingressgateway")
    try:
        Proxy(CONTROL, pod["metadata"]["name"]).cluster(f"outbound|80||{QUIET}.{ELSEWHERE}.svc.cluster.local")
    except StopIteration:
        return False
    return True
