"""Nodes as the checks see them."""

import pytest

from pi_mesh.cluster import nodes


@pytest.mark.parametrize(("given", "pods"), [("110", 110), (110, 110), ("1M", 1_000_000), ("1k", 1000)])
def test_the_number_of_pods_is_a_quantity_of_kubernetes(given, pods):
    assert nodes.parse({"metadata": {"name": "pi-1"}, "status": {"allocatable": {"pods": given}}}).pods == pods


def test_a_node_that_says_nothing_of_pods_takes_none():
    assert nodes.parse({"metadata": {"name": "pi-1"}}).pods == 0
