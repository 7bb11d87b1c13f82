"""The preflight's findings about Kubernetes' and Istio's versions."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

from pi_mesh.checks.preflight.kubernetes_version import check, check_end_of_life
from tests.support.findings import case, table
from tests.support.preflight_problems import assert_told, observation
from tests.support.snapshots import make_snapshot
from tests.support.versions import NEWEST_MINOR, OLDEST, UNKNOWN


@table(
    ("v1.24.17", "error", f"is too old for Istio {OLDEST}, which needs 1.25 to 1.29"),
    ("v1.25.0", "ok", f"is in the range of Istio {OLDEST}: 1.25 to 1.29"),
    ("v1.29.9+k3s1", "ok", f"is in the range of Istio {OLDEST}: 1.25 to 1.29"),
    ("v1.30.0+k3s1", "warning", f"is newer than what Istio {OLDEST} is tested with (1.25 to 1.29)"),
    ("main", "unknown", "cannot be compared with 1.25 to 1.29"),
)
def test_kubernetes_is_compared_with_istios_range(kubernetes, level, words):
    told = check(observation(make_snapshot(version=kubernetes), istio={"version": OLDEST}))
    assert_told(told, f"{level} Kubernetes {kubernetes}: {words}")


ENDED = "warning istio.version: 1.22.8 has had no fixes since 2025-01-16; set a supported version"
ANY_KERNEL = "warning istio.version: …set a supported version where the nodes' kernels have 48-bit addresses"


@table(
    case("the last day", "1.22.8", date(2025, 1, 16), "ok istio.version: 1.22.8 gets fixes until 2025-01-16"),
    case("the day after", "1.22.8", date(2025, 1, 17), ENDED),
    case("a version for every kernel", OLDEST, date(2026, 1, 1), ANY_KERNEL),
)
def test_a_version_that_gets_no_fixes_is_said_with_the_date(version, day, line):
    now = datetime.combine(day, time(12), UTC)
    (told,) = check_end_of_life(replace(observation(make_snapshot(), istio={"version": version}), now=now))
    assert_told([told], line)
    assert ("where" in told.fix) is (version == OLDEST)


def test_a_version_newer_than_the_catalog_is_a_warning_and_nothing_else_is_guessed():
    unknown = observation(make_snapshot(version="v1.20.0"), istio={"version": UNKNOWN})
    assert_told(check(unknown))
    line = f"warning istio.version: {UNKNOWN} is newer than what this program knows, 1.{NEWEST_MINOR}:"
    assert_told(check_end_of_life(unknown), line)
