"""The findings about the Gateway API, in the preflight and in the verification."""

from dataclasses import replace

import pytest

from pi_mesh.checks import registry
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight import gateway_api
from pi_mesh.cluster.policies import Policies, Policy, parse
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.cluster.stack_state import NEVER_RUN, StackState
from pi_mesh.values.traffic.gateway_api import API
from tests.support.factories import make_mesh
from tests.support.findings import assert_lines, case, table
from tests.support.gateway_api import CLASS, DEPLOYED, OWN_GATEWAY, SERVED, gateway, mesh_with, route, with_objects
from tests.support.healthy_mesh import HEALTHY
from tests.support.snapshots import installed_state, make_snapshot
from tests.support.versions import NEWEST, SHIPPED

READS = "OK=7 cluster: has the kinds of the Gateway API that Istio"
SIZE = "1 pod (requests 50m / 128Mi, limits 200m / 256Mi)"
CREATED = f"deployment shop/web-istio: is what istiod creates for Gateway shop/web: {SIZE} and a LoadBalancer"
RUNNING = with_objects(gateway(), deployments=DEPLOYED, services=SERVED)


def findings(snapshot: Snapshot, state: StackState = NEVER_RUN, **settings: object) -> list:
    return [*gateway_api.check(Observation(mesh_with(snapshot, **settings), snapshot, state))]


def of_mode(mode: str, snapshot: Snapshot, state: StackState = NEVER_RUN) -> list:
    return findings(snapshot, state, gatewayApi={"mode": mode})


@table(
    case("no CRDs, and nobody asks", findings(make_snapshot()), ""),
    case("no CRDs, with mode off", of_mode("off", make_snapshot()), ""),
    case("no CRDs, and a mode", of_mode("routes", make_snapshot()), "WARNING gatewayApi.mode: is routes, and …no CRDs"),
    case("not listed", findings(make_snapshot(gateway_api=None)), "UNKNOWN cluster: was not judged"),
    case("CRDs alone", findings(with_objects()), f"{READS} {NEWEST} reads$"),
    case("an Istio before the kinds", findings(with_objects(CLASS), istio={"version": SHIPPED}),
        f"{READS} {SHIPPED} reads; no GRPCRoute, because Istio 1.22 is the first that reads it by default; "
        "no BackendTLSPolicy, because Istio 1.28…; no TLSRoute, because Istio 1.30…; no TCPRoute, because Istio 1.31"),
    case("CRDs that are too old", findings(with_objects(release="v1.5.1")),
        f"{READS}…; no TCPRoute, because its CRD is of v1.5.1, and Istio {NEWEST} needs v1.6$"),
    case("a CRD of no release", findings(with_objects(release="")),
        f"{READS}…CRD is of no known release, and Istio {NEWEST}"),
    case("a kind without a CRD", findings(with_objects(crds=with_objects().crds[:-1])),
        "OK=6 cluster: …; no TCPRoute, because the cluster has no CRD of it$"),
    case("a kind in use that Istio does not read",
        findings(with_objects(gateway(OWN_GATEWAY), route("TCPRoute", name="web"), release="v1.5.1")),
        f"WARNING=1 TCPRoutes: are not read, and the cluster has 1 object of them: its CRD is of v1.5.1\n{READS}"),
)  # fmt: skip
def test_the_kinds_that_istio_reads_are_told_by_its_version_and_the_crds(told, lines):
    assert_lines(told, lines)


