"""The access logs: which requests, which fields, and one Telemetry for each selector."""

import pytest

from pi_mesh.values import telemetry
from pi_mesh.values.istio import istiod_values
from tests.support.factories import make_mesh, make_settings

AUDIT = {"mtls": {"mode": "PERMISSIVE", "audit": True}}
GATEWAYS, TRADING, OFF = {"gateways": True}, {"namespaces": ["trading"]}, {"enabled": False}
LOG, INGRESS, EGRESS = "pi-mesh-access-log", "istio-ingressgateway", "istio-egressgateway"
OF_INGRESS = ({"istio": "ingressgateway"}, [LOG])
DIGITS = {0.0: "", 0.1: "0", 6.25: "0", 6.3: "01", 50.0: "01234567", 93.0: "0123456789abcde"}


def with_logs(*logs: dict, **settings: object) -> dict:
    return {"observability": {"accessLogs": {key: value for log in logs for key, value in log.items()}}, **settings}


TELEMETRIES = {
    "none without access logs": ({}, {}),
    "each gateway has one of its own beside it": (
        with_logs(GATEWAYS, ingress={"namespace": "edge"}),
        {f"edge/{LOG}-{INGRESS}": OF_INGRESS, f"istio-system/{LOG}-{EGRESS}": ({"istio": "egressgateway"}, [LOG])},
    ),
    "a gateway that is off has none": (with_logs(GATEWAYS, egress=OFF), {f"istio-system/{LOG}-{INGRESS}": OF_INGRESS}),
    "a namespace logs what it receives": (with_logs(TRADING), {f"trading/{LOG}": (None, [LOG])}),
    "an audited namespace has one for both with the name that tells of the audit": (
        with_logs(TRADING, **AUDIT),
        {"trading/pi-mesh-audit": (None, ["pi-mesh-audit", LOG])},
    ),
    "an audit alone keeps its name": (AUDIT, {"trading/pi-mesh-audit": (None, ["pi-mesh-audit"])}),
}


@pytest.mark.parametrize(("settings", "telemetries"), TELEMETRIES.values(), ids=TELEMETRIES)
def test_there_is_one_telemetry_for_each_selector(settings, telemetries):
    made = {}
    for item in (item.manifest for item in make_mesh(**settings).objects if item.kind == "Telemetry"):
        spec, logging = item["spec"], item["spec"]["accessLogging"]
        providers = [entry["providers"][0]["name"] for entry in logging]
        selector = spec.get("selector", {}).get("matchLabels")
        made[f"{item['metadata']['namespace']}/{item['metadata']['name']}"] = (selector, providers)
        assert selector or {entry["match"]["mode"] for entry in logging} == {"SERVER"}
    assert made == telemetries


JAEGER = {"jaeger": {"enabled": True}}
SIZES = {"providers": [{"name": "prometheus"}], "overrides": [{"match": {"metric": "REQUEST_SIZE"}, "disabled": True}]}
TRACED = {"providers": [{"name": "jaeger"}], "randomSamplingPercentage": 0.0}


@pytest.mark.parametrize(
    ("own", "name", "spec"),
    [
        ({"disabledMetrics": ["REQUEST_SIZE"]}, "pi-mesh-telemetry", {"metrics": [SIZES]}),
        ({"traceSampling": 0.0}, "pi-mesh-telemetry", {"tracing": [TRACED]}),
    ],
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


@pytest.mark.parametrize(("settings", "names"), [({}, []), (with_logs(GATEWAYS, **AUDIT), ["pi-mesh-audit", LOG])])
def test_istiod_knows_the_provider_of_each_log(settings, names):
    providers = istiod_values(make_settings(**settings))["meshConfig"].get("extensionProviders", [])
    assert [provider["name"] for provider in providers] == names


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


@pytest.mark.parametrize(("paths", "path"), [(False, None), (True, "%REQ_WITHOUT_QUERY(X-ENVOY-ORIGINAL-PATH?:PATH)%")])
def test_a_path_is_logged_only_when_asked_for_and_never_with_its_query(paths, path):
    (provider,) = telemetry.extension_providers(make_settings(**with_logs(GATEWAYS, {"paths": paths})))
    fields: dict = provider["envoyFileAccessLog"]["logFormat"]["labels"]  # type: ignore[index]
    assert fields.get("path") == path
    headers = [value for value in fields.values() if value.startswith("%REQ(")]
    assert headers == ["%REQ(:METHOD)%", "%REQ(:AUTHORITY)%", "%REQ(X-REQUEST-ID)%"]


def test_the_proxies_that_write_are_counted_with_all_promised_workloads():
    scaled = {"ingress": {"replicas": 2}, "egress": {"autoscaling": {"enabled": True, "maxReplicas": 3}}}
    both = make_settings(**with_logs(GATEWAYS, TRADING, **scaled, trading={"workloads": 7}))
    assert telemetry.log_writers(both) == 2 + 3 + 7
    assert telemetry.log_writers(make_settings(**with_logs(TRADING))) == 30
