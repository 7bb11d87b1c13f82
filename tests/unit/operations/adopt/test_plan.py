"""The plan of an adoption: a row for each release, object, value and restart of pods."""

import copy
from dataclasses import replace
from unittest.mock import Mock

import pytest

from operations.adopt import plan as module
from operations.adopt.existing_mesh import Proposal
from operations.adopt.plan import UNCHANGED, Effects
from operations.pull_request import manifests
from operations.pull_request.manifests import Change, NotRenderedError
from pi_mesh.checks.finding import Finding, Level
from pi_mesh.cluster.objects import Deployment
from pi_mesh.cluster.pods import Pod
from tests.support.helm_mesh import PEER, existing, living, situation, state_with
from tests.support.versions import BEFORE, NEWEST

ISTIOD = "istio-system/istiod"


def istiod(cpu: str = "100m", **meta: object) -> dict:
    container = {"name": "discovery", "image": "pilot", "resources": {"requests": {"cpu": cpu}}}
    named, template = {"name": "istiod", "namespace": "istio-system", **meta}, {"spec": {"containers": [container]}}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": named, "spec": {"template": template}}


LABELLED = istiod(labels={"app.kubernetes.io/version": "2"})
RESTARTED_BY_HAND = copy.deepcopy(istiod())
RESTARTED_BY_HAND["spec"]["template"]["metadata"] = {"annotations": {"kubectl.kubernetes.io/restartedAt": "today"}}


@pytest.mark.parametrize(("rendered", "live", "changed", "why"), [
    pytest.param(istiod("200m"), istiod(), [ISTIOD], "its pod template changes", id="a pod template changes"),
    pytest.param(LABELLED, istiod(), [ISTIOD], "", id="a changed label of the deployment restarts nothing"),
    pytest.param(istiod(), istiod("900m"), [], "resources.requests.cpu was changed by hand and is put back",
                 id="a template that was changed by hand is put back"),
    pytest.param(istiod(), RESTARTED_BY_HAND, [], "", id="what somebody added to a template stays"),
])  # fmt: skip
def test_pods_restart_for_a_change_of_their_template(monkeypatch, rendered, live, changed, why):
    monkeypatch.setattr(manifests, "rendered_objects", lambda *_: dict(manifests.named_texts([rendered])))
    there = existing(release=living("istiod", "istiod", objects=(istiod(),)))
    effects = module.effects_of_up(replace(there, live={ISTIOD: live}))
    assert list(effects.restarts) == ([ISTIOD] if why else [])
    assert all(reason.endswith(why) for reason in effects.restarts.values())
    assert [change.key for change in effects.changed] == [f"Deployment {name}" for name in changed]


def test_connections_close_for_an_object_that_the_next_up_changes(monkeypatch):
    config = {"kind": "ConfigMap", "metadata": {"name": "istio", "namespace": "istio-system"}, "data": {"mesh": "a: 1"}}
    monkeypatch.setattr(manifests, "rendered_objects", lambda *_: dict(manifests.named_texts([config])))
    there = existing(release=living("istiod", "istiod", objects=(config,)), peer=peer("PERMISSIVE"))
    rows = plan(monkeypatch, there, replace(module.effects_of_up(there), rendered={}))[module.CLOSED]
    assert any("connections to every sidecar (PeerAuthentication" in row.message for row in rows)
    assert module.CLOSED not in plan(monkeypatch, there, NOTHING)


def test_charts_that_can_not_be_rendered_leave_it_open_and_are_no_promise(monkeypatch):
    monkeypatch.setattr(manifests, "rendered_objects", Mock(side_effect=NotRenderedError("helm is not on PATH")))
    assert module.effects_of_up(existing()) == UNRENDERED
    assert module.RESTARTS not in plan(monkeypatch, existing(), UNRENDERED)


