"""The versions of an upgrade, for every pair of them."""

from itertools import combinations_with_replacement, pairwise
from pathlib import Path

import pytest

from lab.toolchain import istio_modules
from pi_mesh.catalog.istio import MINORS, minor_of
from pi_mesh.checks import version_step
from pi_mesh.checks.upgrade_path import path
from tests.support.factories import make_settings


@pytest.mark.parametrize(("running", "wanted"), [*combinations_with_replacement(sorted(MINORS), 2)])
def test_each_step_between_two_versions_is_one_that_istio_supports_to_the_newest_patch(running, wanted):
    first, last = f"1.{running}.0", f"1.{wanted}.99"
    versions = path(first, last, make_settings())
    assert [minor_of(version) for version in versions] == [*range(running + 1, wanted), wanted]
    assert all(version_step.judged(*step) is None for step in pairwise((first, *versions)))
    assert versions[-1] == last
    assert all(version.endswith(f".{MINORS[minor_of(version)].newest_patch}") for version in versions[:-1])


def test_a_version_that_runs_needs_no_step():
    assert path("1.31.0", "1.31.0", make_settings()) == ()


def test_a_minor_version_that_the_catalog_does_not_know_is_passed_through_at_its_first_patch():
    assert path("1.90.3", "1.92.0", make_settings()) == ("1.91.0", "1.92.0")


def packaged(folder: Path, *versions: str, **istio: object):
    """Return settings whose charts lie in a folder, which has istiod's of these versions."""
    for version in versions:
        (folder / f"istiod-{version}.tgz").touch()
    return make_settings(charts={"source": str(folder)}, istio=istio)


def test_a_folder_of_charts_decides_which_patch_is_passed_through(tmp_path):
    settings = packaged(tmp_path, "1.29.4", "1.29.10", "1.29.x")
    assert path("1.28.1", "1.31.0", settings) == ("1.29.10", f"1.30.{MINORS[30].newest_patch}", "1.31.0")


def test_minor_versions_that_the_folder_lacks_are_left_out_only_where_skips_are_allowed(tmp_path):
    settings = packaged(tmp_path, "1.30.0", allowSkip=True)
    assert path("1.27.9", "1.31.0", settings) == ("1.30.0", "1.31.0")


@pytest.mark.parametrize("version", istio_modules.VERSIONS)
def test_the_catalog_knows_no_older_patch_than_the_lab_has_charts_of(version):
    assert int(version.split(".")[2]) <= MINORS[minor_of(version)].newest_patch
