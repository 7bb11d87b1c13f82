"""The page of the Gateway API's conformance suite, and how the suite gets its CRDs and addresses."""

import json

import pytest
import yaml

from lab import conformance
from tests.support.findings import case, table


def report(*failed: str, skipped: int = 0) -> dict:
    counts = {"Passed": 3, "Failed": len(failed), "Skipped": skipped}
    profiles = [{"name": "MESH-HTTP", "core": {"statistics": counts, "failedTests": list(failed)}}]
    release = {"gatewayAPIVersion": "v1.6.0", "gatewayAPIChannel": "experimental"}
    return {**release, "implementation": {"version": "1.2.3"}, "profiles": profiles}


@pytest.fixture
def calls(monkeypatch) -> list[tuple[str, ...]]:
    """Record the calls of kubectl; its output is empty."""
    made: list[tuple[str, ...]] = []
    monkeypatch.setattr(conformance, "kubectl", lambda *words: made.append(words) or "")
    monkeypatch.setattr(conformance.programs, "file", lambda *_: conformance.REPORT.parent)
    return made


def test_the_page_has_the_figures_beside_those_that_istio_published():
    assert "| MESH-HTTP | core | 3 | 1 | 0 | 3 | 0 | 2 |" in conformance.page(report("MeshNew"), report(skipped=2), {})


@table(case("a known cause", "MeshFrontend", conformance.STRICT), case("an unknown cause", "MeshNew", "unknown"))
def test_a_failed_test_stands_on_the_page_with_its_cause(test, cause):
    text = conformance.page(report(test), report(), {test: "FAIL", "MeshOther": "PASS"})
    (row,) = (line for line in text.splitlines() if f"`{test}`" in line)
    assert cause in row


def test_each_test_has_its_own_result_and_not_those_of_its_parts():
    log = """
--- FAIL: TestConformance (5.00s)
    --- PASS: TestConformance/MeshBasic (1.00s)
    --- FAIL: TestConformance/MeshFrontend (1.00s)
        --- PASS: TestConformance/MeshFrontend/Send_to_service (1.00s)
"""
    assert conformance.results(log) == {"MeshBasic": "PASS", "MeshFrontend": "FAIL"}


def test_istios_published_report_has_figures_for_each_of_its_profiles():
    published = yaml.safe_load(conformance.PUBLISHED.read_text())
    without = {"GATEWAY-TCP", "MESH-GRPC"}
    assert {profile for (profile, _), _ in conformance._parts(published)} == {*conformance.PROFILES} - without


def test_crds_of_the_cluster_are_kept(calls, monkeypatch):
    monkeypatch.setattr(conformance, "kubectl", lambda *words: calls.append(words) or "gateways 2026-12-02")
    with conformance._crds():
        pass
    assert [words[0] for words in calls] == ["get"]


def test_crds_of_the_suite_go_with_it(calls):
    with pytest.raises(KeyboardInterrupt), conformance._crds():
        raise KeyboardInterrupt
    assert [words[0] for words in calls] == ["get", "apply", "delete"]


@table(
    case("a new one", "LoadBalancer", {}, ["10.96.0.7"]),
    case("one that has its address", "LoadBalancer", {"ingress": []}, []),
    case("another type", "ClusterIP", {}, []),
)
def test_a_load_balancer_gets_its_services_own_address(calls, monkeypatch, kind, status, patched):
    service = {"metadata": {"name": "edge", "namespace": "infra"}, "spec": {"type": kind, "clusterIP": "10.96.0.7"}}
    service["status"] = {"loadBalancer": status}
    monkeypatch.setattr(conformance, "get", lambda *_: {"items": [service]})
    conformance._give_addresses()
    patches = [json.loads(words[-1].removeprefix("--patch=")) for words in calls]
    assert [patch["status"]["loadBalancer"]["ingress"][0]["ip"] for patch in patches] == patched
