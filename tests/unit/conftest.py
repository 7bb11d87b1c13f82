"""Fixtures of the tests that need no cluster."""

import pytest

from tests import factories, recorder


@pytest.fixture(scope="session")
def make_settings():
    """`make_settings(ingress={"enabled": False})`: the role's defaults, but for the overrides."""
    return factories.make_settings


@pytest.fixture(scope="session")
def deploy():
    """`deploy(program)`: the recording of what a program registers, exports and logs."""
    return recorder.record
