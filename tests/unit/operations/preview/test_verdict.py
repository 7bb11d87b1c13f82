"""The first line of a stack's section."""

import pytest

from operations.preview import verdict
from operations.preview.checkout_side import Side
from operations.preview.comparison import Comparison
from operations.preview.consequences import Consequences
from operations.preview.engine_result import Intent, Resource, Step, Violation
from operations.preview.relaxations import Relaxations

RELEASE, NAMESPACE, QUOTA = (
    "kubernetes:helm.sh/v3:Release",
    "kubernetes:core/v1:Namespace",
    "kubernetes:core/v1:ResourceQuota",
)
INGRESS, EGRESS = (f"Deployment istio-system/istio-{side}gateway" for side in ("ingress", "egress"))
TWO_OTHERS = "**deletes release a and 2 other objects**"
ISTIOD = "Deployment istio-system/istiod"


def step(verb: str, type_: str, name: str, **more) -> Step:
    """Return a step for an object of that name in the cluster."""
    inputs = {"name": name} if type_ == RELEASE else {"metadata": {"name": name}}
    resource = Resource(type_, f"pulumi-{name}", inputs)
    return Step(verb, None if verb == "create" else resource, None if verb == "delete" else resource, **more)


def line(*steps: Step, effect: Consequences | None = None, relaxations: Relaxations | None = None, **more) -> str:
    found = Comparison("pi", Side(), Side(intent=Intent({}, {}, steps=steps, **more)), relaxations or Relaxations())
    found.__dict__["consequences"] = effect or Consequences()
    return verdict.line(found)


@pytest.mark.parametrize(
    ("steps", "says"),
    [
        ([], "No change to the cluster"),
        ([step("replace", NAMESPACE, "trading")], "**replaces namespace trading, everything in it is deleted**"),
        ([step("delete", NAMESPACE, "trading")], "**deletes namespace trading, everything in it is deleted**"),
        ([step("delete", RELEASE, "istio-egressgateway")], "**deletes release istio-egressgateway**"),
        ([step("replace", RELEASE, name) for name in "abc"], "**replaces 3 releases**"),
        ([step("replace", RELEASE, "a"), step("replace", QUOTA, "b")], "**replaces release a and 1 other object**"),
        ([step("delete", QUOTA, "b"), step("delete", QUOTA, "c")], "**deletes 2 objects**"),
        ([step("update", RELEASE, "a"), step("update", RELEASE, "b")], "updates 2 releases"),
        ([step("create", QUOTA, "a")], "creates 1 ResourceQuota"),
        ([step("replace", RELEASE, name) for name in "ab"], "**replaces releases a and b**"),
        ([step("delete", RELEASE, "a"), *(step("delete", QUOTA, name) for name in "bc")], TWO_OTHERS),
        ([step("create", RELEASE, "a"), step("create", NAMESPACE, "b")], "creates 1 release and 1 Namespace"),
        ([*(step("update", f"k:v1:{kind}", "x") for kind in "AABBC")], "updates 2 As, 2 Bs and 1 other object"),
        ([*(step("update", f"k:v1:{kind}", "x") for kind in "AABBCD")], "updates 2 As, 2 Bs and 2 other objects"),
    ],
)
def test_what_happens_to_resources_is_called_by_its_name(steps, says):
    assert line(*steps) == says


def test_a_retained_namespace_is_not_called_deleted():
    assert "deletes" not in line(step("delete", NAMESPACE, "trading", is_retained=True))


@pytest.mark.parametrize(
    ("effect", "says"),
    [
        (Consequences((ISTIOD,)), "restarts istiod"),
        (Consequences((INGRESS,)), "restarts the ingress gateway"),
        (Consequences((ISTIOD, INGRESS, EGRESS)), "restarts istiod and both gateways"),
        (Consequences(lost_control_plane="istio-system"), "**`pulumi up` refuses it while the mesh runs**"),
        (Consequences(has_new_sidecars=True), "sidecars keep their settings until restarted"),
        (Consequences(has_new_sidecars=True, proxy="1.20.3"), "sidecars keep proxy 1.20.3 until restarted"),
        (
            Consequences((), (INGRESS, EGRESS), "1.20.3", has_new_sidecars=True),
            "**both gateways and sidecars keep proxy 1.20.3** until restarted",
        ),
    ],
)
def test_what_restarts_and_what_stays_is_told(effect, says):
    assert line(effect=effect) == says


def test_a_stack_that_makes_the_ca_alone_is_not_called_unchanged():
    sides = (Side({"pi-mesh:vault": {"enabled": True, "ttl": ttl}}) for ttl in ("1h", "2h"))
    assert "**changes the CA's settings**" in verdict.line(Comparison("ca", *sides))


def test_the_judgement_stands_before_the_effects():
    broken = [
        Violation(rule, level, "r", "") for rule, level in (("a", "mandatory"), ("a", "mandatory"), ("b", "advisory"))
    ]
    relaxed = Relaxations({"a": ("x", "y"), "b": ("x",)}, ("setting",), ("code",))
    assert line(violations=tuple(broken), relaxations=relaxed) == (
        "**1 rule broken** · **relaxes 2 rules** · **weakens 1 setting** · changes the code that judges it · "
        "No change to the cluster"
    )


def test_a_side_that_does_not_preview_changes_nothing_that_is_known():
    told = line(step("delete", RELEASE, "a"), errors=("bad",))
    assert told == "**does not preview**, 1 error · its changes are unknown"


def test_a_stack_that_makes_the_ca_alone_and_keeps_its_settings_changes_nothing():
    sides = (Side({"pi-mesh:vault": {"enabled": True, "ttl": "1h"}}) for _ in range(2))
    assert verdict.line(Comparison("ca", *sides)) == "No change to the cluster"


def test_several_errors_are_counted():
    assert line(errors=("bad", "worse")).startswith("**does not preview**, 2 errors")
