"""The lines about the effects on the cluster."""

from operations.preview import effects
from operations.preview.checkout_side import Side
from operations.preview.comparison import Comparison
from operations.preview.consequences import Consequences
from operations.preview.engine_result import Intent, Resource, Step

GATEWAYS = tuple(f"Deployment istio-system/istio-{side}gateway" for side in ("ingress", "egress"))


def lines(*steps: Step, effect: Consequences | None = None) -> list[str]:
    found = Comparison("pi", Side(), Side(intent=Intent({}, {}, steps=steps)))
    found.__dict__["consequences"] = effect or Consequences()
    return [*effects.lines(found)]


def step(verb: str, kind: str, name: str, *keys: str, is_retained: bool = False) -> Step:
    before = Resource(f"kubernetes:x:{kind}", "r", {"metadata": {"name": name}})
    return Step(verb, before, before if verb != "delete" else None, keys, is_retained)


def test_a_replaced_namespace_takes_everything_with_it_for_a_named_reason():
    assert lines(step("replace", "Namespace", "trading", "metadata.name")) == [
        "Namespace `trading` is **replaced** for its `metadata.name`, and **everything in it**, "
        "including objects of other owners."
    ]


def test_releases_that_go_alike_share_a_line():
    assert lines(step("delete", "Release", "a"), step("delete", "Release", "b")) == [
        "Releases `a` and `b` are **deleted**, and their pods with them."
    ]


def test_a_retained_namespace_stays_in_the_cluster():
    assert lines(step("delete", "Namespace", "trading", is_retained=True)) == [
        "Namespace `trading` leaves the stack; the cluster keeps it."
    ]


def test_an_update_needs_no_line():
    assert lines(step("update", "Release", "a")) == []


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
    steps = [step("delete", "Namespace", name, is_retained=True) for name in ("a", "b")]
    assert lines(*steps) == ["Namespaces `a` and `b` leave the stack; the cluster keeps them."]


def test_replaced_releases_share_their_reason():
    (line,) = lines(*(step("replace", "Release", name, "namespace", "name") for name in ("a", "b")))
    assert line == "Releases `a` and `b` are **replaced** for their `namespace` and `name`, and their pods with them."


def test_a_release_takes_its_own_pods_with_it():
    assert lines(step("delete", "Release", "a")) == ["Release `a` is **deleted**, and its pods with it."]


def test_namespaces_take_everything_in_them_with_them():
    (line,) = lines(*(step("delete", "Namespace", name) for name in ("a", "b")))
    assert line == (
        "Namespaces `a` and `b` are **deleted**, and **everything in them**, including objects of other owners."
    )


def test_an_object_that_takes_nothing_with_it_is_told_shortly_and_kinds_have_lines_of_their_own():
    assert lines(step("delete", "ConfigMap", "a"), step("replace", "ConfigMap", "b")) == [
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
