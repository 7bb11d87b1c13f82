"""What the preflight says of rights that are missing."""

from tests.support.preflight_problems import problems
from tests.support.snapshots import make_snapshot


def test_missing_rights_are_listed_in_one_problem():
    (problem,) = problems(make_snapshot(missing_rights=("namespaces", "deployments.apps")))
    assert "may not create namespaces, deployments.apps" in problem


def test_kinds_that_may_not_be_listed_are_named():
    (problem,) = problems(make_snapshot(unreadable=("releases",)))
    assert "may not list releases" in problem
