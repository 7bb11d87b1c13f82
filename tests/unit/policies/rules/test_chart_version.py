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
DIGEST = f"{REGISTRY}@sha256:{'0' * 64}"
BYPASSES = {
    "a chart that is no release": (
        istiod(version="1.x"),
        "kubernetes:helm.sh/v4:Chart",
        "chart istiod has version '1.x'",
    ),
    "a package of another version": (
        istiod(chart="charts/istiod-1.0.0.tgz", version="1.20.3"),
        "chart charts/istiod-1.0.0.tgz does not have version 1.20.3 in its name, "
        "and Helm ignores the version for a package",
    ),
    "a package without a version, beside one": (
        istiod(chart="https://h.example/istiod.tgz", version="1.20.3"),
        "chart https://h.example/istiod.tgz has no version in its name",
    ),
    "a package behind a query": (
        istiod(chart="https://h.example/istiod.tgz?x=-1.20.3.tgz", version=None),
        "chart https://h.example/istiod.tgz?x=-1.20.3.tgz has no version in its name",
    ),
    "a package of a range": (
        istiod(chart="charts/istiod-1.x.tgz", version=None),
        "chart charts/istiod-1.x.tgz has no version in its name",
    ),
    "a tag": (
        istiod(chart=f"{REGISTRY}:latest", repositoryOpts=None),
        f"chart {REGISTRY}:latest names a tag or digest, which overrides version 1.20.3",
    ),
    "a digest": (
        istiod(chart=DIGEST, repositoryOpts=None),
        f"chart {DIGEST} names a tag or digest, which overrides version 1.20.3",
    ),
    "a folder": (
        istiod(chart="./istiod", repositoryOpts=None),
        "chart ./istiod is a folder, whose content no version pins",
    ),
    "the newest prerelease": (istiod(version=None, devel=True), "chart istiod has version None"),
    "a version after a blank": (istiod(version=" 1.20.3"), "chart istiod has version ' 1.20.3'"),
    "a version that is a number": (istiod(version=1.2), "version is a number, where a text belongs"),
    "a version that is a list": (istiod(version=["1.20.3"]), "version is a list, where a text belongs"),
}


@pytest.mark.parametrize("case", BYPASSES)
def test_no_way_leads_past_the_exact_version(case):
    *given, breach = BYPASSES[case]
    assert said(chart_version.RULE, *given) == [chart_version.RULE.message(breach)]


@pytest.mark.parametrize("version", ["1.20.3", "v1.21.2", "1.31.0-rc.0"])
def test_an_exact_version_passes(version):
    assert said(chart_version.RULE, istiod(version=version)) == []
    assert said(chart_version.RULE, istiod(chart=f"charts/istiod-{version}.tgz", version=version)) == []
