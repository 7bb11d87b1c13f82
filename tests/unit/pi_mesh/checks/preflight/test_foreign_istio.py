"""The recognition of a stack's own mesh, of other Istios and of their webhooks."""

from dataclasses import replace

import pytest

from pi_mesh.checks.preflight.foreign_istio import ADOPT, BESIDE, CONTROL_PLANE, check, is_installed, may_be_alive
from pi_mesh.cluster.objects import Deployment, Service, Webhook
from tests.support.factories import make_mesh
from tests.support.findings import case, table
from tests.support.preflight_problems import assert_told, observation, problems
from tests.support.snapshots import installed_mesh, make_snapshot, state_of

OWN, LABELS = "istio-system/istiod", {"app": "istiod"}
OTHER = "error deployment {}: is another istiod, of {}; two control planes fight over webhooks and certificates; "
NONE, IN_NEXT = "ok cluster: no other control plane", "istio-system/istiod-next"
HOOK = Webhook("Mutating", "injector", "namespace.sidecar-injector.istio.io", "mesh/istiod")
VALIDATOR = Webhook("Validating", "default-validator", "validation.istio.io", OWN)
RENAMED, NEXT = replace(HOOK, name="injector.example.com"), replace(HOOK, service="mesh/istiod-new")
HOOK_OF_NEXT = replace(HOOK, configuration="injector-next", release="mesh/next")
SERVICES = {"services": (Service("mesh", "istiod"),)}
LIVING = "error mutatingwebhookconfiguration injector: belongs to no Helm release, not to this stack; it serves "
ALIVE = [f"{LIVING}an Istio that may be alive: leave it to its owner, and see the row foreign istio"]
STALE = [
    "error mutatingwebhookconfiguration injector: belongs to no Helm release, not to this stack, which calls "
    "mesh/istiod, a service that is gone; `kubectl delete mutatingwebhookconfiguration injector`"
]
FINE = ["ok cluster: none but this stack's own"]


@table(("istiod", OWN, True), ("istiod", "istio-system/other", False), ("other", OWN, False))
def test_a_mesh_is_installed_where_its_own_release_has_an_istiod(name, release, installed):
    deployment = Deployment("istio-system", name, {}, release)
    assert is_installed(make_mesh(), make_snapshot(deployments=(deployment,))) is installed


def assert_said(of_control_planes: bool, lines: list[str], **cluster: object) -> None:
    told = check(observation(make_snapshot(**cluster), state_of(releases=("istiod", "istiod-next"))))
    assert_told([finding for finding in told if (finding.id == CONTROL_PLANE) is of_control_planes], *lines)


@table(
    case("one of another release in the mesh's own namespace, which alone can be adopted",
        ("istio-system", "old", LABELS, "istio-system/x"),
        f"{OTHER.format('istio-system/old', 'release istio-system/x')}{ADOPT}; else {BESIDE}"),
    case("one of no release", ("istio-system", "old", LABELS),
        f"{OTHER.format('istio-system/old', 'no Helm release')}{BESIDE}"),
    case("one of another namespace", ("mesh", "pilot", LABELS, "mesh/istiod"),
        f"{OTHER.format('mesh/pilot', 'release mesh/istiod')}{BESIDE}"),
    case("one known by its name", ("mesh", "istiod", {}), OTHER.format("mesh/istiod", "no Helm release")),
    case("a deployment of another label and name", ("mesh", "pilot", {"app": "x"}), NONE),
    case("the stack's own", ("istio-system", "istiod", LABELS, OWN), NONE),
    case("a second one of the state, judged elsewhere", ("istio-system", "istiod-next", LABELS, IN_NEXT), NONE),
)  # fmt: skip
def test_another_istiod_is_refused(deployment, line):
    assert_said(True, [line], deployments=(Deployment(*deployment),))


def test_an_istiod_that_istio_namespace_moves_is_the_stacks_own_and_its_webhooks_and_crds_are_no_other_problem():
    istiod, crds, *_ = problems(make_snapshot(**installed_mesh()), state_of(), istio={"namespace": "mesh-system"})
    assert istiod.startswith("deployment istio-system/istiod: is this stack's own istiod, and istio.namespace asks for")
    assert "set istio.namespace back to istio-system" in istiod
    assert "`pulumi destroy -s STACK`" in istiod
    assert crds.endswith("it is this stack's own release: see the row foreign istio")


@pytest.mark.row(21)
@table(
    case("the Service is gone", (HOOK,), {}, STALE, False),
    case("one that validates", (VALIDATOR,), {},
        ["error validating…: …; `kubectl delete validatingwebhookconfiguration default-validator`"], False),
    case("the Service is there", (HOOK,), SERVICES, ALIVE, True),
    case("Services can't be listed", (HOOK,), {"unreadable": ("services",)}, ALIVE, True),
    case("it calls a URL", (replace(HOOK, service=""),), {}, ALIVE, True),
    case("one of two Services is there", (NEXT, HOOK), SERVICES, ALIVE, True),
    case("a configuration with two hooks is told once", (HOOK, HOOK), {}, STALE, False),
    case("two configurations, one of a release", (HOOK, HOOK_OF_NEXT), {},
        [*STALE, "error mutating…injector-next: belongs to mesh/next, not to this"], False),
    case("it calls istiod under another name", (RENAMED,), {}, STALE, False),
    case("one of others", (Webhook("Validating", "cm", "webhook.cert-manager.io", "cm/webhook"),), {}, FINE, False),
    case("one of others in a namespace istiod", (replace(RENAMED, service="istiod/other"),), {}, FINE, False),
    case("one of an own release", (replace(HOOK, release=OWN),), {}, FINE, False),
    case("one of an own tag", (replace(HOOK, stack=make_mesh().owner),), {}, FINE, False),
    case("one of a release in the state", (replace(HOOK, release=IN_NEXT),), SERVICES, FINE, True),
)  # fmt: skip
def test_a_webhook_of_another_istio_is_deleted_only_where_its_service_is_certainly_gone(hooks, cluster, lines, alive):
    assert_said(False, lines, webhooks=hooks, **cluster)
    assert may_be_alive(make_mesh(), make_snapshot(webhooks=hooks, **cluster)) is alive


@table(
    ({}, False),
    ({"unreadable": ("deployments",)}, True),
    ({"unreadable": ("nodes",)}, False),
    ({"deployments": (Deployment("mesh", "istiod", {}),)}, True),
)
def test_another_istio_may_be_alive_unless_it_is_certain_that_there_is_none(cluster, alive):
    assert may_be_alive(make_mesh(), make_snapshot(**cluster)) is alive
