"""The rule that images come from listed hubs."""

from policies.rules import (
    image_hub,
)
from tests.support.policy_resources import istiod, said


def test_a_hub_off_the_list_is_refused():
    (message,) = said(image_hub.RULE, istiod(values__global__hub="gcr.io/istio-release"))
    assert message.startswith("global.hub is gcr.io/istio-release. Fix: set images.hub")


def test_a_chart_that_chooses_its_own_hub_is_refused():
    (message,) = said(image_hub.RULE, istiod(values__global__hub=None))
    assert message.startswith("global.hub is not set")
