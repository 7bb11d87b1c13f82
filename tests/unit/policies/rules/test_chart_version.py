"""The rule that charts have an exact version."""

import pytest

from policies.rules import chart_version
from tests.support.findings import case, table
from tests.support.policy_resources import assert_said, istiod

VERSION = istiod()["version"]
REGISTRY = "oci://ghcr.io/istio/release/charts/istiod"
OVERRIDES = f"names a tag or digest, which overrides version {VERSION}"
ANOTHER = f"does not have version {VERSION} in its name, and Helm ignores the version for a package"
UNNAMED = "has no version in its name"


@pytest.mark.parametrize(
    "version", ["1.20", f"~{VERSION}", f">={VERSION}", "latest", "1.x", f"{VERSION} || 1.21.0", f" {VERSION}", None]
)
def test_a_chart_without_an_exact_version_is_refused(version):
    words = f"chart istiod has version {version!r}. Fix: pin it"
    assert_said(chart_version.RULE, istiod(version=version, devel=True), words)
    assert_said(chart_version.RULE, istiod(version=version), words, "kubernetes:helm.sh/v4:Chart")


@table((1.2, "a number"), ([VERSION], "a list"))
def test_a_version_is_a_text(version, what):
    assert_said(chart_version.RULE, istiod(version=version), f"version is {what}, where a text belongs")


@table(
    case("a package without a version", "charts/istiod.tgz", None, UNNAMED),
    case("a package without a version, beside one", "https://h.example/istiod.tgz", VERSION, UNNAMED),
    case("a package behind a query", f"https://h.example/istiod.tgz?x=-{VERSION}.tgz", None, UNNAMED),
    case("a package of a range", "charts/istiod-1.x.tgz", None, UNNAMED),
    case("a package of another version", "charts/istiod-1.0.0.tgz", VERSION, ANOTHER),
    case("a tag", f"{REGISTRY}:latest", VERSION, OVERRIDES),
    case("a digest", f"{REGISTRY}@sha256:{'0' * 64}", VERSION, OVERRIDES),
    case("a folder", "./istiod", VERSION, "is a folder, whose content no version pins"),
)
def test_no_way_leads_past_the_exact_version(chart, version, words):
    release = istiod(chart=chart, version=version, repositoryOpts=None)
    assert_said(chart_version.RULE, release, f"chart {chart} {words}")


@pytest.mark.parametrize("version", [VERSION, "v1.21.2", "1.29.0-rc.0"])
def test_an_exact_version_passes(version):
    assert_said(chart_version.RULE, istiod(version=version), "")
    for beside in (version, None):
        assert_said(chart_version.RULE, istiod(chart=f"charts/istiod-{version}.tgz", version=beside), "")
