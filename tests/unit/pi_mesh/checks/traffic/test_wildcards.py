"""The findings about a `*` that Istio takes literally, and about TCP hosts that are wider than meant."""

import pytest

from pi_mesh.checks.finding import NEXT, Finding, Level
from pi_mesh.checks.traffic.wildcards import check
from tests.support.factories import make_settings
from tests.support.traffic_problems import of_settings

DATABASE = {"hosts": ["a.example.com"], "protocol": "TCP", "port": 5432}
OTHER = {**DATABASE, "hosts": ["b.example.com"]}


def rules(rule: dict, version: str = "1.31.0") -> list[Finding]:
    policies = {"p": {"action": "DENY", "rules": [rule]}}
    settings = make_settings(istio={"version": version}, traffic={"authorization": {"policies": policies}})
    return [*check(of_settings(settings, None))]


def external(**entries: dict) -> list[Finding]:
    return [*check(of_settings(make_settings(traffic={"external": entries}), None))]


@pytest.mark.parametrize(
    "rule", [{"paths": ["*/admin*"]}, {"paths": ["/api/*/secret"]}, {"principals": ["*/ns/dev/*"]}, {"paths": ["/a**"]}]
)
def test_a_wildcard_that_istio_takes_literally_is_told_with_the_version_that_refuses_it(rule):
    (finding,) = rules(rule)
    assert finding.level is Level.WARNING
    assert finding.message.endswith(f"pi-mesh {NEXT} refuses it")


@pytest.mark.parametrize(
    "rule", [{"paths": ["/admin*", "*/admin", "*"]}, {"principals": ["*", "cluster.local/ns/dev/*", "*/sa/bot"]}]
)
def test_a_wildcard_alone_or_at_one_end_is_fine(rule):
    assert rules(rule) == []


@pytest.mark.parametrize(("version", "problems"), [("1.20.3", 1), ("1.21.0", 1), ("1.22.0", 0), ("1.31.0", 0)])
def test_path_templates_are_known_since_1_22(version, problems):
    assert len(rules({"paths": ["/shops/{*}/orders/{**}"]}, version)) == problems


def test_a_wildcard_for_tcp_is_told_since_any_host_on_the_port_gets_out():
    (finding,) = external(e={**DATABASE, "hosts": ["*.example.com"]})
    assert "any host on port 5432" in finding.message
    assert f"pi-mesh {NEXT} refuses it" in finding.message


def test_two_tcp_entries_on_one_port_are_told_by_their_names():
    told = external(e=DATABASE, f=OTHER)
    assert "e and f share port 5432 without addresses" in told[-1].message
    assert f"pi-mesh {NEXT} refuses it" in told[-1].message


def test_a_tcp_entry_without_addresses_gets_all_connections_to_its_port():
    (finding,) = external(e=DATABASE)
    assert finding.level is Level.WARNING
    assert NEXT not in finding.message


def test_tcp_entries_with_addresses_are_fine():
    wild = {**DATABASE, "hosts": ["*.example.com"], "addresses": ["10.3.0.0/16"]}
    assert external(e={**DATABASE, "addresses": ["10.1.2.3"]}, f={**OTHER, "addresses": ["10.2.0.0/16"]}, g=wild) == []


def test_entries_with_addresses_or_names_hide_no_later_one_without():
    told = external(d={**DATABASE, "addresses": ["10.1.2.3"]}, e={"hosts": ["c.example.com"]}, f=OTHER)
    assert [finding.name for finding in told] == ["traffic.external.f"]
