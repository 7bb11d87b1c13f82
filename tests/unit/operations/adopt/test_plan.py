"""The pods that the first `up` restarts, according to the rendered objects of both sides and to drift."""

import copy
from dataclasses import replace

import pytest

from operations.adopt import plan as module
from operations.adopt.existing_mesh import Proposal
from operations.adopt.plan import UNCHANGED, Effects
from operations.pull_request import manifests
from operations.pull_request.manifests import Change, NotRenderedError
from pi_mesh.checks.finding import Finding, Level
from pi_mesh.cluster.objects import Deployment
from pi_mesh.cluster.pods import Pod
from tests.support.helm_mesh import PEER, existing, living, situation


def istiod(cpu: str = "100m", **meta: object) -> dict:
    container = {"name": "discovery", "image": "pilot", "resources": {"requests": {"cpu": cpu}}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "istiod", "namespace": "istio-system", **meta},
        "spec": {"template": {"spec": {"containers": [container]}}},
    }


@pytest.fixture
def effects(monkeypatch):
    """Return `effects(before, after, live)`: of istiod's Deployment as installed, as rendered, and as it is."""

    def of(before: dict, after: dict, live: dict | None = None) -> module.Effects:
        monkeypatch.setattr(manifests, "rendered_objects", lambda *_: dict(manifests.named_texts([after])))
        there = existing(release=living("istiod", "istiod", objects=(before,)))
        return module.effects_of_up(replace(there, live={"istio-system/istiod": live or before}))

    return of


def test_a_changed_pod_template_restarts_its_pods(effects):
    assert effects(istiod(), istiod("200m")).restarts == {"istio-system/istiod": "its pod template changes"}


def test_a_changed_label_of_the_deployment_restarts_nothing(effects):
    found = effects(istiod(), istiod(labels={"app.kubernetes.io/version": "2"}))
    assert found.restarts == {}
    assert [change.key for change in found.changed] == ["Deployment istio-system/istiod"]


def test_a_template_that_was_changed_by_hand_is_put_back_and_so_restarts(effects):
    (why,) = (effects(istiod(), istiod(), live=istiod("900m")).restarts or {}).values()
    assert "resources.requests.cpu was changed by hand" in why


def test_what_somebody_added_to_a_template_stays_and_restarts_nothing(effects):
    live = copy.deepcopy(istiod())
    live["spec"]["template"]["metadata"] = {"annotations": {"kubectl.kubernetes.io/restartedAt": "today"}}
    assert effects(istiod(), istiod(), live).restarts == {}


def test_charts_that_can_not_be_rendered_leave_it_open(monkeypatch):
    def refuse(*_: object) -> None:
        raise NotRenderedError("helm is not on PATH")

    monkeypatch.setattr(manifests, "rendered_objects", refuse)
    found = module.effects_of_up(existing())
    assert (found.restarts, found.problem) == (None, "helm is not on PATH")


def test_the_pods_of_a_deployment_are_those_of_its_replica_sets():
    def pod(name: str, owner: str, **more: object) -> Pod:
        return replace(Pod("istio-system", name, owner=owner), **more)

    running = (
        pod("istiod-1-a", "ReplicaSet/istiod-1"),
        pod("istiod-0-b", "ReplicaSet/istiod-0", ending=True),
        pod("istiod-remote-1-c", "ReplicaSet/istiod-remote-1"),
        pod("other", ""),
    )
    there = existing(situation(snapshot={"pods": running}))
    assert module.deployment_pods(there, "istio-system/istiod") == ["istio-system/istiod-1-a"]


@pytest.fixture
def plan(monkeypatch):
    """Return `plan(there, effects)`: the rows by the id of their check."""

    def of(there, effects: Effects = Effects(restarts={})) -> dict[str, list[Finding]]:  # noqa: B008 - frozen
        monkeypatch.setattr(module, "effects_of_up", lambda _: effects)
        found: dict[str, list[Finding]] = {}
        for row in module.adoption_plan(there):
            found.setdefault(row.id, []).append(row)
        return found

    return of


