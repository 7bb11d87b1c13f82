"""Hosts outside the mesh, with the refusal of those that Istio would refuse or misunderstand."""

import pytest

from pi_mesh.settings import SettingsError
from tests.support.factories import make_settings

DATABASE = {"hosts": ["a.example.com"], "protocol": "TCP", "port": 5432}


def refusal(**entry: object) -> str:
    with pytest.raises(SettingsError) as refused:
        make_settings(traffic={"external": {"e": entry}})
    (line,) = refused.value.problems
    return line


@pytest.mark.parametrize("host", ["kubernetes.default.svc.cluster.local", "kubernetes.default.svc"])
def test_a_service_of_the_cluster_is_no_outside_host(host):
    assert "is a Service of the cluster" in refusal(hosts=[host])


def test_the_dns_name_of_a_pod_may_be_an_outside_host():
    host = "10-1-0-7.shop.pod.cluster.local"
    assert make_settings(traffic={"external": {"e": {"hosts": [host]}}}).traffic.external["e"].hosts == (host,)


def test_an_address_is_no_host():
    assert "is an IP address" in refusal(hosts=["10.0.0.1"])


def test_addresses_are_for_tcp():
    assert "addresses need protocol TCP" in refusal(hosts=["a.example.com"], addresses=["10.0.0.1"])


@pytest.mark.parametrize("address", ["10.1.2.3/8", "a.example.com", "10.0.0"])
def test_what_is_no_address_is_refused_in_words(address):
    assert "is neither an IP address nor a range" in refusal(**DATABASE, addresses=[address])


@pytest.mark.parametrize("port", [15001, 15021])
def test_a_port_of_the_proxy_itself_is_refused(port):
    assert "is a port that Istio's proxy uses itself" in refusal(**{**DATABASE, "port": port})
