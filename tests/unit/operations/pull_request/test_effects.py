"""The verdict of a stack's section, and the lines on the effects on the cluster."""

import pytest

from operations.pull_request import effects
from operations.pull_request.compare import Comparison
from operations.pull_request.engine import Intent, Step, Violation
from operations.pull_request.manifests import Consequences
from operations.pull_request.relaxations import Relaxations
from operations.pull_request.sides import Side
from pi_mesh.checks.drains import Drain
from tests.support.versions import BEFORE

INGRESS, EGRESS = GATEWAYS = tuple(f"Deployment istio-system/istio-{side}gateway" for side in ("ingress", "egress"))
ISTIOD = "Deployment istio-system/istiod"
RESTART = "restart -n istio-system deployment/istio-ingressgateway deployment/istio-egressgateway`."
KEEP = f"both gateways and sidecars keep proxy {BEFORE}"
LOST = "Running sidecars look for istiod in `istio-system`, where it no longer runs:"
REFUSED = "Preflight refuses this `pulumi up` (foreign istio) while istiod runs in `istio-system`"
NO_CHANGE = "No change to the cluster"
ALL_GONE = "everything in it is deleted**"
OTHERS = "including objects of other owners."
GONE = "delete Namespace a, delete Namespace b"
OF_CA = "**changes the CA's settings**, with unknown effects in Vault"


def steps(text: str) -> tuple[Step, ...]:
    """Return the steps of "VERB KIND NAME, …"; the keys of a replacement follow its name."""
    parts = (part.split() for part in text.split(", ") if part)
    verbs = {"retain": "delete"}
    return tuple(
        Step(verbs.get(verb, verb), kind, f"pulumi-{name}", name, (*keys,), verb == "retain")
        for verb, kind, name, *keys in parts
    )


def compared(text: str = "", effect: Consequences | None = None, **intent) -> Comparison:
    comparison = Comparison("pi", Side(), Side(intent=Intent({}, steps=steps(text), **intent)))
    comparison.__dict__["consequences"] = effect or Consequences()
    return comparison


@pytest.mark.parametrize(("text", "verdict"), [
    ("", NO_CHANGE),
    ("replace Namespace a, replace A b", f"**replaces namespace a, {ALL_GONE} · **replaces 1 other object**"),
    ("delete Namespace a", f"**deletes namespace a, {ALL_GONE}"),
    ("retain Namespace a", NO_CHANGE),
    ("delete Release a", "**deletes release a**"),
    ("replace Release a, replace Release b", "**replaces releases a and b**"),
    ("replace Release a, replace Release b, replace Release c", "**replaces 3 releases**"),
    ("replace Release a, replace ConfigMap b", "**replaces release a and 1 other object**"),
    ("delete Release a, delete A b, delete A c", "**deletes release a and 2 other objects**"),
    ("delete A a, delete A c, replace A b", "**replaces 1 object** · **deletes 2 objects**"),
    ("update Release a, update Release b", "updates 2 releases"),
    ("create Release a, create Namespace b", "creates 1 release and 1 Namespace"),
    ("update A x, update A x, update B x, update C x", "updates 2 As, 1 B and 1 other object"),
    ("update A x, update B x, update C x, update D x", "updates 1 A, 1 B and 2 other objects"),
])  # fmt: skip
def test_what_happens_to_resources_is_called_by_its_name(text, verdict):
    assert effects.verdict(compared(text)) == verdict


@pytest.mark.parametrize(("text", "lines"), [
    ("replace Namespace a x", [f"Namespace `a` is **replaced** for its `x`, and **everything in it**, {OTHERS}"]),
    (GONE, [f"Namespaces `a` and `b` are **deleted**, and **everything in them**, {OTHERS}"]),
    ("retain Namespace a", ["Namespace `a` leaves the stack; the cluster keeps it."]),
    ("retain A a, retain A b", ["As `a` and `b` leave the stack; the cluster keeps them."]),
    ("delete Release a", ["Release `a` is **deleted**, and its pods with it."]),
    ("delete Release a, delete Release b", ["Releases `a` and `b` are **deleted**, and their pods with them."]),
    ("replace A a x y, replace A b x y", ["As `a` and `b` are **replaced** for their `x` and `y`."]),
    ("delete A a, replace A b", ["A `a` is **deleted**.", "A `b` is **replaced**."]),
    ("delete A a, delete B b", ["A `a` is **deleted**.", "B `b` is **deleted**."]),
    ("update Release a, create Release b", []),
])  # fmt: skip
def test_deletions_that_go_alike_share_a_line(text, lines):
    assert [*effects.effect_lines(compared(text))] == lines


