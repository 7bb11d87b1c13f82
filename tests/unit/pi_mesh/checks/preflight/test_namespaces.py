"""The preflight's findings about namespaces that exist already, and about the ingress gateway's own."""

from dataclasses import replace

import pytest

from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight.namespaces import KUBERNETES, check_ingress, check_ownership, check_tenants
from pi_mesh.cluster.helm_releases import ReleaseRecord
from pi_mesh.cluster.objects import Namespace
from pi_mesh.cluster.stack_state import NEVER_RUN, StackState
from pi_mesh.names import ADOPTED_ANNOTATION
from tests.support.factories import make_mesh
from tests.support.findings import case, table
from tests.support.preflight_problems import assert_told, observation
from tests.support.snapshots import make_snapshot, owned_namespace, state_of

FOREIGN, MARKED = Namespace("trading"), owned_namespace("trading")
UNMARKED, ADOPTED = (replace(MARKED, annotations=notes) for notes in ({}, {ADOPTED_ANNOTATION: "pi-mesh/test"}))
KILLED = StackState(has_provider=True)
ADOPT, EDGE = {"trading": {"adopt": True}}, {"ingress": {"namespace": "edge"}}
SIGNER = {"vault": {"enabled": True, "address": "https://vault.example:8200", "key": "internal"}}
OURS, THERE = "ok namespace trading: belongs to stack test", "already exists and "
NOBODYS = f"{THERE}was not created by a stack of this program"
ELSEWHERE = f"error namespace trading: {THERE}belongs to a stack pi-mesh/test with another state…`pulumi stack import`"
MARK = "error namespace trading: is marked as adopted by pi-mesh/test…set trading.adopt: true, or, where a destroy may "
UNMARK = f"{MARK}delete it, `kubectl annotate namespace trading pi-mesh/adopted-by-`"
RESTORED = "error …is not the one that this stack made…run `pulumi refresh`; else set trading.adopt: true"
SHOPS = {"shop": [f"Deployment shop-{number}" for number in range(6)], "empty": []}
KEPT = "error namespace shop: is no longer in the settings, and `up` would delete it with Deployment shop-0, …and 1"
ASKS = "error ingress.namespace: asks for the ingress gateway in"
ONLY = "only a gateway that is not installed yet can have another namespace"
OFF = {"ingress": {"enabled": False}}
HOME, AWAY = (
    StackState(releases=frozenset({"istio-system/istiod", f"{space}/istio-ingressgateway"}), has_provider=True)
    for space in ("istio-system", "edge")
)


def assert_owner(namespace: Namespace, state: StackState, settings: dict, line: str) -> None:
    told = check_ownership(observation(make_snapshot(namespaces=(namespace,)), state, **settings))
    assert_told([finding for finding in told if finding.name == namespace.name], line)


