"""The refusal of listeners that cannot share a port."""

import pytest

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.traffic.shared_ports import check
from tests.support.factories import make_settings

HOME, OFFICE = ["192.168.0.0/16"], ["192.0.2.7"]
A, B = {"hosts": ["a.example"]}, {"hosts": ["b.example"]}


def tls(secret: str = "certificate", **more: object) -> dict:
    return {"protocol": "HTTPS", "tls": {"secret": secret, **more}}


def found(**listeners: dict) -> list[Finding]:
    return list(check(make_settings(traffic={"gateways": listeners}), None))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({}, {}),
        ({"port": 8080}, {"protocol": "GRPC", "port": 8080}),
        ({**A, **tls()}, {**B, **tls("other")}),
        ({**A, **tls()}, {**B, "protocol": "TLS"}),
        ({"protocol": "TCP", "port": 9000}, {"protocol": "TCP", "port": 9001}),
    ],
    ids=["http by host", "http and grpc", "https by host", "https and tls by host", "tcp on two ports"],
)
def test_listeners_that_istio_can_tell_apart_share_a_port(first, second):
    assert found(g=first, h=second) == []


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ({}, {"protocol": "TCP", "port": 80}, "is 80, which g (HTTP) and h (TCP) cannot share"),
        (
            {"protocol": "TCP", "port": 9},
            {"protocol": "TCP", "port": 9},
            "is 9, which g (TCP) and h (TCP) cannot share",
        ),
        ({"port": 443}, {**A, "protocol": "TLS"}, "is 443, which g (HTTP) and h (TLS) cannot share"),
        ({**A, **tls()}, {**A, "protocol": "TLS"}, "on which g (HTTPS) and h (TLS) both have host a.example"),
    ],
    ids=["http and tcp", "tcp twice", "http and tls", "https and tls for one host"],
)
def test_listeners_of_which_istio_serves_one_alone_are_refused(first, second, said):
    (finding,) = found(g=first, h=second)
    assert (finding.level, str(finding.subject)) == (Level.ERROR, "traffic.gateways.h.port")
    assert said in finding.message


@pytest.mark.parametrize(
    ("first", "second"),
    [({"port": 8443}, {"tls": {"secret": "a", "port": 8443}}), (tls("a"), tls("b"))],
    ids=["http and https", "https for one host"],
)
def test_what_running_stacks_may_have_is_a_warning_for_one_version(first, second):
    (finding,) = found(g=first, h=second)
    assert finding.level is Level.WARNING
    assert "0.3.0 refuses it" in finding.message


@pytest.mark.parametrize("host", ["*", "*.example"])
def test_a_list_of_addresses_needs_hosts_where_others_share_its_port(host):
    (finding,) = found(g={"allowAddresses": HOME, "hosts": [host]}, h=B)
    assert (finding.level, str(finding.subject)) == (Level.ERROR, "traffic.gateways.g.allowAddresses")
    assert f"has host {host} on port 80, which it shares with h" in finding.message


@pytest.mark.parametrize(
    "listeners",
    [
        {"g": {**A, "allowAddresses": HOME}, "h": {}},
        {"g": {"allowAddresses": HOME}, "h": {"allowAddresses": HOME}},
        {"g": {"allowAddresses": HOME}, "h": {"port": 8080, "allowAddresses": OFFICE}},
        {"g": {"hosts": ["*.a.example"], "allowAddresses": HOME, **tls()}, "h": {**B, **tls("other")}},
    ],
    ids=["a named host", "equal lists", "other ports", "a domain by its server name"],
)
def test_lists_that_rules_can_tell_apart_are_fine(listeners):
    assert found(**listeners) == []


def test_two_issuers_do_not_write_one_secret():
    one, other = ({"secret": "shop", "port": port, "issuer": {"name": name}} for port, name in ((443, "a"), (444, "b")))
    (finding,) = found(g={**A, "tls": one}, h={**B, "tls": other})
    assert finding.message.startswith("name different issuers for Secret shop")
