"""The rule that access is given by name."""

import pytest

from policies.rules import authorization
from policies.rules.authorization import names_callers
from tests.support.policy_resources import kubernetes, said

SECURITY, NETWORKING = "security.istio.io/v1beta1", "networking.istio.io/v1beta1"


def policy(*rules: dict, action: str = "ALLOW") -> dict:
    return kubernetes(SECURITY, "AuthorizationPolicy", "agent", {"action": action, "rules": list(rules)})


FROM_ARGOCD = {"from": [{"source": {"namespaces": ["argocd"]}}]}


def test_an_empty_allow_rule_is_refused():
    (message,) = said(authorization.RULE, policy(FROM_ARGOCD, {}))
    assert message.startswith("AuthorizationPolicy agent: rule 1 is empty and allows every caller everything. Fix:")


def test_a_wildcard_principal_is_refused():
    (message,) = said(authorization.RULE, policy({"from": [{"source": {"principals": ["*"]}}]}))
    assert message.startswith("AuthorizationPolicy agent: rule 0 allows the principal *")


def test_any_signed_in_user_may_be_allowed_where_the_policy_config_says_so():
    signed_in = policy({"from": [{"source": {"requestPrincipals": ["*"]}}]})
    (message,) = said(authorization.RULE, signed_in)
    assert message.startswith("AuthorizationPolicy agent: rule 0 allows the request principal *")
    assert said(authorization.RULE, signed_in, anySignedInUser=True) == []


def test_a_deny_policy_may_name_everybody():
    assert said(authorization.RULE, policy({}, action="DENY")) == []


ANYBODY = {
    "no caller at all": {"to": [{"operation": {"paths": ["*"]}}]},
    "every namespace": {"from": [{"source": {"namespaces": ["*"]}}]},
    "every account": {"from": [{"source": {"principals": ["*/ns/*"]}}]},
    "every account of the trust domain": {"from": [{"source": {"principals": ["cluster.local/*"]}}]},
    "everybody but one": {"from": [{"source": {"notPrincipals": ["cluster.local/ns/x/sa/x"]}}]},
    "every address": {"from": [{"source": {"ipBlocks": ["0.0.0.0/0"]}}]},
    "an empty source": {"from": [{}]},
}


@pytest.mark.parametrize("case", ANYBODY)
def test_a_rule_that_names_no_caller_is_refused(case):
    assert said(authorization.RULE, policy(ANYBODY[case])) != []


def source(**fields: list) -> dict:
    return policy({"from": [{"source": fields}]})


def condition(key: str, **values: list) -> dict:
    return policy({"to": [{"operation": {"ports": ["80"]}}], "when": [{"key": key, **values}]})


NOBODY = "names no caller: it allows every caller"
EMPTY = "is empty and allows every caller everything"
BYPASSES = {
    "half of all addresses, twice": (
        source(ipBlocks=["0.0.0.0/1", "128.0.0.0/1"]),
        "allows the addresses 0.0.0.0/1, 128.0.0.0/1",
    ),
    "every pod's address": (source(ipBlocks=["10.42.0.0/16"]), "allows the addresses 10.42.0.0/16"),
    "every address of IPv6": (source(remoteIpBlocks=["::/0"]), "allows the remote addresses ::/0"),
    "a named caller beside everybody": (
        source(principals=["cluster.local/ns/argocd/sa/argocd", "*"]),
        "allows the principal cluster.local/ns/argocd/sa/argocd, *",
    ),
    "a second source without a caller": (
        policy({"from": [{"source": {"namespaces": ["argocd"]}}, {"source": {}}]}),
        f"has a source that {NOBODY}",
    ),
    "an account of any namespace": (source(principals=["*/sa/default"]), "allows the principal */sa/default"),
    "the beginning of a namespace's name": (
        source(principals=["cluster.local/ns/t*"]),
        "allows the principal cluster.local/ns/t*",
    ),
    "a pattern of namespaces": (source(namespaces=["*-system", "t*"]), "allows the namespace *-system, t*"),
    "every token of every issuer": (source(requestPrincipals=["*/*"]), "allows the request principal */*"),
    "every token of every https issuer": (
        source(requestPrincipals=["https://*"]),
        "allows the request principal https://*",
    ),
    "an empty list of callers": (source(principals=[]), f"has a source that {NOBODY}"),
    "a caller without a name": (source(principals=[""]), "allows the principal "),
    "a condition on everybody": (condition("source.principal", values=["*"]), NOBODY),
    "a condition on everybody else": (condition("source.namespace", notValues=["x"]), NOBODY),
    "a condition alone": (policy({"when": [{"key": "request.headers[x-admin]", "values": ["yes"]}]}), NOBODY),
    "an address that is none": (source(ipBlocks=["10.0.0.0/33"]), "allows the addresses 10.0.0.0/33"),
    "a condition that is no caller": (condition("request.headers[x-admin]", values=["yes"]), NOBODY),
    "an action in another case": (
        kubernetes(SECURITY, "AuthorizationPolicy", "a", {"action": "allow", "rules": [{}]}),
        EMPTY,
    ),
    "no action": (kubernetes(SECURITY, "AuthorizationPolicy", "a", {"rules": [{}]}), EMPTY),
    "the newest version of the API": (
        kubernetes("security.istio.io/v1", "AuthorizationPolicy", "a", {"rules": [{}]}),
        EMPTY,
    ),
}


