"""The recognition of a stack's own mesh."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Finding, Level
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight import foreign_istio
from pi_mesh.cluster.objects import Deployment, Service, Webhook
from pi_mesh.cluster.stack_state import NEVER_RUN, StackState
from tests.support.factories import make_mesh
from tests.support.preflight_problems import problems, run
from tests.support.snapshots import installed_mesh, make_snapshot, state_of

ISTIOD = "istio-system/istiod"


@pytest.mark.parametrize(
    ("name", "release", "installed"),
    [("istiod", ISTIOD, True), ("istiod", "istio-system/other", False), ("other", ISTIOD, False)],
)
def test_a_mesh_is_installed_where_its_own_release_has_an_istiod(name, release, installed):
    deployment = Deployment("istio-system", name, {}, release)
    assert foreign_istio.is_installed(make_mesh(), make_snapshot(deployments=(deployment,))) is installed


def test_no_foreign_istio_is_said_only_where_there_is_none():
    def said(**more: tuple) -> bool:
        found = run(make_mesh(), make_snapshot(**more))
        return any(f.id == "foreign istio" and f.level is Level.OK for f in found)

    assert said()
    assert not said(deployments=(Deployment("mesh", "istiod", {"app": "istiod"}),))


def test_another_istiod_is_refused():
    foreign = Deployment("mesh", "istiod", {"app": "istiod"}, "mesh/istiod")
    (problem,) = problems(make_snapshot(deployments=(foreign,)))
    assert problem.startswith("deployment mesh/istiod: is another istiod, of release mesh/istiod")
    assert "uninstall --purge" not in problem
    assert "leave it alone" in problem


def test_an_istiod_that_istio_namespace_moves_is_the_stacks_own_and_its_webhooks_and_crds_are_no_other_problem():
    istiod, crds, *_ = problems(make_snapshot(**installed_mesh()), state_of(), istio={"namespace": "mesh-system"})
    assert istiod.startswith("deployment istio-system/istiod: is this stack's own istiod, and istio.namespace asks for")
    assert "set istio.namespace back to istio-system" in istiod
    assert "`pulumi destroy -s STACK`" in istiod
    assert crds.endswith("it is this stack's own release: see the row foreign istio")


HOOK = Webhook("Mutating", "sidecar-injector", "namespace.sidecar-injector.istio.io", "mesh/istiod")


@pytest.mark.parametrize(
    ("hooks", "seen"),
    [
        ((HOOK,), {"services": (Service("mesh", "istiod"),)}),
        ((HOOK,), {"unreadable": ("services",)}),
        ((replace(HOOK, service=""),), {}),
        ((HOOK, replace(HOOK, service="mesh/istiod-new")), {"services": (Service("mesh", "istiod-new"),)}),
    ],
    ids=["its service is there", "services can't be listed", "it calls a URL", "one of two services is there"],
)
def test_nobody_is_told_to_delete_a_webhook_that_may_serve_a_living_mesh(hooks, seen):
    found = problems(make_snapshot(webhooks=hooks, **seen))
    assert any("leave it to its owner" in problem for problem in found)
    assert not any("kubectl delete" in problem for problem in found)


@pytest.mark.row(21)
def test_a_stale_webhook_is_refused_with_the_command_that_deletes_it():
    hook = Webhook("Validating", "istiod-default-validator", "validation.istio.io", "istio-system/istiod")
    (problem,) = problems(make_snapshot(webhooks=(hook,)))
    assert "calls istio-system/istiod, a service that is gone" in problem
    assert "`kubectl delete validatingwebhookconfiguration istiod-default-validator`" in problem


def test_webhooks_of_others_are_nobodys_business():
    hook = Webhook("Validating", "cert-manager-webhook", "webhook.cert-manager.io", "cert-manager/webhook")
    assert problems(make_snapshot(webhooks=(hook,))) == []


def control_planes(*deployments: Deployment, state: StackState = NEVER_RUN) -> list[Finding]:
    found = foreign_istio.check(Observation(make_mesh(), make_snapshot(deployments=deployments), state))
    return [finding for finding in found if finding.id == foreign_istio.CONTROL_PLANE]


@pytest.mark.parametrize(
    ("namespace", "release", "fix"),
    [
        ("istio-system", "istio-system/old", f"{foreign_istio.ADOPT}; else {foreign_istio.BESIDE}"),
        ("istio-system", "", foreign_istio.BESIDE),
        ("mesh", "mesh/istiod", foreign_istio.BESIDE),
    ],
)
def test_only_a_release_of_the_meshs_own_namespace_can_be_adopted(namespace, release, fix):
    (problem,) = control_planes(Deployment(namespace, "istiod-old", {"app": "istiod"}, release))
    assert problem.fix == fix
    by = f"of release {release}" if release else "of no Helm release"
    assert f"is another istiod, {by}; two control planes" in problem.message


@pytest.mark.parametrize(
    ("name", "labels", "levels"),
    [("istiod", {}, [Level.ERROR]), ("pilot", {"app": "istiod"}, [Level.ERROR]), ("pilot", {"app": "x"}, [Level.OK])],
)
def test_an_istiod_is_known_by_its_name_or_its_label(name, labels, levels):
    assert [finding.level for finding in control_planes(Deployment("mesh", name, labels))] == levels


def test_a_second_control_plane_of_the_stack_is_another_checks_business():
    canary = Deployment("istio-system", "istiod-next", {"app": "istiod"}, "istio-system/istiod-next")
    state = state_of(releases=("istiod", "istiod-next"))
    assert [finding.level for finding in control_planes(canary, state=state)] == [Level.OK]


@pytest.mark.parametrize(
    ("seen", "alive"),
    [
        ({}, False),
        ({"unreadable": ("deployments",)}, True),
        ({"unreadable": ("nodes",)}, False),
        ({"deployments": (Deployment("mesh", "istiod", {}),)}, True),
        ({"webhooks": (HOOK,)}, False),
        ({"webhooks": (HOOK,), "services": (Service("mesh", "istiod"),)}, True),
        ({"webhooks": (replace(HOOK, service=""),)}, True),
    ],
)
def test_another_istio_may_be_alive_unless_it_is_certain_that_there_is_none(seen, alive):
    assert foreign_istio.may_be_alive(make_mesh(), make_snapshot(**seen)) is alive


def test_webhooks_are_told_by_configuration_with_their_release():
    second = replace(HOOK, configuration="sidecar-injector-next", release="mesh/next")
    found = foreign_istio.check(Observation(make_mesh(), make_snapshot(webhooks=(HOOK, HOOK, second)), NEVER_RUN))
    first, other = (finding for finding in found if finding.id == foreign_istio.WEBHOOKS)
    assert first.message.startswith("belongs to no Helm release, not to this stack, which calls mesh/istiod")
    assert other.message.startswith("belongs to mesh/next, not to this stack")


def test_a_webhook_that_calls_istiod_is_istios_whatever_its_name():
    own = replace(HOOK, name="injector.example.com")
    assert (
        foreign_istio.may_be_alive(make_mesh(), make_snapshot(webhooks=(replace(own, service="istiod/other"),)))
        is False
    )
    services = (Service("mesh", "istiod"),)
    assert foreign_istio.may_be_alive(make_mesh(), make_snapshot(webhooks=(own,), services=services)) is True
