"""The verification's findings about a whole mesh."""

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.checks.verify import run
from tests.support.healthy_mesh import problems


def test_a_healthy_mesh_has_no_problem(healthy):
    assert problems(healthy) == []


@pytest.mark.parametrize("check", ["mesh pods", "services", "istio CRDs", "webhooks", "sidecar injection"])
def test_each_check_of_the_role_is_a_row(healthy, check):
    assert check in {finding.id for finding in run(healthy) if finding.level is Level.OK}
