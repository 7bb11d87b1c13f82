"""The connections that the NetworkPolicies of a mesh admit, judged as Kubernetes defines them."""

from ipaddress import ip_address, ip_network
from typing import NamedTuple

from pi_mesh.inventory import Inventory
from pi_mesh.selectors import label_selector_matches
from tests.support.factories import make_mesh
from tests.support.findings import case, table

HOME, KIND = "istio-system", "NetworkPolicy"
GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"


class End(NamedTuple):
    """A pod, or an address outside the pods."""

    namespace: str = ""
    labels: dict[str, str] = {}
    address: str = "10.244.1.9"


ISTIOD, DESK, OTHERS = End(HOME, {"app": "istiod"}), End("trading", {"app": "desk"}), End("shop")
INGRESS = End(HOME, {"app": "istio-ingressgateway", "istio": "ingressgateway"})
EGRESS = End(HOME, {"app": "istio-egressgateway", "istio": "egressgateway"})
NOTEBOOK, ARGOCD, PROMETHEUS = End("research"), End("argocd"), End("monitoring")
WORLD, NODE, FEED = (End(address=address) for address in ("203.0.113.7", "10.250.0.1", "192.0.2.7"))
DNS, OWN_GATEWAY = End("kube-system", {"k8s-app": "kube-dns"}), End("trading", {GATEWAY_NAME: "web"})
CALLS, JAEGER = End("pi-mesh-connectivity"), End(HOME, {"app.kubernetes.io/instance": "jaeger"})
CERT_MANAGER = End("cert-manager")
ON = {"networkPolicies": {"enabled": True}}
BOUND = {**ON, "proxy": {"outboundTraffic": "REGISTRY_ONLY"}}
SCOPE = {**BOUND, "namespaces": {"research": {}}, "trading": {"sidecarScope": ["./*", "research/*"]}}
WHOLE = {**BOUND, "trading": {"sidecarScope": []}}
HOST = {"hosts": ["feed.example"], "protocol": "TCP", "port": 9000}
VAULT = {"enabled": True, "address": "https://vault.example:8200", "key": "internal"}


def networks(**more: object) -> dict:
    return {**BOUND, "networkPolicies": {"enabled": True, **more}}


def external(**more: object) -> dict:
    return {**BOUND, "traffic": {"external": {"feed": {**HOST, **more}}}}


def selects(selector: dict, labels: dict[str, str]) -> bool:
    assert not {".", "~"} & {*selector.get("matchLabels", {}).values()}, "is no value of a label"
    return label_selector_matches(selector, labels)


def is_peer(peer: dict, end: End) -> bool:
    if "ipBlock" in peer:
        return ip_address(end.address) in ip_network(peer["ipBlock"]["cidr"])
    known = {"kubernetes.io/metadata.name": end.namespace} | ({"pi-mesh/short-lived": "x"} if end is CALLS else {})
    both = ((peer["namespaceSelector"], known), (peer.get("podSelector", {}), end.labels))
    return bool(end.namespace) and all(selects(selector, labels) for selector, labels in both)


def admits(mesh: Inventory, way: str, pod: End, other: End, port: tuple[int, str]) -> bool:
    """Return True if a pod may accept (`from`) or open (`to`) a connection."""
    key, policy_type = {"from": ("ingress", "Ingress"), "to": ("egress", "Egress")}[way]
    every = (item.manifest for item in mesh.objects if item.kind == KIND)
    own = (item["spec"] for item in every if item["metadata"]["namespace"] == pod.namespace)
    specs = [spec for spec in own if selects(spec["podSelector"], pod.labels) and policy_type in spec["policyTypes"]]
    rules = [rule for spec in specs for rule in spec.get(key, ())]
    ports = [{(entry["port"], entry["protocol"]) for entry in rule.get("ports", ())} for rule in rules]
    return not specs or any(
        (not numbers or port in numbers) and (way not in rule or any(is_peer(peer, other) for peer in rule[way]))
        for rule, numbers in zip(rules, ports, strict=True)
    )


