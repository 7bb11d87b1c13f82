"""The rule for changes of Istio's version: one minor version at a time, and never back."""

from itertools import product

import pytest

from pi_mesh.catalog.istio import MINORS, NEWEST
from pi_mesh.checks.version_step import judged

PAIRS = list(product(sorted(MINORS), sorted(MINORS)))


@pytest.mark.parametrize(("running", "wanted"), PAIRS)
def test_a_pair_of_minor_versions_is_supported_when_it_is_one_step_forward_or_none(running, wanted):
    problem = judged(f"1.{running}.0", f"1.{wanted}.0")
    assert (problem is None) == (wanted - running in (0, 1))
    assert problem is None or problem.goes_back == (wanted < running)


def test_a_skip_names_each_step_of_the_path():
    problem = judged("1.28.3", "1.31.0")
    assert problem
    assert problem.message == "goes from 1.28.3 to 1.31.0 in one step: Istio supports one minor version at a time"
    assert "upgrade -s STACK --to 1.31.0` takes 1.29, 1.30, 1.31 one after the other" in problem.fix
    assert "`istio.allowSkip: true`" in problem.fix


@pytest.mark.parametrize(("running", "wanted", "back"), [("1.31.1", "1.31.0", True), ("1.31.9", "1.31.10", False)])
def test_patches_are_compared_as_numbers_and_go_forward_only(running, wanted, back):
    assert (judged(running, wanted) is not None) is back


def test_a_step_to_a_version_newer_than_the_catalog_is_judged_too():
    assert judged(f"1.{NEWEST}.0", f"1.{NEWEST + 1}.0") is None
    assert judged(f"1.{NEWEST}.0", f"1.{NEWEST + 2}.0")
