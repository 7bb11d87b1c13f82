"""The whole inventories of some stacks: every value of every release, every workload and every object."""

import pytest

from tests.support import whole_inventory


@pytest.mark.parametrize("stack", whole_inventory.STACKS)
def test_the_whole_inventory_of_a_stack_is_as_it_was_reviewed(stack):
    reviewed = whole_inventory.FOLDER / f"{stack.replace(' ', '-')}.yaml"
    assert whole_inventory.text(whole_inventory.of(stack)) == reviewed.read_text(), whole_inventory.__doc__
