"""The objects of a snapshot."""

from pi_mesh.cluster import objects
from tests.support.findings import table


@table((["UDP"], True), (["UDP", "TCP"], False), (["UDP", None], False), ([], False))
def test_a_service_is_of_udp_if_no_port_is_of_another_protocol_and_tcp_is_the_default(protocols, is_udp):
    ports = [{"port": 53, **({"protocol": protocol} if protocol else {})} for protocol in protocols]
    service = {"metadata": {"namespace": "trading", "name": "a"}, "spec": {"ports": ports}}
    assert objects.service(service).is_udp is is_udp
