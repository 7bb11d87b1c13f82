"""The resource that is deleted before every other one."""

import pytest

from pi_mesh.cluster.stack_state import DRAIN, GUARD
from tests.support.findings import case, table
from tests.support.full_traffic_settings import TRAFFIC
from tests.support.versions import NEWEST

EVERYTHING = {
    "traffic": TRAFFIC,
    "ingress": {"namespace": "edge"},
    "istio": {"canary": {"version": NEWEST, "revision": "next"}, "tags": {"stable": "next"}},
    "observability": {"jaeger": {"enabled": True}},
    "destroy": {"crds": True},
}


@pytest.mark.parametrize("overrides", [{}, EVERYTHING], ids=["defaults", "everything"])
def test_all_that_a_destroy_deletes_is_deleted_after_the_guard(deployed, overrides):
    recording = deployed(**overrides)
    custom = ("kubernetes:", "pulumi-python:", DRAIN)
    provided = {one.name for one in recording.resources if one.type.startswith(custom)}
    assert provided == recording.one("destroy-guard").dependencies


def test_its_arguments_are_those_of_the_settings(deployed):
    guard = deployed(destroy={"workloads": True}, trading={"adopt": True}).one("destroy-guard", GUARD)
    assert guard.props["workloads"]
    assert (guard.props["deleted"], guard.props["retained"]) == (["istio-system"], ["trading"])
    assert guard.props["context"] == "test"
    assert guard.props["left"][0].startswith("Istio's CRDs")
    assert "namespace trading, which others made" in guard.props["left"]


def test_what_the_settings_sweep_is_not_said_to_stay(deployed):
    guard = deployed(destroy={"crds": True, "rootCertificates": True}).one("destroy-guard", GUARD)
    assert guard.props["left"] == ["sidecars of pods elsewhere, until the pods are restarted"]


def test_the_control_planes_namespace_waits_for_its_gateways_to_drain(deployed):
    recording = deployed()
    assert recording.one("destroy-drain").dependencies == {"istio-namespace"}
    assert "destroy-drain" in recording.one("istio-base").dependencies


@table(
    case("no longer than they drain", {}, 10),
    case("to the end of the grace period that connections may use up", {"maxDrainSeconds": 60}, 0),
)
def test_the_wait_is_as_long_as_the_gateways_may_serve(deployed, ingress, spare):
    assert deployed(ingress=ingress).one("destroy-drain").props["spare"] == spare


def test_an_adopted_namespace_stays_and_nothing_waits_for_it(deployed):
    recording = deployed(istio={"adopt": True})
    assert not [one for one in recording.resources if one.type == DRAIN]