@pytest.mark.parametrize(("pod", "named"), [
    pytest.param(Pod("istio-system", "a", owner="ReplicaSet/istiod-1"), True, id="of its replica set"),
    pytest.param(Pod("istio-system", "a", owner="ReplicaSet/istiod-0", ending=True), False, id="on its way out"),
    pytest.param(Pod("istio-system", "a", owner="ReplicaSet/istiod-remote-1"), False, id="of another deployment"),
    pytest.param(Pod("istio-system", "a"), False, id="of nobody"),
])  # fmt: skip
def test_a_restart_names_and_counts_the_pods_of_the_deployment(monkeypatch, pod, named):
    there = existing(situation(snapshot={"pods": (pod,)}))
    (row,) = plan(monkeypatch, there, Effects(restarts={ISTIOD: "its pod template changes"}))[module.RESTARTS]
    assert (row.level, row.number) == (Level.WARNING, int(named))
    assert row.message.endswith(f"its pod template changes; pods: {'a' if named else 'none'}")


def plan(monkeypatch, there, effects: Effects | None = None) -> dict[str, list[Finding]]:
    """Return the rows by the id of their check."""
    monkeypatch.setattr(module, "effects_of_up", lambda _: effects or NOTHING)
    by_check: dict[str, list[Finding]] = {}
    for row in module.adoption_plan(there):
        by_check.setdefault(row.id, []).append(row)
    return by_check


def peer(mode: str, selector: dict | None = None, **meta: object) -> dict:
    spec = {"mtls": {"mode": mode}, **({"selector": selector} if selector else {})}
    return {**PEER, "metadata": {**PEER["metadata"], **meta}, "spec": spec}


def changed_to(before: str | None, after: str | None) -> Effects:
    return Effects((Change(f"Deployment {ISTIOD}", before, after),), {})


SCALED = Deployment("istio-system", "istiod", {"app": "istiod"}, ISTIOD, wanted=3)
HELD = {"manager": "OpenAPI-Generator", "fieldsV1": {"f:spec": {"f:mtls": {"f:mode": {}}}}}
NOTHING, WARNING, OK = Effects(restarts={}), Level.WARNING, Level.OK
UNRENDERED = Effects(problem="helm is not on PATH")
LABEL = "  labels:\n    helm.sh/chart: istiod-{}\n"
OLD_VALUES = living("istiod", "istiod", {"pilot": {"replicaCount": 3}, "old": {"value": 1}})


