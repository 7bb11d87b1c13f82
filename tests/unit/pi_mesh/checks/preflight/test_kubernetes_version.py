"""The preflight's findings about Kubernetes' and Istio's versions."""

from datetime import date

import pytest

from pi_mesh.catalog.istio import NEWEST_MINOR
from pi_mesh.checks.preflight.kubernetes_version import check, check_end_of_life, end_of_life
from tests.support.factories import make_settings
from tests.support.preflight_problems import observation
from tests.support.snapshots import make_snapshot
from tests.support.versions import OLDEST, UNKNOWN


@pytest.mark.parametrize(
    ("kubernetes", "level", "words"),
    [
        ("v1.24.17", "error", f"is too old for Istio {OLDEST}, which needs 1.25 to 1.29"),
        ("v1.25.0", "ok", f"is in the range of Istio {OLDEST}: 1.25 to 1.29"),
        ("v1.29.9+k3s1", "ok", f"is in the range of Istio {OLDEST}: 1.25 to 1.29"),
        ("v1.30.0+k3s1", "warning", f"is newer than what Istio {OLDEST} is tested with (1.25 to 1.29)"),
        ("main", "unknown", "cannot be compared with 1.25 to 1.29"),
    ],
)
def test_kubernetes_is_compared_with_istios_range(kubernetes, level, words):
    (finding,) = check(observation(make_snapshot(version=kubernetes), istio={"version": OLDEST}))
    assert (finding.level, finding.message) == (level, words)


@pytest.mark.parametrize(
    ("version", "day", "level", "words", "fix"),
    [
        ("1.22.8", date(2025, 1, 16), "ok", "1.22.8 gets fixes until 2025-01-16", ""),
        ("1.22.8", date(2025, 1, 17), "warning", "1.22.8 has had no fixes since 2025-01-16", "set a supported version"),
        (OLDEST, date(2026, 1, 1), "warning", "no fixes since", "where the nodes' kernels have 48-bit addresses"),
    ],
    ids=["the last day of support", "the day after", "a version for every kernel"],
)
def test_a_version_that_gets_no_fixes_is_said_with_the_date(version, day, level, words, fix):
    finding = end_of_life(make_settings(istio={"version": version}), day)
    assert finding.level == level
    assert words in finding.message
    assert finding.fix.endswith(fix)


def test_a_version_newer_than_the_catalog_is_a_warning_and_nothing_else_is_guessed():
    unknown = observation(make_snapshot(version="v1.20.0"), istio={"version": UNKNOWN})
    assert [*check(unknown)] == []
    (finding,) = check_end_of_life(unknown)
    assert finding.level == "warning"
    assert f"is newer than what this program knows, 1.{NEWEST_MINOR}" in finding.message