@table(
    case("a pod asks for its configuration", {}, OTHERS, ISTIOD, 15012, True),
    case("a proxy that would ask in plain text", {}, DESK, ISTIOD, 15010, False),
    case("the API server calls a webhook", {}, NODE, ISTIOD, 15017, True),
    case("Prometheus of the mesh scrapes istiod", {}, JAEGER, ISTIOD, 15014, True),
    case("anybody else would", {}, OTHERS, ISTIOD, 15014, False),
    case("a client at the ingress gateway", {}, WORLD, INGRESS, 443, True),
    case("a client at a listener's port", {"traffic": {"gateways": {"fix": {"protocol": "TCP", "port": 9000}}}}, WORLD,
        INGRESS, 9000, True),
    case("a client at the port behind the Service's", {"ingress": {"values": {"service": {"ports": [
        {"name": "https", "port": 443, "targetPort": 8443}]}}}}, WORLD, INGRESS, 8443, True),
    case("a load balancer asks for the gateway's health", {}, WORLD, INGRESS, 15021, True),
    case("a client that would read the gateway's metrics", {}, WORLD, INGRESS, 15090, False),
    case("the ingress gateway calls a workload", BOUND, INGRESS, DESK, 8080, True),
    case("the ingress gateway calls any Service", BOUND, INGRESS, OTHERS, 8080, True),
    case("the ingress gateway would call the world", BOUND, INGRESS, WORLD, 443, False),
    case("a workload calls its neighbour", BOUND, DESK, DESK, 8080, True),
    case("a workload of another namespace of the mesh", SCOPE, NOTEBOOK, NOTEBOOK, 8080, True),
    case("a workload calls a namespace in its scope", SCOPE, DESK, NOTEBOOK, 8080, True),
    case("a workload would call one outside its scope", SCOPE, NOTEBOOK, DESK, 8080, False),
    case("a workload whose scope is the whole mesh", WHOLE, DESK, OTHERS, 8080, True),
    case("a pod outside the mesh would call a workload", {}, OTHERS, DESK, 8080, False),
    case("a node would", {}, NODE, DESK, 8080, False),
    case("a node of alsoFrom", networks(alsoFrom=["10.250.0.0/24"]), NODE, DESK, 8080, True),
    case("a namespace of fromNamespaces", networks(fromNamespaces=["shop"]), OTHERS, DESK, 8080, True),
    case("a namespace that a default deny allows", {"traffic": {"authorization": {"defaultDeny": {
        "enabled": True, "allowNamespaces": ["argocd"]}}}}, ARGOCD, DESK, 8080, True),
    case("an identity that a policy allows", {"traffic": {"authorization": {"policies": {"a": {"rules": [
        {"principals": ["cluster.local/ns/argocd/sa/agent"]}]}}}}}, ARGOCD, DESK, 8080, True),
    case("a namespace that a policy denies", {"traffic": {"authorization": {"policies": {"a": {
        "action": "DENY", "rules": [{"namespaces": ["argocd"]}]}}}}}, ARGOCD, DESK, 8080, False),
    case("Prometheus of scrapedFrom", networks(scrapedFrom=["monitoring"]), PROMETHEUS, DESK, 15020, True),
    case("the same at an application's port", networks(scrapedFrom=["monitoring"]), PROMETHEUS, DESK, 8080, False),
    case("a workload sends traces", {**BOUND, "observability": {"jaeger": {"enabled": True}}}, DESK, JAEGER, 4317,
        True),
    case("a workload sends none without Jaeger", BOUND, DESK, JAEGER, 4317, False),
    case("a workload resolves a name", BOUND, DESK, DNS, (53, "UDP"), True),
    case("a workload would tunnel through the DNS port", BOUND, DESK, WORLD, (53, "UDP"), False),
    case("a workload would call the world past its sidecar", BOUND, DESK, WORLD, 443, False),
    case("a workload under ALLOW_ANY", {}, DESK, WORLD, 443, True),
    case("a workload calls a host of its own port", external(), DESK, WORLD, 9000, True),
    case("a workload calls the address of a host", external(addresses=["192.0.2.7"]), DESK, FEED, 9000, True),
    case("another address on that port", external(addresses=["192.0.2.7"]), DESK, WORLD, 9000, False),
    case("a host that the egress gateway calls", external(throughGateway=True), DESK, WORLD, 9000, False),
    case("a workload calls an address of alsoTo", networks(alsoTo=["10.250.0.1"]), DESK, NODE, 6443, True),
    case("a workload calls the egress gateway", BOUND, DESK, EGRESS, 443, True),
    case("a pod outside the mesh would", {}, OTHERS, EGRESS, 443, False),
    case("the calls of connectivity", {}, CALLS, EGRESS, 443, True),
    case("the egress gateway calls the world", BOUND, EGRESS, WORLD, 443, True),
    case("a client at a Gateway with pods of its own", BOUND, WORLD, OWN_GATEWAY, 80, True),
    case("the same where none gets pods", {**BOUND, "gatewayApi": {"mode": "routes"}}, WORLD, OWN_GATEWAY, 80, False),
    case("such a Gateway calls any Service", BOUND, OWN_GATEWAY, OTHERS, 8080, True),
    case("istiod calls the API server", BOUND, ISTIOD, NODE, 6443, True),
    case("a pod would call cert-manager", {"vault": VAULT, "root": "x"}, OTHERS, CERT_MANAGER, 9402, False),
)  # fmt: skip
def test_what_the_mesh_needs_passes_and_nothing_else(settings, caller, callee, port, passes):
    mesh, port = make_mesh(**{**ON, **settings}), port if isinstance(port, tuple) else (port, "TCP")
    ways = (("to", caller, callee), ("from", callee, caller))
    assert all(admits(mesh, way, pod, other, port) for way, pod, other in ways) == passes


def test_a_namespace_without_sidecars_and_a_mesh_without_the_setting_have_no_policies():
    batch = {"injection": False, "bounds": {"sidecar": False}}
    mesh = make_mesh(**ON, namespaces={"batch": batch}, ingress={"enabled": False}, egress={"enabled": False})
    homes = {item.manifest["metadata"]["namespace"] for item in mesh.objects if item.kind == KIND}
    assert homes == {HOME, "trading"}
    assert KIND not in {item.kind for item in make_mesh().objects}
