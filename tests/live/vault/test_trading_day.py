"""A hundred open connections over a trading day in twenty minutes: what closes them, and whether it was foretold."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest

from lab.cluster.kubectl import kubectl, staying_pods
from lab.workloads import CONTROL, SELF, TRADING, Workload, namespace, service
from pi_mesh.names import INGRESS
from tests.live.traffic.held import GRPC, HTTP, TCP, Held, held
from tests.live.traffic.shop import AT_HOME, HOME, SHORT_LIVED
from tests.live.vault.mesh import VaultMesh
from tests.live.vault.server import Server
from tests.live.versions import LAB, LAB_BEFORE
from tests.support.objects import present
from tests.support.project import Holds, Project

pytestmark = pytest.mark.long

SERVICE, LABELS, ABROAD = "day-service", {"app": "day"}, "day-abroad"
PORTS = {"tcp-fix": TCP, "http-ws": HTTP, "grpc-rpc": GRPC}
ELSEWHERE = {"key": "kubernetes.io/hostname", "operator": "NotIn", "values": [HOME]}
AWAY = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [ELSEWHERE]}]}}
SERVER = Workload(
    "day-server",
    labels=LABELS,
    streams=True,
    replicas=2,
    stop_seconds=5,
    annotations=SHORT_LIVED,
    place={"affinity": {"nodeAffinity": AWAY}},
)
TRADER = Workload("day-trader", streams=True, annotations=SHORT_LIVED, place=AT_HOME)
CLIENT = Workload("day-client", namespace=ABROAD, sidecar=False, streams=True, place=AT_HOME)
IN_MESH, BY_GATEWAY = 20, 10
"""Connections of each kind: 4 kinds within the mesh, 2 by the ingress gateway."""
UNTIL_OPEN = 5
DRAIN = 45
"""Istio's drain time of a changed listener, in seconds."""
ROUTES = {
    "fix": {"hosts": ["*"], "gateways": ["fix"], "tcp": [{"service": SERVICE, "port": TCP}]},
    "web": {"hosts": ["*"], "gateways": ["web"], "http": [{"to": [{"service": SERVICE, "port": HTTP}]}]},
}
OPEN: Mapping[str, Any] = {
    "istio.version": LAB_BEFORE,
    "ingress.enabled": True,
    "traffic.services": {SERVICE: {"ports": [*PORTS.values()], "selector": LABELS}},
    "traffic.gateways": {"fix": {"protocol": "TCP", "port": 9000}, "web": {"port": 8081}},
    "traffic.routes": ROUTES,
}
POLICY = {"desk": {"selector": LABELS, "rules": [{"namespaces": [TRADING, CONTROL]}]}}
SLOWER = {"to": [{"service": SERVICE, "port": HTTP}], "timeout": "60s"}


HOURS = {
    "Istio's drain": {},
    "a drain of an hour": {"proxy.listenerDrainSeconds": 3600, "ingress.maxDrainSeconds": 60},
}


