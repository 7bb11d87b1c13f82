"""The rule that charts come from listed sources."""

import pytest

from policies.rules import chart_source
from tests.support.policy_resources import istiod, said

ALLOWED = "https://blob.istio.io/istio-release/charts"
REGISTRY = "oci://ghcr.io/istio/release/charts"
OUTSIDE = "comes from outside of the allowed sources"


UNLISTED = {
    "another host": "https://istio-release.storage.googleapis.com/charts",
    "a folder that begins like the allowed one": f"{ALLOWED}-of-mine",
    "a path that leads out again": f"{ALLOWED}/../../evil",
    "an encoded way out": f"{ALLOWED}/%2e%2e/%2e%2e/evil",
    "a backward slash": f"{ALLOWED}\\..\\evil",
    "a user before another host": "https://blob.istio.io@evil.example/istio-release/charts",
    "a port": "https://blob.istio.io:8443/istio-release/charts",
    "no encryption": "http://blob.istio.io/istio-release/charts",
    "a query": f"{ALLOWED}/x?to=//evil.example",
    "a new line": f"{ALLOWED}\nhttps://evil.example",
}


@pytest.mark.parametrize("repository", UNLISTED.values(), ids=UNLISTED)
def test_a_repository_that_is_not_listed_is_refused(repository):
    (message,) = said(chart_source.RULE, istiod(repositoryOpts__repo=repository))
    assert message.startswith(f"chart istiod comes from {repository}. Fix: set charts.source")


NONE, BESIDE = {"repositoryOpts": None}, {}
"""A release without a repository, and one beside whose allowed repository its chart comes from elsewhere."""
ELSEWHERE = {
    "another registry": (NONE, "oci://gcr.io/istio-release/charts/istiod", OUTSIDE),
    "a way out of the registry": (NONE, f"{REGISTRY}/../../../evil/istiod", OUTSIDE),
    "a scheme in capitals": (NONE, "OCI://evil.example/istiod", OUTSIDE),
    "an alias of helm repo add": (NONE, "evil/istiod", "is a local package"),
    "a registry": (BESIDE, "oci://evil.example/charts/istiod", OUTSIDE),
    "an address": (BESIDE, "https://evil.example/istiod-1.29.0.tgz", OUTSIDE),
    "a folder": (BESIDE, "./istiod", f"is a path, which Helm looks up before it asks {ALLOWED}"),
    "a file": (BESIDE, "/tmp/istiod-1.29.0.tgz", f"is a path, which Helm looks up before it asks {ALLOWED}"),
}


@pytest.mark.parametrize(("repository", "chart", "words"), ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_chart_from_elsewhere_is_refused_without_a_repository_and_beside_an_allowed_one(repository, chart, words):
    (message,) = said(chart_source.RULE, istiod(**repository, chart=chart))
    assert message.startswith(f"chart {chart} {words}")


@pytest.mark.parametrize(("chart", "words"), [(None, "not set, so that its source"), ({"path": "x"}, "a map, where")])
def test_a_chart_is_a_text(chart, words):
    (message,) = said(chart_source.RULE, istiod(chart=chart))
    assert message.startswith(f"chart is {words}")


def test_packaged_charts_are_refused_unless_the_policy_config_allows_them():
    release = istiod(repositoryOpts__repo=None, chart=".lab/charts/istiod-1.29.0.tgz")
    (message,) = said(chart_source.RULE, release)
    assert message.startswith("chart .lab/charts/istiod-1.29.0.tgz is a local package")
    assert said(chart_source.RULE, release, packaged=True) == []
    assert said(chart_source.RULE, istiod(repositoryOpts=None, chart="charts/istiod"), packaged=True) != []


@pytest.mark.parametrize("type_", ["v3:Chart", "v4:Chart", "v5:Release"])
def test_whatever_installs_a_chart_is_judged(type_):
    elsewhere = istiod(repositoryOpts__repo="https://evil.example")
    assert said(chart_source.RULE, elsewhere, f"kubernetes:helm.sh/{type_}") != []
    assert said(chart_source.RULE, istiod(), f"kubernetes:helm.sh/{type_}") == []


@pytest.mark.parametrize("repository", [f"{ALLOWED}/", f"{ALLOWED}/1.29", ALLOWED])
def test_what_lies_below_an_allowed_source_passes(repository):
    assert said(chart_source.RULE, istiod(repositoryOpts__repo=repository)) == []
    assert said(chart_source.RULE, istiod(repositoryOpts__repo=None, chart=f"{REGISTRY}/istiod")) == []
