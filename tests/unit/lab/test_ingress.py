"""The way from 127.0.0.1 to the ingress gateway."""

from lab import ingress


def test_it_leads_to_the_gateways_service_whatever_its_type(monkeypatch):
    monkeypatch.setattr(ingress, "get", lambda *_: {"items": [{"spec": {"clusterIP": "10.96.0.7"}}]})
    ports = {("ingress", "10.96.0.7:80"): 40001}
    monkeypatch.setattr(ingress.forward, "keep", lambda *asked: ports[asked])
    assert ingress.url() == "http://127.0.0.1:40001"


def test_without_a_gateway_it_leads_nowhere(monkeypatch):
    monkeypatch.setattr(ingress, "get", lambda *_: {"items": []})
    assert ingress.url() == ""
