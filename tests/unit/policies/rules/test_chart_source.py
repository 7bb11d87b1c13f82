"""The rule that charts come from listed sources."""

import pytest

from policies.rules import chart_source
from tests.support.policy_resources import istiod, said


@pytest.mark.parametrize(
    "source",
    [
        {"repositoryOpts__repo": "https://istio-release.storage.googleapis.com/charts"},
        {"repositoryOpts__repo": "https://blob.istio.io/istio-release/charts-of-mine"},
        {"repositoryOpts__repo": None, "chart": "oci://gcr.io/istio-release/charts/istiod"},
    ],
)
def test_a_chart_from_elsewhere_is_refused(source):
    (message,) = said(chart_source.RULE, istiod(**source))
    assert "comes from" in message
    assert "Fix: set charts.source" in message


def test_an_oci_chart_below_an_allowed_registry_passes():
    release = istiod(repositoryOpts__repo=None, chart="oci://ghcr.io/istio/release/charts/istiod")
    assert said(chart_source.RULE, release) == []


def test_packaged_charts_are_refused_unless_the_policy_config_allows_them():
    release = istiod(repositoryOpts__repo=None, chart=".lab/charts/istiod-1.20.3.tgz")
    (message,) = said(chart_source.RULE, release)
    assert message.startswith("chart .lab/charts/istiod-1.20.3.tgz is a local package")
    assert said(chart_source.RULE, release, packaged=True) == []


@pytest.mark.parametrize(
    "source",
    [
        {"chart": "oci://evil.example/charts/istiod"},
        {"repositoryOpts__repo": "https://blob.istio.io/istio-release/charts/../../evil"},
    ],
    ids=["a registry beside an allowed repository", "a path that leads out again"],
)
def test_no_allowed_repository_covers_a_chart_from_elsewhere(source):
    assert said(chart_source.RULE, istiod(**source)) != []


def test_a_chart_that_is_no_release_is_judged_too():
    assert said(chart_source.RULE, {"chart": "https://evil.example/x.tgz"}, "kubernetes:helm.sh/v4:Chart") != []


ALLOWED = "https://blob.istio.io/istio-release/charts"
REGISTRY = "oci://ghcr.io/istio/release/charts"
BYPASSES = {
    "an encoded way out": (
        istiod(repositoryOpts__repo=f"{ALLOWED}/%2e%2e/%2e%2e/evil"),
        "chart istiod comes from https://blob.istio.io/istio-release/charts/%2e%2e/%2e%2e/evil",
    ),
    "a backward slash": (
        istiod(repositoryOpts__repo=f"{ALLOWED}\\..\\evil"),
        "chart istiod comes from https://blob.istio.io/istio-release/charts\\..\\evil",
    ),
    "a way out of the registry": (
        istiod(repositoryOpts=None, chart=f"{REGISTRY}/../../../evil/istiod"),
        "chart oci://ghcr.io/istio/release/charts/../../../evil/istiod comes from outside of the allowed sources",
    ),
    "an address as the chart of an allowed repository": (
        istiod(chart="https://evil.example/istiod-1.31.0.tgz"),
        "chart https://evil.example/istiod-1.31.0.tgz comes from outside of the allowed sources",
    ),
    "a user before another host": (
        istiod(repositoryOpts__repo="https://blob.istio.io@evil.example/istio-release/charts"),
        "chart istiod comes from https://blob.istio.io@evil.example/istio-release/charts",
    ),
    "a port": (
        istiod(repositoryOpts__repo="https://blob.istio.io:8443/istio-release/charts"),
        "chart istiod comes from https://blob.istio.io:8443/istio-release/charts",
    ),
    "no encryption": (
        istiod(repositoryOpts__repo="http://blob.istio.io/istio-release/charts"),
        "chart istiod comes from http://blob.istio.io/istio-release/charts",
    ),
    "a scheme in capitals": (
        istiod(repositoryOpts=None, chart="OCI://evil.example/istiod"),
        "chart OCI://evil.example/istiod comes from outside of the allowed sources",
    ),
    "a query": (
        istiod(repositoryOpts__repo=f"{ALLOWED}/x?to=//evil.example"),
        "chart istiod comes from https://blob.istio.io/istio-release/charts/x?to=//evil.example",
    ),
    "a new line": (
        istiod(repositoryOpts__repo=f"{ALLOWED}\nhttps://evil.example"),
        "chart istiod comes from https://blob.istio.io/istio-release/charts\nhttps://evil.example",
    ),
    "a folder beside an allowed repository": (
        istiod(chart="./istiod"),
        "chart ./istiod is a path, which Helm looks up before it asks https://blob.istio.io/istio-release/charts",
    ),
    "a file beside an allowed repository": (
        istiod(chart="/tmp/istiod-1.31.0.tgz"),
        "chart /tmp/istiod-1.31.0.tgz is a path, which Helm looks up before it asks https://blob.istio.io/istio-release/charts",
    ),
    "an alias of helm repo add": (
        istiod(repositoryOpts=None, chart="evil/istiod"),
        "chart evil/istiod is a local package",
    ),
    "no chart": (istiod(chart=None), "chart is not set, so that its source cannot be judged"),
    "a chart that is a map": (istiod(chart={"path": "evil"}), "chart is a map, where a text belongs"),
}


@pytest.mark.parametrize("case", BYPASSES)
def test_no_way_leads_past_the_list(case):
    *given, breach = BYPASSES[case]
    assert said(chart_source.RULE, *given) == [chart_source.RULE.message(breach)]


@pytest.mark.parametrize("type_", ["v3:Chart", "v4:Chart", "v5:Release"])
def test_whatever_installs_a_chart_is_judged(type_):
    elsewhere = istiod(repositoryOpts__repo="https://evil.example")
    assert said(chart_source.RULE, elsewhere, f"kubernetes:helm.sh/{type_}") != []
    assert said(chart_source.RULE, istiod(), f"kubernetes:helm.sh/{type_}") == []


def test_only_a_package_is_allowed_from_a_folder():
    assert said(chart_source.RULE, istiod(repositoryOpts=None, chart="charts/istiod"), packaged=True) != []


@pytest.mark.parametrize("allowed", [f"{ALLOWED}/", f"{ALLOWED}/1.31", ALLOWED])
def test_what_lies_below_an_allowed_source_passes(allowed):
    assert said(chart_source.RULE, istiod(repositoryOpts__repo=allowed)) == []
