"""The rule that access is given by name."""

import pytest

from policies.rules import authorization
from policies.rules.authorization import names_callers
from tests.support.findings import case, table
from tests.support.policy_resources import asked, assert_said, changed, kubernetes, said

SECURITY = "security.istio.io/v1beta1"
FROM_ARGOCD = {"from": [{"source": {"namespaces": ["argocd"]}}]}
LISTED = ("10.1.0.0/16", "10.1.2.3/16", "10.0.0.1")


def policy(*rules: dict, action: str = "ALLOW") -> dict:
    return kubernetes(SECURITY, "AuthorizationPolicy", "agent", {"action": action, "rules": list(rules)})


def source(**fields: list) -> dict:
    return policy({"from": [{"source": fields}]})


def condition(key: str, **values: list) -> dict:
    return policy({"to": [{"operation": {"ports": ["80"]}}], "when": [{"key": key, **values}]})


def bare(api: str, **spec: object) -> dict:
    return kubernetes(api, "AuthorizationPolicy", "agent", {**spec, "rules": [{}]})


BLOCKS = ["192.168.1.20", "192.168.1.64/26"]
API = "kubernetes:security.istio.io/v1:AuthorizationPolicy"
UNTYPED = {"metadata": {"name": "a"}, "spec": {"rules": [{}]}}
NOBODY = "names no caller: it allows every caller"
EMPTY = "rule 0 is empty and allows every caller everything"
ONE, ALL = "cluster.local/ns/argocd/sa/argocd", "cluster.local/ns/"


@table(
    case("an empty rule after a good one", policy(FROM_ARGOCD, {}), "rule 1 is empty and allows every caller"),
    case("no caller at all", policy({"to": [{"operation": {"paths": ["*"]}}]}), NOBODY),
    case("every namespace", source(namespaces=["*"]), "allows the namespace *"),
    case("a wildcard principal", source(principals=["*"]), "allows the principal *"),
    case("every account", source(principals=["*/ns/*"]), "allows the principal */ns/*"),
    case("every account of the trust domain", source(principals=["cluster.local/*"]), "the principal cluster.local/*"),
    case("everybody but one", source(notPrincipals=[ONE]), NOBODY),
    case("every address", source(ipBlocks=["0.0.0.0/0"]), "allows the addresses 0.0.0.0/0"),
    case("an empty source", policy({"from": [{}]}), f"has a source that {NOBODY}"),
    case("half of all addresses, twice", source(ipBlocks=["0.0.0.0/1", "128.0.0.0/1"]), "addresses 0.0.0.0/1,"),
    case("every pod's address", source(ipBlocks=["10.42.0.0/16"]), "allows the addresses 10.42.0.0/16"),
    case("every address of IPv6", source(remoteIpBlocks=["::/0"]), "allows the remote addresses ::/0"),
    case("a named caller beside everybody", source(principals=[ONE, "*"]), f"allows the principal {ONE}, *"),
    case("a second source without a caller", policy({"from": [*FROM_ARGOCD["from"], {"source": {}}]}), NOBODY),
    case("an account of any namespace", source(principals=["*/sa/default"]), "allows the principal */sa/default"),
    case("the beginning of a namespace's name", source(principals=[f"{ALL}t*"]), f"allows the principal {ALL}t*"),
    case("a pattern of namespaces", source(namespaces=["*-system", "t*"]), "allows the namespace *-system, t*"),
    case("every token of every issuer", source(requestPrincipals=["*/*"]), "allows the request principal */*"),
    case("every token of every https issuer", source(requestPrincipals=["https://*"]), "request principal https://*"),
    case("an empty list of callers", source(principals=[]), f"has a source that {NOBODY}"),
    case("a caller without a name", source(principals=[""]), "allows the principal . Fix"),
    case("a caller that is a number", source(namespaces=["argocd", 1]), "an entry of source.namespaces is a number,"),
    case("callers that are a text", source(principals="*"), "spec.rules[0].from[0].source.principals is a text, where"),
    case("a condition on everybody", condition("source.principal", values=["*"]), NOBODY),
    case("a condition on everybody else", condition("source.namespace", notValues=["x"]), NOBODY),
    case("a condition alone", policy({"when": [{"key": "request.headers[x-admin]", "values": ["yes"]}]}), NOBODY),
    case("an address that is none", source(ipBlocks=["10.0.0.0/33"]), "allows the addresses 10.0.0.0/33"),
    case("a condition that is no caller", condition("request.headers[x-admin]", values=["yes"]), NOBODY),
    case("an action in another case", bare(SECURITY, action="allow"), EMPTY),
    case("no action", bare(SECURITY), EMPTY),
    case("the newest version of the API", bare("security.istio.io/v1"), EMPTY),
    case("rules that are a text", changed(policy(), spec__rules="all"), "spec.rules is a text, where a list belongs."),
    case("any signed-in user", source(requestPrincipals=["*"]), "allows the request principal *"),
    case("one whom the policy config allows", asked(source(requestPrincipals=["*"]), anySignedInUser=True), ""),
    *(case(f"the kind {kind} by its type", asked(UNTYPED, f"{API}{kind}"), EMPTY) for kind in ("", "Patch")),
    case("addresses", source(remoteIpBlocks=BLOCKS), "the remote addresses 192.168.1.20, 192.168.1.64/26"),
    case("addresses of a listed network", asked(source(remoteIpBlocks=BLOCKS), addresses=["192.168.1.0/24"]), ""),
    case("callers by name", source(principals=[f"{ALL}argocd/*", "*/ns/a/sa/b", "p/ns/x/sa/y"]), ""),
    case("accounts by name", source(serviceAccounts=["argocd/server"], notNamespaces=["x"]), ""),
    case("tokens of one issuer", source(requestPrincipals=["https://issuer.example/*", "issuer@example.com/7"]), ""),
    case("a namespace at any address", source(namespaces=["argocd"], ipBlocks=["0.0.0.0/0"]), ""),
    case("a condition on one caller", condition("source.principal", values=["cluster.local/ns/argocd/sa/server"]), ""),
    case("no rule, which allows nobody", policy(), ""),
    case("a rule that denies", policy({}, action="DENY"), ""),
)
def test_a_rule_must_name_its_callers(props, words):
    assert_said(authorization.RULE, props, words and f"…{words}")


def test_the_message_names_the_policy_the_rule_and_the_fix():
    assert said(authorization.RULE, policy({})) == [authorization.RULE.message(f"AuthorizationPolicy agent: {EMPTY}")]


@pytest.mark.parametrize("block", [*LISTED, "192.168.0.0/16", "::1", "10.0.0.0/7", "nowhere"])
def test_addresses_are_listed_by_a_network_of_their_own_kind_that_contains_them(block):
    bounds = {"addresses": ["10.0.0.1/8", "fd00::/8"]}
    for kind in ("ipBlocks", "remoteIpBlocks"):
        assert names_callers(kind, [block], bounds) is (block in LISTED)
