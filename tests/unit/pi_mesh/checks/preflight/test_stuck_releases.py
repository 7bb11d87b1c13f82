"""The preflight's findings about releases that are not deployed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.checks.preflight import stuck_releases
from pi_mesh.cluster.release_records import ReleaseRecord
from tests.support.factories import make_mesh
from tests.support.preflight_problems import problems
from tests.support.snapshots import make_snapshot


@pytest.mark.parametrize("status", ["pending-install", "pending-upgrade", "pending-rollback", "uninstalling"])
def test_a_release_that_a_killed_run_left_is_refused_with_the_command_that_repairs(status):
    stuck = ReleaseRecord("istio-system", "istiod", status=status)
    (problem,) = problems(make_snapshot(releases=(stuck,)))
    assert problem.startswith(f"release istio-system/istiod: is {status}")
    assert "python -m operations repair" in problem


def test_a_release_that_may_still_be_under_way_is_waited_for():
    begun = ReleaseRecord("istio-system", "istiod", status="pending-upgrade", since=datetime.now(UTC))
    (problem,) = problems(make_snapshot(releases=(begun,)))
    assert "wait: Helm may still be running for" in problem
    old = replace(begun, since=datetime.now(UTC) - timedelta(seconds=901))
    (problem,) = problems(make_snapshot(releases=(old,)))
    assert "wait" not in problem


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("failed", [(Level.WARNING, "is failed"), (Level.OK, "no release of this stack is stuck")]),
        ("deployed", [(Level.OK, "no release of this stack is stuck")]),
    ],
)
def test_a_failed_release_is_only_a_warning_since_up_heals_it(status, expected):
    release = ReleaseRecord("istio-system", "istiod", status=status)
    found = stuck_releases.check(make_mesh(), make_snapshot(releases=(release,)))
    assert [(finding.level, finding.message) for finding in found] == expected
