"""The objects of the calls' namespace."""

from typing import Any

import pytest

from operations.connectivity import trial_objects
from operations.connectivity.own_namespace import PATHS
from operations.connectivity.targets import INSIDE, NAMESPACE, OUTSIDE
from tests.support.factories import make_settings


def before(port: int = 80, **overrides: object) -> dict[str, dict[str, Any]]:
    made = trial_objects.before_the_pods(make_settings(**overrides), port)
    return {f"{one['kind']}/{one['metadata']['name']}": one for one in made}


def beyond(**overrides: object) -> dict[str, dict[str, Any]]:
    made = trial_objects.beyond_the_server(make_settings(**overrides), "10.0.0.2")
    return {f"{one['kind']}/{one['metadata']['name']}": one for one in made}


def test_every_object_is_in_the_namespace_and_of_a_kind_that_is_created():
    for one in (*before().values(), *beyond().values()):
        assert one["metadata"]["namespace"] == NAMESPACE
        assert one["kind"] in PATHS


def test_the_policy_admits_the_client_and_the_ingress_gateway_and_so_not_the_server():
    rules = before(ingress={"namespace": "edge"})["AuthorizationPolicy/callers"]["spec"]["rules"]
    client, gateway = (rule["from"][0]["source"] for rule in rules)
    assert client == {"principals": [f"*/ns/{NAMESPACE}/sa/client"]}
    assert gateway == {"namespaces": ["edge"]}


def test_the_ingress_gateway_gets_one_more_host_on_its_port():
    gateway, route = (before(8080)[f"{kind}/ingress"]["spec"] for kind in ("Gateway", "VirtualService"))
    assert gateway["selector"] == {"istio": "ingressgateway"}
    assert gateway["servers"] == [{"port": {"number": 8080, "name": "http", "protocol": "HTTP"}, "hosts": [INSIDE]}]
    assert (route["hosts"], route["gateways"]) == ([INSIDE], ["ingress"])
    assert "Gateway/ingress" not in before(0)


def test_the_way_out_is_by_the_egress_gateway_or_direct_without_one():
    made = beyond()
    assert made[f"ServiceEntry/{OUTSIDE}"]["spec"]["endpoints"] == [{"address": "10.0.0.2"}]
    first, second = made["VirtualService/egress"]["spec"]["http"]
    assert first["route"][0]["destination"]["host"] == "istio-egressgateway.istio-system.svc.cluster.local"
    assert second["route"][0]["destination"]["host"] == OUTSIDE
    assert second["headers"]["request"]["set"] == {"x-pi-mesh-way": "through the egress gateway"}
    assert beyond(egress={"enabled": False}).keys() == {f"ServiceEntry/{OUTSIDE}"}


@pytest.mark.parametrize("name", ["VirtualService/ingress", "VirtualService/egress", f"ServiceEntry/{OUTSIDE}"])
def test_only_the_gateways_learn_of_the_routes_besides_the_pods(name):
    every = {**before(ingress={"namespace": "edge"}), **beyond(ingress={"namespace": "edge"})}
    assert every[name]["spec"]["exportTo"] == [".", "istio-system", "edge"]
    notes = every["Service/server"]["metadata"]["annotations"]
    assert notes == {"networking.istio.io/exportTo": ".,istio-system,edge"}
