"""The rule that charts come from listed sources."""

import pytest

from policies.rules import (
    chart_source,
)
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
