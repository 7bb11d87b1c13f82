"""Listeners and routes of a running stack that move to Gateway API, and back, and the CRDs that the stack installs."""

import time
from collections.abc import Iterator
from hashlib import sha256

import pytest
import yaml

from lab.calls import settled, status
from lab.cluster.kubectl import get, kubectl
from lab.workloads import CONTROL, TRADING, Workload, namespace, service
from pi_mesh.names import GATEWAY_API, INGRESS, OWNER_ANNOTATION
from tests.live.traffic import api_crds
from tests.live.traffic.held import GRPC, HTTP, TCP, held
from tests.live.traffic.load import CONNECTIONS, must_lose_nothing, streams
from tests.live.traffic.test_listeners import SECRET, give
from tests.live.traffic.test_streams import foretold
from tests.support.authorities import make_root, make_server
from tests.support.objects import present
from tests.support.project import Project

DRAIN = 5
"""Drain time of the proxies, in seconds."""
AFTER = DRAIN + 5
ABROAD, GATEWAY = "moved-abroad", f"{INGRESS}.{CONTROL}"
SERVICE, CANARY = "moved-service", "moved-service-v2"
SHORT_DRAIN = {"proxy.istio.io/config": f"drainDuration: {DRAIN}s"}
LABELS = {"app": "moved"}
SERVER = Workload("moved-server", labels=LABELS, streams=True)
INSIDER = Workload("moved-insider")
CLIENTS = [
    Workload(f"moved-{name}", namespace=ABROAD, sidecar=False, streams=True) for name in ("plain", "safe", "fresh")
]
PLAIN, SAFE, FRESH = CLIENTS
PORTS = {"http": 8080, "tcp-fix": TCP, "http-ws": HTTP, "grpc-rpc": GRPC}
SERVICES = [namespace(ABROAD), service(SERVICE, LABELS, **PORTS), service(CANARY, LABELS, http=8080)]
SHARES = [{"service": SERVICE, "port": 80, "weight": 90}, {"service": CANARY, "port": 80, "weight": 10}]
TRAFFIC = {
    "gatewayApi.mode": "routes",
    "proxy.listenerDrainSeconds": DRAIN,
    "traffic.gateways": {
        "web": {"port": 8080},
        "safe": {"protocol": "HTTPS", "port": 8443, "hosts": [GATEWAY], "tls": {"secret": SECRET}},
        "fix": {"protocol": "TCP", "port": 9000},
        "rpc": {"protocol": "GRPC", "port": 50051},
        "ws": {"port": 8081},
    },
    "traffic.routes": {
        "web": {
            "hosts": ["*"],
            "gateways": ["web", "safe"],
            "http": [{"prefix": "/debug", "to": SHARES}, {"to": SHARES}],
        },
        "fix": {"hosts": ["*"], "gateways": ["fix"], "tcp": [{"service": SERVICE, "port": TCP}]},
        "rpc": {"hosts": ["*"], "gateways": ["rpc"], "http": [{"to": [{"service": SERVICE, "port": GRPC}]}]},
        "ws": {"hosts": ["*"], "gateways": ["ws"], "http": [{"to": [{"service": SERVICE, "port": HTTP}]}]},
        "inner": {"hosts": [SERVICE], "http": [{"to": SHARES}]},
    },
}
HELD = {"tcp": f"tcp://{GATEWAY}:9000", "websocket": f"ws://{GATEWAY}:8081", "grpc": f"grpc://{GATEWAY}:50051"}
WAYS = {
    "http": (PLAIN, f"http://{GATEWAY}:8080/debug"),
    "https": (SAFE, f"https://{GATEWAY}:8443/debug", {"https-insecure": "on"}),
    "new https": (FRESH, f"https://{GATEWAY}:8443/debug", {"https-insecure": "on", "H": "Connection: close"}),
    "sidecars": (INSIDER, f"http://{SERVICE}.{TRADING}/debug"),
}
FORMS = {
    "istio": "gateways.networking.istio.io,virtualservices",
    "gateway": f"gateways.{GATEWAY_API},httproutes,grpcroutes,tcproutes",
}


@pytest.fixture(scope="module")
def crds(lab: None) -> Iterator[None]:  # noqa: ARG001 - first the lab
    """Give the cluster the kinds of Gateway API, for the module."""
    with api_crds.applied():
        yield


