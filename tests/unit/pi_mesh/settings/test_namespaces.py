"""The namespaces of workloads and their bounds."""

import pytest

from pi_mesh.settings import SettingsError
from pi_mesh.values import objects
from tests.support.factories import make_settings


def kinds(**bounds: bool) -> list[str]:
    """Return the kinds of the objects that bound a further namespace, which trading's settings do not touch."""
    settings = make_settings(namespaces={"research": {"bounds": bounds}})
    trading, research = (objects.bounds(settings, namespace) for namespace in settings.workload_namespaces)
    assert len(trading) == 3
    return [str(one["kind"]) for one in research]


def refused(**settings: object) -> str:
    with pytest.raises(SettingsError) as problem:
        make_settings(**settings)
    (line,) = problem.value.problems
    return line


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
    with pytest.raises(
        SettingsError, match=r"namespaces\.research\.bounds: limitRange is false, but a quota refuses pods"
    ):
        kinds(limitRange=False)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"namespaces": {"trading": {}}}, "namespaces.trading and trading.namespace are both 'trading'"),
        ({"namespaces": {"istio-system": {}}}, "namespaces.istio-system and istio.namespace are both 'istio-system'"),
        ({"ingress": {"namespace": "edge"}, "namespaces": {"edge": {}}}, "namespaces.edge and ingress.namespace are"),
    ],
)
def test_a_namespace_has_one_purpose(settings, said):
    assert refused(**settings).startswith(said)


def test_a_namespace_without_sidecars_has_no_revision():
    line = refused(istio={"tags": {"stable": "default"}}, trading={"injection": False, "revision": "stable"})
    assert line == "trading: revision is 'stable', and injection is false; remove one of them"


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"namespaces": {"research": {"injection": False, "defaultDeny": {"enabled": True}}}}, "namespaces.research"),
        ({"namespaces": {"research": {"injection": False, "defaultDeny": {"audit": True}}}}, "namespaces.research"),
        (
            {"trading": {"injection": False}, "traffic": {"authorization": {"defaultDeny": {"enabled": True}}}},
            "trading",
        ),
    ],
)
def test_a_namespace_without_sidecars_has_no_default_deny(settings, key):
    assert refused(**settings) == (f"{key}.injection is false, but sidecars enforce its default deny; disable that too")


def test_a_revision_that_does_not_exist_is_refused_in_each_namespace():
    assert refused(namespaces={"research": {"revision": "new"}}) == (
        "namespaces.research.revision is 'new'; there is default"
    )


def test_a_traffic_setting_of_an_unknown_namespace_is_refused_with_the_known_ones():
    legacy = {"old": {"namespace": "reserach"}}
    assert refused(namespaces={"research": {}}, traffic={"legacy": legacy}) == (
        "traffic.legacy.old.namespace is 'reserach'; there are research, trading"
    )


def test_a_further_namespace_promises_fewer_pods_than_trading():
    trading, research = make_settings(namespaces={"research": {}}).workload_namespaces
    assert (trading.own.workloads, research.own.workloads) == (30, 10)
