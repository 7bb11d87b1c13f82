"""The recognition of a stack's own mesh, of other Istios and of their webhooks."""

from dataclasses import replace

import pytest

from pi_mesh.checks.finding import Finding
from pi_mesh.checks.preflight import foreign_istio
from pi_mesh.checks.preflight.foreign_istio import ADOPT, BESIDE, CONTROL_PLANE, WEBHOOKS, may_be_alive
from pi_mesh.cluster.objects import Deployment, Service, Webhook
from pi_mesh.cluster.stack_state import NEVER_RUN, StackState
from tests.support.factories import make_mesh
from tests.support.preflight_problems import observation, problems
from tests.support.snapshots import installed_mesh, make_snapshot, state_of

OWN, LABELS = "istio-system/istiod", {"app": "istiod"}


@pytest.mark.parametrize(
    ("name", "release", "installed"),
    [("istiod", OWN, True), ("istiod", "istio-system/other", False), ("other", OWN, False)],
)
def test_a_mesh_is_installed_where_its_own_release_has_an_istiod(name, release, installed):
    deployment = Deployment("istio-system", name, {}, release)
    assert foreign_istio.is_installed(make_mesh(), make_snapshot(deployments=(deployment,))) is installed


def found(id: str, state: StackState = NEVER_RUN, istio: dict | None = None, **cluster: object) -> list[Finding]:
    findings = foreign_istio.check(observation(make_snapshot(**cluster), state, istio=istio or {}))
    return [finding for finding in findings if finding.id == id]


ELSE = f"{ADOPT}; else {BESIDE}"
CONTROL_PLANES = {
    "one of another release in the mesh's own namespace, which alone can be adopted":
        (("istio-system", "istiod-old", LABELS, "istio-system/old"), "error", "of release istio-system/old", ELSE),
    "one of no release": (("istio-system", "istiod-old", LABELS), "error", "of no Helm release", BESIDE),
    "one of another namespace": (("mesh", "pilot", LABELS, "mesh/istiod"), "error", "of release mesh/istiod", BESIDE),
    "one known by its name": (("mesh", "istiod", {}), "error", "of no Helm release", BESIDE),
    "a deployment of another label and name": (("mesh", "pilot", {"app": "x"}), "ok", "", ""),
    "the stack's own": (("istio-system", "istiod", LABELS, OWN), "ok", "", ""),
    "a second one of the state, which another check judges":
        (("istio-system", "istiod-next", LABELS, "istio-system/istiod-next"), "ok", "", ""),
}  # fmt: skip


@pytest.mark.parametrize(("deployment", "level", "by", "fix"), CONTROL_PLANES.values(), ids=CONTROL_PLANES)
def test_another_istiod_is_refused(deployment, level, by, fix):
    state = state_of(releases=("istiod", "istiod-next"))
    (finding,) = found(CONTROL_PLANE, state, deployments=(Deployment(*deployment),))
    assert (finding.level, finding.fix) == (level, fix)
    expected = f"is another istiod, {by}; two control planes" if by else "no other control plane"
    assert finding.message.startswith(expected)


def test_an_istiod_that_istio_namespace_moves_is_the_stacks_own_and_its_webhooks_and_crds_are_no_other_problem():
    istiod, crds, *_ = problems(make_snapshot(**installed_mesh()), state_of(), istio={"namespace": "mesh-system"})
    assert istiod.startswith("deployment istio-system/istiod: is this stack's own istiod, and istio.namespace asks for")
    assert "set istio.namespace back to istio-system" in istiod
    assert "`pulumi destroy -s STACK`" in istiod
    assert crds.endswith("it is this stack's own release: see the row foreign istio")


HOOK = Webhook("Mutating", "sidecar-injector", "namespace.sidecar-injector.istio.io", "mesh/istiod")
TO_URL, OTHER_NAME = replace(HOOK, service=""), replace(HOOK, name="injector.example.com")
NEXT = replace(HOOK, service="mesh/istiod-new")
SERVICES = {"services": (Service("mesh", "istiod"),)}
ISTIOD = {"deployments": (Deployment("mesh", "istiod", {}),)}
UNREADABLE = {"unreadable": ("services",)}
STALE = "`kubectl delete mutatingwebhookconfiguration sidecar-injector`"
ALIVE = "it serves an Istio that may be alive: leave it to its owner, and see the row foreign istio"
HOOKS = {
    "the Service is gone": ((HOOK,), {}, STALE),
    "the Service is there": ((HOOK,), SERVICES, ALIVE),
    "Services can't be listed": ((HOOK,), UNREADABLE, ALIVE),
    "it calls a URL": ((TO_URL,), {}, ALIVE),
    "one of two Services is there": ((NEXT, HOOK), SERVICES, ALIVE),
    "a configuration with two hooks is told once": ((HOOK, HOOK), {}, STALE),
    "it calls istiod under another name": ((OTHER_NAME,), {}, STALE),
}


@pytest.mark.parametrize(("hooks", "cluster", "fix"), HOOKS.values(), ids=HOOKS)
def test_a_webhook_of_another_istio_is_deleted_only_where_its_service_is_certainly_gone(hooks, cluster, fix):
    (finding,) = found(WEBHOOKS, webhooks=hooks, **cluster)
    assert (finding.level, finding.fix) == ("error", fix)
    assert may_be_alive(make_mesh(), make_snapshot(webhooks=hooks, **cluster)) is (fix is ALIVE)


@pytest.mark.row(21)
def test_a_stale_webhook_is_refused_with_the_command_that_deletes_it():
    hook = Webhook("Validating", "istiod-default-validator", "validation.istio.io", OWN)
    (problem,) = problems(make_snapshot(webhooks=(hook,)))
    assert (
        "belongs to no Helm release, not to this stack, which calls istio-system/istiod, a service that is" in problem
    )
    assert "`kubectl delete validatingwebhookconfiguration istiod-default-validator`" in problem


def test_each_configuration_is_told_with_its_release():
    second = replace(HOOK, configuration="sidecar-injector-next", release="mesh/next")
    starts = [finding.message.partition(",")[0] for finding in found(WEBHOOKS, webhooks=(HOOK, second))]
    assert starts == ["belongs to no Helm release", "belongs to mesh/next"]


@pytest.mark.parametrize(
    "hook",
    [
        Webhook("Validating", "cert-manager-webhook", "webhook.cert-manager.io", "cert-manager/webhook"),
        replace(OTHER_NAME, service="istiod/other"),
        replace(HOOK, release=OWN),
        replace(HOOK, stack=make_mesh().owner),
        replace(HOOK, release="istio-system/istiod-next"),
    ],
    ids=["of others", "a namespace istiod", "of an own release", "of an own tag", "of a release in the state"],
)
def test_webhooks_of_others_and_of_the_stack_are_no_problem(hook):
    state = state_of(releases=("istiod", "istiod-next"))
    assert [finding.level for finding in found(WEBHOOKS, state, webhooks=(hook,))] == ["ok"]


@pytest.mark.parametrize(
    ("cluster", "alive"),
    [({}, False), ({"unreadable": ("deployments",)}, True), ({"unreadable": ("nodes",)}, False), (ISTIOD, True)],
)
def test_another_istio_may_be_alive_unless_it_is_certain_that_there_is_none(cluster, alive):
    assert may_be_alive(make_mesh(), make_snapshot(**cluster)) is alive
