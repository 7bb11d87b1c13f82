"""The refusal of wrong traffic settings, with the key's path and the allowed values."""

import pytest

from pi_mesh.settings import SettingsError
from pi_mesh.values.traffic import stages
from tests.support.factories import make_settings

REFUSED = {
    "a field that is none": ({"gateways": {"web": {"tlss": {}}}}, "traffic.gateways.web.tlss: is not a setting"),
    "a part that is none": ({"canary": {}}, "traffic.canary: is not a setting"),
    "weights below 100": (
        {"routes": {"r": {"hosts": ["a"], "http": [{"to": [{"service": "a", "weight": 40}, {"service": "b"}]}]}}},
        "traffic.routes.r.http[0]: weights 40 + 0 add up to 40; they must add up to 100",
    ),
    "weights above 100": (
        {"canaries": {"c": {"service": "a", "weights": {"v1": 90, "v2": 20}}}},
        "traffic.canaries.c: weights 90 + 20 add up to 110",
    ),
    "weights of TCP connections": (
        {"routes": {"r": {"hosts": ["a"], "tcp": [{"service": "a", "weight": 60}, {"service": "b", "weight": 30}]}}},
        "traffic.routes.r: weights 60 + 30 add up to 90",
    ),
    "two destinations of TLS connections without weights": (
        {"routes": {"r": {"hosts": ["a"], "tls": [{"service": "a"}, {"service": "b"}]}}},
        "traffic.routes.r: weights 0 + 0 add up to 0",
    ),
    "two destinations of requests without weights": (
        {"routes": {"r": {"hosts": ["a"], "http": [{"to": [{"service": "a"}, {"service": "b"}]}]}}},
        "traffic.routes.r.http[0]: weights 0 + 0 add up to 0",
    ),
    "two sources of keys": (
        {"authorization": {"tokens": {"t": {"issuer": "i", "jwksUri": "https://keys.example", "jwks": "{}"}}}},
        "traffic.authorization.tokens.t: jwksUri and jwks are both set",
    ),
    "a private key among public ones": (
        {"authorization": {"tokens": {"t": {"issuer": "i", "jwks": '{"keys": [{"d": "x"}]}'}}}},
        "traffic.authorization.tokens.t: jwks contains a private key",
    ),
    "the weight of a single destination": (
        {"routes": {"r": {"hosts": ["a"], "http": [{"to": [{"service": "a", "weight": 0}]}]}}},
        "traffic.routes.r.http[0]: weights 0 add up to 0",
    ),
    "a route without a rule": ({"routes": {"r": {"hosts": ["a"]}}}, "traffic.routes.r: has no rule"),
    "any host inside the mesh": (
        {"routes": {"r": {"hosts": ["*"], "tcp": [{"service": "a"}]}}},
        "traffic.routes.r: hosts has '*'",
    ),
    "two path conditions": (
        {"routes": {"r": {"hosts": ["a"], "http": [{"prefix": "/a", "exact": "/b", "to": [{"service": "a"}]}]}}},
        "traffic.routes.r.http[0]: prefix and exact are both given",
    ),
    "a destination that says nothing": (
        {"destinations": {"d": {"service": "a"}}},
        "has neither subsets nor circuitBreaker",
    ),
    "a rule for everybody": (
        {"authorization": {"policies": {"p": {"rules": [{}]}}}},
        "traffic.authorization.policies.p.rules[0]: has no condition",
    ),
    "a policy without rules": (
        {"authorization": {"policies": {"p": {"rules": []}}}},
        "traffic.authorization.policies.p.rules: []: has too few entries; it needs at least 1",
    ),
    "a principal with its scheme": (
        {"authorization": {"policies": {"p": {"rules": [{"principals": ["spiffe://cluster.local/ns/a/sa/b"]}]}}}},
        "is not an identity such as cluster.local/ns/NAMESPACE/sa/ACCOUNT (without spiffe://)",
    ),
    "a wildcard through the egress gateway": (
        {"external": {"x": {"hosts": ["*.example.org"], "throughGateway": True}}},
        "traffic.external.x: throughGateway needs hosts without '*'",
    ),
    "any host at all": ({"external": {"x": {"hosts": ["*"]}}}, "set proxy.outboundTraffic: ALLOW_ANY"),
    "TCP without a port": ({"external": {"x": {"hosts": ["a.example"], "protocol": "TCP"}}}, "give port"),
    "an upper-case name": ({"gateways": {"Web": {}}}, "traffic.gateways.Web: 'Web'"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_traffic_settings_that_can_not_be_right_are_refused_with_their_path(case: str):
    traffic, said = REFUSED[case]
    with pytest.raises(SettingsError) as refused:
        make_settings(traffic=traffic)
    assert [said in problem for problem in refused.value.problems] == [True], refused.value


@pytest.mark.parametrize("keys", [{}, {"jwksUri": "https://keys.example"}, {"jwks": '{"keys": []}'}], ids=str)
def test_the_keys_of_tokens_come_from_at_most_one_place(keys):
    tokens = {"authorization": {"tokens": {"t": {"issuer": "i", **keys}}}}
    assert make_settings(traffic=tokens).traffic.authorization.tokens["t"].issuer == "i"


def test_longer_paths_of_a_canary_come_before_shorter_ones():
    paths = {"/api": "v1", "/api/v2": "v2"}
    ((virtual_service,), _) = stages(make_settings(traffic={"canaries": {"c": {"service": "a", "paths": paths}}}))
    assert [rule["match"][0]["uri"]["prefix"] for rule in virtual_service["spec"]["http"][:-1]] == ["/api/v2", "/api"]


def test_https_comes_beside_http_and_can_redirect_to_itself():
    tls = {"secret": "certificate", "redirect": True}
    ((gateway,), _) = stages(make_settings(traffic={"gateways": {"web": {"tls": tls}}}))
    plain, secure = gateway["spec"]["servers"]
    assert plain["tls"] == {"httpsRedirect": True}
    assert secure["tls"] == {"mode": "SIMPLE", "credentialName": "certificate"}
    assert secure["port"] == {"number": 443, "name": "https", "protocol": "HTTPS"}
