"""Open connections that a change closes, though it restarts no pod.

Envoy takes a changed listener beside the old one, which drains: after the drain time, 45 seconds by default, it closes
each connection that is still open, WebSockets, gRPC streams and requests under way included. A listener has policies,
access logs, and the routes and bounds of TCP in it; routes of HTTP, other fields of destinations, and addresses are
outside of it, and leave connections open.
Measured on the local cluster, change by change: tests/live/traffic/test_streams.py.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from pi_mesh.cluster.pods import Pod
from pi_mesh.cluster.policies import ROOT_SELECTORS_IGNORED
from pi_mesh.facts import loses
from pi_mesh.selectors import matches
from pi_mesh.settings.traffic.gateways import PLAIN_HTTP
from pi_mesh.tree_diff import unequal, value_at
from pi_mesh.values import network_policies
from pi_mesh.values.traffic import gateway_api
from pi_mesh.values.traffic.authorization import DRY_RUN
from pi_mesh.words import enumerated, listed

Manifests = Mapping[str, Mapping[str, Any]]
"""Istio's objects by KIND NAMESPACE/NAME."""

BOTH = ("HTTP", "TCP")
POLICIES = {
    "AuthorizationPolicy": BOTH,
    "EnvoyFilter": ("HTTP",),
    "PeerAuthentication": BOTH,
    "RequestAuthentication": ("HTTP",),
    "Telemetry": BOTH,
}
"""Kinds that are in the listeners of the pods that they select, each with the protocols whose connections drain."""
ROUTES = ("VirtualService", "TCPRoute", "TLSRoute")
KINDS = (*POLICIES, *ROUTES, "DestinationRule", "Gateway", "Sidecar", network_policies.KIND)
TCP_POLICY = (
    "trafficPolicy.connectionPool.tcp.idleTimeout",
    "trafficPolicy.connectionPool.tcp.maxConnectionDuration",
    "trafficPolicy.loadBalancer.consistentHash.useSourceIp",
)
"""Fields of a DestinationRule that are in its callers' listeners (pilot/pkg/networking/core/networkfilter.go)."""
NOT_IN_LISTENERS = (
    "meshConfig.defaultConfig",
    "meshConfig.defaultHttpRetryPolicy",
    "meshConfig.discoverySelectors",
    "meshConfig.enableTracing",
)
"""Paths of the mesh config that are in routes, in new pods alone, or that count by the objects which refer to them."""
PROVIDERS = "meshConfig.extensionProviders"
"""Entries of the mesh config to which access logs and traces refer by name: one that comes is in no listener yet."""
HTTP_ALONE = ("meshConfig.pathNormalization", "pilot.traceSampling", "pilot.env.PILOT_TRACE_SAMPLING")
"""Paths of istiod's values that are in the listeners of HTTP alone; other paths of the mesh config are in all."""

UNADMITTED = " that NetworkPolicies do not admit, if the network plugin ends open ones"
"""What a NetworkPolicy closes: some network plugins judge a connection only when it is opened."""
MOST_CAUSES = 2


@dataclass(frozen=True)
class Drain:
    """Connections that are closed when the drain time of their proxies has passed."""

    causes: tuple[str, ...]
    """Objects, as KIND NAMESPACE/NAME, or paths of istiod's values, that change."""
    protocols: tuple[str, ...] = BOTH
    """HTTP, which includes WebSockets and gRPC, or TCP."""
    namespace: str = ""
    """Namespace of the proxies; empty for every namespace."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Labels of the proxies' pods; empty for all pods."""
    everybody: str = ""
    """The proxies, in words, where neither a namespace nor labels name them."""
    ports: tuple[int, ...] = ()
    """Ports on which the proxies accept the connections; empty for every port."""
    hosts: tuple[str, ...] = ()
    """Hosts to which the proxies make the connections; empty for the connections that they accept."""
    both_ways: bool = False
    """True for the connections that the proxies accept, and all that they make."""
    only: str = ""
    """Those of the connections that are closed, in words; empty for all of them."""

    def __str__(self) -> str:
        return f"{self.connections} ({listed(self.causes, MOST_CAUSES)})"

    def is_in(self, pods: Iterable[Pod]) -> bool:
        """Return True if one of the pods has a proxy that drains."""
        proxied = (pod for pod in pods if pod.has_sidecar and self.namespace in ("", pod.namespace))
        return any(matches(self.labels, pod.labels) for pod in proxied)

    @property
    def connections(self) -> str:
        """Return the connections in words."""
        pods = " ".join(filter(None, (self.namespace, ",".join(f"{key}={self.labels[key]}" for key in self.labels))))
        kind = "" if self.protocols == BOTH else f"{self.protocols[0]} "
        if self.hosts:
            return f"{kind}connections from {pods or self.everybody or 'the mesh'} to {enumerated(self.hosts)}"
        port = f", port {enumerated(map(str, self.ports))}" if self.ports else ""
        way = "to and from" if self.both_ways else "to"
        return f"{kind}connections {way} {pods or self.everybody or 'every proxy'}{port}{self.only}"