@pytest.mark.parametrize(("there", "effects", "check", "level", "text"), [
    pytest.param(existing(release=living("istiod", "istiod", version=BEFORE)), NOTHING, module.RELEASES, WARNING,
                 f"asks for {NEWEST}; `up` would change the version at once: better set istio.version to {BEFORE} ",
                 id="another version is a warning that names the setting"),
    pytest.param(existing(release=OLD_VALUES), NOTHING, module.VALUES, OK, "pilot.replicaCount 3 becomes 1", id="set"),
    pytest.param(existing(release=OLD_VALUES), NOTHING, module.VALUES, OK, "old.value 1 goes", id="a value that goes"),
    pytest.param(existing(release=OLD_VALUES), NOTHING, module.VALUES, OK, "hub becomes 'docker.io/istio'", id="new"),
    pytest.param(existing(peer=peer("PERMISSIVE", {"matchLabels": {"a": "b"}})), NOTHING, module.OBJECTS, WARNING,
                 "spec.mtls.mode 'PERMISSIVE' becomes 'STRICT'; spec.selector.matchLabels.a 'b' goes",
                 id="a policy that changes is a warning with both values"),
    pytest.param(existing(peer=peer("PERMISSIVE", managedFields=[HELD])), NOTHING, module.OBJECTS, OK,
                 "spec.mtls.mode is managed by OpenAPI-Generator; --yes makes the stack its manager",
                 id="a field that ansible holds is handed over"),
    pytest.param(existing(situation(snapshot={"deployments": (SCALED,)})), NOTHING, module.RESTARTS, WARNING,
                 f"{ISTIOD}: goes from 3 to 1 by the first `up`; set istio.pilotReplicas to keep them (2)",
                 id="pods that an autoscaler of the charts added go and are counted"),
    pytest.param(existing(), UNRENDERED, module.RENDERED, Level.UNKNOWN, "helm is not on PATH", id="not rendered"),
    pytest.param(replace(existing(), proposals=(Proposal("trading.bounds.quota", False, "30 pods run"),)), NOTHING,
                 module.FILE, WARNING, "trading.bounds.quota: is set to false: 30 pods run",
                 id="a bound that goes for a pod's sake is a warning"),
    pytest.param(replace(existing(), living=(living("partners", "gateway"),)), NOTHING, module.BESIDE, WARNING,
                 "release istio-system/partners: is a gateway that no setting describes", id="a gateway of others"),
    pytest.param(existing(), replace(NOTHING, on_proxies=replace(UNCHANGED, has_new_sidecars=True)), module.RESTARTS,
                 OK, "sidecars: keep running with the settings that they have", id="running sidecars are left"),
    pytest.param(existing(), changed_to("a: 1\nb: 2\n", "a: 2\nb: 2\nc: 3\n"), module.RENDERED, OK,
                 f"deployment {ISTIOD}: update (+2 -1 lines)", id="an object that changes"),
    pytest.param(existing(), changed_to(LABEL.format(BEFORE), LABEL.format(NEWEST)), module.RENDERED, OK,
                 "update (+1 -1 lines, only labels that tell the version)", id="a label that changes"),
    pytest.param(existing(), changed_to(None, "a: 1\n"), module.RENDERED, OK, "create (+1 -0 lines)", id="new"),
    pytest.param(existing(), changed_to("a: 1\n", None), module.RENDERED, OK, "delete (+0 -1 lines)", id="deleted"),
    pytest.param(existing(), changed_to(None, ""), module.RENDERED, OK, "create (+0 -0 lines)", id="an empty object"),
])  # fmt: skip
def test_the_plan_has_a_row_for_each_change(monkeypatch, there, effects, check, level, text):
    rows = {f"{row} ({row.number})": row.level for row in plan(monkeypatch, there, effects)[check]}
    assert [rows[row] for row in rows if text in row] == [level]


WHOLE = f"""
release istio-system/istiod: istiod {NEWEST}, revision 1, is adopted as istiod
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


@pytest.mark.parametrize("running", [0, 1])
def test_the_whole_plan_of_an_adoption_that_changes_nothing(monkeypatch, running):
    istiods = (Deployment("istio-system", "istiod", {"app": "istiod"}, ISTIOD, wanted=running),)
    there = existing(situation(snapshot={"deployments": istiods}), peer=PEER)
    rows = [row for rows in plan(monkeypatch, there).values() for row in rows]
    assert [str(row) for row in rows] == WHOLE.strip().splitlines()
    assert {row.level for row in rows} == {Level.OK}


def test_a_release_of_another_chart_or_one_that_helm_has_already_is_not_listed(monkeypatch):
    base = living("istio-base", "base")
    there = existing(situation(snapshot={"releases": (base.record,)}), peer=PEER)
    rows = plan(monkeypatch, replace(there, living=(*there.living, base, living("other", "kiali"))))
    assert module.BESIDE not in rows
    assert base.record.id not in {row.name for row in rows[module.ADDED]}


def test_an_object_that_the_state_knows_is_not_added(monkeypatch):
    known = {"type": "kubernetes:core/v1:LimitRange", "id": "trading/workload-defaults", "urn": "urn::limits"}
    added = plan(monkeypatch, existing(situation(state_with(known)), peer=PEER))[module.ADDED]
    assert {"limitrange", "resourcequota"} & {row.kind for row in added} == {"resourcequota"}