@table(
    case("one that is adopted", FOREIGN, NEVER_RUN, ADOPT, "ok namespace trading: is adopted (trading.adopt)"),
    case("one that stays adopted", ADOPTED, state_of(), ADOPT, "ok namespace trading: is adopted"),
    case("one that the state holds, under another mark", owned_namespace("trading", "before"), state_of(), {}, OURS),
    case("one that the state holds, without a mark", UNMARKED, state_of(), {}, OURS),
    case("one that a killed run of this state made without a record", MARKED, KILLED, {}, OURS),
    case("somebody else's", FOREIGN, NEVER_RUN, {}, f"error namespace trading: {NOBODYS}…set trading.adopt: true"),
    case("somebody else's for istiod", Namespace("istio-system"), NEVER_RUN, {}, f"error …{NOBODYS}…istio.adopt: true"),
    case("somebody else's for a gateway", Namespace("edge", uid="uid"), NEVER_RUN, EDGE,
        f"error namespace edge: {NOBODYS}…set ingress.namespace to one that is not there yet"),
    case("somebody else's for cert-manager", Namespace("cert-manager"), NEVER_RUN, SIGNER,
        f"error namespace cert-manager: {NOBODYS}…vault.certManager.install: false to use what is there"),
    case("another stack's", owned_namespace("trading", "staging"), NEVER_RUN, {},
        f"error namespace trading: {THERE}belongs to stack pi-mesh/staging;"),
    case("one of a stack of the same name with another state", MARKED, NEVER_RUN, {}, ELSEWHERE),
    case("one that a running stack moves to", MARKED, state_of("istio-system", "shop"), {}, ELSEWHERE),
    case("one without a mark after a killed run", UNMARKED, KILLED, {}, f"error namespace trading: {NOBODYS}"),
    case("one that others made anew with the same mark", replace(MARKED, uid="x"), state_of(), {}, RESTORED),
    case("one that was adopted, on a first run", ADOPTED, NEVER_RUN, {}, UNMARK),
    case("one that was adopted, on a running stack", ADOPTED, state_of(), {}, UNMARK),
    case("a further one of Kubernetes", Namespace("kube-system"), NEVER_RUN, {"namespaces": {"kube-system": {}}},
        "error …; remove namespaces.kube-system, and use a namespace of its own"),
)  # fmt: skip
def test_a_namespace_that_exists_is_the_stacks_or_adopted(namespace, state, settings, line):
    assert_owner(namespace, state, settings, line)


@pytest.mark.parametrize("section", ["trading", "istio"])
@pytest.mark.parametrize("name", KUBERNETES)
@pytest.mark.parametrize(("adopt", "known"), [(True, False), (False, False), (False, True), (True, True)])
def test_one_of_kubernetes_is_refused_but_to_a_running_stack_that_adopted_it(section, name, adopt, known):
    state = StackState("", {name: "x"}) if known else NEVER_RUN
    level, soon = ("warning", "; the next release of this program refuses it") if adopt and known else ("error", "")
    line = f"{level} namespace {name}: is one of Kubernetes' own, …could stop{soon}; set {section}.namespace to"
    assert_owner(Namespace(name, uid="x"), state, {section: {"namespace": name, "adopt": adopt}}, line)


@table(
    case("it leaves istiod's namespace", HOME, EDGE,
        [f"{ASKS} edge, and it is installed in istio-system, where an `up` …; remove it; {ONLY}"]),
    case("it returns to istiod's namespace", AWAY, {},
        [f"{ASKS} istio-system, and it is installed in edge, where an `up` …; set it to edge; {ONLY}"]),
    case("it stays", AWAY, EDGE, ["ok ingress.namespace: the ingress gateway is in edge"]),
    case("it stays beside istiod", HOME, {}, ["ok ingress.namespace: the ingress gateway is in istio-system"]),
    case("it was off", state_of(), EDGE, ["ok ingress.namespace: the ingress gateway is in edge, or not installed"]),
    case("a stack that never ran", NEVER_RUN, EDGE, []),
    case("it is switched off", HOME, OFF, []),
    case("the whole control plane moves", HOME, {"istio": {"namespace": "mesh-system"}}, []),
)  # fmt: skip
def test_a_running_gateway_is_not_moved(state, settings, lines):
    assert_told(check_ingress(Observation(make_mesh(**settings), None, state)), *lines)


def test_a_gateway_beside_istiod_that_the_state_does_not_know_counts_too():
    cluster = make_snapshot(releases=(ReleaseRecord("istio-system", "istio-ingressgateway"),))
    assert_told(check_ingress(observation(cluster, state_of(), **EDGE)), f"{ASKS} edge, and it is installed in istio-")


@pytest.mark.parametrize(("allowed", "line"), [(False, KEPT), (True, "")])
def test_an_up_that_deletes_the_workloads_of_others_is_refused_as_a_destroy_is(allowed, line):
    seen = replace(observation(make_snapshot(), destroy={"workloads": allowed}), tenants=SHOPS)
    assert_told(check_tenants(seen), *([line] if line else []))
