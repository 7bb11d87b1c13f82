"""The mesh that a verification finds nothing wrong with."""

import pytest

from pi_mesh.checks.verify.input import Facts
from tests.support.healthy_mesh import make_facts


@pytest.fixture
def healthy() -> Facts:
    return make_facts()
