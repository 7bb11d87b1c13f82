"""Trading hours, and the moments inside them."""

import re
from datetime import UTC, datetime

import pytest

from pi_mesh.settings import SettingsError
from pi_mesh.settings.namespaces import TradingHours
from pi_mesh.values import objects
from tests.support.factories import make_settings

XETRA = {"timeZone": "Europe/Berlin", "opens": "09:00", "closes": "17:30", "holidays": ["2026-12-25"]}
NIGHTS = {
    "timeZone": "America/Chicago",
    "opens": "17:00",
    "closes": "16:00",
    "days": ["Sun", "Mon", "Tue", "Wed", "Thu"],
}


def hours(given: dict) -> TradingHours:
    found = make_settings(trading={"hours": given}).trading.hours
    assert found
    return found


@pytest.mark.parametrize(
    ("given", "moment", "inside"),
    [
        (XETRA, "2026-11-25T08:00", True),  # 9:00 in winter, when the clocks are an hour ahead of UTC
        (XETRA, "2026-11-25T07:59", False),
        (XETRA, "2026-11-25T16:29", True),
        (XETRA, "2026-11-25T16:30", False),
        (XETRA, "2026-07-01T07:00", True),  # 9:00 in summer
        (XETRA, "2026-11-28T10:00", False),  # a Saturday
        (XETRA, "2026-12-25T10:00", False),  # a holiday
        (NIGHTS, "2026-11-30T05:00", True),  # Sunday's session at 23:00
        (NIGHTS, "2026-11-30T21:59", True),  # and at 15:59 of the next day
        (NIGHTS, "2026-11-30T22:30", False),  # between two sessions
        (NIGHTS, "2026-11-28T05:00", False),  # none begins on a Friday
    ],
)
def test_a_moment_is_judged_by_the_zones_own_clock(given, moment, inside):
    now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert (hours(given).closing(now) is not None) is inside


def test_the_end_is_told_in_the_zones_own_time():
    end = hours(XETRA).closing(datetime(2026, 11, 25, 10, tzinfo=UTC))
    assert end
    assert f"{end:%Y-%m-%d %H:%M}" == "2026-11-25 17:30"


@pytest.mark.parametrize(
    ("wrong", "line"),
    [
        ({"timeZone": "Berlin"}, "trading.hours.timeZone: 'Berlin': is not a time zone"),
        ({"timeZone": "../../etc/passwd"}, "trading.hours.timeZone: '../../etc/passwd': is not a time zone"),
        ({"opens": "9:00"}, "trading.hours.opens: '9:00': is not a time of day such as \"09:00\""),
        ({"holidays": ["2026-02-30"]}, "trading.hours.holidays[0]: '2026-02-30': "),
        ({"days": []}, "trading.hours.days"),
        ({"days": ["Monday"]}, "trading.hours.days[0]: 'Monday': input should be 'Mon'"),
    ],
)
def test_what_is_no_time_is_refused_with_its_key(wrong, line):
    with pytest.raises(SettingsError, match=re.escape(line)):
        hours({**XETRA, **wrong})


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