@table(
    case("unset, the Gateway is named", findings(RUNNING), f"{READS}\nWARNING {CREATED}, and no setting asks"),
    case("managed", of_mode("managed", RUNNING), f"{READS}\nOK=1 {CREATED}$"),
    case("managed, before it runs", of_mode("managed", with_objects(gateway())), f"{READS}\nOK=1 {CREATED}$"),
    case("routes", of_mode("routes", RUNNING),
        f"{READS}\nWARNING Gateway shop/web: gets no pods with gatewayApi.mode: routes, …; managed by kubectl; attach "
        "its routes to a Gateway in istio-system with the address istio-ingressgateway.istio-system.svc.cluster.local"),
    case("routes, on this stack's gateway", of_mode("routes", with_objects(gateway(OWN_GATEWAY))), READS),
    case("off refuses", of_mode("off", RUNNING), f"{READS}\nERROR Gateway shop/web: has no effect…kubectl; remove"),
    case("off refuses any", of_mode("off", with_objects(gateway(OWN_GATEWAY))), f"{READS}\nERROR Gateway shop/web"),
    case("off, of another class", of_mode("off", with_objects(gateway(of_class="traefik"))), READS),
    case("off refuses a route of calls in the mesh",
        of_mode("off", with_objects(route(kind="Service", group="", name="app"))), f"{READS}\nERROR HTTPRoute shop/a"),
    case("off already: nothing ends, so an up is not refused",
        of_mode("off", RUNNING, installed_state(make_mesh(gatewayApi={"mode": "off"}))),
        f"{READS}\nWARNING Gateway shop/web"),
    case("off is new to a stack", of_mode("off", RUNNING, installed_state(make_mesh())),
        f"{READS}\nERROR Gateway shop/web"),
)  # fmt: skip
def test_each_gateway_is_judged_by_the_mode(told, lines):
    assert_lines(told, lines)


def verified(snapshot: Snapshot, *policies: Policy, mode: str = "managed", **settings: object) -> list:
    mesh = mesh_with(snapshot, **{"gatewayApi": {"mode": mode}, **settings})
    known = Policies(policies)
    return [*gateway_api.check(replace(HEALTHY, mesh=mesh, snapshot=snapshot, policies=known))]


SHOP = {"service": "shop", "port": 80}
OWN_ROUTE = {"hosts": ["*"], "gateways": ["web"], "http": [{"to": [SHOP]}]}
OWN = {"traffic": {"api": "gateway", "gateways": {"web": {}}, "routes": {"r": OWN_ROUTE}}}


def own_objects(**settings: object) -> tuple[Policy, ...]:
    """Return the objects of Gateway API that this stack makes, as they are in the cluster."""
    manifests = (item.manifest for item in make_mesh(**settings).objects)
    return tuple(parse(item["kind"], item) for item in manifests if item["apiVersion"] == API)


HELD = with_objects(CLASS, *own_objects(**OWN))
NOT_READ = "ERROR traffic.api: is gateway, and Istio would not read a"


@table(
    case("no mode", findings(HELD, **OWN), READS),
    case("routes", findings(HELD, **OWN, gatewayApi={"mode": "routes"}), READS),
    case("managed", findings(HELD, **OWN, gatewayApi={"mode": "managed"}), READS),
    case("before the first up", findings(with_objects(), **OWN), READS),
    case("off, before an up with Istio's own API", of_mode("off", HELD),
        f"{READS}\nERROR Gateway istio-system/web: …by an `up` with traffic.api: istio"),
    case("no CRDs", findings(make_snapshot(), **OWN),
        f"{NOT_READ} Gateway: the cluster has no CRD of it\n{NOT_READ} HTTPRoute: the"),
    case("CRDs that may not be listed", findings(make_snapshot(unreadable=("crds",)), **OWN), ""),
    case("CRDs that are too old",
        findings(with_objects(release="v1.5.1"), traffic={"api": "gateway", "services": {"shop": {"ports": [80]}},
            "routes": {"r": {"hosts": ["shop"], "tcp": [SHOP]}}}),
        f"{NOT_READ} TCPRoute: its CRD is of v1.5.1, and\n{READS}")
)  # fmt: skip
def test_this_stacks_own_gateways_are_served_by_its_ingress_gateway_and_bring_no_pods(told, lines):
    assert_lines(told, lines)


ASKED = {"gatewayApi": {"crds": {"version": "1.6.3", "sha256": "a" * 64}}}
OWNER, IN_THE_WAY = make_mesh().owner, "ERROR=7 gatewayApi.crds: "


def with_crds(release: str, /, **marks: str) -> Snapshot:
    """Return a cluster with CRDs of a release of the Gateway API, marked by their owner."""
    return with_objects(crds=tuple(replace(crd, **marks) for crd in with_objects(release=release).crds))


