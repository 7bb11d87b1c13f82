"""The rule that autoscalers are bounded."""

import pytest

from policies.rules import (
    autoscaling,
)
from tests.support.policy_resources import gateway, istiod, said


@pytest.mark.parametrize(
    ("release", "said_of_it"),
    [
        (istiod(values__pilot__autoscaleEnabled=None), "pilot.autoscaleEnabled is not set"),
        (istiod(values__pilot__autoscaleEnabled=True), "pilot.autoscaleMax is not set"),
        (gateway(values__autoscaling={"enabled": True, "maxReplicas": 4}), "autoscaling.maxReplicas 4 is above 3"),
    ],
)
def test_an_unbounded_autoscaler_is_refused(release, said_of_it):
    (message,) = said(autoscaling.RULE, release)
    assert message.startswith(said_of_it)


def test_a_bounded_autoscaler_passes():
    assert said(autoscaling.RULE, gateway(values__autoscaling={"enabled": True, "maxReplicas": 3})) == []
