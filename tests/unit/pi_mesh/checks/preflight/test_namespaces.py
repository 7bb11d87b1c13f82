"""The preflight's findings about namespaces that exist already, and about the ingress gateway's own."""

from dataclasses import replace

import pytest

from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight.namespaces import KUBERNETES, check_ingress, check_ownership
from pi_mesh.cluster.helm_releases import ReleaseRecord
from pi_mesh.cluster.objects import Namespace
from pi_mesh.cluster.stack_state import NEVER_RUN, StackState
from pi_mesh.names import ADOPTED_ANNOTATION
from tests.support.factories import make_mesh
from tests.support.preflight_problems import observation
from tests.support.snapshots import make_snapshot, owned_namespace, state_of

FOREIGN, MARKED = Namespace("trading"), owned_namespace("trading")
UNMARKED, ADOPTED = (replace(MARKED, annotations=notes) for notes in ({}, {ADOPTED_ANNOTATION: "pi-mesh/test"}))
KILLED = StackState(has_provider=True)
ADOPT = {"trading": {"adopt": True}}
SIGNER = {"vault": {"enabled": True, "address": "https://vault.example:8200", "key": "internal"}}
EDGE = {"ingress": {"namespace": "edge"}}


def finding_of(namespace: Namespace, state: StackState, settings: dict):
    found = check_ownership(observation(make_snapshot(namespaces=(namespace,)), state, **settings))
    return next(finding for finding in found if finding.name == namespace.name)


TAKEN = {
    "one that is adopted": (FOREIGN, NEVER_RUN, ADOPT, "is adopted (trading.adopt)"),
    "one that stays adopted": (ADOPTED, state_of(), ADOPT, "is adopted"),
    "one that the state holds, under a mark of another name":
        (owned_namespace("trading", "its-name-before"), state_of(), {}, "belongs to stack test"),
    "one that the state holds, without a mark": (UNMARKED, state_of(), {}, "belongs to stack test"),
    "one that a killed run of this state made without a record": (MARKED, KILLED, {}, "belongs to stack test"),
}  # fmt: skip


@pytest.mark.parametrize(("namespace", "state", "settings", "words"), TAKEN.values(), ids=TAKEN)
def test_a_namespace_of_the_stack_is_taken(namespace, state, settings, words):
    finding = finding_of(namespace, state, settings)
    assert finding.level == "ok"
    assert finding.message.startswith(words)


NOBODYS = "already exists and was not created by a stack of this program"
ELSEWHERE = "already exists and belongs to a stack pi-mesh/test with another state than this one"
OF_STACK = "already exists and belongs to stack"
MARK = "is marked as adopted by pi-mesh/test"
BOTH_WAYS = "set trading.adopt: true, or, where a destroy may delete it, `kubectl annotate namespace trading pi-mesh/"
RESTORED = "if it is that one, restored from a backup, run `pulumi refresh`; else set trading.adopt: true"
REFUSED = {
    "somebody else's": (FOREIGN, NEVER_RUN, {}, NOBODYS, "set trading.adopt: true"),
    "somebody else's for istiod": (Namespace("istio-system"), NEVER_RUN, {}, NOBODYS, "set istio.adopt: true"),
    "somebody else's for a gateway":
        (Namespace("edge", uid="uid"), NEVER_RUN, EDGE, NOBODYS, "set ingress.namespace to one that is not there yet"),
    "somebody else's for cert-manager":
        (Namespace("cert-manager"), NEVER_RUN, SIGNER, NOBODYS, "set vault.certManager.namespace to another, or"),
    "another stack's":
        (owned_namespace("trading", "staging"), NEVER_RUN, {}, f"{OF_STACK} pi-mesh/staging;", "set"),
    "one of a stack of the same name with another state":
        (MARKED, NEVER_RUN, {}, ELSEWHERE, "import the state that made it (`pulumi stack import`), or set trading"),
    "one that a running stack moves to": (MARKED, state_of("istio-system", "shop"), {}, ELSEWHERE, "import"),
    "one without a mark after a killed run": (UNMARKED, KILLED, {}, NOBODYS, "set trading.adopt: true"),
    "one that others made anew with the same mark":
        (replace(MARKED, uid="another"), state_of(), {}, "already exists and is not the one that this", RESTORED),
    "one that was adopted, on a first run": (ADOPTED, NEVER_RUN, {}, MARK, BOTH_WAYS),
    "one that was adopted, on a running stack": (ADOPTED, state_of(), {}, MARK, BOTH_WAYS),
}  # fmt: skip


