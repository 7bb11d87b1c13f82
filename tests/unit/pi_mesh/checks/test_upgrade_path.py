"""The rule for changes of Istio's version: one minor version at a time, and never back."""

from itertools import combinations_with_replacement, pairwise, product
from pathlib import Path

import pytest

from lab.toolchain import istio_modules
from pi_mesh.catalog.istio import MINORS, NEWEST_MINOR, minor_of
from pi_mesh.checks import upgrade_path
from pi_mesh.checks.upgrade_path import unsupported_change, version_path
from tests.support.factories import make_settings

PAIRS = list(product(sorted(MINORS), sorted(MINORS)))


@pytest.mark.parametrize(("running", "wanted"), PAIRS)
def test_a_pair_of_minor_versions_is_supported_when_it_is_one_step_forward_or_none(running, wanted):
    problem = unsupported_change(f"1.{running}.0", f"1.{wanted}.0")
    assert (problem is None) == (wanted - running in (0, 1))
    assert problem is None or problem.goes_back == (wanted < running)


def test_a_skip_names_each_step_of_the_path():
    problem = unsupported_change("1.28.3", "1.31.0")
    assert problem
    assert problem.message == "goes from 1.28.3 to 1.31.0 in one step: Istio supports one minor version at a time"
    assert "upgrade -s STACK --to 1.31.0` takes 1.29, 1.30, 1.31 one after the other" in problem.fix
    assert "`istio.allowSkip: true`" in problem.fix


@pytest.mark.parametrize(("running", "wanted", "back"), [("1.31.1", "1.31.0", True), ("1.31.9", "1.31.10", False)])
def test_patches_are_compared_as_numbers_and_go_forward_only(running, wanted, back):
    assert (unsupported_change(running, wanted) is not None) is back


def test_a_step_to_a_version_newer_than_the_catalog_is_judged_too():
    assert unsupported_change(f"1.{NEWEST_MINOR}.0", f"1.{NEWEST_MINOR + 1}.0") is None
    assert unsupported_change(f"1.{NEWEST_MINOR}.0", f"1.{NEWEST_MINOR + 2}.0")


@pytest.mark.parametrize(("running", "wanted"), [*combinations_with_replacement(sorted(MINORS), 2)])
def test_each_step_between_two_versions_is_one_that_istio_supports_to_the_newest_patch(running, wanted):
    first, last = f"1.{running}.0", f"1.{wanted}.99"
    versions = version_path(first, last, make_settings())
    assert [minor_of(version) for version in versions] == [*range(running + 1, wanted), wanted]
    assert all(upgrade_path.unsupported_change(*step) is None for step in pairwise((first, *versions)))
    assert versions[-1] == last
    assert all(version.endswith(f".{MINORS[minor_of(version)].newest_patch}") for version in versions[:-1])


def test_a_version_that_runs_needs_no_step():
    assert version_path("1.31.0", "1.31.0", make_settings()) == ()


def test_a_minor_version_that_the_catalog_does_not_know_is_passed_through_at_its_first_patch():
    assert version_path("1.90.3", "1.92.0", make_settings()) == ("1.91.0", "1.92.0")


def packaged(folder: Path, *versions: str, **istio: object):
    """Return settings whose charts lie in a folder, which has istiod's of these versions."""
    for version in versions:
        (folder / f"istiod-{version}.tgz").touch()
    return make_settings(charts={"source": str(folder)}, istio=istio)


def test_a_folder_of_charts_decides_which_patch_is_passed_through(tmp_path):
    settings = packaged(tmp_path, "1.29.4", "1.29.10", "1.29.x")
    assert version_path("1.28.1", "1.31.0", settings) == ("1.29.10", f"1.30.{MINORS[30].newest_patch}", "1.31.0")


def test_minor_versions_that_the_folder_lacks_are_left_out_only_where_skips_are_allowed(tmp_path):
    settings = packaged(tmp_path, "1.30.0", allowSkip=True)
    assert version_path("1.27.9", "1.31.0", settings) == ("1.30.0", "1.31.0")


@pytest.mark.parametrize("version", istio_modules.VERSIONS)
def test_the_catalog_knows_no_older_patch_than_the_lab_has_charts_of(version):
    assert int(version.split(".")[2]) <= MINORS[minor_of(version)].newest_patch
