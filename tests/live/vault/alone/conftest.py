"""A Vault of the tests' own, with no cluster, and the plugin that the lab would use."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lab.cluster import pulumi_plugins
from tests.support.vault_alone import VaultAlone, vault_alone


@pytest.fixture(scope="session")
def lab() -> None:
    """Start no cluster: the tests in this folder need none."""


@pytest.fixture(scope="session")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the program of the Vault plugin, as the lab installs it."""
    home = tmp_path_factory.mktemp("pulumi-home")
    pulumi_plugins.install_vault(home)
    return next(home.rglob("pulumi-resource-vault"))


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VaultAlone]:
    """Yield a Vault whose root CA is at `pki`."""
    with vault_alone(tmp_path_factory.mktemp("vault")) as made:
        made.make_root("pki", "Pi root")
        yield made
