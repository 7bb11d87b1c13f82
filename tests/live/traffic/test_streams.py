"""Connections that stay open: which changes close them, and whether the preview said so.

In turns of a few seconds, for the drain time is shorter here than Istio's 45 s.
"""

import base64
import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from lab.cluster.kubectl import kubectl
from lab.workloads import CONTROL, SELF, TRADING, Workload, namespace, service
from pi_mesh.names import EGRESS, INGRESS
from tests.live.traffic.cast import ARGOCD
from tests.live.traffic.held import GRPC, HTTP, TCP, held
from tests.live.traffic.outside import address_of, host_of
from tests.support import pods
from tests.support.objects import present
from tests.support.project import Project

DRAIN = 5
"""Drain time of the proxies, in seconds."""
LONG = 60
"""Seconds of a long poll, which is under way until the end of a drain."""
AFTER = DRAIN + 5
UNTIL_OPEN = 3
HOST, ABROAD = "streams.example", "streams-abroad"
SERVICE, OTHER = "streams-service", "other-service"
LABELS = {"app": "streams"}
SHORT_DRAIN = {"proxy.istio.io/config": f"drainDuration: {DRAIN}s"}
SERVER = Workload("streams-server", labels=LABELS, streams=True, annotations=SHORT_DRAIN)
HOLDER = Workload("streams-holder", streams=True, annotations=SHORT_DRAIN)
MARKET, EXCHANGE = (Workload(name, namespace=ABROAD, sidecar=False, streams=True) for name in ("market", "exchange"))
SERVICES = [
    service(SERVICE, LABELS, **{"tcp-fix": TCP, "http-ws": HTTP, "grpc-rpc": GRPC}),
    service(OTHER, {SELF: HOLDER.name}, http=8080),
]
IN_MESH = {
    "tcp": f"tcp://{SERVICE}.{TRADING}:{TCP}",
    "websocket": f"ws://{SERVICE}.{TRADING}:{HTTP}",
    "grpc": f"grpc://{SERVICE}.{TRADING}:{GRPC}",
    "poll": f"poll://{SERVICE}.{TRADING}:{HTTP}?seconds={LONG}",
}
POLICY = {"selector": LABELS, "rules": [{"ports": [TCP, HTTP, GRPC]}]}
OTHER_POLICY = {"selector": {"app": "other"}, "rules": [{"ports": [8080]}]}
SENTENCE = "Open connections that `up` closes"


class Pod(NamedTuple):
    """A pod with a proxy on the way of a connection."""

    namespace: str
    label: str


SERVING, HOLDING = Pod(TRADING, "app=streams"), Pod(TRADING, f"{SELF}={HOLDER.name}")
ENTRY, EXIT = Pod(CONTROL, "istio=ingressgateway"), Pod(CONTROL, "istio=egressgateway")
SIDECARS = (SERVING, HOLDING)
WAYS: dict[str, tuple[tuple[Pod, ...], tuple[Pod, ...]]] = {
    "mesh": ((SERVING,), (HOLDING,)),
    "ingress": ((ENTRY, SERVING), (ENTRY,)),
    "egress": ((), (HOLDING,)),
    "gateway": ((EXIT,), (HOLDING, EXIT)),
    "unknown": ((), (HOLDING,)),
}
"""The proxies that accept each place's connections, and those that make them; `egress` leaves from the sidecar, and
`unknown` to a host that no setting names."""


def foretold(preview: str) -> str:
    """Return the preview's sentence on connections; empty where it has none."""
    return next((line.partition(SENTENCE)[2] for line in preview.splitlines() if SENTENCE in line), "")


DRAINED = re.compile(r"(HTTP |TCP )?connections (to and from|to|from) (.+?)(?: to (.+?))?(?:, port (.+?))? \(")
"""A part of that sentence: protocol, direction, pods, host, ports."""
LISTENERS = {"tcp": 9000, "websocket": 8081, "poll": 8081, "grpc": 50051}
TO_HOSTS = {
    SERVICE: ("mesh", "ingress"),
    "hosts that leave its scope": ("mesh", "egress", "gateway"),
    "hosts that it does not know": ("unknown",),
}
"""The places of the connections to hosts, by their words."""

Cell = tuple[str, str]
"""Place and kind of a connection."""


