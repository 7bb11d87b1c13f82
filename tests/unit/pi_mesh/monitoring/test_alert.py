"""The rules that alerts become, with the bounds of one mesh."""

import pytest

from pi_mesh.monitoring.alert import Bounds, groups
from pi_mesh.monitoring.alerts import ALL, BY_SUBJECT

RULES = {alert.name: alert for alert in ALL}


@pytest.mark.parametrize(
    ("alert", "bounds", "part"),
    [
        ("MeshCaEndsSoon", Bounds(certificate_days=7), "< 604800"),
        ("MeshProxyCertificateEndsSoon", Bounds(certificate_seconds=86400), "< 17280"),
        ("IngressErrors", Bounds(error_percent=2), "> 2"),
        ("IngressErrors", Bounds(ingress="front"), 'source_workload="front"'),
        ("IngressSlow", Bounds(ingress_namespace="gateways"), 'source_workload_namespace="gateways"'),
        ("IngressSlow", Bounds(latency_milliseconds=250), "> 250"),
        ("MeshContainerNearMemoryLimit", Bounds(memory_percent=80), "> 80"),
        ("MeshContainerThrottled", Bounds(throttled_percent=10), "> 10"),
    ],
)
def test_an_expression_has_the_bounds_of_its_mesh(alert: str, bounds: Bounds, part: str):
    assert part in RULES[alert].rule(bounds, "")["expr"]


def test_a_rule_waits_for_its_minutes_and_has_its_severity():
    rule = RULES["PiGone"].rule(Bounds(), "")
    assert (rule["for"], rule["labels"]) == ("5m", {"severity": "page"})


def test_each_subject_is_a_group():
    made = groups(BY_SUBJECT, Bounds(), "")
    assert [group["name"] for group in made] == [f"pi-mesh-{subject}" for subject in BY_SUBJECT]
    assert sum(len(group["rules"]) for group in made) == len(ALL)
