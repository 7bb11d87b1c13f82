"""The settings of the gateways."""

import pytest

from pi_mesh.settings import SettingsError
from tests.support.factories import make_settings


@pytest.mark.parametrize("service", [{}, {"nodePorts": {}}])
def test_the_egress_gateway_stays_inside_unless_its_type_is_given(service):
    assert make_settings(egress={"service": service}).egress.service.type == "ClusterIP"


@pytest.mark.parametrize(
    ("service", "said"),
    [
        ({"type": "ClusterIP", "externalTrafficPolicy": "Local"}, "externalTrafficPolicy needs a service of type"),
        ({"type": "NodePort", "address": "192.0.2.1"}, "address: only a service of type LoadBalancer or auto"),
        ({"type": "ClusterIP", "sourceRanges": ["192.0.2.0/24"]}, "sourceRanges: only a service of type LoadBalancer"),
        ({"addressBy": "MetalLB"}, "addressBy needs address"),
        ({"address": "2001:db8::1"}, "is not an IPv4 address"),
        ({"loadBalancerClass": "not a class"}, 'is not a class such as "metallb.io/metallb"'),
        ({"nodePorts": {"web": 30080}}, "web"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_service_that_nobody_could_serve_is_refused(service, said):
    with pytest.raises(SettingsError, match=said):
        make_settings(ingress={"service": service})
