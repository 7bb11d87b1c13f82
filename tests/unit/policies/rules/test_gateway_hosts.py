"""The rule that a gateway names its hosts."""

from policies.rules import gateway_hosts
from tests.support.findings import case, table
from tests.support.policy_resources import asked, assert_said, kubernetes, said

API = "networking.istio.io/v1beta1"
FEED = {"port": {"number": 9000, "protocol": "TCP"}, "hosts": ["*"]}


def gateway(*servers: object, api: str = API, **metadata: object) -> dict:
    return kubernetes(api, "Gateway", "edge", {"servers": list(servers)}, **metadata)


def serving(*hosts: object) -> dict:
    return gateway(*({"hosts": server} for server in hosts))


def ingress(**spec: object) -> dict:
    return kubernetes("networking.k8s.io/v1", "Ingress", "edge", spec)


LISTENERS = [{"port": 9000, "protocol": "TCP"}, {"name": "http", "port": 80, "protocol": "HTTP"}]
LISTENING = kubernetes("gateway.networking.k8s.io/v1", "Gateway", "edge", {"listeners": LISTENERS})
ISTIO, KINDS = f"kubernetes:{API}:", ("Gateway", "GatewayPatch")
UNTYPED = {"metadata": {"name": "edge"}, "spec": {"servers": [{"hosts": ["*"]}]}}
THEIRS = gateway({"hosts": ["*"]}, namespace="theirs")
ANY = "server 0 answers for every host"


@table(
    case("no hosts", gateway({"port": {"number": 80}}), "server 0 names no host"),
    case("an empty list of hosts", serving([]), "server 0 names no host"),
    case("another namespace's *", serving(["trading/*"]), f"{ANY} (trading/*)"),
    case("a second server", serving(["a.example"], ["*"]), "server 1 answers for every host (*)"),
    case("a * beside a name", serving(["a.example", "*"]), f"{ANY} (*)"),
    case("the newest version of the API", gateway({"hosts": ["*"]}, api="networking.istio.io/v1"), f"{ANY} (*)"),
    case("a server after one of TCP", gateway(FEED, {"hosts": ["*"]}), "server 1 answers for every host (*)"),
    case("a listener of the Gateway API", LISTENING, "listener 0 answers for every host"),
    case("an Ingress without a host", ingress(rules=[{"http": {"paths": []}}]), "rule 0 answers for every host"),
    case("an Ingress' default", ingress(defaultBackend={"service": {}}), "spec.defaultBackend answers for every host"),
    case("every host", serving(["*"]), f"{ANY} (*). Fix:"),
    case("every host of every namespace", serving(["*/*"]), f"{ANY} (*/*)"),
    case("every host of its namespace", serving(["./*"]), f"{ANY} (./*)"),
    case("the hosts below a domain", serving(["*.shop.example"]), ""),
    case("TCP, which has no host", gateway(FEED), ""),
)
def test_a_gateway_must_name_its_hosts(props, breach):
    assert_said(gateway_hosts.RULE, props, breach and f"{props['kind']} edge: {breach}")


@table(
    (serving("*"), "spec.servers[0].hosts is a text, where a list belongs"),
    (kubernetes(API, "Gateway", ["g"], {"servers": [FEED]}), "metadata.name is a list, where a text belongs"),
)
def test_a_wrong_type_is_told_in_words(props, breach):
    assert said(gateway_hosts.RULE, props) == [gateway_hosts.RULE.message(breach)]


@table(
    *(case(f"a {kind} by its type", asked(UNTYPED, f"{ISTIO}{kind}"), f"{kind} edge: {ANY} (*)") for kind in KINDS),
    *(case(f"listed for {host}", asked(serving([host]), anyHost=["edge"]), "") for host in ("*", "*/*", "./*")),
    case("one that is listed with its namespace", asked(THEIRS, anyHost=["theirs/edge"]), ""),
    case("one that is listed with another namespace", asked(THEIRS, anyHost=["ours/edge"]), "Gateway edge"),
)
def test_a_gateway_for_every_host_must_be_listed(given, words):
    assert_said(gateway_hosts.RULE, given, words)
