"""Forwarders from 127.0.0.1 into the lab."""

import pytest

from lab.cluster import forward, records
from lab.cluster.records import Process


@pytest.fixture
def forwarders(tmp_path, monkeypatch):
    """Return the started forwarders, of which none is a real process: the ports that lead to each target."""
    started: dict[str, list[int]] = {}
    monkeypatch.setattr(records, "RECORDS", tmp_path)
    monkeypatch.setattr(Process, "alive", True)
    monkeypatch.setattr(forward.process, "stop", records.forget)

    def start(name: str, target: str) -> int:
        port = 40000 + sum(map(len, started.values()))
        started.setdefault(target, []).append(port)
        records.write(Process(f"forward-{name}", 1, 1, ["python", target]))
        records.write_port(name, port)
        return port

    monkeypatch.setattr(forward, "start", start)
    return started


def test_a_forwarder_that_leads_there_already_is_kept(forwarders):
    assert forward.keep("ingress", "10.96.0.7:80") == forward.keep("ingress", "10.96.0.7:80") == 40000
    assert forwarders == {"10.96.0.7:80": [40000]}


def test_a_forwarder_that_leads_elsewhere_is_replaced(forwarders):
    forward.keep("ingress", "10.96.0.7:80")
    assert forward.keep("ingress", "10.96.0.8:80") == 40001
    assert list(forwarders) == ["10.96.0.7:80", "10.96.0.8:80"]
