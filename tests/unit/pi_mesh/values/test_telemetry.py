"""The access logs: which requests, which fields, and one Telemetry for each selector."""

import pytest

from pi_mesh.settings import Settings
from pi_mesh.values import telemetry
from pi_mesh.values.istio import istiod_values
from tests.support.factories import make_mesh, make_settings

AUDIT = {"mtls": {"mode": "PERMISSIVE", "audit": True}}


def with_logs(**logs: object) -> Settings:
    return make_settings(observability={"accessLogs": logs})


def telemetries(**settings: object) -> dict[str, dict]:
    """Return the Telemetry objects of a mesh by NAMESPACE/NAME."""
    found = [item.manifest for item in make_mesh(**settings).objects if item.kind == "Telemetry"]
    return {f"{item['metadata']['namespace']}/{item['metadata']['name']}": item["spec"] for item in found}  # type: ignore[index]


def test_without_access_logs_there_is_neither_object_nor_provider():
    assert telemetries() == {}
    assert "extensionProviders" not in istiod_values(make_settings())["meshConfig"]


def test_each_gateway_has_a_telemetry_of_its_own_beside_it():
    made = telemetries(observability={"accessLogs": {"gateways": True}}, ingress={"namespace": "edge"})
    assert {place: spec["selector"]["matchLabels"] for place, spec in made.items()} == {
        "edge/pi-mesh-access-log-istio-ingressgateway": {"istio": "ingressgateway"},
        "istio-system/pi-mesh-access-log-istio-egressgateway": {"istio": "egressgateway"},
    }


def test_a_gateway_that_is_off_has_none():
    made = telemetries(observability={"accessLogs": {"gateways": True}}, egress={"enabled": False})
    assert [*made] == ["istio-system/pi-mesh-access-log-istio-ingressgateway"]


def test_a_namespace_logs_what_its_sidecars_receive():
    made = telemetries(observability={"accessLogs": {"namespaces": ["trading"]}})
    ((place, spec),) = made.items()
    assert place == "trading/pi-mesh-access-log"
    assert [entry["match"] for entry in spec["accessLogging"]] == [{"mode": "SERVER"}]
    assert "selector" not in spec


def test_an_audited_namespace_has_one_telemetry_for_both_with_the_name_that_tells_of_the_audit():
    made = telemetries(observability={"accessLogs": {"namespaces": ["trading"]}}, **AUDIT)
    ((place, spec),) = made.items()
    assert place == "trading/pi-mesh-audit"
    providers = [entry["providers"][0]["name"] for entry in spec["accessLogging"]]
    assert providers == ["pi-mesh-audit", "pi-mesh-access-log"]


def test_an_audit_alone_keeps_its_name():
    assert [*telemetries(**AUDIT)] == ["trading/pi-mesh-audit"]


def test_istiod_knows_the_provider_of_each_log():
    settings = make_settings(observability={"accessLogs": {"gateways": True}}, **AUDIT)
    providers = istiod_values(settings)["meshConfig"]["extensionProviders"]
    assert [one["name"] for one in providers] == ["pi-mesh-audit", "pi-mesh-access-log"]


@pytest.mark.parametrize(
    ("sampling", "digits"),
    [(0.0, ""), (0.1, "0"), (6.25, "0"), (6.3, "01"), (50.0, "01234567"), (93.0, "0123456789abcde")],
)
def test_failed_requests_are_always_logged_and_others_by_the_last_digit_of_their_id(sampling, digits):
    failed, *sampled = telemetry.logged_requests(sampling).split(" || request.id.endsWith")
    assert failed == "response.code >= 500 || response.flags != 0"
    assert sampled == [f"('{digit}')" for digit in digits]


@pytest.mark.parametrize("sampling", [100.0, 99.99])
def test_all_requests_need_no_filter_beyond_the_last_sixteenth(sampling):
    assert telemetry.logged_requests(sampling) == ""
    made = telemetries(observability={"accessLogs": {"gateways": True, "sampling": sampling}})
    assert all("filter" not in spec["accessLogging"][0] for spec in made.values())


def test_a_path_is_logged_only_when_asked_for_and_never_with_its_query():
    def fields(**logs: object) -> dict[str, str]:
        (provider,) = telemetry.access_log_providers(with_logs(gateways=True, **logs))
        return provider["envoyFileAccessLog"]["logFormat"]["labels"]  # type: ignore[index]

    assert "path" not in fields()
    assert fields(paths=True)["path"] == "%REQ_WITHOUT_QUERY(X-ENVOY-ORIGINAL-PATH?:PATH)%"
    headers = [value for value in fields().values() if value.startswith("%REQ(")]
    assert headers == ["%REQ(:METHOD)%", "%REQ(:AUTHORITY)%", "%REQ(X-REQUEST-ID)%"]


def test_the_proxies_that_write_are_counted_with_all_promised_workloads():
    settings = make_settings(
        observability={"accessLogs": {"gateways": True, "namespaces": ["trading"]}},
        ingress={"replicas": 2},
        egress={"autoscaling": {"enabled": True, "maxReplicas": 3}},
        trading={"workloads": 7},
    )
    assert telemetry.log_writers(settings) == 2 + 3 + 7
    assert telemetry.log_writers(with_logs(namespaces=["trading"])) == 30