def test_a_release_of_the_expected_version_is_taken_over(plan):
    (row,) = plan(existing())[module.RELEASES]
    assert str(row) == "release istio-system/istiod: istiod 1.31.0, revision 1, is adopted as istiod"


def test_another_version_is_a_warning_that_names_the_setting(plan):
    (row,) = plan(existing(release=living("istiod", "istiod", version="1.30.0")))[module.RELEASES]
    assert row.level is Level.WARNING
    assert "asks for 1.31.0" in row.message
    assert "set istio.version to 1.30.0 first" in row.fix


def test_each_value_that_changes_is_a_row(plan):
    there = existing(release=living("istiod", "istiod", {"pilot": {"replicaCount": 3}, "old": {"value": 1}}))
    said = [row.message for row in plan(there)[module.VALUES]]
    assert "pilot.replicaCount 3 becomes 1" in said
    assert "old.value 1 goes" in said
    assert "global.hub becomes 'docker.io/istio'" in said


def test_a_policy_that_changes_is_a_warning_with_both_values(plan):
    live = {**PEER, "spec": {"mtls": {"mode": "PERMISSIVE"}, "selector": {"matchLabels": {"a": "b"}}}}
    (row,) = plan(existing(peer=live))[module.OBJECTS]
    assert row.level is Level.WARNING
    assert "spec.mtls.mode 'PERMISSIVE' becomes 'STRICT'" in row.message
    assert "spec.selector.matchLabels.a 'b' goes" in row.message


def test_a_field_that_ansible_holds_is_said_to_be_handed_over(plan):
    held = {"manager": "OpenAPI-Generator", "fieldsV1": {"f:spec": {"f:mtls": {"f:mode": {}}}}}
    meta = {**PEER["metadata"], "managedFields": [held]}
    _, row = plan(existing(peer={**PEER, "metadata": meta, "spec": {"mtls": {"mode": "PERMISSIVE"}}}))[module.OBJECTS]
    assert row.message == "spec.mtls.mode is managed by OpenAPI-Generator; --yes makes the stack its manager"


def test_an_object_that_is_as_the_settings_say_is_no_warning(plan):
    (row,) = plan(existing(peer=PEER))[module.OBJECTS]
    assert (row.level, row.message) == (Level.OK, "is adopted unchanged")


def test_a_restart_names_its_pods(plan):
    pods = (Pod("istio-system", "istiod-1-a", owner="ReplicaSet/istiod-1"),)
    there = existing(situation(snapshot={"pods": pods}))
    (row,) = plan(there, Effects(restarts={"istio-system/istiod": "its pod template changes"}))[module.RESTARTS]
    assert (row.level, row.number) == (Level.WARNING, 1)
    assert row.message.endswith("its pod template changes; pods: istiod-1-a")


def test_an_adoption_that_restarts_nothing_says_so(plan):
    (row,) = plan(existing())[module.RESTARTS]
    assert row.message == "keep running: no pod template changes"


def test_pods_that_an_autoscaler_of_the_charts_added_go_and_are_counted(plan):
    istiod = Deployment("istio-system", "istiod", {"app": "istiod"}, "istio-system/istiod", wanted=3)
    there = existing(situation(snapshot={"deployments": (istiod,)}))
    row = plan(there)[module.RESTARTS][0]
    assert (row.message, row.number) == ("goes from 3 to 1 by the first `up`", 2)
    assert "istio.pilotReplicas" in row.fix


def test_charts_that_could_not_be_rendered_are_no_promise(plan):
    found = plan(existing(), Effects(problem="helm is not on PATH"))
    assert module.RESTARTS not in found
    assert found[module.RENDERED][0].level is Level.UNKNOWN


def test_what_up_adds_to_the_namespaces_is_listed(plan):
    named = {f"{row.kind} {row.name}" for row in plan(existing())[module.ADDED]}
    assert {"resourcequota trading/workloads", "limitrange trading/workload-defaults"} <= named
    assert "release istio-system/istio-egressgateway" in named