def cells(sentence: str) -> set[Cell]:
    """Return the connections that a sentence of the preview names."""
    return {
        (place, kind) for part in DRAINED.findall(sentence) for place, kind in CELLS if _is_named(place, kind, *part)
    }


def _is_named(place: str, kind: str, protocol: str, direction: str, pods: str, host: str, ports: str) -> bool:
    if protocol and (protocol.strip() == "TCP") != (kind == "tcp"):
        return False
    accept, make = WAYS[place]
    has_port = not ports or (place == "ingress" and str(LISTENERS[kind]) in ports)
    has_host = not host or place in TO_HOSTS.get(host, ())
    return ("to" in direction.split() and has_port and any(_selects(pods, pod) for pod in accept)) or (
        "from" in direction and has_host and any(_selects(pods, pod) for pod in make)
    )


def _selects(pods: str, pod: Pod) -> bool:
    """Return True for pods in words such as "trading app=streams" or "every proxy"."""
    first, _, last = pods.rpartition(" ")
    if "=" not in last:
        everybody = ("every sidecar", "the mesh") if pod in SIDECARS else ()
        return pods in ("every proxy", "sidecars and gateways", pod.namespace, *everybody)
    return first in ("", pod.namespace) and pod.label in last.split(",")


CELLS = [
    *((place, kind) for place in ("mesh", "ingress") for kind in IN_MESH),
    ("egress", "tcp"),
    ("gateway", "poll"),
    ("unknown", "tcp"),
]


def doors() -> dict[str, Any]:
    """Return the settings of the ways in and out."""
    to = {kind: [{"service": SERVICE, "port": port}] for kind, port in (("tcp", TCP), ("http", HTTP), ("rpc", GRPC))}
    market, exchange = host_of(MARKET), host_of(EXCHANGE)
    return {
        "proxy.listenerDrainSeconds": DRAIN,
        "ingress.service.externalTrafficPolicy": "Local",
        "traffic.gateways": {
            "fix": {"protocol": "TCP", "port": 9000},
            "web": {"hosts": [HOST], "port": 8081},
            "rpc": {"protocol": "GRPC", "port": 50051},
        },
        "traffic.routes": {
            "fix": {"hosts": ["*"], "gateways": ["fix"], "tcp": to["tcp"]},
            "web": {"hosts": [HOST], "gateways": ["web"], "http": [{"to": to["http"]}]},
            "rpc": {"hosts": ["*"], "gateways": ["rpc"], "http": [{"to": to["rpc"]}]},
        },
        "traffic.external": {
            "market": {"hosts": [market], "protocol": "HTTP", "port": HTTP, "throughGateway": True},
            "exchange": {"hosts": [exchange], "protocol": "TCP", "port": TCP, "addresses": [address_of(EXCHANGE)]},
        },
    }


@pytest.fixture(scope="module")
def open_doors(mesh: Project) -> Iterator[Project]:
    """Yield the mesh with the servers, and with ways in and out that lead to them."""
    with present([namespace(ABROAD), *SERVICES], SERVER, HOLDER, MARKET, EXCHANGE):
        mesh.change(doors())
        mesh.must_up()
        for name in (INGRESS, EGRESS):  # they get the drain time when they start
            kubectl("rollout", "restart", f"deployment/{name}", f"--namespace={CONTROL}")
            kubectl("rollout", "status", f"deployment/{name}", f"--namespace={CONTROL}", "--timeout=120s")
        time.sleep(AFTER)
        yield mesh
        mesh.reset()
        mesh.must_up()


def broken(change: Any) -> set[Cell]:
    """Return the connections that end, while all are held, with a change and until its drain is over."""
    gateway = f"{INGRESS}.{CONTROL}"
    through = {
        "tcp": f"tcp://{gateway}:9000",
        "websocket": f"ws://{gateway}:8081",
        "grpc": f"grpc://{gateway}:50051",
        "poll": f"poll://{gateway}:8081?seconds={LONG}",
    }
    abroad = {"tcp": f"tcp://{address_of(EXCHANGE)}:{TCP}"}
    by_gateway = {"poll": f"poll://{host_of(MARKET)}:{HTTP}?seconds={LONG}"}
    with ExitStack() as stack:
        places = {
            "mesh": stack.enter_context(held(HOLDER, IN_MESH)),
            "ingress": stack.enter_context(held(EXCHANGE, through, host=HOST)),
            "egress": stack.enter_context(held(HOLDER, abroad)),
            "gateway": stack.enter_context(held(HOLDER, by_gateway)),
            "unknown": stack.enter_context(held(HOLDER, {"tcp": f"tcp://{address_of(MARKET)}:{TCP}"})),
        }
        time.sleep(UNTIL_OPEN)
        change()
        time.sleep(AFTER)
    streams = {(place, kind): stream for place, held_ in places.items() for kind, (stream,) in held_.streams.items()}
    assert all(stream.sent for stream in streams.values()), streams
    return {cell for cell, stream in streams.items() if stream.ends}


