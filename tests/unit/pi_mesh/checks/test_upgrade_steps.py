"""The whole path from the oldest version to the newest, each step judged as if those before it were done."""

from dataclasses import replace
from pathlib import Path

import pytest

from pi_mesh import inventory
from pi_mesh.catalog.istio import MINORS, minor_of
from pi_mesh.checks import upgrade_path, upgrade_steps
from pi_mesh.checks.preflight import charts, istio_crds, kernel_addresses, kubernetes_version
from pi_mesh.checks.upgrade_steps import UpgradeStep
from pi_mesh.cluster.nodes import Node
from pi_mesh.cluster.objects import Crd, Deployment
from pi_mesh.cluster.pods import SIDECAR, Container, Pod
from pi_mesh.cluster.snapshot import Snapshot
from pi_mesh.inventory import Inventory
from pi_mesh.inventory.chart_lock import LockedChart
from pi_mesh.values.extra_values import Chart
from tests.support.factories import STACK, make_mesh, make_settings
from tests.support.findings import case, table
from tests.support.snapshots import installed_mesh, installed_state, make_pis, make_snapshot, state_of
from tests.support.versions import BEFORE, NEWEST, NEWEST_MINOR, OLDEST_MINOR

FIRST, TWO_BEFORE = (f"1.{minor}.{MINORS[minor].newest_patch}" for minor in (OLDEST_MINOR, NEWEST_MINOR - 2))
CRDS = ("gateways.networking.istio.io", "telemetries.telemetry.istio.io")
TOO_NEW = "`istio.untestedKubernetes: true` takes the step all the same"


def newest_kubernetes(version: str) -> int:
    return MINORS[minor_of(version)].kubernetes[1]


def running(version: str, kubernetes: int = 30, nodes: tuple[Node, ...] = make_pis(), sidecar: str = "") -> Snapshot:
    """Return a cluster with an istiod and a sidecar of this version, and CRDs of no release."""
    istiod = Container("discovery", image=f"docker.io/istio/pilot:{version}")
    proxy = Container(SIDECAR, image=f"docker.io/istio/proxyv2:{sidecar or version}-distroless")
    deployment = Deployment("istio-system", "istiod", {"app": "istiod"}, "istio-system/istiod", containers=(istiod,))
    there = installed_mesh() | {"deployments": (deployment,), "crds": tuple(map(Crd, CRDS))}
    pods = (Pod("trading", "shop-1", containers=(proxy,)),)
    return make_snapshot(version=f"v1.{kubernetes}.0", nodes=nodes, pods=pods, **there)


def ladder(cluster: Snapshot, first: str = FIRST, last: str = NEWEST, **istio: object) -> list[UpgradeStep]:
    """Return the steps from one version to another."""

    def mesh_of(version: str) -> Inventory:
        return make_mesh(istio={**istio, "version": version})

    before = mesh_of(first)
    names = tuple(release.name for release in before.releases)
    state = replace(state_of(releases=names), recorded=installed_state(before).recorded)
    path = upgrade_path.version_path(first, last, before.settings)
    return [*upgrade_steps.consecutive_steps(first, path, mesh_of, cluster, state)]


def stops(steps: list[UpgradeStep]) -> dict[int, set[str]]:
    """Return the checks that stop each step, by its minor version."""
    return {minor_of(step.version): {finding.id for finding in step.stops} for step in steps}


@pytest.mark.parametrize("kubernetes", [25, 29, 30, 32, 36])
def test_every_step_is_stopped_where_istio_does_not_support_the_kubernetes_and_by_nothing_else(kubernetes):
    expected = {
        minor: set() if row.kubernetes[0] <= kubernetes <= row.kubernetes[1] else {kubernetes_version.KUBERNETES}
        for minor, row in MINORS.items()
        if minor > OLDEST_MINOR
    }
    assert stops(ladder(running(FIRST, kubernetes))) == expected


@table(
    case("one that is too old", "1.23.6", "1.24.6", 27, {},
        ["upgrade Kubernetes to one from 1.28 to 1.30 first, then run this again"]),
    case("one that is too new", "1.27.9", "1.28.10", 36, {}, [TOO_NEW]),
    case("one that is too new, and the settings take it", "1.27.9", "1.28.10", 36, {"untestedKubernetes": True}, []),
    case("a new patch is not stopped by it", "1.27.0", "1.27.9", 36, {}, []),
)  # fmt: skip
def test_an_unsupported_kubernetes_stops_a_step_with_the_way_on(first, last, kubernetes, istio, fixes):
    (step,) = ladder(running(first, kubernetes), first, last, **istio)
    assert [finding.fix.partition(";")[0] for finding in step.stops] == fixes


