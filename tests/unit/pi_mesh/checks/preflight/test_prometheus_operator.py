"""The preflight's findings about a Prometheus operator."""

import pytest

from pi_mesh.checks.finding import Level
from pi_mesh.checks.observation import Observation
from pi_mesh.checks.preflight import prometheus_operator
from pi_mesh.cluster.objects import Crd
from tests.support.factories import make_mesh
from tests.support.snapshots import make_snapshot

KINDS = ("servicemonitors", "podmonitors", "prometheusrules")
WANTED = {"prometheus": {"enabled": True, "mode": "operator"}}


def found(observability: dict, kinds: tuple[str, ...]) -> list[tuple[Level, str]]:
    crds = tuple(Crd(f"{kind}.monitoring.coreos.com") for kind in kinds)
    snapshot = make_snapshot(crds=crds)
    findings = prometheus_operator.check(Observation(make_mesh(observability=observability), snapshot))
    return [(finding.level, finding.subject.name) for finding in findings]


def test_a_kind_that_is_not_there_is_an_error():
    assert found(WANTED, KINDS[:2]) == [(Level.ERROR, "prometheusrules.monitoring.coreos.com")]


@pytest.mark.parametrize(("observability", "kinds"), [(WANTED, KINDS), ({}, ())])
def test_an_operator_that_is_there_or_not_needed_is_right(observability: dict, kinds: tuple[str, ...]):
    assert [level for level, _ in found(observability, kinds)] == [Level.OK]
