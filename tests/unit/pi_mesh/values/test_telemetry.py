"""The access logs: which requests, which fields, and one Telemetry for each selector."""

import pytest

from pi_mesh.values import telemetry
from tests.support.factories import make_mesh, make_settings
from tests.support.findings import case, table

AUDIT = {"mtls": {"mode": "PERMISSIVE", "audit": True}}
GATEWAYS, TRADING, OFF = {"gateways": True}, {"namespaces": ["trading"]}, {"enabled": False}
LOG = "pi-mesh-access-log"
OF_INGRESS = (f"{LOG}-istio-ingressgateway", None, LOG)
OF_BOTH = [("pi-mesh-audit", "SERVER", provider) for provider in ("pi-mesh-audit", LOG)]
DIGITS = {0.0: "", 0.1: "0", 6.25: "0", 6.3: "01", 50.0: "01234567", 93.0: "0123456789abcde"}


def with_logs(*logs: dict, **settings: object) -> dict:
    return {"observability": {"accessLogs": {key: value for log in logs for key, value in log.items()}}, **settings}


@table(
    case("a gateway that is off has none", with_logs(GATEWAYS, egress=OFF), [OF_INGRESS]),
    case("an audited namespace has one for both", with_logs(TRADING, **AUDIT), OF_BOTH),
)
def test_there_is_one_telemetry_for_each_selector(settings, logs):
    items = [item for item in make_mesh(**settings).objects if item.kind == "Telemetry"]
    entries = [(item.name, log) for item in items for log in item.manifest["spec"]["accessLogging"]]
    assert [(name, log.get("match", {}).get("mode"), log["providers"][0]["name"]) for name, log in entries] == logs


@pytest.mark.parametrize(("sampling", "digits"), DIGITS.items())
def test_failed_requests_are_always_logged_and_others_by_the_last_digit_of_their_id(sampling, digits):
    failed, *sampled = telemetry.logged_requests(sampling).split(" || request.id.endsWith")
    assert failed == "response.code >= 500 || response.flags != 0"
    assert sampled == [f"('{digit}')" for digit in digits]


@pytest.mark.parametrize("sampling", [100.0, 99.99])
def test_all_requests_need_no_filter_beyond_the_last_sixteenth(sampling):
    assert telemetry.logged_requests(sampling) == ""
    objects = make_mesh(**with_logs(GATEWAYS, {"sampling": sampling})).objects
    specs = [item.manifest["spec"] for item in objects if item.kind == "Telemetry"]
    assert ["filter" in spec["accessLogging"][0] for spec in specs] == [False, False]


def test_no_path_is_logged_unless_it_is_asked_for():
    (provider,) = telemetry.extension_providers(make_settings(**with_logs(GATEWAYS)))
    assert "PATH" not in str(provider)


def test_the_proxies_that_write_are_counted_with_all_promised_workloads():
    scaled = {"ingress": {"replicas": 2}, "egress": {"autoscaling": {"enabled": True, "maxReplicas": 3}}}
    both = make_settings(**with_logs(GATEWAYS, TRADING, **scaled, trading={"workloads": 7}))
    assert telemetry.log_writers(both) == 2 + 3 + 7
    assert telemetry.log_writers(make_settings(**with_logs(TRADING))) == 30
