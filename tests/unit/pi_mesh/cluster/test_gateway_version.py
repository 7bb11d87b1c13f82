"""The restart of gateways when their version changes, and only then."""

from dataclasses import replace

import pytest

from pi_mesh.cluster.gateway_version import as_recorded, without_version
from pi_mesh.cluster.stack_state import NEVER_RUN, RecordedRelease, StackState
from pi_mesh.inventory import Inventory, Kind
from pi_mesh.names import VERSION_ANNOTATION
from tests.support.factories import make_mesh


def annotations(mesh: Inventory) -> list[str | None]:
    values = [release.values["podAnnotations"] for release in mesh.of_kind(Kind.GATEWAY)]
    return [entry.get(VERSION_ANNOTATION) for entry in values if isinstance(entry, dict)]


def state_of(version: str, *, annotated: str | None) -> StackState:
    """Return the state of a run with this version of Istio, and with such an annotation of the gateways."""
    recorded = {}
    for release in make_mesh(istio={"version": version}).releases:
        values = without_version(release.values)
        if annotated and release.kind is Kind.GATEWAY:
            values = {**values, "podAnnotations": {**values["podAnnotations"], VERSION_ANNOTATION: annotated}}
        recorded[release.id] = RecordedRelease(version, values)
    return replace(NEVER_RUN, recorded=recorded)


def test_a_gateway_of_the_same_version_keeps_its_pods():
    mesh = make_mesh(istio={"version": "1.20.3"})
    state = state_of("1.20.3", annotated=None)
    kept = as_recorded(mesh, state)
    assert {one.id: one.values for one in kept.releases} == {name: one.values for name, one in state.recorded.items()}


def test_an_upgrade_changes_the_pod_template():
    mesh = as_recorded(make_mesh(istio={"version": "1.20.7"}), state_of("1.20.3", annotated=None))
    assert annotations(mesh) == ["1.20.7", "1.20.7"]


@pytest.mark.parametrize("state", [NEVER_RUN, state_of("1.20.7", annotated="1.20.7")])
def test_what_an_upgrade_or_a_first_install_brought_stays(state):
    assert annotations(as_recorded(make_mesh(istio={"version": "1.20.7"}), state)) == ["1.20.7", "1.20.7"]


def test_charts_with_the_version_in_their_pod_template_need_no_annotation():
    assert annotations(as_recorded(make_mesh(), NEVER_RUN)) == [None, None]


@pytest.mark.parametrize("annotated", ["1.21.6", None], ids=["after 1.21.6", "after 1.20.7 without an annotation"])
def test_a_chart_that_stays_the_same_for_two_versions_restarts_the_gateways_with_each(annotated):
    mesh = as_recorded(make_mesh(istio={"version": "1.22.8"}), state_of("1.20.7", annotated=annotated))
    assert annotations(mesh) == ["1.22.8", "1.22.8"]
