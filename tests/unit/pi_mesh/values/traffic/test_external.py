"""The way through the egress gateway: requests are known by the host that they ask for."""

import re

import pytest

from pi_mesh.values.traffic import stages
from tests.support.factories import make_settings

OUTSIDE = {"hosts": ["api.example.org"], "protocol": "HTTP", "port": 8080, "throughGateway": True}


@pytest.fixture
def pattern() -> re.Pattern[str]:
    """Return the pattern for the host of a request on its way to the gateway."""
    made, _ = stages(make_settings(traffic={"external": {"broker": OUTSIDE}}))
    (route,) = [one for one in made if one["kind"] == "VirtualService"]
    return re.compile(route["spec"]["http"][0]["match"][0]["authority"]["regex"])


@pytest.mark.parametrize("host", ["api.example.org", "api.example.org:8080"])
def test_the_host_is_known_with_and_without_its_port(pattern, host):
    assert pattern.fullmatch(host)


@pytest.mark.parametrize("host", ["api.example.org.evil.net", "apixexample.org", "api.example.org:evil"])
def test_another_host_is_not_taken_for_it(pattern, host):
    assert not pattern.fullmatch(host)


DATABASE = {"hosts": ["db.example.org"], "protocol": "TCP", "port": 5432}


@pytest.mark.parametrize(("more", "spec"), [({"addresses": ["10.1.2.3"]}, ["10.1.2.3"]), ({}, None)])
def test_a_tcp_host_has_the_addresses_that_are_given_and_no_others(more, spec):
    (entry,), _ = stages(make_settings(traffic={"external": {"database": {**DATABASE, **more}}}))
    assert entry["spec"].get("addresses") == spec


@pytest.mark.parametrize(("host", "resolution"), [("db.example.org", "DNS"), ("*.example.org", "NONE")])
def test_only_a_host_without_a_wildcard_is_resolved(host, resolution):
    (entry,), _ = stages(make_settings(traffic={"external": {"database": {"hosts": [host]}}}))
    assert entry["spec"]["resolution"] == resolution
