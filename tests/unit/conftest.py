"""The fixtures of the tests that need no cluster."""

import os

import pytest

from pi_mesh.checks.observation import Observation
from tests.support.healthy_mesh import make_verification

PREFIXES = ("KUBE", "PULUMI_", "VAULT_")


@pytest.fixture(scope="session", autouse=True)
def no_cluster():
    """Remove the caller's clusters, stacks and Vaults from the environment, also after `. .lab/env`."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(PREFIXES)]:
            patch.delenv(name)
        patch.setenv("KUBECONFIG", os.devnull)
        yield


@pytest.fixture
def healthy() -> Observation:
    """Return a mesh without findings."""
    return make_verification()