def objects(api: str) -> set[str]:
    return {f"{item['kind']} {item['metadata']['name']}" for item in get(FORMS[api], "--all-namespaces")["items"]}


def refused_routes() -> list[str]:
    """Return the routes that a gateway or a Service does not accept, or whose backends it does not know."""
    items = get("httproutes,grpcroutes,tcproutes", "--all-namespaces")["items"]
    states = [
        (item["metadata"]["name"], condition)
        for item in items
        for parent in item.get("status", {}).get("parents", ())
        for condition in parent["conditions"]
    ]
    assert len({name for name, _ in states}) == len(items) > 0
    return [f"{name}: {state}" for name, state in states if state["status"] != "True"]


@pytest.mark.long
def test_the_crds_of_the_settings_come_before_their_objects_stay_behind_and_replace_none_of_others(
    mesh: Project, figure
):
    version, crds = api_crds.release()
    file = mesh.folder / f"charts/gateway-api-{version}.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(yaml.safe_dump_all(crds))
    asked = {"version": version, "sha256": sha256(file.read_bytes()).hexdigest()}
    settings = {"gatewayApi.crds": asked, "traffic.api": "gateway", "traffic.gateways": {"web": {"port": 8080}}}
    with api_crds.removed():
        for _ in range(2):  # the second time, the stack finds those that it left
            with mesh.changed(settings):
                assert objects("gateway") == {"Gateway web"}
                mesh.must_be_unchanged()
                mesh.operation("verify").must()
            kubectl("get", *api_crds.NAMES)
        kubectl("annotate", *api_crds.NAMES, f"{OWNER_ANNOTATION}-")
        mesh.change(settings)
        figure(mesh.up().refused("gatewayApi.crds: would replace 7 CRDs of an unknown owner").strip())
        mesh.reset()
    file.unlink()


@pytest.mark.long
@pytest.mark.usefixtures("crds")
def test_a_running_stack_moves_to_gateway_api_and_back_and_loses_requests_on_kept_https_connections_alone(
    mesh: Project, tmp_path, figure
):
    give(make_server(GATEWAY, signer=make_root()), tmp_path)
    told = {}
    with present(SERVICES, SERVER, INSIDER, *CLIENTS):
        try:
            mesh.change(TRAFFIC)
            mesh.must_up()
            kubectl("rollout", "restart", f"deployment/{INGRESS}", f"--namespace={CONTROL}")
            kubectl("rollout", "status", f"deployment/{INGRESS}", f"--namespace={CONTROL}", "--timeout=120s")
            before = objects("istio")
            assert settled(lambda: status(PLAIN, WAYS["http"][1]), 200) == 200
            time.sleep(AFTER)
            with streams(**WAYS) as tallies, held(PLAIN, HELD) as holder:
                for api, other in (("gateway", "istio"), ("istio", "gateway")):
                    time.sleep(AFTER)
                    mesh.set("traffic.api", api)
                    told[api] = foretold(mesh.preview().must().output)
                    mesh.must_up()
                    assert objects(other) == set()
                    mesh.must_be_unchanged()
                    if api == "gateway":
                        assert settled(refused_routes, []) == []
                        mesh.operation("verify").must()
                time.sleep(AFTER)
            assert objects("istio") == before
            kept = tallies.pop("https")
            lost = must_lose_nothing(tallies)
        finally:
            mesh.reset()
            mesh.must_up()
            kubectl("delete", "secret", SECRET, "-n", CONTROL, "--ignore-not-found")
    ends = {kind: len(stream.ends) for kind, (stream,) in holder.streams.items()}
    missed = {kind: stream.lost for kind, (stream,) in holder.streams.items()}
    assert (ends["websocket"], ends["grpc"]) == (0, 0), ends
    # istiod empties the routes of an HTTPS listener that drains (buildGatewayHTTPRouteConfig in
    # pilot/pkg/networking/core/gateway.go), so each open connection gets one 404 before it is closed.
    assert kept.failed.keys() <= {404}, kept
    assert kept.statuses[404] <= 2 * CONNECTIONS, kept
    held_on = f"held connections that ended: {ends}, messages lost: {missed}"
    figure(f"{lost}; kept https: {kept}; {held_on}; foretold{told['gateway']}")