def test_a_bound_that_goes_for_a_pods_sake_is_a_warning(plan):
    there = replace(existing(), proposals=(Proposal("trading.bounds.quota", False, "30 pods run"),))
    (row,) = plan(there)[module.FILE]
    assert (row.level, str(row)) == (Level.WARNING, "trading.bounds.quota: is set to false: 30 pods run")


def test_a_gateway_that_no_setting_describes_stays(plan):
    partners = living("partners", "gateway")
    there = replace(existing(), living=(*existing().living, partners))
    (row,) = plan(there)[module.BESIDE]
    assert row.name == "istio-system/partners"


LABEL = "  labels:\n    helm.sh/chart: istiod-{}\n"


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("a: 1\nb: 2\n", "a: 2\nb: 2\nc: 3\n", "update (+2 -1 lines)"),
        (LABEL.format("1.30.2"), LABEL.format("1.31.0"), "update (+1 -1 lines, only labels that tell the version)"),
        (None, "a: 1\n", "create (+1 -0 lines)"),
        ("a: 1\n", None, "delete (+0 -1 lines)"),
        (None, "", "create (+0 -0 lines)"),
    ],
)
def test_each_object_that_changes_is_told_with_its_lines(plan, before, after, words):
    changed = (Change("Deployment istio-system/istiod", before, after),)
    (row,) = plan(existing(), Effects(changed=changed, restarts={}))[module.RENDERED]
    assert (row.level, str(row)) == (Level.OK, f"deployment istio-system/istiod: {words}")


def test_running_sidecars_keep_their_settings(plan):
    effects = Effects(restarts={}, on_proxies=replace(UNCHANGED, has_new_sidecars=True))
    *_, row = plan(existing(), effects)[module.RESTARTS]
    assert (row.kind, row.message.partition(";")[0]) == ("sidecar", "keep running with the settings that they have")


WHOLE = """
release istio-system/istiod: istiod 1.31.0, revision 1, is adopted as istiod
peerauthentication istio-system/default: is adopted unchanged
pods: keep running: no pod template changes
namespace istio-system: is added by the first `up`
namespace trading: is added by the first `up`
limitrange trading/workload-defaults: is added by the first `up`; every pod that runs can live with it
resourcequota trading/workloads: is added by the first `up`; every pod that runs can live with it
sidecar trading/default: is added by the first `up`; every pod that runs can live with it
release istio-system/istio-base: is installed by the first `up`
release istio-system/istio-ingressgateway: is installed by the first `up`; `pulumi config set --path ingress.enabled \
false` leaves it out
release istio-system/istio-egressgateway: is installed by the first `up`; `pulumi config set --path egress.enabled \
false` leaves it out
"""


@pytest.mark.parametrize("wanted", [0, 1])
def test_the_whole_plan_of_an_adoption_that_changes_nothing(plan, wanted):
    istiod = Deployment("istio-system", "istiod", {"app": "istiod"}, "istio-system/istiod", wanted=wanted)
    found = plan(existing(situation(snapshot={"deployments": (istiod,)}), peer=PEER))
    assert [str(row) for some in found.values() for row in some] == WHOLE.strip().splitlines()


def test_a_release_of_another_chart_or_one_that_helm_has_already_is_not_listed(plan):
    base = living("istio-base", "base")
    there = existing(situation(snapshot={"releases": (base.record,)}), peer=PEER)
    found = plan(replace(there, living=(*there.living, base, living("other", "kiali"))))
    assert module.BESIDE not in found
    assert "istio-system/istio-base" not in {row.name for row in found[module.ADDED]}


def test_an_object_that_the_state_knows_is_not_added(plan):
    known = {"type": "kubernetes:core/v1:LimitRange", "id": "trading/workload-defaults", "urn": "urn::limits"}
    there = existing(situation({"version": 3, "deployment": {"resources": [known]}}), peer=PEER)
    named = {f"{row.kind} {row.name}" for row in plan(there)[module.ADDED]}
    assert "limitrange trading/workload-defaults" not in named
    assert "resourcequota trading/workloads" in named
