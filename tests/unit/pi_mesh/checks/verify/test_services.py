"""The verification's rows about the Services of the mesh."""

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.checks.verify.services import check
from pi_mesh.cluster.objects import Service
from tests.support.factories import make_mesh
from tests.support.healthy_mesh import in_cluster, make_verification


@pytest.mark.parametrize(
    ("has", "level", "said"),
    [
        (("192.0.2.1",), Level.OK, "is LoadBalancer at 192.0.2.1, ports 80"),
        (("192.0.2.9",), Level.WARNING, "is at 192.0.2.9, and asks for 192.0.2.1"),
        ((), Level.WARNING, "waits for an address"),
    ],
    ids=["the one", "another one", "none"],
)
def test_a_gateway_has_the_address_that_it_asks_for(has, level, said):
    mesh = make_mesh(ingress={"service": {"type": "LoadBalancer", "address": "192.0.2.1"}})
    live = Service("istio-system", "istio-ingressgateway", "LoadBalancer", has, (80,))
    findings = check(in_cluster(make_verification(mesh), services=(live,)))
    (finding,) = (one for one in findings if one.name == "istio-system/istio-ingressgateway")
    assert (finding.level, finding.message[: len(said)]) == (level, said)