@pytest.mark.parametrize("case", BYPASSES)
def test_no_other_words_let_everybody_in(case):
    props, breach = BYPASSES[case]
    whole = f"AuthorizationPolicy {props['metadata']['name']}: rule 0 {breach}"
    assert said(authorization.RULE, props) == [authorization.RULE.message(whole)]


@pytest.mark.parametrize("type_", ["AuthorizationPolicy", "AuthorizationPolicyPatch"])
def test_the_resources_type_says_the_kind_too(type_):
    bare = {"metadata": {"name": "a"}, "spec": {"rules": [{}]}}
    assert said(authorization.RULE, bare, f"kubernetes:security.istio.io/v1:{type_}") != []


@pytest.mark.parametrize(
    "named",
    [
        source(principals=["cluster.local/ns/argocd/*", "*/ns/argocd/sa/server", "partner.example/ns/x/sa/y"]),
        source(serviceAccounts=["argocd/server"], notNamespaces=["x"]),
        source(requestPrincipals=["https://issuer.example/*", "issuer@example.com/7"]),
        source(namespaces=["argocd"], ipBlocks=["0.0.0.0/0"]),
        condition("source.principal", values=["cluster.local/ns/argocd/sa/server"]),
        policy(),
    ],
)
def test_a_caller_who_is_named_passes(named):
    assert said(authorization.RULE, named) == []


def test_addresses_of_a_listed_network_are_callers():
    block = source(remoteIpBlocks=["192.168.1.20", "192.168.1.64/26"])
    (message,) = said(authorization.RULE, block)
    assert "allows the remote addresses 192.168.1.20, 192.168.1.64/26" in message
    assert said(authorization.RULE, block, addresses=["192.168.1.0/24"]) == []


def test_rules_of_a_wrong_type_are_told_in_words():
    (message,) = said(authorization.RULE, kubernetes(SECURITY, "AuthorizationPolicy", "a", {"rules": "all"}))
    assert message.startswith("spec.rules is a text, where a list belongs. Fix:")
    (message,) = said(authorization.RULE, policy({"from": [{"source": {"principals": "*"}}]}))
    assert message.startswith("spec.rules[0].from[0].source.principals is a text, where a list belongs")


@pytest.mark.parametrize(
    ("block", "listed"),
    [
        ("10.1.0.0/16", True),
        ("10.1.2.3/16", True),
        ("10.0.0.1", True),
        ("192.168.0.0/16", False),
        ("::1", False),
        ("10.0.0.0/7", False),
        ("nowhere", False),
    ],
)
def test_addresses_are_listed_by_a_network_of_their_own_kind_that_contains_them(block, listed):
    bounds = {"addresses": ["10.0.0.1/8", "fd00::/8"]}
    assert names_callers("ipBlocks", [block], bounds) is listed
    assert names_callers("remoteIpBlocks", [block], bounds) is listed


def test_a_caller_that_is_no_text_is_refused_in_words():
    (message,) = said(authorization.RULE, policy({"from": [{"source": {"namespaces": ["argocd", 1]}}]}))
    assert "an entry of source.namespaces is a number, where a text belongs" in message
