"""A stranger's Gateway of the Gateway API: named, counted, bounded by `gatewayApi.mode`, and refused with mode off."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from lab.cluster.kubectl import get
from lab.cluster.waiting import wait_until
from lab.workloads import CONTROL
from pi_mesh.checks.preflight.gateway_api import ID
from tests.live.traffic import api_crds
from tests.live.traffic.api_crds import GROUP
from tests.support.objects import present
from tests.support.project import Outcome, Project

SHOP = "shop-of-a-stranger"
SPEC = {"gatewayClassName": "istio", "listeners": [{"name": "http", "port": 80, "protocol": "HTTP"}]}
OWN = [{"type": "Hostname", "value": f"istio-ingressgateway.{CONTROL}.svc.cluster.local"}]
SIZE = {"requests": {"cpu": "40m", "memory": "96Mi"}, "limits": {"cpu": "150m", "memory": "192Mi"}}
CREATED = f"is what istiod creates for Gateway {SHOP}/web: 1 pod (requests 50m / 128Mi, limits 200m / 256Mi)"


def of_api(kind: str, name: str = "web", **spec: object) -> dict:
    metadata = {"name": name, "namespace": SHOP}
    return {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": metadata, "spec": spec}


@pytest.fixture(scope="module")
def shop(mesh: Project) -> Iterator[str]:  # noqa: ARG001 - first the mesh
    """Yield a stranger's namespace in a cluster with the CRDs of the Gateway API; both go again."""
    home = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SHOP}}
    with api_crds.applied(), present([home]):
        yield SHOP


def told(outcome: Outcome) -> list[str]:
    """Return the level, subject and words of each finding about the Gateway API."""
    return [
        f"{each['level']} {each['kind']} {each['name']}: {each['message']}"
        for each in outcome.findings
        if each["id"] == ID
    ]


def has(lines: list[str], beginning: str) -> bool:
    return any(line.startswith(beginning) for line in lines)


def deployment(name: str = "web-istio") -> dict:
    """Return a Deployment of the stranger's namespace; empty without one."""
    items = get("deployments", f"--namespace={SHOP}", f"--field-selector=metadata.name={name}")["items"]
    return next(iter(items), {})


def conditions(kind: str, namespace: str = SHOP) -> dict[str, str]:
    """Return the status of each condition of the object `web`, of a route's first parent."""
    status = get(f"{kind}.{GROUP}", "web", f"--namespace={namespace}").get("status", {})
    source = status["parents"][0] if status.get("parents") else status
    return {entry["type"]: entry["status"] for entry in source.get("conditions", [])}


def test_a_strangers_gateway_is_named_and_counted_and_mode_off_refuses_it(mesh, shop):
    commands = (("preflight", "--json"), ("verify", "--json"), ("budget", "--json"))
    with present([of_api("Gateway", **SPEC)]), ThreadPoolExecutor() as pool:
        before, verified, counted = pool.map(lambda command: mesh.operation(*command), commands)
        mesh.set("gatewayApi.mode", "off")
        off = mesh.operation("preflight", "--json")
        mesh.reset()
    assert has(told(before), f"warning deployment {shop}/web-istio: {CREATED}")
    assert has(told(verified), f"warning deployment {shop}/web-istio: {CREATED}")
    assert (before.status, verified.status, off.status) == (0, 0, 1)
    assert has(told(off), f"error Gateway {shop}/web: has no effect with gatewayApi.mode: off")
    row = next(each for each in counted.report["budget"]["components"] if each["component"] == f"Gateway {shop}/web")
    assert row["requests"] == {"cpu": 50, "memory": 128 * 2**20}


@pytest.mark.long
def test_an_up_to_mode_off_is_refused_while_a_gateway_is_there_and_afterwards_nobody_serves_one(mesh, shop):
    with present([of_api("Gateway", **SPEC)]):
        wait_until("the Deployment of the Gateway", lambda: bool(deployment()), 60)
        mesh.set("gatewayApi.mode", "off")
        mesh.up().refused(f"Gateway {shop}/web: has no effect with gatewayApi.mode: off")
        mesh.reset()
    with mesh.changed({"gatewayApi.mode": "off"}), present([of_api("Gateway", **SPEC)]):
        mesh.must_be_unchanged()
        verified = mesh.operation("verify", "--json").must()
        assert has(told(verified), f"warning Gateway {shop}/web: has no effect")
        assert (conditions("gateway").get("Programmed"), deployment()) == ("Unknown", {})


@pytest.mark.long
def test_with_mode_routes_a_route_attaches_to_this_stacks_gateway_and_no_gateway_gets_pods(mesh, shop):
    backend = {"backendRefs": [{"name": "app", "port": 80}]}
    parent = {"name": "web", "namespace": CONTROL}
    route = of_api("HTTPRoute", parentRefs=[parent], hostnames=["api.example"], rules=[backend])
    (listener,) = SPEC["listeners"]
    admitting = {**listener, "allowedRoutes": {"namespaces": {"from": "All"}}}
    # istiod takes a Service as an address only in the Gateway's own namespace.
    shared = of_api("Gateway", **{**SPEC, "listeners": [admitting]}, addresses=OWN)
    shared["metadata"]["namespace"] = CONTROL
    other = of_api("Gateway", "other", **SPEC)
    with mesh.changed({"gatewayApi.mode": "routes"}), present([shared, route, other]):
        wait_until("a Gateway with its address", lambda: conditions("gateway", CONTROL).get("Programmed") == "True", 60)
        wait_until("a route that is accepted", lambda: conditions("httproute").get("Accepted") == "True", 60)
        verified = mesh.operation("verify", "--json").must()
        assert has(told(verified), f"warning Gateway {shop}/other: gets no pods with gatewayApi.mode: routes")
        assert [line for line in told(verified) if line.startswith(("warning", "error"))] == [
            line for line in told(verified) if f"Gateway {shop}/other" in line
        ]
        assert (deployment(), deployment("other-istio")) == ({}, {})


@pytest.mark.long
def test_the_defaults_of_the_class_size_a_strangers_gateway_and_a_change_replaces_its_pod_as_foretold(mesh, shop):
    settings = {"mode": "managed", "resources": SIZE, "serviceType": "ClusterIP"}
    with present([of_api("Gateway", **SPEC)]):
        wait_until("the pod of the Gateway", lambda: deployment().get("status", {}).get("readyReplicas") == 1, 120)
        mesh.set("gatewayApi", settings)
        preview = mesh.preview().must()
        assert f"Pods that `up` restarts: Deployment {shop}/web-istio" in preview.output
        with mesh.changed({"gatewayApi": settings}):
            (proxy,) = deployment()["spec"]["template"]["spec"]["containers"]
            assert proxy["resources"] == SIZE
            assert get("service", "web-istio", f"--namespace={shop}")["spec"]["type"] == "ClusterIP"
            ready = "a Gateway that verifies without a warning"
            wait_until(ready, lambda: not has(told(mesh.operation("verify", "--json")), "warning"), 120)
