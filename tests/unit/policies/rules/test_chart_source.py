"""The rule that charts come from listed sources."""

import pytest

from policies.rules import chart_source
from tests.support.policy_resources import istiod, said

ALLOWED = "https://blob.istio.io/istio-release/charts"
REGISTRY = "oci://ghcr.io/istio/release/charts"
OUTSIDE = "comes from outside of the allowed sources"
PATH = f"is a path, which Helm looks up before it asks {ALLOWED}"


@pytest.mark.parametrize(
    "repository",
    [
        pytest.param("https://istio-release.storage.googleapis.com/charts", id="another host"),
        pytest.param(f"{ALLOWED}-of-mine", id="a folder that begins like the allowed one"),
        pytest.param(f"{ALLOWED}/../../evil", id="a path that leads out again"),
        pytest.param(f"{ALLOWED}/%2e%2e/%2e%2e/evil", id="an encoded way out"),
        pytest.param(f"{ALLOWED}\\..\\evil", id="a backward slash"),
        pytest.param("https://blob.istio.io@evil.example/istio-release/charts", id="a user before another host"),
        pytest.param("https://blob.istio.io:8443/istio-release/charts", id="a port"),
        pytest.param("http://blob.istio.io/istio-release/charts", id="no encryption"),
        pytest.param(f"{ALLOWED}/x?to=//evil.example", id="a query"),
        pytest.param(f"{ALLOWED}\nhttps://evil.example", id="a new line"),
    ],
)
def test_a_repository_that_is_not_listed_is_refused(repository):
    (message,) = said(chart_source.RULE, istiod(repositoryOpts__repo=repository))
    assert message.startswith(f"chart istiod comes from {repository}. Fix: set charts.source")


@pytest.mark.parametrize(
    ("chart", "words"),
    [
        pytest.param("oci://gcr.io/istio-release/charts/istiod", OUTSIDE, id="another registry"),
        pytest.param(f"{REGISTRY}/../../../evil/istiod", OUTSIDE, id="a way out of the registry"),
        pytest.param("OCI://evil.example/istiod", OUTSIDE, id="a scheme in capitals"),
        pytest.param("evil/istiod", "is a local package", id="an alias of helm repo add"),
    ],
)
def test_a_chart_without_a_repository_is_refused_if_it_comes_from_elsewhere(chart, words):
    (message,) = said(chart_source.RULE, istiod(repositoryOpts=None, chart=chart))
    assert message.startswith(f"chart {chart} {words}")


@pytest.mark.parametrize(
    ("chart", "words"),
    [
        pytest.param("oci://evil.example/charts/istiod", OUTSIDE, id="a registry"),
        pytest.param("https://evil.example/istiod-1.29.0.tgz", OUTSIDE, id="an address"),
        pytest.param("./istiod", PATH, id="a folder"),
        pytest.param("/tmp/istiod-1.29.0.tgz", PATH, id="a file"),
    ],
)
def test_no_allowed_repository_covers_a_chart_from_elsewhere(chart, words):
    (message,) = said(chart_source.RULE, istiod(chart=chart))
    assert message.startswith(f"chart {chart} {words}")


@pytest.mark.parametrize(
    ("chart", "words"), [(None, "not set, so that its source"), ({"path": "evil"}, "a map, where")]
)
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
