"""Kubernetes quantities in the policies, which know nothing of the project's own."""

import pytest

from policies.rules import quantity

DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}


@pytest.mark.parametrize(("unit", "power"), DECIMAL.items())
def test_a_decimal_unit_is_a_power_of_ten(unit, power):
    assert quantity.number(f"3{unit}") == 3 * float(f"1e{power}")


@pytest.mark.parametrize(("unit", "power"), BINARY.items())
def test_a_binary_unit_is_a_power_of_two(unit, power):
    assert quantity.number(f"3{unit}") == 3 * 2**power


def test_there_are_no_other_units():
    assert quantity.UNITS.keys() == DECIMAL.keys() | BINARY.keys()


@pytest.mark.parametrize(
    ("written", "number"),
    [(2, 2), (1.5, 1.5), ("1.", 1), (".5", 0.5), ("1e3", 1000), ("1E-3", 0.001), ("2.5Gi", 2.5 * 2**30)],
)
def test_a_number_may_have_decimals_or_an_exponent(written, number):
    assert quantity.number(written) == number


@pytest.mark.parametrize("value", [True, False, None, "", "Mi", "256mb", "1 Gi", "1e3Mi", "-1", "1.2.3", [], {}])
def test_another_value_is_no_quantity(value):
    assert quantity.number(value) is None
