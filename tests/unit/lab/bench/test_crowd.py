"""The crowd: its manifests, and its growth."""

from collections import Counter

from lab.bench import crowd, crowd_objects

TEMPLATE = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "istio-proxy"}]}}


def test_pods_are_spread_evenly_over_the_nodes_and_keep_the_template():
    pods = list(crowd_objects.pods(TEMPLATE, 60, crowd_objects.nodes(30)))
    assert set(Counter(pod["spec"]["nodeName"] for pod in pods).values()) == {2}
    assert len({pod["metadata"]["name"] for pod in pods}) == 60
    assert pods[0]["spec"]["containers"] == [{"name": "istio-proxy"}]


def test_istio_objects_are_of_five_kinds_in_equal_parts():
    made = list(crowd_objects.istio_objects(1000))
    assert set(Counter(entry["kind"] for entry in made).values()) == {200}
    assert {entry["metadata"]["namespace"] for entry in made} == {crowd_objects.NAMESPACE}


def test_a_crowd_that_grows_applies_no_pod_that_exists(monkeypatch):
    applied, counts = [], iter((40, 60))
    monkeypatch.setattr(crowd, "_apply", lambda items: applied.extend(one["metadata"]["name"] for one in items))
    monkeypatch.setattr(crowd, "_running", lambda: next(counts))
    monkeypatch.setattr(crowd.simulated, "put", lambda *_: None)
    monkeypatch.setattr(crowd_objects, "injected", lambda: TEMPLATE)
    crowd.up(pods=60, nodes=3, objects=0)
    assert [name for name in applied if name.startswith("app-")] == [f"app-{number}" for number in range(40, 60)]
