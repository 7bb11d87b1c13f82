"""The containers of a chart that must have resources, unless a value switches them off."""

import pytest

from policies.rules import pi_parts


@pytest.mark.parametrize(
    ("value", "is_off"),
    [(False, True), (0, True), ({}, True), ("", False), ("false", False), (None, False), (True, False)],
)
def test_a_part_is_off_only_by_a_value_that_helm_takes_for_no(value, is_off):
    assert pi_parts._is_off(value) is is_off


def test_a_chart_outside_the_table_has_a_container():
    assert list(pi_parts.missing("other", {}, {})) == ["resources"]
    assert list(pi_parts.missing("other", {}, {"resources": {}})) == []
