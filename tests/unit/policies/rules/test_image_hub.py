"""The rule that images come from listed hubs."""

import pytest

from policies.rules import (
    image_hub,
)
from tests.support import awaited
from tests.support.policy_resources import istiod, said


def test_a_hub_off_the_list_is_refused():
    (message,) = said(image_hub.RULE, istiod(values__global__hub="gcr.io/istio-release"))
    assert message.startswith("global.hub is gcr.io/istio-release. Fix: set images.hub")


def test_a_chart_that_chooses_its_own_hub_is_refused():
    (message,) = said(image_hub.RULE, istiod(values__global__hub=None))
    assert message.startswith("global.hub is not set")


@awaited.safe("M11 only one of the keys that choose an image is looked at")
@pytest.mark.parametrize(
    "values",
    [
        {"values__pilot__image": "evil.example/pilot:1"},
        {"values__pilot__hub": "evil.example"},
        {"values__hub": "evil.example"},
        {"values__image": "evil.example/pilot:1"},
        {"values__global__proxy__image": "evil.example/proxyv2:1"},
    ],
    ids=lambda values: next(iter(values)).removeprefix("values__").replace("__", "."),
)
def test_every_key_that_chooses_an_image_is_judged(values):
    assert said(image_hub.RULE, istiod(**values)) != []
