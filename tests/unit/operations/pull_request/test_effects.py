"""The first line of a stack's section."""

import pytest

from operations.pull_request import effects
from operations.pull_request.compare import Comparison
from operations.pull_request.engine import Intent, Resource, Step, Violation
from operations.pull_request.manifests import Consequences
from operations.pull_request.relaxations import Relaxations
from operations.pull_request.sides import Side

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
    return effects.verdict(found)


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
    assert "**changes the CA's settings**" in effects.verdict(Comparison("ca", *sides))


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
    assert effects.verdict(Comparison("ca", *sides)) == "No change to the cluster"


def test_several_errors_are_counted():
    assert line(errors=("bad", "worse")).startswith("**does not preview**, 2 errors")


GATEWAYS = tuple(f"Deployment istio-system/istio-{side}gateway" for side in ("ingress", "egress"))


def lines(*steps: Step, effect: Consequences | None = None) -> list[str]:
    found = Comparison("pi", Side(), Side(intent=Intent({}, {}, steps=steps)))
    found.__dict__["consequences"] = effect or Consequences()
    return [*effects.effect_lines(found)]


def step_of_effects(verb: str, kind: str, name: str, *keys: str, is_retained: bool = False) -> Step:
    before = Resource(f"kubernetes:x:{kind}", "r", {"metadata": {"name": name}})
    return Step(verb, before, before if verb != "delete" else None, keys, is_retained)


def test_a_replaced_namespace_takes_everything_with_it_for_a_named_reason():
    assert lines(step_of_effects("replace", "Namespace", "trading", "metadata.name")) == [
        "Namespace `trading` is **replaced** for its `metadata.name`, and **everything in it**, "
        "including objects of other owners."
    ]


def test_releases_that_go_alike_share_a_line():
    assert lines(step_of_effects("delete", "Release", "a"), step_of_effects("delete", "Release", "b")) == [
        "Releases `a` and `b` are **deleted**, and their pods with them."
    ]


def test_a_retained_namespace_stays_in_the_cluster():
    assert lines(step_of_effects("delete", "Namespace", "trading", is_retained=True)) == [
        "Namespace `trading` leaves the stack; the cluster keeps it."
    ]


def test_an_update_needs_no_line():
    assert lines(step_of_effects("update", "Release", "a")) == []


def test_gateways_that_keep_their_proxy_get_the_command_that_restarts_them():
    told = lines(effect=Consequences((), GATEWAYS, "1.20.3", has_new_sidecars=True))
    assert told[0].startswith("Running proxies stay: **both gateways and sidecars keep proxy 1.20.3**")
    command = "kubectl rollout restart -n istio-system deployment/istio-ingressgateway deployment/istio-egressgateway"
    assert f"`{command}`" in told[1]


def test_sidecars_that_lose_their_istiod_are_told_where_they_look_for_it():
    line, _ = lines(effect=Consequences(has_new_sidecars=True, lost_control_plane="istio-system"))
    assert line.startswith("Running sidecars look for istiod in `istio-system`, where it no longer runs:")


def test_an_istiod_that_moves_is_told_to_be_refused_with_the_way_out():
    _, line = lines(effect=Consequences(has_new_sidecars=True, lost_control_plane="istio-system"))
    assert line.startswith("Preflight refuses this `pulumi up` (foreign istio) while istiod runs in `istio-system`")
    assert "run `pulumi destroy -s pi` first" in line
    assert "then `python -m operations repair -s pi --yes`" in line


def test_workloads_that_restart_share_a_line_with_their_reason():
    (line,) = lines(effect=Consequences(GATEWAYS))
    assert line.endswith("restart: their pod templates change.")


def test_retained_objects_of_a_kind_share_a_line():
    steps = [step_of_effects("delete", "Namespace", name, is_retained=True) for name in ("a", "b")]
    assert lines(*steps) == ["Namespaces `a` and `b` leave the stack; the cluster keeps them."]


def test_replaced_releases_share_their_reason():
    (line,) = lines(*(step_of_effects("replace", "Release", name, "namespace", "name") for name in ("a", "b")))
    assert line == "Releases `a` and `b` are **replaced** for their `namespace` and `name`, and their pods with them."


def test_a_release_takes_its_own_pods_with_it():
    assert lines(step_of_effects("delete", "Release", "a")) == ["Release `a` is **deleted**, and its pods with it."]


def test_namespaces_take_everything_in_them_with_them():
    (line,) = lines(*(step_of_effects("delete", "Namespace", name) for name in ("a", "b")))
    assert line == (
        "Namespaces `a` and `b` are **deleted**, and **everything in them**, including objects of other owners."
    )


def test_an_object_that_takes_nothing_with_it_is_told_shortly_and_kinds_have_lines_of_their_own():
    assert lines(step_of_effects("delete", "ConfigMap", "a"), step_of_effects("replace", "ConfigMap", "b")) == [
        "ConfigMap `a` is **deleted**.",
        "ConfigMap `b` is **replaced**.",
    ]


def test_one_workload_that_restarts_has_a_verb_in_the_singular():
    assert lines(effect=Consequences(GATEWAYS[:1])) == [f"`{GATEWAYS[0]}` restarts: its pod template changes."]


def test_no_proxy_that_stays_is_no_line():
    assert lines(effect=Consequences()) == []


def test_gateways_with_the_old_version_are_restarted_by_one_command_in_their_namespace():
    (line,) = lines(effect=Consequences(stale=GATEWAYS))
    assert line.endswith(
        "`kubectl rollout restart -n istio-system deployment/istio-ingressgateway deployment/istio-egressgateway`."
    )
