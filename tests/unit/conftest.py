"""The fixtures of the tests that need no cluster."""

import os

import pytest

PREFIXES = ("KUBE", "PULUMI_", "VAULT_")


@pytest.fixture(scope="session", autouse=True)
def no_cluster():
    """Remove the caller's clusters, stacks and Vaults from the environment, also after `. .lab/env`."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(PREFIXES)]:
            patch.delenv(name)
        patch.setenv("KUBECONFIG", os.devnull)
        yield
