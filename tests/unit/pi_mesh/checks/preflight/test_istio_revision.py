"""The refusals of a removed or changed revision or tag in use, and of an unsupported canary."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Finding, Level, errors
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight.istio_revision import IN_PLACE, IN_USE, STEP, check
from pi_mesh.cluster.objects import Deployment, Namespace, Webhook
from pi_mesh.cluster.pods import Container, Pod
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.cluster.stack_state import RecordedRelease, StackState
from tests.support.factories import make_mesh
from tests.support.preflight_problems import run
from tests.support.snapshots import installed_state, make_snapshot, owned_namespace

CANARY = {"version": "1.31.0", "revision": "next"}
BOTH = make_mesh(istio={"canary": CANARY, "tags": {"stable": "next"}}, trading={"revision": "stable"})
LABELS = {"app": "istiod", "istio.io/rev": "next"}
SECOND = Deployment("istio-system", "istiod-next", LABELS, "istio-system/istiod-next")
HOOK = Webhook("Mutating", "istio-revision-tag-stable", "rev.namespace.sidecar-injector.istio.io", stack=BOTH.owner)


def proxy(revision: str, namespace: str = "trading") -> Pod:
    return Pod(
        namespace,
        f"shop-{revision}",
        containers=(Container("istio-proxy", image="istio/proxyv2:1.31.0"),),
        annotations={"istio.io/rev": revision},
    )


def cluster(*pods: Pod, **more: object) -> Snapshot:
    return make_snapshot(deployments=(SECOND,), webhooks=(HOOK,), pods=pods, **more)


def said(snapshot: Snapshot, state: StackState | None = None, **settings: object) -> dict[str, Finding]:
    mesh = make_mesh(**settings)
    found = check(Observation(mesh, snapshot, installed_state(BOTH) if state is None else state))
    return {finding.id: finding for finding in found if finding.level is not Level.OK}


def test_a_revision_that_a_proxy_uses_is_not_removed():
    finding = said(cluster(proxy("next"), proxy("default")))[IN_USE]
    assert (finding.level, finding.name, finding.number) == (Level.ERROR, "istio.canary", 1)
    assert "would remove the revision next, which proxy trading/shop-next still uses" in finding.message
    assert "operations refresh" in finding.fix


@pytest.mark.parametrize(
    ("count", "users"),
    [
        (2, "which proxy trading/shop-0, proxy trading/shop-1 still use"),
        (3, "proxy trading/shop-1, proxy trading/shop-2 still use"),
        (4, "proxy trading/shop-2 and 1 more still use"),
    ],
)
def test_three_users_are_named_and_the_others_counted(count, users):
    pods = [replace(proxy("next"), name=f"shop-{number}") for number in range(count)]
    assert said(cluster(*pods))[IN_USE].message.endswith(users)


def test_it_is_removed_when_nobody_uses_it():
    assert said(cluster(proxy("default"))) == {}


def test_it_is_removed_in_use_where_the_settings_say_so():
    assert said(cluster(proxy("next")), istio={"allowRemoval": True})[IN_USE].level is Level.WARNING


def test_another_revision_in_its_place_removes_it_too():
    assert IN_USE in said(cluster(proxy("next")), istio={"canary": {**CANARY, "revision": "later"}})


def test_a_revision_that_somebody_elses_namespace_asks_for_is_not_removed():
    theirs = Namespace("theirs", {"istio.io/rev": "next"})
    assert "namespace theirs still uses" in said(cluster(namespaces=(theirs,)))[IN_USE].message


@pytest.mark.parametrize("label", ["stable", "other"])
def test_a_tag_that_a_namespace_asks_for_is_not_removed(label):
    theirs = Namespace("theirs", {"istio.io/rev": label})
    findings = said(cluster(namespaces=(theirs,)), istio={"canary": CANARY})
    assert ([one.name for one in findings.values()] == ["istio.tags"]) is (label == "stable")


def test_the_stacks_own_namespace_moves_with_the_same_up():
    own = Namespace("trading", {"istio.io/rev": "stable"})
    assert said(cluster(namespaces=(own,))) == {}


def test_another_stacks_tag_is_its_own_business():
    theirs = replace(HOOK, stack="pi-mesh/other")
    snapshot = replace(cluster(namespaces=(Namespace("a", {"istio.io/rev": "stable"}),)), webhooks=(theirs,))
    assert said(snapshot, istio={"canary": CANARY}) == {}


def test_a_revision_in_place_is_refused_and_the_way_is_the_canary():
    finding = said(make_snapshot(), istio={"values": {"revision": "next"}})[IN_PLACE]
    assert (finding.level, finding.name) == (Level.ERROR, "istio.values.revision")
    assert "istio.canary" in finding.fix


def test_a_revision_of_before_that_goes_in_place_is_refused_too():
    recorded = {"istio-system/istiod": RecordedRelease("1.31.0", {"revision": "old"})}
    assert "from old to default in place" in said(make_snapshot(), StackState(recorded=recorded))[IN_PLACE].message


@pytest.mark.parametrize(
    ("first", "canary", "level"),
    [
        ("1.31.0", "1.31.1", Level.OK),
        ("1.29.4", "1.31.0", Level.OK),
        ("1.28.2", "1.31.0", Level.ERROR),
        ("1.31.0", "1.30.2", Level.ERROR),
    ],
)
def test_a_canary_is_of_the_same_or_up_to_two_newer_minor_versions(first, canary, level):
    mesh = make_mesh(istio={"version": first, "canary": {**CANARY, "version": canary}})
    (finding,) = (one for one in check(Observation(mesh, make_snapshot(), StackState())) if one.id == STEP)
    assert finding.level is level


def test_a_canary_is_judged_by_kubernetes_range_under_its_own_key():
    mesh = make_mesh(istio={"version": "1.29.4", "canary": CANARY})
    old = make_snapshot(version="v1.31.0")
    (finding,) = errors(one for one in check(Observation(mesh, old, StackState())))
    assert "too old for Istio 1.31.0" in finding.message


def test_a_second_control_plane_of_the_state_is_no_foreign_one_when_it_goes():
    state = replace(installed_state(BOTH), releases=frozenset({"istio-system/istiod-next", "istio-system/istiod"}))
    namespaces = (owned_namespace("istio-system"), owned_namespace("trading"))
    findings = run(make_mesh(), cluster(namespaces=namespaces), state)
    assert [one for one in errors(findings) if one.id in ("foreign istio", "istio webhooks")] == []


def test_the_webhooks_of_own_tags_are_not_foreign():
    findings = run(BOTH, cluster(), installed_state(BOTH))
    assert [one for one in errors(findings) if one.id == "istio webhooks"] == []


def test_a_problem_of_the_canarys_own_version_has_the_canarys_key():
    found = said(
        cluster(), installed_state(make_mesh()), istio={"version": "1.20.3", "canary": {**CANARY, "version": "1.22.0"}}
    )
    assert found["istio end of life"].name == "istio.canary.version"
