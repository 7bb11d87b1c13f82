"""The Helm values of istiod's chart."""

import pytest

from pi_mesh import inventory
from pi_mesh.catalog.istio import gateway_chart_is_broken
from pi_mesh.inventory import Kind
from tests.support import awaited, charts
from tests.support.factories import make_settings


def values(**settings: object) -> dict:
    """Return the Helm values of istiod."""
    return inventory.of(make_settings(**settings)).the(Kind.ISTIOD).values


@awaited.safe("H2 before 1.28 the chart's disruption budget is not bounded to several replicas")
def test_a_single_istiod_gets_no_disruption_budget():
    assert values()["global"].get("defaultPodDisruptionBudget") == {"enabled": False}


def _versions_with_a_budget() -> list:
    """Return each version that there are charts of; those before 1.28 render a budget for a single pod too."""
    late = awaited.safe("H2 before 1.28 the chart's disruption budget is not bounded to several replicas")
    early = [version for version in charts.each() if tuple(map(int, version.split(".")[:2])) < (1, 28)]
    return [pytest.param(version, marks=late if version in early else ()) for version in charts.each()]


@pytest.mark.parametrize("version", _versions_with_a_budget())
def test_the_node_of_a_single_istiod_can_be_drained(version):
    gateway = {"enabled": not gateway_chart_is_broken(version)}
    settings = make_settings(istio={"version": version}, ingress=gateway, egress=gateway)
    items = charts.render(inventory.of(settings).the(Kind.ISTIOD), version)
    assert [item for item in items if item["kind"] == "PodDisruptionBudget"] == []


@awaited.safe("M4 path rules can be walked around with // and %2F")
def test_paths_are_normalized_before_rules_judge_them():
    assert values()["meshConfig"].get("pathNormalization") == {"normalization": "DECODE_AND_MERGE_SLASHES"}


@awaited.safe("L2 the chart drops a sampling of 0, and istiod's own 1 % holds")
def test_a_sampling_of_nothing_reaches_istiod():
    assert values(proxy={"traceSampling": 0})["pilot"].get("env", {}).get("PILOT_TRACE_SAMPLING") == "0"