DRAIN = Drain(("AuthorizationPolicy trading/desk",), namespace="trading")
MOVED = Consequences(has_new_sidecars=True, lost_control_plane="istio-system")
CHANGED, UPGRADED = Consequences(has_new_sidecars=True), Consequences(has_new_sidecars=True, proxy=BEFORE)
KEPT = Consequences((), GATEWAYS, BEFORE, has_new_sidecars=True)


@pytest.mark.parametrize(("effect", "verdict", "lines"), [
    (Consequences((ISTIOD,)), "restarts istiod", [f"`{ISTIOD}` restarts: its pod template changes."]),
    (Consequences((INGRESS,)), "restarts the ingress gateway", ["restarts: its pod template changes."]),
    (Consequences(drains=(DRAIN,)), "**closes open connections**", [f"closed when they have drained: {DRAIN}."]),
    (Consequences((ISTIOD, *GATEWAYS)), "restarts istiod and both gateways", ["restart: their pod templates change."]),
    (MOVED, "**`pulumi up` refuses it while the mesh runs** · sidecars keep their settings", [LOST, REFUSED]),
    (CHANGED, "sidecars keep their settings until restarted", ["proxies stay: sidecars keep their settings until"]),
    (UPGRADED, f"sidecars keep proxy {BEFORE} until", [f"stay: sidecars keep proxy {BEFORE} until their pods"]),
    (KEPT, f"**{KEEP}** until restarted", [f"Running proxies stay: **{KEEP}** until", RESTART]),
])  # fmt: skip
def test_what_restarts_and_what_stays_is_in_the_verdict_and_has_a_line(effect, verdict, lines):
    assert effects.verdict(compared(effect=effect)).startswith(verdict)
    for words, line in zip(lines, effects.effect_lines(compared(effect=effect)), strict=True):
        assert words in line


def test_an_istiod_that_moves_has_a_way_out():
    *_, line = effects.effect_lines(compared(effect=MOVED))
    assert "run `pulumi destroy -s pi` first" in line
    assert "then `python -m operations repair -s pi --yes`" in line


@pytest.mark.parametrize(("ttl", "verdict"), [("2h", OF_CA), ("1h", NO_CHANGE)])
def test_a_stack_that_makes_the_ca_alone_is_judged_by_its_settings(ttl, verdict):
    sides = (Side({"pi-mesh:vault": {"enabled": True, "ttl": value}}) for value in ("1h", ttl))
    assert effects.verdict(Comparison("ca", *sides)) == verdict


def test_the_judgement_stands_before_the_effects():
    levels = (("a", "mandatory"), ("a", "mandatory"), ("b", "advisory"))
    intent = Intent({}, tuple(Violation(rule, level, "r", "") for rule, level in levels))
    relaxed = Relaxations({"a": ("x", "y"), "b": ("x",)}, ("setting",), ("code",))
    assert effects.verdict(Comparison("pi", Side(), Side(intent=intent), relaxed)) == (
        "**1 rule broken** · **relaxes 2 rules** · **weakens 1 setting** · changes the code that judges it · "
        "No change to the cluster"
    )


@pytest.mark.parametrize(("errors", "count"), [(("bad",), "1 error"), (("bad", "worse"), "2 errors")])
def test_a_side_that_does_not_preview_changes_nothing_that_is_known(errors, count):
    verdict = effects.verdict(compared("delete Release a", errors=errors))
    assert verdict == f"**does not preview**, {count} · its changes are unknown"
