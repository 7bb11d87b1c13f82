"""The verification's findings about EnvoyFilters, Sidecars and Telemetries."""

from pi_mesh.checks.verify import proxy_configuration
from pi_mesh.cluster.live_objects import Pair
from pi_mesh.cluster.policies import Policy
from tests.support.factories import make_mesh
from tests.support.findings import assert_lines, case, table
from tests.support.healthy_mesh import HEALTHY, ISTIOD, found, make_verification, unlisted, with_policies


def patch(operation: str, target: str, namespace: str = "istio-system", release: str = "", **value: object) -> Policy:
    change = {"operation": operation, "value": value}
    spec = {"configPatches": [{"applyTo": target, "match": {"context": "SIDECAR_INBOUND"}, "patch": change}]}
    return Policy("EnvoyFilter", namespace, "rogue", spec, release=release)


def sidecar(name: str = "rogue", namespace: str = "trading", **spec: object) -> Policy:
    return Policy("Sidecar", namespace, name, spec)


def of_some(*hosts: str, **spec: object) -> Policy:
    """Return a Sidecar of some workloads."""
    egress = {"egress": [{"hosts": [*hosts]}]} if hosts else {}
    return sidecar(workloadSelector={"labels": {"app": "a"}}, **egress, **spec)


def telemetry(**spec: object) -> Policy:
    return Policy("Telemetry", "istio-system", "mine", spec)


def research(**namespace: object):
    return make_verification(make_mesh(namespaces={"research": namespace}))


OURS = patch("REPLACE", "HTTP_FILTER", release=ISTIOD)
PAIR = Pair(ISTIOD, {"kind": "EnvoyFilter", "metadata": {"name": "rogue"}, "spec": dict(OURS.spec)}, None)
GRAVE = "ERROR mutual TLS and policies may be switched off"
HIDES = "ERROR is not as the settings ask: it now lets proxies know istio-system/* alone"
RIVAL = sidecar("mine", "research", egress=[{"hosts": ["*/*"]}])
ANY = {"outboundTrafficPolicy": {"mode": "ALLOW_ANY"}}
PORTS = {"ingress": [{"port": {"number": 80}}, {"port": {"number": 90}}]}
AS_THEY_ARE = "WARNING rogue: leaves the proxies' outbound hosts as they are"
SEVERAL = [{"hosts": ["./*", "a/*"]}, {}, {"hosts": ["b/*"]}]


@table(
    case("an EnvoyFilter that removes a filter", HEALTHY, patch("REMOVE", "HTTP_FILTER"), GRAVE),
    case("one that replaces one", HEALTHY, patch("REPLACE", "NETWORK_FILTER"), GRAVE),
    case("one that merges into a filter chain", HEALTHY, patch("MERGE", "FILTER_CHAIN"), GRAVE),
    case("one that adds a listener", HEALTHY, patch("ADD", "LISTENER"), GRAVE),
    case("one about a socket", HEALTHY, patch("MERGE", "CLUSTER", transport_socket={}), GRAVE),
    case("one that inserts", HEALTHY, patch("INSERT_BEFORE", "HTTP_FILTER"), "WARNING INSERT_BEFORE of HTTP_FILTER"),
    case("one that merges", HEALTHY, patch("MERGE", "NETWORK_FILTER"), "WARNING MERGE of NETWORK_FILTER, SIDECAR"),
    case("one of a field", HEALTHY, patch("MERGE", "CLUSTER", x=1), "WARNING MERGE of CLUSTER, SIDECAR_INBOUND"),
    case("one of the charts", found(HEALTHY, pairs=(PAIR,)), OURS, "OK "),
    case("the label of the release alone", HEALTHY, OURS, GRAVE),
    case("one of another namespace", HEALTHY, patch("ADD", "LISTENER", "shop"), "OK "),
    case("our Sidecar that was changed", HEALTHY, sidecar("default", egress=[{"hosts": ["istio-system/*"]}]), HIDES),
    case("a rival", HEALTHY, sidecar(egress=[{"hosts": ["*/*"]}]), "ERROR "),
    case("a rival in a further namespace", research(), RIVAL, "ERROR "),
    case("one where the settings have none", research(bounds={"sidecar": False}), RIVAL, "WARNING "),
    case("one that hides all", HEALTHY, of_some("~/*"), "ERROR "),
    case("one that hides its own namespace", HEALTHY, of_some("istio-system/*"), "ERROR "),
    case("one of its own namespace", HEALTHY, of_some("./*"), "WARNING "),
    case("one that names it", HEALTHY, of_some("trading/*"), "WARNING "),
    case("one of all namespaces", HEALTHY, of_some("*/*"), "WARNING "),
    case("one of its own and another", HEALTHY, of_some("istio-system/*", "./*"), "WARNING "),
    case("its hosts", HEALTHY, of_some(egress=SEVERAL), "WARNING rogue: lets proxies know ./*, a/*, b/* alone;"),
    case("no hosts", HEALTHY, of_some(), f"{AS_THEY_ARE};"),
    case("the way out", HEALTHY, of_some(**ANY), f"{AS_THEY_ARE}, and sets outboundTrafficPolicy ALLOW_ANY;"),
    case("ports", HEALTHY, of_some(**PORTS), f"{AS_THEY_ARE}, and lets proxies listen on 80, 90 alone;"),
    case("metrics", HEALTHY, telemetry(metrics=[{}]), "WARNING sets metrics of the proxies"),
    case("two", HEALTHY, telemetry(accessLogging=[{}], tracing=[{}], other=[]), "WARNING sets tracing, accessLogg"),
    case("nothing", HEALTHY, telemetry(), "WARNING sets nothing of the proxies"),
)
def test_the_configuration_of_proxies_by_others_is_judged_by_what_it_does(observed, policy, line):
    first, *_ = proxy_configuration.check(with_policies(observed, policy))
    assert_lines([first], line)


def test_what_may_not_be_listed_is_unknown():
    assert_lines(proxy_configuration.check(unlisted(HEALTHY, "EnvoyFilter")), "UNKNOWN ")


def test_several_namespaces_are_told_together():
    *_, row = proxy_configuration.check(research())
    assert_lines([row], "OK namespaces: ")
