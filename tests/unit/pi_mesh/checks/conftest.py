"""The mesh that a verification finds nothing wrong with."""

import pytest

from pi_mesh.checks.verify.input import VerificationInput
from tests.support.healthy_mesh import make_verification


@pytest.fixture
def healthy() -> VerificationInput:
    return make_verification()
