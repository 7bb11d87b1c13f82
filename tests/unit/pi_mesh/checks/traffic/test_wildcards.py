"""The findings about a `*` that Istio takes literally, and about TCP hosts that are wider than meant."""

from pi_mesh.checks.finding import NEXT
from pi_mesh.checks.traffic.wildcards import check, check_tokens
from tests.support.factories import make_settings
from tests.support.findings import assert_lines, case, table
from tests.support.traffic_problems import of_settings
from tests.support.versions import NEWEST

DATABASE = {"hosts": ["a.example.com"], "protocol": "TCP", "port": 5432}
OTHER, WILD = {**DATABASE, "hosts": ["b.example.com"]}, {**DATABASE, "hosts": ["*.example.com"]}
REFUSED = f"pi-mesh {NEXT} refuses it"
TEMPLATES = {"paths": ["/shops/{*}/orders/{**}"]}
ISSUER = {"login": {"issuer": "https://login.example.org", "jwksUri": "https://login.example.org/jwks.json"}}
BY_TOKEN = {"requestPrincipals": ["https://login.example.org/*"]}
BY_CLAIM = {"when": [{"key": "request.auth.claims[groups]", "values": ["desk"]}]}
BY_NUMBER = "ERROR traffic.authorization.policies.p.rules[1]: "


@table(
    case("both ends of a path", {"paths": ["*/admin*"]}, NEWEST, f"WARNING {REFUSED}"),
    case("within a path", {"paths": ["/api/*/secret"]}, NEWEST, f"WARNING {REFUSED}"),
    case("both ends of a principal", {"principals": ["*/ns/dev/*"]}, NEWEST, f"WARNING {REFUSED}"),
    case("two at one end", {"paths": ["/a**"]}, NEWEST, f"WARNING {REFUSED}"),
    case("alone or at one end of a path", {"paths": ["/admin*", "*/admin", "*"]}, NEWEST, ""),
    case("of a principal", {"principals": ["*", "cluster.local/ns/dev/*", "*/sa/bot"]}, NEWEST, ""),
    case("templates before 1.22", TEMPLATES, "1.21.0", f"WARNING {REFUSED}"),
    case("templates since 1.22", TEMPLATES, "1.22.0", ""),
    case("templates", TEMPLATES, NEWEST, ""),
)
def test_a_wildcard_that_istio_takes_literally_is_told_with_the_version_that_refuses_it(rule, version, line):
    policies = {"p": {"action": "DENY", "rules": [rule]}}
    settings = make_settings(istio={"version": version}, traffic={"authorization": {"policies": policies}})
    assert_lines(check(of_settings(settings)), line)


def near(hosts: dict, *addresses: str) -> dict:
    return {**hosts, "addresses": [*addresses]}


ALL_NEAR = {"e": near(DATABASE, "10.1.2.3"), "f": near(OTHER, "10.2.0.0/16"), "g": near(WILD, "10.3.0.0/16")}
SHARED = f"WARNING \nWARNING \nWARNING e and f share port 5432 without addresses…{REFUSED}"
LAST_OPEN = {"d": near(DATABASE, "10.1.2.3"), "e": {"hosts": ["c.example.com"]}, "f": OTHER}


@table(
    case("a wildcard opens the port to any host", {"e": WILD}, f"WARNING any host on port 5432…{REFUSED}"),
    case("two on one port are told by their names", {"e": DATABASE, "f": OTHER}, SHARED),
    case("one without addresses gets all connections", {"e": DATABASE}, "WARNING "),
    case("with addresses they are fine", ALL_NEAR, ""),
    case("those hide no later one without", LAST_OPEN, "WARNING traffic.external.f: "),
)
def test_a_tcp_entry_that_is_wider_than_meant_is_told(external, lines):
    assert_lines(check(of_settings(make_settings(traffic={"external": external}))), lines)


TWICE = "ERROR traffic.external: e and f are both about a.example.com, which then gets the address of one of them…"


@table(
    case("names tell hosts on one port apart", {"e": DATABASE, "f": OTHER}, ""),
    case("a wildcard has no address", {"e": WILD}, f"WARNING any host on port 5432…{REFUSED}"),
    case("a host with two entries", {"e": DATABASE, "f": {**DATABASE, "port": 5433}}, TWICE),
    case("a host with two ports", {"e": {**DATABASE, "morePorts": [5433]}}, ""),
)
def test_with_dns_capture_a_tcp_host_needs_no_address_but_one_entry(external, lines):
    settings = make_settings(proxy={"dnsCapture": True}, traffic={"external": external})
    assert_lines(check(of_settings(settings)), lines)


def test_one_entry_without_addresses_is_not_refused_in_the_next_version():
    (row,) = check(of_settings(make_settings(traffic={"external": {"e": DATABASE}})))
    assert NEXT not in row.message


@table(
    case("a token without an issuer", BY_TOKEN, {}, BY_NUMBER),
    case("a claim without an issuer", BY_CLAIM, {}, BY_NUMBER),
    case("an issuer without a rule", {"paths": ["/orders"]}, ISSUER, "WARNING traffic.authorization.tokens: "),
    case("an issuer and a token", BY_TOKEN, ISSUER, ""),
    case("an issuer and a claim", BY_CLAIM, ISSUER, ""),
)
def test_rules_by_token_and_issuers_need_each_other(rule, tokens, line):
    authorization = {"policies": {"p": {"rules": [{"paths": ["/open"]}, rule]}}, "tokens": tokens}
    assert_lines(check_tokens(of_settings(make_settings(traffic={"authorization": authorization}))), line)