NUMBER = rsa.generate_private_key(65537, 2048).public_key().public_numbers().n
MODULUS = base64.urlsafe_b64encode(NUMBER.to_bytes(256)).decode().rstrip("=")
KEYS = json.dumps({"keys": [{"kty": "RSA", "kid": "made-up", "e": "AQAB", "n": MODULUS}]})
TO_HTTP, TO_OTHER = [{"service": SERVICE, "port": HTTP}], [{"service": OTHER, "port": 80}]
MORE = {"hosts": ["more.example"], "gateways": ["more"], "http": [{"to": TO_OTHER}]}
PROFILE = {"requests": {"cpu": "110m", "memory": "128Mi"}, "limits": {"cpu": "500m", "memory": "256Mi"}}
CHANGES: Mapping[str, Mapping[str, Any]] = {
    "HTTP route at the gateway": {
        "traffic.routes.web.http": [{"prefix": "/else", "to": TO_HTTP}, {"to": TO_HTTP, "timeout": "60s"}]
    },
    "TCP route at the gateway": {
        "traffic.routes.fix.tcp": [{**to, "weight": 50} for to in ({"service": SERVICE, "port": TCP}, *TO_OTHER)]
    },
    "TCP route in the mesh": {"traffic.routes.inner": {"hosts": [SERVICE], "tcp": [{"service": SERVICE, "port": TCP}]}},
    "a service that takes orders": {
        "traffic.services": {SERVICE: {"ports": [TCP, HTTP, GRPC], "selector": LABELS, "takesOrders": True}}
    },
    "circuit breaker": {"traffic.destinations.s": {"service": SERVICE, "circuitBreaker": {}}},
    "subsets": {"traffic.destinations.s": {"service": SERVICE, "subsets": {"v1": LABELS}}},
    "TCP idle time-out": {"traffic.destinations.s": {"service": SERVICE, "connections": {"tcpIdleTimeout": "30m"}}},
    "policy of the callee": {"traffic.authorization.policies": {"a": POLICY}},
    "policy of another workload": {"traffic.authorization.policies": {"o": OTHER_POLICY}},
    "default deny": {
        "traffic.authorization.policies": {"a": POLICY},
        "traffic.authorization.defaultDeny": {"enabled": True, "allowNamespaces": [CONTROL]},
    },
    "audit of a default deny": {"traffic.authorization.defaultDeny": {"audit": True}},
    "tokens": {"traffic.authorization.tokens": {"t": {"issuer": "x", "selector": LABELS, "jwks": KEYS}}},
    "plain text for another workload": {"traffic.legacy": {"l": {"selector": {"app": "other"}}}},
    "plain text for the callee": {"traffic.legacy": {"l": {"selector": LABELS}}},
    "mode of mutual TLS": {"mtls.mode": "PERMISSIVE"},
    "life of certificates": {"mtls.certificateLifetime": "3h"},
    "outbound traffic": {"proxy.outboundTraffic": "REGISTRY_ONLY"},
    "form of paths": {"proxy.pathNormalization": "BASE"},
    "retries": {"proxy.defaultRetries.attempts": 1},
    "share of traces": {"proxy.traceSampling": 5},
    "access logs of the gateways": {"observability.accessLogs.gateways": True},
    "access logs of the namespace": {"observability.accessLogs.namespaces": [TRADING]},
    "larger scope": {"trading.sidecarScope": ["./*", f"{ABROAD}/*"]},
    "smaller scope": {"trading.sidecarScope": [f"./{OTHER}.{TRADING}.svc.cluster.local"]},
    "TCP host outside": {
        "traffic.external.third": {
            "hosts": ["third.example"], "protocol": "TCP", "port": 7005, "addresses": ["192.0.2.7"]
        }
    },
    "TLS host outside through the gateway": {
        "traffic.external.third": {"hosts": ["third.example"], "throughGateway": True}
    },
    "listener on a new port": {
        "traffic.gateways.more": {"port": 8085, "hosts": ["more.example"]}, "traffic.routes.more": MORE
    },
    "listener on the same port": {
        "traffic.gateways.more": {"port": 8081, "hosts": ["more.example"]}, "traffic.routes.more": MORE
    },
    "another host of a listener": {"traffic.gateways.web.hosts": [HOST, "also.example"]},
    "addresses of a listener's clients": {"traffic.gateways.web.allowAddresses": ["10.0.0.0/8"]},
    "watched namespaces": {"istio.discovery.limited": True, "istio.discovery.also": [ABROAD, ARGOCD]},
    "istiod restarts": {"istio.resources": PROFILE},
    "threads of new sidecars": {"proxy.concurrency": 1},
    "mesh config of the user's own": {"istio.values.meshConfig.accessLogFile": "/dev/stdout"},
}  # fmt: skip


