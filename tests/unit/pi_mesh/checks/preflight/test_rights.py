"""The preflight's findings about rights that are missing."""

from pi_mesh.checks.finding import Level
from tests.support.preflight_problems import findings, problems
from tests.support.snapshots import make_snapshot


def test_missing_rights_are_listed_in_one_problem():
    (problem,) = problems(make_snapshot(missing_rights=("namespaces", "deployments.apps")))
    assert "may not create namespaces, deployments.apps" in problem


def test_kinds_that_may_not_be_listed_are_named():
    (problem,) = problems(make_snapshot(unreadable=("releases",)))
    assert "may not list releases" in problem


def test_missing_rights_to_change_and_delete_are_a_warning_for_one_version():
    snapshot = make_snapshot(missing_changes=("update secrets", "update services", "delete secrets"))
    (finding,) = (one for one in findings(snapshot) if one.id == "rights")
    assert finding.level is Level.WARNING
    assert finding.message == "may not update secrets, services; delete secrets; pi-mesh 0.3.0 refuses it"
