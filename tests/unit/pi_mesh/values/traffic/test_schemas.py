"""Everything that the traffic settings render fits the schemas of Istio's CRDs, oldest and newest."""

import pytest

from pi_mesh.values.objects import peer_authentication, sidecar_scope
from pi_mesh.values.traffic import stages
from pi_mesh.values.traffic.istio_object import VERSIONS
from tests.support import charts, crds
from tests.support.factories import make_settings
from tests.support.full_traffic_settings import TRAFFIC


@pytest.fixture(params=("oldest", "newest"))
def version(request) -> str:
    found = charts.versions()
    return found[0] if request.param == "oldest" else found[-1]


@pytest.fixture
def objects() -> list[dict]:
    settings = make_settings(traffic=TRAFFIC)
    return [
        *(item for stage in stages(settings) for item in stage),
        peer_authentication(settings),
        sidecar_scope(settings),
    ]


def test_every_object_fits_istios_schema(objects, version):
    assert [line for item in objects for line in crds.problems(item, version)] == []
    assert {item["kind"] for item in objects} >= set(VERSIONS)


def test_a_field_that_istio_does_not_know_would_be_found(objects, version):
    rule = next(item for item in objects if item["kind"] == "DestinationRule")
    rule["spec"]["trafficPolicy"]["connectionPool"]["http"]["maxPending"] = 1

    (problem,) = crds.problems(rule, version)

    assert "$.trafficPolicy.connectionPool.http" in problem
    assert "'maxPending' was unexpected" in problem
