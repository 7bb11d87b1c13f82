"""Quantities: every notation of Kubernetes is read, and written as Kubernetes writes it."""

from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pi_mesh.quantities import MI, ZERO, Resources, parse, same_quantity, show_memory
from tests.support.findings import case, table

DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
BINARY = {"Ki": 10, "Mi": 20, "Ti": 40, "Pi": 50, "Ei": 60}


@table(
    *((f"1{unit}", Fraction(10) ** power) for unit, power in DECIMAL.items()),
    *((f"1{unit}", 2**power) for unit, power in BINARY.items()),
    ("1.5Gi", 3 * 2**29),
    ("+1.", 1),
    ("-.5", Fraction(-1, 2)),
    ("12e6", 12 * 10**6),
    ("1E3", 1000),
    ("5e-1", Fraction(1, 2)),
)
def test_every_notation_of_kubernetes_is_read(quantity, amount):
    assert parse(quantity) == amount


@pytest.mark.parametrize("text", ["", "m", ".", "1K", "1mi", "1 Mi", "1e3Mi", "1e", "1/2", "1_0", "1\n", "\u0661"])
def test_text_that_is_no_quantity_is_refused(text):
    with pytest.raises(ValueError, match="is not a Kubernetes quantity"):
        parse(text)


@table(
    ("1000m", "1", True),
    ("0.9Gi", "966367641600m", True),
    (1, "1", True),
    ("1E3", "1k", True),
    ("1", "1001m", False),
    ("istiod", "istiod", False),
    (None, None, False),
    (True, 1, False),
    # A commit or a digest can look like a number with an exponent that no number type holds.
    ("1e9999999999999999999", "1e9999999999999999999", False),
    # These differ in their last digit alone, beyond the precision of a Decimal.
    ("1" * 40, "1" * 39 + "2", False),
)
def test_one_amount_in_two_notations_is_the_same_quantity_and_other_text_is_not(left, right, same):
    assert same_quantity(left, right) is same


@table(
    ({"cpu": "0.25", "memory": "131072Ki"}, Resources(250, 128 * MI), "250m / 128Mi"),
    case("rounded up", {"cpu": "100u", "memory": "1500m"}, Resources(1, 2), "1m / 1Mi"),
    ({"cpu": "1500m", "memory": "2Gi"}, Resources(1500, 2048 * MI), "1500m / 2Gi"),
    case("the kubelet's", {"cpu": "4", "memory": "3788800Ki"}, Resources(4000, 3700 * MI), "4 / 3700Mi"),
    *((nothing, ZERO, "0 / 0Mi") for nothing in (None, {}, {"pods": "110"})),
)
def test_live_resources_are_read_and_shown_as_kubernetes_has_them(quantities, resources, shown):
    read = Resources.from_kubernetes(quantities)
    assert (read, str(read)) == (resources, shown)


@pytest.mark.parametrize(("size", "quantity"), [(0, "0"), (1000, "1000"), (2**40, "1024Gi"), (1536 * MI, "1536Mi")])
def test_memory_of_any_size_has_a_kubernetes_quantity(size, quantity):
    assert Resources(0, size).to_kubernetes()["memory"] == quantity


@settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(st.builds(Resources, st.integers(-(10**6), 10**6), st.integers(-(2**45), 2**45)))
def test_what_is_written_for_kubernetes_is_read_back_unchanged(resources):
    assert Resources.from_kubernetes(resources.to_kubernetes()) == resources


def test_resources_are_shown_in_cores_and_in_mi_rounded_up():
    assert str(Resources(1500, 2**30)) == "1500m / 1024Mi"
    assert str(Resources(0, 3 * 2**29, memory_unit="Gi")) == "0 / 1536Mi"
    assert (str(Resources(2000, 1)), show_memory(MI + 1)) == ("2 / 1Mi", "2Mi")


@pytest.mark.parametrize(("millicores", "words"), [(4000, "4 CPUs"), (1000, "1 CPU"), (600, "600m CPU")])
def test_a_number_of_cores_has_its_noun_in_a_sentence(millicores, words):
    assert Resources(millicores, MI).in_words == f"{words} and 1Mi"