def drains(before: Manifests, after: Manifests, paths: Iterable[str], root: str) -> tuple[Drain, ...]:
    """Return what drains when a running mesh gets the objects `after` in place of those `before`.

    `paths` are those of istiod's values that change, and `root` is the namespace whose policies apply to all others.
    """
    drained: dict[str, Drain] = {}
    changed = (name for name in {**before, **after} if _content(before.get(name)) != _content(after.get(name)))
    of_objects = (drain for name in changed for drain in _of_object(name, before, after, root))
    for drain in (*of_objects, *_of_values(paths)):
        same = drained.get(drain.connections, drain)
        drained[drain.connections] = replace(same, causes=tuple(dict.fromkeys((*same.causes, *drain.causes))))
    return tuple(drained.values())


def changed_paths(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Return the paths at which istiod's values differ, but for extension providers that only come or go."""
    old, new = ({each["name"]: each for each in value_at(side, PROVIDERS) or ()} for side in (before, after))
    is_same = all(old[name] == new[name] for name in old.keys() & new)
    return [path for path, _, _ in unequal(before, after) if path != PROVIDERS or not is_same]


def of_kinds(objects: Iterable[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return those of the objects that may be in a listener, by KIND NAMESPACE/NAME."""
    places = ((_as_istio(entry), entry["metadata"]) for entry in objects if entry.get("kind") in KINDS)
    return {f"{entry['kind']} {place.get('namespace', '')}/{place['name']}": entry for entry, place in places}


def _as_istio(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a Gateway or a route of Gateway API as Istio's own, without the API server's defaults; others as are."""
    if entry.get("apiVersion") != gateway_api.API:
        return entry
    spec = entry["spec"]
    if entry["kind"] == "Gateway":
        service = spec["addresses"][0]["value"].partition(".")[0]
        servers = [_server(listener, listener.get("tls") or {}) for listener in spec["listeners"]]
        return {**entry, "spec": {"selector": {"istio": service.removeprefix("istio-")}, "servers": servers}}
    parents = spec["parentRefs"]  # of which Services have no namespace
    gateways = [f"{parent['namespace']}/{parent['name']}" for parent in parents if "namespace" in parent]
    hosts = [parent["name"] for parent in parents if "namespace" not in parent]
    backends = [backend for rule in spec["rules"] for backend in rule["backendRefs"]]
    targets = [(backend["name"], backend["port"], backend.get("weight", 1)) for backend in backends]
    return {**entry, "spec": {"gateways": gateways, "hosts": hosts, "tcp": targets, "tls": spec.get("hostnames")}}


def _server(listener: Mapping[str, Any], tls: Mapping[str, Any]) -> Mapping[str, Any]:
    port = {"number": listener["port"], "protocol": listener["protocol"]}
    secrets = [reference["name"] for reference in tls.get("certificateRefs") or ()]
    named = {key: listener.get(key) for key in ("name", "hostname")}
    return {**named, "port": port, "tls": (tls.get("mode"), tls.get("options"), secrets)}


def _content(manifest: Mapping[str, Any] | None) -> object:
    """Return the fields that reach a listener: an audited policy differs from an enforced one by an annotation."""
    return manifest and (manifest.get("spec"), (value_at(manifest, "metadata.annotations") or {}).get(DRY_RUN))


def _of_values(paths: Iterable[str]) -> Iterator[Drain]:
    """Yield what drains with a value that is in every proxy's listeners, or that is not known to be elsewhere."""
    for path in paths:
        if path.startswith("meshConfig.outboundTrafficPolicy"):
            yield Drain((path,), hosts=("hosts that it does not know",))
        elif path.startswith(HTTP_ALONE):
            yield Drain((path,), ("HTTP",), both_ways=True)
        elif path.startswith("meshConfig.") and not path.startswith(NOT_IN_LISTENERS):
            yield Drain((path,), both_ways=True)


def _of_object(name: str, before: Manifests, after: Manifests, root: str) -> Iterator[Drain]:
    kind, _, place = name.partition(" ")
    namespace = place.partition("/")[0]
    old, new = ((side.get(name) or {}).get("spec") or {} for side in (before, after))
    if kind == "Gateway":
        kept, gateways = new.get("servers", ()), (entry["spec"] for key, entry in after.items() if key.startswith(kind))
        # The listeners of plain HTTP are one for all Gateways of the pods, with hosts in routes.
        same_pods = [spec for spec in gateways if spec["selector"] == old.get("selector")]
        plain = {port for spec in same_pods for port in _plain(spec["servers"])}
        gone = [server for server in old.get("servers", ()) if server not in kept]
        if closed := [server for server in gone if not plain & {*_plain([server])}]:
            yield Drain((name,), labels=old["selector"], ports=_ports(closed))
    elif kind == network_policies.KIND:
        if new and loses(_admitted(old), _admitted(new)):
            labels = value_at(new, "podSelector.matchLabels") or {}
            yield Drain((name,), namespace=namespace, labels=labels, both_ways=True, only=UNADMITTED)
    elif kind == "Sidecar":
        kept, scope = ({host for entry in spec.get("egress", ()) for host in entry["hosts"]} for spec in (new, old))
        if new and (not old or not scope <= kept):
            yield Drain((name,), namespace=namespace, hosts=("hosts that leave its scope",))
    elif kind == "DestinationRule":
        if any(value_at(old, path) != value_at(new, path) for path in TCP_POLICY):
            yield Drain((name,), ("TCP",), hosts=((new or old)["host"],), everybody="sidecars and gateways")
    elif kind in ROUTES:
        if any(old.get(key) != new.get(key) for key in ("tcp", "tls")):
            yield from _of_routes(name, namespace, new or old, before)
    else:
        specs = [side[name].get("spec") or {} for side in (before, after) if name in side]
        is_traced = kind == "Telemetry" and all(spec.keys() <= {"tracing", "selector"} for spec in specs)
        protocols = ("HTTP",) if is_traced else POLICIES[kind]
        patches = [patch for spec in specs for patch in spec.get("configPatches", ())]
        ports = tuple(dict.fromkeys(int(patch["match"]["listener"]["portNumber"]) for patch in patches))
        chosen = [value_at(spec, "workloadSelector.labels" if patches else "selector.matchLabels") for spec in specs]
        for labels in (labels or {} for labels in chosen):
            is_local = namespace != root or (labels and kind in ROOT_SELECTORS_IGNORED)
            # Mutual TLS between workloads is no part of a gateway's listeners.
            everybody = "every sidecar" if kind == "PeerAuthentication" else ""
            yield Drain((name,), protocols, namespace if is_local else "", labels, everybody, ports)


def _admitted(spec: Mapping[str, Any]) -> list[object]:
    """Return the peers and ports that a NetworkPolicy admits, and the ways that it leaves open."""
    ways = {"from": "Ingress", "to": "Egress"}
    admitted: list[object] = [way for way, kind in ways.items() if kind not in spec.get("policyTypes", ())]
    for way, kind in ways.items():
        for rule in spec.get(kind.lower()) or ():
            admitted += product([way], rule.get(way) or [None], rule.get("ports") or [None])
    return admitted


def _of_routes(name: str, namespace: str, spec: Mapping[str, Any], before: Manifests) -> Iterator[Drain]:
    """Yield what drains with TCP routes: those of the mesh at the callers, others at the gateways' ports."""
    for gateway in spec.get("gateways") or ["mesh"]:
        listener = before.get(f"Gateway {gateway if '/' in gateway else f'{namespace}/{gateway}'}")
        if gateway == "mesh":
            yield Drain((name,), ("TCP",), hosts=tuple(spec["hosts"]))
        elif listener:
            ports = _ports(listener["spec"]["servers"])
            yield Drain((name,), ("TCP",), labels=listener["spec"]["selector"], ports=ports)


def _plain(servers: Iterable[Mapping[str, Any]]) -> tuple[int, ...]:
    return _ports(server for server in servers if server["port"]["protocol"] in PLAIN_HTTP)


def _ports(servers: Iterable[Mapping[str, Any]]) -> tuple[int, ...]:
    """Return the ports of a Gateway's servers; the engine gives every number as a float."""
    return tuple(int(server["port"]["number"]) for server in servers)
