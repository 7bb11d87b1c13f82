"""Names of the releases."""

import pytest

from pi_mesh.settings import SettingsError
from tests.support.factories import make_settings


def named(**names: str):
    return make_settings(releases={"names": names}).releases.names


def test_without_the_key_they_are_those_of_the_role():
    assert named().model_dump() == {
        "base": "istio-base",
        "istiod": "istiod",
        "ingress": "istio-ingressgateway",
        "egress": "istio-egressgateway",
    }


@pytest.mark.parametrize(
    ("names", "said"),
    [
        ({"base": "istiod"}, "releases.names: 2 releases are called 'istiod'"),
        ({"base": "Mesh"}, "releases.names.base: 'Mesh': is not a name of Helm"),
        ({"ingress": "a" * 54}, "at most 53 small letters"),
    ],
)
def test_a_name_that_helm_would_refuse_is_refused(names, said):
    with pytest.raises(SettingsError, match=said):
        named(**names)
