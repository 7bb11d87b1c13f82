"""Fixtures of the tests that need no cluster."""

import os

import pytest

from tests.support import factories, recorder

PREFIXES = ("KUBE", "PULUMI_", "VAULT_")


@pytest.fixture(scope="session", autouse=True)
def no_cluster():
    """None of the caller's clusters, stacks and Vaults: not after `. .lab/env` either."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(PREFIXES)]:
            patch.delenv(name)
        patch.setenv("KUBECONFIG", os.devnull)
        yield


@pytest.fixture(scope="session")
def make_settings():
    """`make_settings(ingress={"enabled": False})`: the role's defaults, but for the overrides."""
    return factories.make_settings


@pytest.fixture(scope="session")
def deploy():
    """`deploy(program)`: the recording of what a program registers, exports and logs."""
    return recorder.record
