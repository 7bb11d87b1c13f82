"""The rule for changes of Istio's version: one minor version at a time, and never back."""

from itertools import combinations_with_replacement, pairwise, product

import pytest

from lab.toolchain import istio_modules
from pi_mesh.catalog.istio import MINORS, minor_of
from pi_mesh.checks.upgrade_path import unsupported_change, version_path
from tests.support.factories import make_settings
from tests.support.findings import case, table
from tests.support.versions import BEFORE, NEWEST, NEWEST_MINOR

OLD, OLDER = (f"1.{NEWEST_MINOR - steps}.1" for steps in (3, 4))
"""Versions three and four minor versions before the newest."""


def test_a_pair_of_minor_versions_is_supported_when_it_is_one_step_forward_or_none():
    # The last one is newer than the catalog.
    for running, version in product([*MINORS, NEWEST_MINOR + 1], repeat=2):
        problem = unsupported_change(f"1.{running}.0", f"1.{version}.0")
        assert (problem is None) == (version - running in (0, 1)), (running, version)
        assert problem is None or problem.goes_back == (version < running)


def test_a_skip_names_each_step_of_the_path():
    problem = unsupported_change(OLD, NEWEST)
    assert problem
    assert problem.message.startswith(f"goes from {OLD} to {NEWEST} in one step: ")
    path = ", ".join(f"1.{NEWEST_MINOR - steps}" for steps in (2, 1, 0))
    assert f"upgrade -s STACK --to {NEWEST}` takes {path} one after the other" in problem.fix
    assert "`istio.allowSkip: true`" in problem.fix


@pytest.mark.parametrize(("running", "version", "back"), [("1.22.1", "1.22.0", True), ("1.22.9", "1.22.10", False)])
def test_patches_are_compared_as_numbers_and_go_forward_only(running, version, back):
    assert (unsupported_change(running, version) is not None) is back


def test_each_step_between_two_versions_is_one_that_istio_supports_to_the_newest_patch():
    for running, version in combinations_with_replacement(sorted(MINORS), 2):
        first, last = f"1.{running}.0", f"1.{version}.99"
        *between, wanted = version_path(first, last, make_settings())
        assert between == [f"1.{minor}.{MINORS[minor].newest_patch}" for minor in range(running + 1, version)]
        assert wanted == last
        assert all(unsupported_change(*step) is None for step in pairwise((first, *between, wanted)))


SERIES = f"1.{NEWEST_MINOR - 2}"
PATCHES, SKIPPING = (f"{SERIES}.4", f"{SERIES}.10", f"{SERIES}.x"), {"allowSkip": True}


@table(
    case("a version that runs needs no step", NEWEST, NEWEST, (), {}, ()),
    case("an unknown minor version is passed at its first patch", "1.90.3", "1.92.0", (), {}, ("1.91.0", "1.92.0")),
    case("a folder of charts decides which patch", OLD, NEWEST, PATCHES, {}, (f"{SERIES}.10", BEFORE, NEWEST)),
    case("what it lacks is left out where skips are allowed", OLDER, NEWEST, (BEFORE,), SKIPPING, (BEFORE, NEWEST)),
)
def test_a_path_passes_each_minor_version_once(tmp_path, running, version, packages, istio, path):
    for package in packages:
        (tmp_path / f"istiod-{package}.tgz").touch()
    charts = {"charts": {"source": str(tmp_path)}} if packages else {}
    assert version_path(running, version, make_settings(istio=istio, **charts)) == path


@pytest.mark.parametrize("version", istio_modules.VERSIONS)
def test_the_catalog_knows_no_older_patch_than_the_lab_has_charts_of(version):
    assert int(version.split(".")[2]) <= MINORS[minor_of(version)].newest_patch
