"""Quantities: every notation of Kubernetes is read, and written as Kubernetes writes it."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pi_mesh.quantities import MI, ZERO, Resources, parse, same_quantity, show_memory


@pytest.mark.parametrize(
    ("quantity", "amount"),
    [
        ("1", 1),
        ("+1.", 1),
        ("-.5", Fraction(-1, 2)),
        ("1n", Fraction(1, 10**9)),
        ("1u", Fraction(1, 10**6)),
        ("1m", Fraction(1, 1000)),
        ("1k", 1000),
        ("1M", 10**6),
        ("1G", 10**9),
        ("1T", 10**12),
        ("1P", 10**15),
        ("1E", 10**18),
        ("1Ki", 2**10),
        ("1Mi", 2**20),
        ("1.5Gi", 3 * 2**29),
        ("1Ti", 2**40),
        ("1Pi", 2**50),
        ("1Ei", 2**60),
        ("12e6", 12 * 10**6),
        ("1E3", 1000),
        ("5e-1", Fraction(1, 2)),
    ],
)
def test_every_notation_of_kubernetes_is_read(quantity, amount):
    assert parse(quantity) == amount


@pytest.mark.parametrize("text", ["", "m", ".", "1K", "1mi", "1 Mi", "1e3Mi", "1e", "1/2", "1_0", "1\n", "\u0661"])
def test_text_that_is_no_quantity_is_refused(text):
    with pytest.raises(ValueError, match="is not a Kubernetes quantity"):
        parse(text)


@pytest.mark.parametrize(("one", "other"), [("1000m", "1"), ("0.9Gi", "966367641600m"), (1, "1"), ("1E3", "1k")])
def test_one_amount_in_two_notations_is_the_same_quantity(one, other):
    assert same_quantity(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1", "1001m"),
        ("istiod", "istiod"),
        (None, None),
        (True, 1),
        # A commit or a digest can look like a number with an exponent that no number type holds.
        ("1e9999999999999999999", "1e9999999999999999999"),
        # These differ in their last digit alone, beyond the precision of a Decimal.
        ("1" * 40, "1" * 39 + "2"),
    ],
)
def test_other_amounts_and_other_text_are_not_the_same_quantity(one, other):
    assert not same_quantity(one, other)


def test_live_resources_are_read_in_every_notation_and_rounded_up():
    assert Resources.from_kubernetes({"cpu": "0.25", "memory": "131072Ki"}) == Resources(250, 128 * MI)
    assert Resources.from_kubernetes({"cpu": "100u", "memory": "1500m"}) == Resources(1, 2)


@pytest.mark.parametrize("quantities", [None, {}, {"pods": "110"}])
def test_a_resource_that_is_not_named_counts_as_zero(quantities):
    assert Resources.from_kubernetes(quantities) == ZERO


@pytest.mark.parametrize(("size", "quantity"), [(0, "0"), (1000, "1000"), (2**40, "1024Gi"), (1536 * MI, "1536Mi")])
def test_memory_of_any_size_has_a_kubernetes_quantity(size, quantity):
    assert Resources(0, size).to_kubernetes()["memory"] == quantity


@given(st.builds(Resources, st.integers(-(10**6), 10**6), st.integers(-(2**45), 2**45)))
def test_what_is_written_for_kubernetes_is_read_back_unchanged(resources):
    assert Resources.from_kubernetes(resources.to_kubernetes()) == resources


def test_resources_add_subtract_and_multiply():
    pod = Resources(100, 128 * MI)
    assert pod * 3 - pod == pod + pod == Resources(200, 256 * MI)


def test_resources_are_shown_in_cores_and_in_mi_rounded_up():
    assert str(Resources(1500, 2**30)) == "1500m / 1024Mi"
    assert (str(Resources(2000, 1)), show_memory(MI + 1)) == ("2 / 1Mi", "2Mi")


def test_what_is_no_whole_number_of_its_unit_is_shown_in_mi():
    assert str(Resources(0, 3 * 2**29, memory_unit="Gi")) == "0 / 1536Mi"


def test_a_live_amount_is_shown_as_kubernetes_has_it_but_for_the_kubelets_ki():
    assert str(Resources.from_kubernetes({"cpu": "1500m", "memory": "2Gi"})) == "1500m / 2Gi"
    assert str(Resources.from_kubernetes({"cpu": "4", "memory": "3788800Ki"})) == "4 / 3700Mi"


def test_a_number_of_cores_has_its_noun_in_a_sentence():
    assert Resources(4000, MI).in_words == "4 CPUs and 1Mi"
    assert Resources(1000, MI).in_words == "1 CPU and 1Mi"
    assert Resources(600, MI).in_words == "600m CPU and 1Mi"


def test_shares_are_parts_of_the_whole():
    assert Resources(1000, MI).shares_of(Resources(4000, 2 * MI)) == (0.25, 0.5)
