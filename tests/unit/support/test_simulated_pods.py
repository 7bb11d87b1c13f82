"""The crowd: its manifests, and its growth."""

from tests.support import simulated_pods

TEMPLATE = {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "istio-proxy"}]}}


def test_a_crowd_that_grows_applies_no_pod_that_exists(monkeypatch):
    applied, counts = [], iter((40, 60))
    monkeypatch.setattr(simulated_pods, "_apply", applied.extend)
    monkeypatch.setattr(simulated_pods, "_running", lambda: next(counts))
    monkeypatch.setattr(simulated_pods.simulated, "put", lambda *_: None)
    monkeypatch.setattr(simulated_pods, "injected", lambda: TEMPLATE)
    simulated_pods.up(pods=60, nodes=3, objects=0)
    pods = [item["metadata"]["name"] for item in applied if item["kind"] == "Pod"]
    assert pods == [f"app-{number}" for number in range(40, 60)]
