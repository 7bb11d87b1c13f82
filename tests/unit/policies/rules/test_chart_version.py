"""The rule that charts have an exact version."""

import pytest

from policies.rules import chart_version
from tests.support.policy_resources import istiod, said


@pytest.mark.parametrize("version", ["1.20", "~1.20.3", ">=1.20.3", "latest", "1.x", "1.20.3 || 1.21.0", None])
def test_a_chart_without_an_exact_version_is_refused(version):
    (message,) = said(chart_version.RULE, istiod(version=version))
    assert message.startswith(f"chart istiod has version {version!r}. Fix: pin it")


def test_a_package_carries_its_version_in_its_name():
    assert said(chart_version.RULE, istiod(chart="charts/istiod-1.20.3.tgz", version=None)) == []
    (message,) = said(chart_version.RULE, istiod(chart="charts/istiod.tgz", version=None))
    assert message.startswith("chart charts/istiod.tgz has no version in its name")


REGISTRY = "oci://ghcr.io/istio/release/charts/istiod"
BYPASSES = {
    "a chart that is no release": (istiod(version="1.x"), "kubernetes:helm.sh/v4:Chart"),
    "a package of another version": (istiod(chart="charts/istiod-1.0.0.tgz", version="1.20.3"), ""),
    "a package without a version, beside one": (istiod(chart="https://h.example/istiod.tgz", version="1.20.3"), ""),
    "a package behind a query": (istiod(chart="https://h.example/istiod.tgz?x=-1.20.3.tgz", version=None), ""),
    "a package of a range": (istiod(chart="charts/istiod-1.x.tgz", version=None), ""),
    "a tag": (istiod(chart=f"{REGISTRY}:latest", repositoryOpts=None), ""),
    "a digest": (istiod(chart=f"{REGISTRY}@sha256:{'0' * 64}", repositoryOpts=None), ""),
    "a folder": (istiod(chart="./istiod", repositoryOpts=None), ""),
    "the newest prerelease": (istiod(version=None, devel=True), ""),
    "a version after a blank": (istiod(version=" 1.20.3"), ""),
    "a version that is a number": (istiod(version=1.2), ""),
    "a version that is a list": (istiod(version=["1.20.3"]), ""),
}


@pytest.mark.parametrize("case", BYPASSES)
def test_no_way_leads_past_the_exact_version(case):
    assert said(chart_version.RULE, *BYPASSES[case]) != []


@pytest.mark.parametrize("version", ["1.20.3", "v1.21.2", "1.31.0-rc.0"])
def test_an_exact_version_passes(version):
    assert said(chart_version.RULE, istiod(version=version)) == []
    assert said(chart_version.RULE, istiod(chart=f"charts/istiod-{version}.tgz", version=version)) == []