@pytest.fixture(params=HOURS.values(), ids=HOURS)
def day(
    request: pytest.FixtureRequest,
    server: Server,
    project: Project,
    older_istio: Callable[[str], None],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[VaultMesh]:
    """Yield a mesh of the version before the lab's, with its CA in Vault and an open ingress gateway."""
    project.must_hold_nothing()
    project.holds = Holds.UNKNOWN
    older_istio(LAB_BEFORE)
    kubectl("delete", "crds", "--selector=app=istio-pilot")
    mesh = VaultMesh(tmp_path_factory.mktemp("day"))
    mesh.begin(server)
    mesh.end()
    try:
        mesh.change({**OPEN, **request.param})
        mesh.must_up()
        with present([namespace(ABROAD), service(SERVICE, LABELS, **PORTS)], SERVER, TRADER, CLIENT):
            # It holds the connections: refresh leaves a paused Deployment alone.
            kubectl("rollout", "pause", f"--namespace={TRADING}", f"deployment/{TRADER.name}")
            yield mesh
    finally:
        mesh.end()


def changed(settings: Mapping[str, Any]) -> Callable[[VaultMesh], str]:
    """Return a part of the day that applies settings, and gives what the preview said."""

    def apply(mesh: VaultMesh) -> str:
        mesh.change(settings)
        said = mesh.preview().must().output
        mesh.must_up()
        return said

    return apply


def rotation(mesh: VaultMesh) -> str:
    return mesh.operation("rotate-ca", "--yes").must().output


def upgrade(mesh: VaultMesh) -> str:
    return mesh.operation("upgrade", "--to", LAB, "--yes").must().output


def drained_node(_: VaultMesh) -> str:
    """Drain the node of a server's pod."""
    node = staying_pods(TRADING, f"{SELF}={SERVER.name}")[0]["spec"]["nodeName"]
    try:
        return kubectl("drain", node, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=180s")
    finally:
        kubectl("uncordon", node)


DAY: Mapping[str, Callable[[VaultMesh], str]] = {
    "a route": changed({"traffic.routes.web.http": [SLOWER]}),
    "a canary's weights": changed(
        {
            "traffic.destinations.day": {"service": SERVICE, "subsets": {"v1": LABELS, "v2": LABELS}},
            "traffic.routes.web.http": [
                {"to": [{"service": SERVICE, "port": HTTP, "subset": f"v{number}", "weight": 50} for number in (1, 2)]}
            ],
        }
    ),
    "a policy": changed({"traffic.authorization.policies": POLICY}),
    "a new CA": rotation,
    "an upgrade": upgrade,
    "a drained node": drained_node,
}
FORETOLD = ("Open connections that `up` closes", "Pods that `up` restarts", "sidecars", "evicting")


def test_no_connection_of_a_trading_day_ends_unforetold(day: VaultMesh, figure):
    in_mesh = f"{SERVICE}.{TRADING}"
    gateway = f"{INGRESS}.{CONTROL}"
    targets = {
        "tcp": f"tcp://{in_mesh}:{TCP}",
        "websocket": f"ws://{in_mesh}:{HTTP}",
        "grpc": f"grpc://{in_mesh}:{GRPC}",
    }
    targets["poll"] = f"poll://{in_mesh}:{HTTP}?seconds=20"
    doors = {"tcp": f"tcp://{gateway}:9000", "websocket": f"ws://{gateway}:8081"}
    parts: list[tuple[str, float, bool]] = []
    with ExitStack() as stack:
        holders = [
            stack.enter_context(held(TRADER, targets, count=IN_MESH)),
            stack.enter_context(held(CLIENT, doors, count=BY_GATEWAY)),
        ]
        time.sleep(UNTIL_OPEN)
        for name, part in DAY.items():
            began = time.time()
            said = " ".join(part(day).split())
            parts.append((name, began, any(words in said for words in FORETOLD)))
            time.sleep(DRAIN + 15)
    streams = [stream for holder in holders for entries in holder.streams.values() for stream in entries]
    told = {name: (_ended(streams, began, end), foretold) for (name, began, foretold), end in _spans(parts)}
    lost, sent = sum(stream.lost for stream in streams), sum(stream.sent for stream in streams)
    figure(f"{_shown(told)}; {lost} of {sent} messages lost on {len(streams)} connections")
    assert [name for name, (ended, foretold) in told.items() if ended and not foretold] == [], told


def _spans(parts: list[tuple[str, float, bool]]) -> Iterator[tuple[tuple[str, float, bool], float]]:
    """Yield each part with the time at which the next one began."""
    return zip(parts, [*(began for _, began, _ in parts[1:]), float("inf")], strict=True)


def _ended(streams: list[Held], began: float, end: float) -> int:
    return sum(began <= at < end for stream in streams for at, _ in stream.ends)


def _shown(told: Mapping[str, tuple[int, bool]]) -> str:
    return ", ".join(f"{name}: {ended} closed" for name, (ended, _) in told.items())