@pytest.mark.parametrize(("namespace", "state", "settings", "words", "fix"), REFUSED.values(), ids=REFUSED)
def test_a_namespace_of_others_is_refused(namespace, state, settings, words, fix):
    finding = finding_of(namespace, state, settings)
    assert finding.level == "error"
    assert finding.message.startswith(words)
    assert finding.fix.startswith(fix)


@pytest.mark.parametrize("section", ["trading", "istio"])
@pytest.mark.parametrize("name", KUBERNETES)
@pytest.mark.parametrize(
    ("adopt", "recorded", "level"),
    [(True, False, "error"), (False, False, "error"), (False, True, "error"), (True, True, "warning")],
)
def test_a_namespace_of_kubernetes_is_refused_but_to_a_running_stack_that_adopted_it(
    section, name, adopt, recorded, level
):
    state = StackState("", {name: "x"}) if recorded else NEVER_RUN
    finding = finding_of(Namespace(name, uid="x"), state, {section: {"namespace": name, "adopt": adopt}})
    assert (finding.level, finding.fix) == (level, f"set {section}.namespace to a namespace of its own")
    assert ("the next release of this program refuses it" in finding.message) is (level == "warning")


def test_a_further_namespace_of_kubernetes_is_told_to_go_from_the_list():
    finding = finding_of(Namespace("kube-system"), NEVER_RUN, {"namespaces": {"kube-system": {}}})
    assert (finding.level, finding.fix) == ("error", "remove namespaces.kube-system, and use a namespace of its own")


def installed_in(namespace: str) -> StackState:
    releases = frozenset({"istio-system/istiod", f"{namespace}/istio-ingressgateway"})
    return StackState(releases=releases, has_provider=True)


MOVES = "asks for the ingress gateway in {}, and it is installed in {}, where an `up` would uninstall it"
ONLY = "only a gateway that is not installed yet can have another namespace"
PLACES = {
    "it leaves istiod's namespace":
        (installed_in("istio-system"), EDGE, "error", MOVES.format("edge", "istio-system"), f"remove it; {ONLY}"),
    "it returns to istiod's namespace":
        (installed_in("edge"), {}, "error", MOVES.format("istio-system", "edge"), f"set it to edge; {ONLY}"),
    "it stays": (installed_in("edge"), EDGE, "ok", "the ingress gateway is in edge", ""),
    "it stays beside istiod": (installed_in("istio-system"), {}, "ok", "the ingress gateway is in istio-system", ""),
    "it was off": (state_of(), EDGE, "ok", "the ingress gateway is in edge, or not installed yet", ""),
}  # fmt: skip


@pytest.mark.parametrize(("state", "settings", "level", "words", "fix"), PLACES.values(), ids=PLACES)
def test_a_running_gateway_is_not_moved(state, settings, level, words, fix):
    (finding,) = check_ingress(Observation(make_mesh(**settings), None, state))
    assert (finding.level, finding.name, finding.fix) == (level, "ingress.namespace", fix)
    assert finding.message.startswith(words)


ELSEWHERE_OR_OFF = {
    "a stack that never ran": (NEVER_RUN, EDGE),
    "a gateway that is switched off": (installed_in("istio-system"), {"ingress": {"enabled": False}}),
    "a move of the whole control plane": (installed_in("istio-system"), {"istio": {"namespace": "mesh-system"}}),
}


@pytest.mark.parametrize(("state", "settings"), ELSEWHERE_OR_OFF.values(), ids=ELSEWHERE_OR_OFF)
def test_without_a_gateway_of_this_control_plane_nothing_is_said(state, settings):
    assert [*check_ingress(Observation(make_mesh(**settings), None, state))] == []


def test_a_gateway_beside_istiod_that_the_state_does_not_know_counts_too():
    cluster = make_snapshot(releases=(ReleaseRecord("istio-system", "istio-ingressgateway"),))
    (finding,) = check_ingress(observation(cluster, state_of(), **EDGE))
    assert "and it is installed in istio-system" in finding.message
