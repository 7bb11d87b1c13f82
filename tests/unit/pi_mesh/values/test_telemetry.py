"""The access logs: which requests, which fields, and one Telemetry for each selector."""

import pytest

from pi_mesh.values import telemetry
from tests.support.factories import make_mesh, make_settings

GATEWAYS, TRADING = {"gateways": True}, {"namespaces": ["trading"]}
EGRESS = "pi-mesh-egress-audit"
OUT = {"proxy": {"egressAudit": True}, "namespaces": {"batch": {"injection": False}}}
DIGITS = {0.0: "", 0.1: "0", 6.25: "0", 6.3: "01", 50.0: "01234567", 93.0: "0123456789abcde"}


def with_logs(*logs: dict, **settings: object) -> dict:
    return {"observability": {"accessLogs": {key: value for log in logs for key, value in log.items()}}, **settings}


def test_an_egress_audit_logs_at_the_callers_with_sidecars():
    items = [item for item in make_mesh(**OUT).objects if item.kind == "Telemetry"]
    entries = [(item.name, log) for item in items for log in item.manifest["spec"]["accessLogging"]]
    logs = [(name, log["match"]["mode"], log["providers"][0]["name"]) for name, log in entries]
    assert logs == [("pi-mesh-access-log", "CLIENT", EGRESS)]


def test_an_egress_audit_reads_server_names_on_the_port_of_an_entry_for_no_host():
    (entry,) = (item.manifest for item in make_mesh(**OUT).objects if item.name == EGRESS)
    assert (entry["kind"], entry["spec"]["hosts"]) == ("ServiceEntry", ["pi-mesh-egress-audit.invalid"])
    assert [provider["name"] for provider in telemetry.extension_providers(make_settings(**OUT))] == [EGRESS]


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


def test_the_proxies_that_write_are_counted_with_all_promised_workloads():
    scaled = {"ingress": {"replicas": 2}, "egress": {"autoscaling": {"enabled": True, "maxReplicas": 3}}}
    both = make_settings(**with_logs(GATEWAYS, TRADING, **scaled, trading={"workloads": 7}))
    assert telemetry.log_writers(both) == 2 + 3 + 7
    assert telemetry.log_writers(make_settings(**with_logs(TRADING))) == 30
