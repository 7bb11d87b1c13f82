"""The preflight's findings about Kubernetes' and Istio's versions."""

from datetime import date

import pytest

from pi_mesh.catalog.istio import NEWEST_MINOR
from pi_mesh.checks.finding import Level
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight import kubernetes_version
from tests.support.factories import make_mesh, make_settings
from tests.support.preflight_problems import problems
from tests.support.snapshots import make_snapshot


def test_a_kubernetes_below_istios_range_is_refused_with_the_range():
    (problem,) = problems(make_snapshot(version="v1.31.4"))
    assert problem.startswith("Kubernetes v1.31.4: is too old for Istio 1.31.0, which needs 1.32 to 1.36")


def test_a_kubernetes_above_istios_range_is_a_warning():
    finding = kubernetes_version.kubernetes(make_settings(), make_snapshot(version="v1.40.0+k3s1"))
    assert finding.level is Level.WARNING


def test_the_last_day_of_support_is_still_supported():
    assert kubernetes_version.end_of_life(make_settings(), date(2027, 3, 31)).level is Level.OK


def test_a_version_that_gets_no_fixes_is_said_with_the_date():
    finding = kubernetes_version.end_of_life(make_settings(istio={"version": "1.20.3"}), date(2026, 11, 23))
    assert finding.level is Level.WARNING
    assert "1.20.3 has had no fixes since 2024-06-25" in finding.message


@pytest.mark.parametrize(("version", "where"), [("1.20.3", True), ("1.22.0", False)])
def test_only_a_version_for_every_kernel_is_replaced_by_looking_at_the_kernels(version, where):
    finding = kubernetes_version.end_of_life(make_settings(istio={"version": version}), date(2026, 11, 23))
    assert finding.fix.endswith("where the nodes' kernels have 48-bit addresses") is where


def test_a_version_newer_than_the_catalog_is_a_warning_and_nothing_else_is_guessed():
    mesh = make_mesh(istio={"version": f"1.{NEWEST_MINOR + 1}.0"})
    observation = Observation(mesh, make_snapshot(version="v1.20.0"))
    assert list(kubernetes_version.check(observation)) == []
    (finding,) = kubernetes_version.check_end_of_life(observation)
    assert finding.level is Level.WARNING
    assert f"is newer than what this program knows, 1.{NEWEST_MINOR}" in finding.message
