"""The bounds of the trading namespace."""

import pytest

from pi_mesh.settings import SettingsError
from pi_mesh.values import objects
from tests.support.factories import make_settings


def kinds(**bounds: bool) -> list[str]:
    return [str(one["kind"]) for one in objects.bounds(make_settings(trading={"bounds": bounds}))]


@pytest.mark.parametrize(
    ("bounds", "left"),
    [
        ({}, ["LimitRange", "ResourceQuota", "Sidecar"]),
        ({"quota": False}, ["LimitRange", "Sidecar"]),
        ({"sidecar": False}, ["LimitRange", "ResourceQuota"]),
        ({"quota": False, "limitRange": False, "sidecar": False}, []),
    ],
)
def test_each_can_be_switched_off(bounds, left):
    assert kinds(**bounds) == left


def test_a_quota_without_a_limit_range_is_refused_since_it_would_refuse_pods():
    with pytest.raises(SettingsError, match=r"trading\.bounds: limitRange is false, but a quota refuses pods"):
        kinds(limitRange=False)