def test_a_stock_raspberry_pi_kernel_stops_the_first_version_that_needs_a_larger_address_space():
    small = make_pis(kernel="6.6.31+rpt-rpi-v8", os_image="Debian GNU/Linux 12 (bookworm)")
    assert stops(ladder(running(FIRST, 28, small), last="1.22.8")) == {21: set(), 22: {kernel_addresses.ID}}


def test_every_step_restarts_istiod_and_both_gateways_whichever_chart_they_have():
    names = ("istiod", "istio-ingressgateway", "istio-egressgateway")
    expected = {f"Deployment istio-system/{name}" for name in names}
    assert {frozenset(step.forecast.restarts) for step in ladder(running(FIRST))} == {frozenset(expected)}


def test_a_step_names_the_defaults_of_istiod_that_its_chart_says_to_change(monkeypatch):
    kept = {f"1.{NEWEST_MINOR - 1}": {"pilot": {"env": {"A": "false"}}}}
    monkeypatch.setattr(upgrade_steps, "load_chart", lambda _: Chart("", former=kept))
    (step,) = ladder(running(BEFORE, newest_kubernetes(BEFORE)), BEFORE)
    assert step.changed_defaults == ["A (was false)"]
    monkeypatch.setattr(upgrade_steps, "load_chart", lambda _: None)
    assert step.changed_defaults == []


def test_crds_are_upgraded_before_1_24_handed_over_there_and_left_to_the_chart_after_it():
    crds = {minor_of(step.version): step.crds for step in ladder(running(FIRST, 29))}
    assert {crds[minor] for minor in range(21, 24)} == {"upgraded before `up`"}
    assert crds[24] == "handed over to istio-system/istio-base"
    assert {crds[minor] for minor in range(25, NEWEST_MINOR + 1)} == {"by the base chart"}


def test_crds_of_another_release_that_lives_stop_the_step_to_1_24():
    own = running("1.23.6", 29)
    crds = tuple(replace(crd, release="other/base") for crd in own.crds)
    releases = (*own.releases, replace(own.releases[0], namespace="other", name="base"))
    assert stops(ladder(replace(own, crds=crds, releases=releases), "1.23.6", "1.24.6")) == {24: {istio_crds.ID}}


def test_sidecars_that_nobody_restarted_stop_the_step_that_would_leave_them_too_far_behind():
    cluster = running(BEFORE, newest_kubernetes(BEFORE), sidecar=TWO_BEFORE)
    assert stops(ladder(cluster, BEFORE)) == {NEWEST_MINOR: {"proxy skew"}}


@pytest.mark.parametrize(("mended", "checks"), [((), {"helm releases"}), ({"helm releases"}, set())])
def test_a_check_that_the_step_itself_mends_does_not_stop_it(mended, checks):
    cluster = running(BEFORE, newest_kubernetes(BEFORE))
    stuck = replace(cluster, releases=(replace(cluster.releases[0], status="pending-upgrade"),))
    step = upgrade_steps.upgrade_step(BEFORE, make_mesh(), stuck, state_of(), mended)
    assert {finding.id for finding in step.stops} == checks


def test_each_step_of_a_locked_stack_names_the_charts_from_it_to_the_last():
    def mesh_of(version: str) -> Inventory:
        return inventory.mesh_inventory(make_settings(istio={"version": version}), STACK, lock=())

    cluster = running(TWO_BEFORE, newest_kubernetes(TWO_BEFORE))
    steps = [*upgrade_steps.consecutive_steps(TWO_BEFORE, (BEFORE, NEWEST), mesh_of, cluster, state_of())]
    assert stops(steps) == {NEWEST_MINOR - 1: {charts.ID}, NEWEST_MINOR: {charts.ID}}
    commands = [{finding.fix.partition("`,")[0] for finding in step.stops} for step in steps]
    lock = "`python -m operations charts lock -s test"
    assert commands == [{f"{lock} --also {BEFORE} --also {NEWEST}"}, {f"{lock} --also {NEWEST}"}]


def test_a_tampered_chart_keeps_its_own_advice_in_a_step(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("charts").mkdir()
    entry = {"version": NEWEST, "source": "https://charts.example", "sha256": "0" * 64}
    lock = tuple(LockedChart(chart=name, **entry) for name in ("base", "istiod", "gateway"))
    for locked in lock:
        Path(f"charts/{locked.chart}-{NEWEST}.tgz").write_bytes(b"tampered")
    mesh = inventory.mesh_inventory(make_settings(), STACK, lock=lock)
    step = upgrade_steps.upgrade_step(BEFORE, mesh, running(BEFORE, newest_kubernetes(BEFORE)), state_of())
    assert [finding.fix.partition(";")[0] for finding in step.stops] == ["do not install it"] * len(lock)
