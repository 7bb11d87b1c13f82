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
EGRESS = "pi-mesh-egress-audit"
OUT = {"proxy": {"egressAudit": True}, "namespaces": {"batch": {"injection": False}}}
DIGITS = {0.0: "", 0.1: "0", 6.25: "0", 6.3: "01", 50.0: "01234567", 93.0: "0123456789abcde"}


def with_logs(*logs: dict, **settings: object) -> dict:
    return {"observability": {"accessLogs": {key: value for log in logs for key, value in log.items()}}, **settings}


@table(
    case("a gateway that is off has none", with_logs(GATEWAYS, egress=OFF), [OF_INGRESS]),
    case("an audited namespace has one for both", with_logs(TRADING, **AUDIT), OF_BOTH),
    case("an egress audit logs at the callers with sidecars", OUT, [(LOG, "CLIENT", EGRESS)]),
)
def test_there_is_one_telemetry_for_each_selector(settings, logs):
    items = [item for item in make_mesh(**settings).objects if item.kind == "Telemetry"]
    entries = [(item.name, log) for item in items for log in item.manifest["spec"]["accessLogging"]]
    assert [(name, log.get("match", {}).get("mode"), log["providers"][0]["name"]) for name, log in entries] == logs


def test_an_egress_audit_reads_server_names_on_the_port_of_an_entry_for_no_host():
    (entry,) = (item.manifest for item in make_mesh(**OUT).objects if item.name == EGRESS)
    assert (entry["kind"], entry["spec"]["hosts"]) == ("ServiceEntry", ["pi-mesh-egress-audit.invalid"])
    assert [provider["name"] for provider in telemetry.extension_providers(make_settings(**OUT))] == [EGRESS]


JAEGER = {"jaeger": {"enabled": True}}
SIZES = {"providers": [{"name": "prometheus"}], "overrides": [{"match": {"metric": "REQUEST_SIZE"}, "disabled": True}]}
TRACED = {"providers": [{"name": "jaeger"}], "randomSamplingPercentage": 0.0}


@table(
    ({"disabledMetrics": ["REQUEST_SIZE"]}, "pi-mesh-telemetry", {"metrics": [SIZES]}),
    ({"traceSampling": 0.0}, "pi-mesh-telemetry", {"tracing": [TRACED]}),
)
def test_a_namespace_without_logs_may_have_traces_and_metrics_of_its_own(own, name, spec):
    mesh = make_mesh(trading={"telemetry": own}, observability=JAEGER)
    (item,) = (item.manifest for item in mesh.objects_of("traffic") if item.kind == "Telemetry")
    assert (item["metadata"]["name"], item["spec"]) == (name, spec)


def test_a_namespace_may_log_another_share_beside_its_metrics_in_the_one_object():
    own = {"accessLogSampling": 100.0, "disabledMetrics": ["REQUEST_SIZE"]}
    (item,) = (item for item in make_mesh(**with_logs(TRADING), trading={"telemetry": own}).objects_of("traffic"))
    assert item.name == LOG
    logging = [{"match": {"mode": "SERVER"}, "providers": [{"name": LOG}]}]
    assert item.manifest["spec"] == {"accessLogging": logging, "metrics": [SIZES]}


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
