"""The crowd: its manifests, and its growth."""

from collections import Counter

from tests.support import simulated_pods

TEMPLATE = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "istio-proxy"}]}}


def test_pods_are_spread_evenly_over_the_nodes_and_keep_the_template():
    pods = list(simulated_pods.injected_pods(TEMPLATE, 60, simulated_pods.simulated_nodes(30)))
    assert set(Counter(pod["spec"]["nodeName"] for pod in pods).values()) == {2}
    assert len({pod["metadata"]["name"] for pod in pods}) == 60
    assert pods[0]["spec"]["containers"] == [{"name": "istio-proxy"}]


def test_istio_objects_are_of_five_kinds_in_equal_parts():
    made = list(simulated_pods.istio_objects(1000))
    assert set(Counter(entry["kind"] for entry in made).values()) == {200}
    assert {entry["metadata"]["namespace"] for entry in made} == {simulated_pods.NAMESPACE}


def test_a_crowd_that_grows_applies_no_pod_that_exists(monkeypatch):
    applied, counts = [], iter((40, 60))
    monkeypatch.setattr(simulated_pods, "_apply", applied.extend)
    monkeypatch.setattr(simulated_pods, "_running", lambda: next(counts))
    monkeypatch.setattr(simulated_pods.simulated, "put", lambda *_: None)
    monkeypatch.setattr(simulated_pods, "injected", lambda: TEMPLATE)
    simulated_pods.up(pods=60, nodes=3, objects=0)
    pods = [item["metadata"]["name"] for item in applied if item["kind"] == "Pod"]
    assert pods == [f"app-{number}" for number in range(40, 60)]
