"""A Vault of the tests' own, with no cluster, and the plugin that the lab would use."""

from pathlib import Path

import pytest

from lab.cluster import pulumi_plugins


@pytest.fixture(scope="session")
def lab() -> None:
    """These tests need no cluster: in this folder, none is started for them."""


@pytest.fixture(scope="session")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program of the Vault plugin, as the lab installs it."""
    home = tmp_path_factory.mktemp("pulumi-home")
    pulumi_plugins.install_vault(home)
    return next(home.rglob("pulumi-resource-vault"))