@pytest.mark.long
@pytest.mark.parametrize("what", CHANGES)
def test_exactly_the_connections_that_the_preview_names_are_closed(what, open_doors: Project, figure):
    open_doors.change(CHANGES[what])
    sentence = foretold(open_doors.preview().must().output)
    try:
        closed = broken(open_doors.must_up)
    finally:
        open_doors.reset()
        open_doors.change(doors())
        open_doors.must_up()
        time.sleep(AFTER)
    assert closed == cells(sentence), sentence
    figure(f"{what}: {', '.join(' '.join(cell) for cell in sorted(closed)) or 'none'}")


def test_a_policy_closes_the_streams_that_the_preview_names(mesh: Project, figure):
    with present(SERVICES, SERVER, HOLDER):
        mesh.set("traffic.authorization.policies", {"desk": POLICY})
        sentence = foretold(mesh.preview().must().output)
        with held(HOLDER, IN_MESH) as holder:
            time.sleep(UNTIL_OPEN)
            mesh.must_up()
            time.sleep(AFTER)
        mesh.must_hold_the_shipped_mesh()
    closed = {("mesh", kind) for kind, (stream,) in holder.streams.items() if stream.ends}
    assert closed == {cell for cell in cells(sentence) if cell[0] == "mesh"} == {("mesh", kind) for kind in IN_MESH}
    figure(f"{sentence.strip(': ')}: {', '.join(sorted(kind for _, kind in closed))} closed {DRAIN} s later")


BOUNDS = {"heartbeat": "1s", "tcpKeepalive": {"time": "2s", "interval": "1s"}, "tcpIdleTimeout": "4s"}


@pytest.mark.long
def test_a_silent_connection_is_closed_at_its_bound_and_sessions_stay_with_a_pod(mesh: Project, figure):
    destination = {"service": SERVICE, "connections": BOUNDS, "sticky": {"sourceAddress": True}}
    pair = replace(SERVER, replicas=2)
    with present(SERVICES, pair, HOLDER), mesh.changed({"traffic.destinations.held": destination}):
        time.sleep(UNTIL_OPEN)
        with (
            held(HOLDER, {"silent": IN_MESH["tcp"]}, every="6s") as silent,
            held(HOLDER, {"busy": IN_MESH["tcp"]}) as busy,
        ):
            time.sleep(15)
        with held(HOLDER, {"same": IN_MESH["tcp"]}, count=10):
            time.sleep(UNTIL_OPEN)
            used = [name for name in pods.names(TRADING, SERVING.label) if _connections(name)]
    ((ended,), (held_on,)) = silent.streams["silent"], busy.streams["busy"]
    assert ended.ends
    assert not held_on.ends
    assert len(used) == 1
    figure(f"silent for 6 s: closed {len(ended.ends)} times; every 0.5 s: held; 10 connections: {len(used)} of 2 pods")


def _connections(pod: str) -> int:
    """Return the number of connections that a pod's proxy has open to its TCP port."""
    where = (f"--namespace={TRADING}", pod, "--container=istio-proxy", "--", "pilot-agent", "request", "GET")
    clusters = kubectl("exec", *where, "clusters")
    counts = re.findall(rf"^inbound\|{TCP}\|\|::.+::cx_active::(\d+)$", clusters, re.MULTILINE)
    return sum(map(int, counts))
