"""The rule that charts have an exact version."""

from policies.rules import chart_version
from tests.support.findings import case, table
from tests.support.policy_resources import asked, assert_said, istiod

VERSION = istiod()["version"]
REGISTRY = "oci://ghcr.io/istio/release/charts/istiod"
HAS, CHART = "chart istiod has version", "kubernetes:helm.sh/v4:Chart"
OVERRIDES = f"names a tag or digest, which overrides version {VERSION}"
ANOTHER = f"does not have version {VERSION} in its name, and Helm ignores the version for a package"
UNNAMED = "has no version in its name"
INEXACT = ("1.20", f"~{VERSION}", f">={VERSION}", "latest", "1.x", f"{VERSION} || 1.21.0", f" {VERSION}", None)
EXACT = (VERSION, "v1.21.2", "1.29.0-rc.0")


@table(
    *((istiod(version=version, devel=True), f"{HAS} {version!r}. Fix: pin it") for version in INEXACT),
    *((asked(istiod(version=version), CHART), f"{HAS} {version!r}. Fix:") for version in INEXACT),
    (istiod(version=1.2), "version is a number, where a text belongs"),
    (istiod(version=[VERSION]), "version is a list, where a text belongs"),
    *((istiod(version=version), "") for version in EXACT),
    *((istiod(chart=f"charts/istiod-{version}.tgz", version=version), "") for version in EXACT),
    *((istiod(chart=f"charts/istiod-{version}.tgz", version=None), "") for version in EXACT),
)
def test_a_version_must_be_exact(given, words):
    assert_said(chart_version.RULE, given, words)


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
