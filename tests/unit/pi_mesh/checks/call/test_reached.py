"""The endpoints of the called Service."""

from dataclasses import replace

from pi_mesh.cluster.endpoints import Endpoint
from tests.support.own_calls import APP, CLIENT, SERVER, make_call, refusals


def the(**changes: object) -> str:
    (refusal,) = refusals(make_call(**changes))
    return refusal


def test_a_service_without_pods_is_named_with_its_labels():
    said = the(endpoints=(), pods=(CLIENT,))
    assert said == "service trading/app: has no endpoint on port 80: no pod has its labels (app=app)"


def test_pods_that_are_not_ready_are_counted():
    assert "1 pod is not Ready" in the(endpoints=(Endpoint("10.0.0.2", 8080, False, "app-0"),))


def test_pods_without_the_port_are_told_from_none():
    assert "1 pod has its labels (app=app), and none has its port" in the(endpoints=(), pods=(CLIENT, SERVER))


def test_a_service_without_a_selector_has_the_endpoints_that_somebody_gives_it():
    assert "it has no selector" in the(endpoints=(), service=replace(APP, selector={}))


def test_pods_of_another_namespace_or_with_other_labels_are_not_behind_the_service():
    others = (replace(SERVER, namespace="shop"), replace(SERVER, labels={"app": "other"}))
    assert "no pod has its labels (app=app)" in the(endpoints=(), pods=(CLIENT, *others))
