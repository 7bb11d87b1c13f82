"""The alerts and the scrape jobs: bounds of one mesh, words and runbooks, targets and what is kept of them."""

import re
from pathlib import Path

import pytest

from pi_mesh.monitoring import alert_table, scraping
from pi_mesh.monitoring.alert import RUNBOOKS, Alert, Bounds, groups
from pi_mesh.monitoring.alerts import ALL, BY_SUBJECT
from tests.support.alert_cases import CASES

ROOT = Path(__file__).parents[3]
RULES = {alert.name: alert for alert in ALL}
HEADINGS = {
    re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
    for heading in re.findall(r"^## (.*)$", (ROOT / RUNBOOKS).read_text(), re.MULTILINE)
}


@pytest.mark.parametrize(
    ("alert", "bounds", "part"),
    [
        ("MeshCaEndsSoon", Bounds(certificate_days=7), "< 604800"),
        ("MeshProxyCertificateEndsSoon", Bounds(certificate_seconds=86400), "< 17280"),
        ("IngressErrors", Bounds(error_percent=2), "> 2"),
        ("IngressErrors", Bounds(ingress="front"), 'source_workload="front"'),
        ("IngressSlow", Bounds(ingress_namespace="gateways"), 'source_workload_namespace="gateways"'),
        ("IngressSlow", Bounds(latency_milliseconds=250), "> 250"),
        ("MeshContainerNearMemoryLimit", Bounds(memory_percent=80), "> 80"),
        ("MeshContainerThrottled", Bounds(throttled_percent=10), "> 10"),
    ],
)
def test_an_expression_has_the_bounds_of_its_mesh(alert: str, bounds: Bounds, part: str):
    assert part in RULES[alert].rule(bounds, "")["expr"]


def test_a_rule_waits_for_its_minutes_and_has_its_severity_and_each_subject_is_a_group():
    rule = RULES["PiGone"].rule(Bounds(), "")
    assert (rule["for"], rule["labels"]) == ("5m", {"severity": "page"})
    made = groups(BY_SUBJECT, Bounds(), "")
    assert [group["name"] for group in made] == [f"pi-mesh-{subject}" for subject in BY_SUBJECT]
    assert sum(len(group["rules"]) for group in made) == len(ALL)


@pytest.mark.parametrize("alert", ALL, ids=lambda alert: alert.name)
def test_an_alert_says_what_happened_and_what_to_do_in_whole_sentences_and_links_to_a_runbook(alert: Alert):
    assert alert.runbook in HEADINGS
    annotations = alert.rule(Bounds(), "https://example/runbooks")["annotations"]
    assert annotations["runbook_url"] == f"https://example/runbooks#{alert.runbook}"
    assert alert.summary.endswith(".")
    assert alert.action.rstrip("`)").endswith(".")
    assert "{{" not in alert.action


def test_every_alert_has_series_that_fire_it_and_series_that_do_not():
    assert list(CASES) == list(RULES)


def test_the_page_has_the_alerts_of_the_code_with_values_of_prometheus_in_capitals():
    assert alert_table.PAGE.read_text() == alert_table.page(), "run `make schema`"
    assert "| The kubelet of INSTANCE does not answer: the Pi is off, or cut off. |" in alert_table.page()


def kept(metric: str, labels: dict[str, str]) -> bool:
    """Return True for a series of a kubelet that its job keeps, by Prometheus' rules for relabelling."""
    for rule in scraping.jobs("istio-system", "verified")["kubelets"]["metric_relabel_configs"]:
        values = ";".join({"__name__": metric, **labels}.get(name, "") for name in rule.get("source_labels", ()))
        if (rule["action"], bool(re.fullmatch(rule["regex"], values))) in (("keep", False), ("drop", True)):
            return False
    return True


MEMORY = "container_memory_working_set_bytes"


@pytest.mark.parametrize(
    ("metric", "labels", "expected"),
    [
        (MEMORY, {"container": "istio-proxy", "id": "/kubepods/a"}, True),
        pytest.param(MEMORY, {"id": "/"}, True, id="a whole node"),
        pytest.param(MEMORY, {"id": "/kubepods/a"}, False, id="sums of cgroups"),
        (MEMORY, {"id": "/system.slice"}, False),
        pytest.param("container_network_receive_bytes_total", {"container": "istio-proxy"}, False, id="unused"),
        ("machine_cpu_cores", {}, True),
    ],
)
def test_containers_and_whole_nodes_are_kept_and_sums_and_unused_metrics_are_not(metric, labels, expected):
    assert kept(metric, labels) is expected


@pytest.mark.parametrize(("choice", "skipped"), [("unverified", True), ("verified", False)])
def test_the_kubelets_certificates_are_verified_where_asked(choice, skipped: bool):
    assert scraping.jobs("istio-system", choice)["kubelets"]["tls_config"]["insecure_skip_verify"] is skipped


def test_kubelets_can_be_left_out_and_istiod_is_looked_for_in_its_own_namespace():
    jobs = scraping.jobs("mesh", "off")
    assert list(jobs) == ["istiod", "istio-proxies"]
    discovery = [{"role": "endpointslice", "namespaces": {"names": ["mesh"]}}]
    assert jobs["istiod"]["kubernetes_sd_configs"] == discovery
