"""The whole path from the oldest version to the newest, each step judged as if those before it were done."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from pi_mesh import inventory
from pi_mesh.catalog.istio import MINORS, NEWEST_MINOR, OLDEST_MINOR, minor_of
from pi_mesh.checks import upgrade_path, upgrade_steps
from pi_mesh.checks.preflight import charts, istio_crds, kernel_addresses, kubernetes_version
from pi_mesh.checks.upgrade_steps import UpgradeStep
from pi_mesh.cluster.nodes import Node
from pi_mesh.cluster.objects import Crd, Deployment
from pi_mesh.cluster.pods import SIDECAR, Container, Pod
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory.chart_lock import LockedChart
from tests.support.factories import STACK, make_mesh, make_settings
from tests.support.snapshots import installed_mesh, installed_state, make_pis, make_snapshot, state_of

FIRST, LAST = f"1.{OLDEST_MINOR}.3", f"1.{NEWEST_MINOR}.0"
CRDS = ("gateways.networking.istio.io", "telemetries.telemetry.istio.io")


def running(version: str, kubernetes: int = 30, nodes: tuple[Node, ...] = make_pis()) -> Snapshot:
    """Return a cluster with an istiod and a sidecar of this version, and CRDs of no release."""
    istiod = Container("discovery", image=f"docker.io/istio/pilot:{version}")
    sidecar = Container(SIDECAR, image=f"docker.io/istio/proxyv2:{version}-distroless")
    deployment = Deployment("istio-system", "istiod", {"app": "istiod"}, "istio-system/istiod", containers=(istiod,))
    there = installed_mesh() | {"deployments": (deployment,), "crds": tuple(map(Crd, CRDS))}
    pods = (Pod("trading", "shop-1", containers=(sidecar,)),)
    return make_snapshot(version=f"v1.{kubernetes}.0", nodes=nodes, pods=pods, **there)


def ladder(cluster: Snapshot, first: str = FIRST, last: str = LAST, **istio: object) -> list[UpgradeStep]:
    """Return the steps from one version to another."""
    mesh_of = lambda version: make_mesh(istio={**istio, "version": version})  # noqa: E731
    before = mesh_of(first)
    recorded = installed_state(before).recorded
    state = replace(state_of(releases=tuple(one.name for one in before.releases)), recorded=recorded)
    path = upgrade_path.version_path(first, last, before.settings)
    return list(upgrade_steps.consecutive_steps(first, path, mesh_of, cluster, state))


def stops(steps: list[UpgradeStep]) -> dict[int, set[str]]:
    """Return the checks that stop each step, by its minor version."""
    return {minor_of(step.version): {finding.id for finding in step.stops} for step in steps}


@pytest.mark.parametrize("kubernetes", range(25, 37))
def test_every_step_is_stopped_where_istio_does_not_support_the_kubernetes_and_by_nothing_else(kubernetes):
    expected = {
        minor: set() if row.kubernetes[0] <= kubernetes <= row.kubernetes[1] else {kubernetes_version.KUBERNETES}
        for minor, row in MINORS.items()
        if minor > OLDEST_MINOR
    }
    assert stops(ladder(running(FIRST, kubernetes))) == expected


def test_a_kubernetes_that_is_too_old_is_named_with_those_that_both_versions_support():
    (step,) = ladder(running("1.29.5", 31), "1.29.5", "1.30.3")
    assert step.stops[0].fix == "upgrade Kubernetes to one from 1.32 to 1.35 first, then run this again"


def test_a_kubernetes_that_is_too_new_stops_until_the_setting_says_otherwise():
    (step,) = ladder(running("1.27.9", 36), "1.27.9", "1.28.10")
    assert "`istio.untestedKubernetes: true`" in step.stops[0].fix
    (step,) = ladder(running("1.27.9", 36), "1.27.9", "1.28.10", untestedKubernetes=True)
    assert step.stops == []


def test_a_new_patch_of_the_same_minor_version_is_not_stopped_by_kubernetes():
    (step,) = ladder(running("1.27.0", 36), "1.27.0", "1.27.9")
    assert step.stops == []


def test_a_stock_raspberry_pi_kernel_stops_the_first_version_that_needs_a_larger_address_space():
    small = make_pis(kernel="6.6.31+rpt-rpi-v8", os_image="Debian GNU/Linux 12 (bookworm)")
    assert stops(ladder(running(FIRST, 28, small), last="1.22.8")) == {21: set(), 22: {kernel_addresses.ID}}


def test_every_step_restarts_istiod_and_both_gateways_whichever_chart_they_have():
    istiod, *gateways = (f"istio-system/{name}" for name in ("istiod", "istio-ingressgateway", "istio-egressgateway"))
    expected = {f"Deployment {name}" for name in (istiod, *gateways)}
    assert {frozenset(step.forecast.restarts) for step in ladder(running(FIRST))} == {frozenset(expected)}


def test_crds_are_upgraded_before_1_24_handed_over_there_and_left_to_the_chart_after_it():
    crds = {minor_of(step.version): step.crds for step in ladder(running(FIRST, 29))}
    assert {crds[minor] for minor in range(21, 24)} == {"upgraded before `up`"}
    assert crds[24] == "handed over to istio-system/istio-base"
    assert {crds[minor] for minor in range(25, NEWEST_MINOR + 1)} == {"by the base chart"}


def test_crds_of_another_release_that_lives_stop_the_step_to_1_24():
    theirs = running("1.23.6", 29)
    release = replace(theirs.releases[0], namespace="other", name="base")
    cluster = replace(
        theirs,
        crds=tuple(replace(crd, release="other/base") for crd in theirs.crds),
        releases=(*theirs.releases, release),
    )
    assert stops(ladder(cluster, "1.23.6", "1.24.6")) == {24: {istio_crds.ID}}


def test_sidecars_that_nobody_restarted_stop_the_step_that_would_leave_them_too_far_behind():
    cluster = running("1.30.3", 34)
    old = partial(replace, image="docker.io/istio/proxyv2:1.29.5")
    pods = tuple(replace(pod, containers=tuple(map(old, pod.containers))) for pod in cluster.pods)
    assert stops(ladder(replace(cluster, pods=pods), "1.30.3", "1.31.0")) == {31: {"proxy skew"}}


def test_a_check_that_the_step_itself_mends_does_not_stop_it():
    mesh, cluster = make_mesh(istio={"version": "1.31.0"}), running("1.30.3", 34)
    stuck = replace(cluster, releases=(replace(cluster.releases[0], status="pending-upgrade"),))
    state = state_of()
    assert {one.id for one in upgrade_steps.upgrade_step("1.30.3", mesh, stuck, state).stops} == {"helm releases"}
    assert upgrade_steps.upgrade_step("1.30.3", mesh, stuck, state, {"helm releases"}).stops == []


def test_charts_that_are_not_locked_stop_a_step_and_one_command_is_named_for_those_of_all_further_steps():
    mesh = inventory.mesh_inventory(make_settings(istio={"version": "1.29.6"}), STACK, lock=())
    step = upgrade_steps.upgrade_step("1.28.10", mesh, running("1.28.10", 34), state_of(), later=("1.30.3", "1.31.0"))
    assert {finding.id for finding in step.stops} == {charts.ID}
    lock = "`python -m operations charts lock -s test --also 1.29.6 --also 1.30.3 --also 1.31.0`"
    assert {finding.fix.partition(",")[0] for finding in step.stops} == {lock}


def test_each_step_of_a_locked_stack_names_the_charts_from_it_to_the_last():
    mesh_of = lambda version: inventory.mesh_inventory(make_settings(istio={"version": version}), STACK, lock=())  # noqa: E731
    cluster = running("1.29.6", 34)
    steps = upgrade_steps.consecutive_steps("1.29.6", ("1.30.3", "1.31.0"), mesh_of, cluster, state_of())
    commands = [step.stops[0].fix.partition("`,")[0] for step in steps]
    assert [command.partition(" --also ")[2] for command in commands] == ["1.30.3 --also 1.31.0", "1.31.0"]


def test_a_tampered_chart_keeps_its_own_advice_in_a_step(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("charts").mkdir()
    names = ("base", "istiod", "gateway")
    for name in names:
        Path(f"charts/{name}-1.31.0.tgz").write_bytes(b"tampered")
    entries = (
        LockedChart(chart=name, version="1.31.0", source="https://charts.example", sha256="0" * 64) for name in names
    )
    mesh = inventory.mesh_inventory(make_settings(istio={"version": "1.31.0"}), STACK, lock=tuple(entries))
    step = upgrade_steps.upgrade_step("1.30.3", mesh, running("1.30.3", 34), state_of())
    assert len(step.stops) == len(names)
    assert all(finding.fix.startswith("do not install it") for finding in step.stops)
