"""The rule that charts have an exact version."""

import pytest

from policies.rules import (
    chart_version,
)
from tests.support.policy_resources import istiod, said


@pytest.mark.parametrize("version", ["1.20", "~1.20.3", ">=1.20.3", "latest", "1.x", "1.20.3 || 1.21.0", None])
def test_a_chart_without_an_exact_version_is_refused(version):
    (message,) = said(chart_version.RULE, istiod(version=version))
    assert message.startswith(f"chart istiod has version {version!r}. Fix: pin it")


def test_a_package_carries_its_version_in_its_name():
    assert said(chart_version.RULE, istiod(chart="charts/istiod-1.20.3.tgz", version=None)) == []
    (message,) = said(chart_version.RULE, istiod(chart="charts/istiod.tgz", version=None))
    assert message.startswith("chart charts/istiod.tgz has no version in its name")
