"""The rule that charts come from listed sources."""

import pytest

from policies.rules import chart_source
from tests.support.findings import case, table
from tests.support.policy_resources import assert_said, istiod

ALLOWED = "https://blob.istio.io/istio-release/charts"
REGISTRY = "oci://ghcr.io/istio/release/charts"
OUTSIDE = "comes from outside of the allowed sources"
UNLISTED = "chart istiod comes from {}. Fix: set charts.source"


@table(
    case("another host", "https://istio-release.storage.googleapis.com/charts", UNLISTED),
    case("a folder that begins like the allowed one", f"{ALLOWED}-of-mine", UNLISTED),
    case("a path that leads out again", f"{ALLOWED}/../../evil", UNLISTED),
    case("an encoded way out", f"{ALLOWED}/%2e%2e/%2e%2e/evil", UNLISTED),
    case("a backward slash", f"{ALLOWED}\\..\\evil", UNLISTED),
    case("a user before another host", "https://blob.istio.io@evil.example/istio-release/charts", UNLISTED),
    case("a port", "https://blob.istio.io:8443/istio-release/charts", UNLISTED),
    case("no encryption", "http://blob.istio.io/istio-release/charts", UNLISTED),
    case("a query", f"{ALLOWED}/x?to=//evil.example", UNLISTED),
    case("a new line", f"{ALLOWED}\nhttps://evil.example", UNLISTED),
    case("an allowed source", ALLOWED, ""),
    case("an allowed source with a slash", f"{ALLOWED}/", ""),
    case("a folder below an allowed source", f"{ALLOWED}/1.29", ""),
)
def test_a_repository_must_be_listed(repository, words):
    assert_said(chart_source.RULE, istiod(repositoryOpts__repo=repository), words.format(repository))


NONE, BESIDE = {"repositoryOpts": None}, {}
"""A release without a repository, and one beside whose allowed repository its chart comes from elsewhere."""


@table(
    case("another registry", NONE, "oci://gcr.io/istio-release/charts/istiod", OUTSIDE),
    case("a way out of the registry", NONE, f"{REGISTRY}/../../../evil/istiod", OUTSIDE),
    case("a scheme in capitals", NONE, "OCI://evil.example/istiod", OUTSIDE),
    case("an alias of helm repo add", NONE, "evil/istiod", "is a local package"),
    case("a registry", BESIDE, "oci://evil.example/charts/istiod", OUTSIDE),
    case("an address", BESIDE, "https://evil.example/istiod-1.29.0.tgz", OUTSIDE),
    case("a folder", BESIDE, "./istiod", f"is a path, which Helm looks up before it asks {ALLOWED}"),
    case("a file", BESIDE, "/tmp/istiod-1.29.0.tgz", f"is a path, which Helm looks up before it asks {ALLOWED}"),
)
def test_a_chart_from_elsewhere_is_refused_without_a_repository_and_beside_an_allowed_one(repository, chart, words):
    assert_said(chart_source.RULE, istiod(**repository, chart=chart), f"chart {chart} {words}")


@table((None, "not set, so that its source"), ({"path": "x"}, "a map, where"))
def test_a_chart_is_a_text(chart, words):
    assert_said(chart_source.RULE, istiod(chart=chart), f"chart is {words}")


def test_packaged_charts_are_refused_unless_the_policy_config_allows_them():
    release = istiod(repositoryOpts__repo=None, chart=".lab/charts/istiod-1.29.0.tgz")
    assert_said(chart_source.RULE, release, "chart .lab/charts/istiod-1.29.0.tgz is a local package")
    assert_said(chart_source.RULE, release, "", packaged=True)
    assert_said(chart_source.RULE, istiod(repositoryOpts=None, chart="charts/istiod"), "chart", packaged=True)


@pytest.mark.parametrize("type_", ["v3:Chart", "v4:Chart", "v5:Release"])
def test_whatever_installs_a_chart_is_judged(type_):
    elsewhere = istiod(repositoryOpts__repo="https://evil.example")
    assert_said(chart_source.RULE, elsewhere, "chart", f"kubernetes:helm.sh/{type_}")
    assert_said(chart_source.RULE, istiod(), "", f"kubernetes:helm.sh/{type_}")


def test_a_chart_of_a_listed_registry_passes():
    assert_said(chart_source.RULE, istiod(repositoryOpts__repo=None, chart=f"{REGISTRY}/istiod"), "")