@table(
    case("before the first up", findings(make_snapshot(), **ASKED, **OWN), READS),
    case("its own", findings(with_crds("v1.6.3", stack=OWNER), **ASKED), READS),
    case("an upgrade", findings(with_crds("v1.5.1", stack=OWNER), **ASKED), f"{READS} {NEWEST} reads$"),
    case("newer ones", findings(with_crds("v1.10.0", stack=OWNER), **ASKED),
        f"{IN_THE_WAY}is 1.6.3, and the cluster has newer CRDs (v1.10.0)…; set gatewayApi.crds to that\n{READS}"),
    case("k3s's", findings(with_crds("v1.5.1", release="kube-system/traefik-crd"), **ASKED),
        f"{IN_THE_WAY}would replace 7 CRDs of Helm release kube-system/traefik-crd (v1.5.1); remove it$\n{READS}"),
    case("another stack's", findings(with_crds("v1.6.3", stack="pi-mesh/other"), **ASKED),
        f"{IN_THE_WAY}would replace 7 CRDs of pi-mesh/other (v1.6.3); remove it$\n{READS}"),
    case("nobody's", findings(with_crds("v1.6.3"), **ASKED),
        f"{IN_THE_WAY}would replace 7 CRDs of an unknown owner (v1.6.3); remove it, or give them to this stack: "
        f"`kubectl annotate crd gatewayclasses.…io pi-mesh/stack={OWNER}`$\n{READS}"),
    case("verified", verified(with_crds("v1.6.3"), **ASKED), READS)
)  # fmt: skip
def test_the_crds_of_the_settings_replace_none_of_another_owner_and_no_newer_ones(told, lines):
    assert_lines(told, lines)


WAITING = (replace(SERVED[0], addresses=()),)
STARTING = (replace(DEPLOYED[0], ready=0),)
TARGETING = Policy("AuthorizationPolicy", "shop", "deny", {"targetRefs": [
    {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "gone"}]})  # fmt: skip
ELSEWHERE = route(name="web", namespace="edge")


@table(
    case("running", verified(RUNNING), f"{READS}\nOK=1 {CREATED}$"),
    case("missing", verified(with_objects(gateway())), f"{READS}\nWARNING {CREATED}; it is missing; `kubectl"),
    case("starting", verified(with_objects(gateway(), deployments=STARTING)),
        f"{READS}\nWARNING {CREATED}; 0 pods are ready; `kubectl describe -n shop gateways.gateway"),
    case("without an address", verified(with_objects(gateway(), deployments=DEPLOYED, services=WAITING)),
        f"{READS}\nWARNING {CREATED}, to which nothing in this cluster gives an address; set gatewayApi.serviceType"),
    case("off, with a Gateway that came later", verified(RUNNING, mode="off"), f"{READS}\nWARNING Gateway shop/web: "),
    case("a route on it", verified(with_objects(gateway(OWN_GATEWAY), route(name="web"))), READS),
    case("a route on a Service", verified(with_objects(route(kind="Service", name="app", group=""))), READS),
    case("a route on a Gateway that is gone", verified(with_objects(ELSEWHERE)),
        f"{READS}\nWARNING HTTPRoute shop/a: names Gateway edge/web, which does not exist; managed by kubectl"),
    case("a policy for a Gateway that is gone", verified(with_objects(), TARGETING),
        f"{READS}\nWARNING AuthorizationPolicy shop/deny: names Gateway shop/gone"),
)  # fmt: skip
def test_what_istiod_created_must_run_and_names_of_gateways_must_exist(told, lines):
    assert_lines(told, lines)


@pytest.mark.parametrize("command", [registry.PREFLIGHT, registry.UP, registry.VERIFY])
def test_a_strangers_gateway_is_named_by_the_commands(command):
    seen = replace(HEALTHY, mesh=mesh_with(RUNNING), snapshot=RUNNING)
    told = [str(finding) for finding in registry.findings(command, seen, calls=False)]
    assert any("is what istiod creates for Gateway shop/web" in line for line in told)
