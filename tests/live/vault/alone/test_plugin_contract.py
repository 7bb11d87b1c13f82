"""The lab's Vault plugin asks Vault what the published one asks, and fails as it does."""

from pathlib import Path

import pytest

from tests.support import vault_contract
from tests.support.vault_contract import Table

RECORDED = vault_contract.recorded()
CASES = [(name, situation) for name, situations in RECORDED.items() for situation in situations]


@pytest.fixture(scope="module")
def observed(plugin: Path) -> Table:
    """Return the plugin's calls in each situation, from Vault's audit log."""
    return vault_contract.observe(plugin)


@pytest.mark.parametrize(("name", "situation"), CASES, ids=str)
def test_the_calls_their_order_what_they_send_and_the_outcome_are_the_published_plugins(
    observed: Table, name: str, situation: str
):
    assert observed[name][situation] == RECORDED[name][situation]


def test_every_situation_is_recorded(observed: Table):
    assert {(name, situation) for name, each in observed.items() for situation in each} == set(CASES)
