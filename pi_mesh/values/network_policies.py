"""NetworkPolicies that admit what the settings ask for, each in the namespace of the pods that it selects.

A selected pod accepts and opens only connections that one of its policies admits. What comes from its own node, such as
a kubelet's probe, is always accepted (https://kubernetes.io/docs/concepts/services-networking/network-policies/).
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from ipaddress import ip_network

from pi_mesh.addons.jaeger import OTLP, Jaeger
from pi_mesh.monitoring.scraping import PROXY_PORT
from pi_mesh.names import (
    GATEWAY_LABEL,
    ISTIOD,
    ISTIOD_METRICS,
    ISTIOD_TLS,
    ISTIOD_WEBHOOKS,
    SHORT_LIVED_LABEL,
)
from pi_mesh.settings import Settings
from pi_mesh.settings.namespaces import WorkloadNamespace
from pi_mesh.settings.traffic.gateways import CHART_PORTS
from pi_mesh.values.gateway_service import given_ports, reached_ports
from pi_mesh.values.objects import Object, given, kubernetes_object
from pi_mesh.values.traffic import authorization
from pi_mesh.values.traffic.gateways import gateway_labels

KIND = "NetworkPolicy"
PROXY_METRICS = (PROXY_PORT, 15090)
IDENTITY = re.compile(r"/ns/([^/*]+)/")


def _in(names: Collection[str]) -> list[Object]:
    """Return the peers in these namespaces, by the label that Kubernetes gives each; `*` is every namespace."""
    if "*" in names:
        return [{"namespaceSelector": {}}]
    return [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}} for name in sorted({*names})]


def _pods(namespace: str, labels: Mapping[str, str]) -> Object:
    return {**_in([namespace])[0], "podSelector": {"matchLabels": labels}}


def _rule(way: str, peers: Iterable[Object] = (), ports: Iterable[int] = ()) -> Object:
    """Return a rule for TCP, `from` or `to` some peers; without peers, or ports, it admits all of them."""
    return given(**{way: [*peers], "ports": [{"port": port, "protocol": "TCP"} for port in sorted({*ports})]})


def _blocks(way: str, addresses: Iterable[str], ports: Iterable[int] = ()) -> Object:
    return _rule(way, [{"ipBlock": {"cidr": str(ip_network(address))}} for address in addresses], ports)


DNS_NAMESPACE, DNS_PODS = "kube-system", {"k8s-app": "kube-dns"}
"""CoreDNS, which has this label with kubeadm and with k3s."""
DNS = {
    "to": [_pods(DNS_NAMESPACE, DNS_PODS)],
    "ports": [{"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")],
}


def _policy(
    settings: Settings, namespace: str, name: str, pods: object, called: list[Object], ways: list[Object] | None
) -> Object:
    """Return the policy of the pods of a selector; with None for `ways` they may open any connection."""
    own = settings.network_policies
    called = [*called, *([_blocks("from", own.also_from)] if own.also_from else ())]
    spec = {"podSelector": pods, "policyTypes": ["Ingress"], **given(ingress=called)}
    if ways is not None:
        ways = [DNS, *ways, *([_blocks("to", own.also_to)] if own.also_to else ())]
        spec |= {"policyTypes": ["Ingress", "Egress"], "egress": ways}
    return kubernetes_object("networking.k8s.io/v1", KIND, namespace, name, spec=spec)


def _peers(settings: Settings) -> tuple[Object, Object, Object]:
    """Return the pods of istiod, of the ingress and of the egress gateway."""
    home, edge, names = settings.istio.namespace, settings.ingress_namespace, settings.releases.names
    ingress, egress = gateway_labels(names.ingress, settings.ingress), gateway_labels(names.egress, settings.egress)
    return _pods(home, {"app": ISTIOD}), _pods(edge, ingress), _pods(home, egress)


def _scraped(settings: Settings, *ports: int) -> Object:
    return _rule("from", _in([settings.istio.namespace, *settings.network_policies.scraped_from]), ports)


def _callers(settings: Settings) -> tuple[str, ...]:
    """Return the namespaces whose pods may call every workload: those with sidecars, and those of the settings."""
    meshed = (namespace.name for namespace in settings.workload_namespaces if namespace.own.injection)
    return *meshed, *settings.network_policies.from_namespaces


def _direct(settings: Settings, namespaces: Iterable[str]) -> Iterator[Object]:
    """Yield the ways to the hosts of these namespaces, `*` for all, that are not called through the egress gateway."""
    for host in settings.traffic.external.values():
        if not host.through_gateway and {"*", settings.namespace_of(host)} & {*namespaces}:
            yield _blocks("to", host.addresses, (host.number, *host.more_ports))


def of_mesh(settings: Settings) -> Iterator[Object]:
    """Yield the policies of istiod, the gateways and the stack's cert-manager.

    The API server has the address of a node, which no selector names, and istiod fetches keys from issuers of tokens,
    so that the ways out of istiod and cert-manager stay open.
    """
    home, names, own, vault = settings.istio.namespace, settings.releases.names, settings.ingress, settings.vault
    istiod, ingress, egress = (peer["podSelector"] for peer in _peers(settings))
    metrics = _scraped(settings, *PROXY_METRICS)
    # No proxy of this mesh asks istiod in plain text, on 15010.
    called = [
        _rule("from", ports=[ISTIOD_WEBHOOKS]),
        _rule("from", _in("*"), [ISTIOD_TLS]),
        _scraped(settings, ISTIOD_METRICS),
    ]
    yield _policy(settings, home, ISTIOD, istiod, called, None)
    if own.enabled:
        ports = (
            reached_ports(settings, names.ingress, own) | given_ports(own, "targetPort") | {CHART_PORTS["status-port"]}
        )
        called, ways = [_rule("from", ports=ports), metrics], [_rule("to", _in("*")), *_direct(settings, "*")]
        yield _policy(settings, settings.ingress_namespace, names.ingress, ingress, called, ways)
    if settings.egress.enabled:
        # `operations connectivity` calls from a namespace of its own.
        calls: Object = {"namespaceSelector": {"matchExpressions": [{"key": SHORT_LIVED_LABEL, "operator": "Exists"}]}}
        called = [_rule("from", [*_in(_callers(settings)), calls]), metrics]
        yield _policy(settings, home, names.egress, egress, called, None)
    if vault.external_signer and vault.cert_manager.install:
        yield _policy(settings, vault.cert_manager.namespace, "cert-manager", {}, [], None)


def of_namespace(settings: Settings, namespace: WorkloadNamespace) -> Iterator[Object]:
    """Yield the policies of a namespace with sidecars; under ALLOW_ANY they leave its ways out open."""
    is_bound, home = settings.proxy.outbound_traffic == "REGISTRY_ONLY", namespace.name
    allowed = (allow for allow in authorization.policies(settings, namespace).values() if allow.action == "ALLOW")
    rules = [rule for allow in allowed for rule in allow.rules]
    named = [name for rule in rules for name in (*rule.namespaces, *IDENTITY.findall(" ".join(rule.principals)))]
    _, ingress, _ = _peers(settings)
    called = [_rule("from", [*_in([*_callers(settings), *named]), ingress]), _scraped(settings, *PROXY_METRICS)]
    ways = [*_ways_out(settings, namespace)] if is_bound else None
    yield _policy(settings, home, "workloads", {}, called, ways)
    if settings.gateway_api.mode not in ("off", "routes"):  # a Gateway may get pods here, which no Sidecar limits
        pods = {"matchExpressions": [{"key": GATEWAY_LABEL, "operator": "Exists"}]}
        yield _policy(settings, home, "gateways", pods, [{}], [_rule("to", _in("*"))] if is_bound else None)


def _ways_out(settings: Settings, namespace: WorkloadNamespace) -> Iterator[Object]:
    """Yield the ways to what the namespace's sidecars know: istiod, the egress gateway, and the hosts of the scope."""
    istiod, _, egress = _peers(settings)
    yield _rule("to", [istiod], [ISTIOD_TLS])
    if settings.egress.enabled:
        yield _rule("to", [egress])
    if Jaeger.name in settings.observability.enabled():
        yield _rule("to", [_pods(settings.istio.namespace, {"app.kubernetes.io/instance": Jaeger.name})], [OTLP])
    hosts = namespace.own.sidecar_scope if namespace.own.is_scoped else ("*/*",)
    known = {namespace.name, *(host.partition("/")[0] for host in hosts)} - {".", "~"}
    yield _rule("to", _in(known))
    yield from _direct(settings, known)
