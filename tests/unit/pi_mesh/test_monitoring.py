"""The alerts and the scrape jobs: bounds of one mesh, words and runbooks, targets and what is kept of them."""

import re
from pathlib import Path

import pytest

from pi_mesh.addons.prometheus import AlertSettings
from pi_mesh.monitoring import alerts, scraping
from pi_mesh.monitoring.alerts import RUNBOOKS
from tests.support.alert_cases import CASES, MESH, RULES
from tests.support.findings import case, table

ROOT = Path(__file__).parents[3]
HEADINGS = {
    re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-")
    for heading in re.findall(r"^## (.*)$", (ROOT / RUNBOOKS).read_text(), re.MULTILINE)
}
MEMORY = "container_memory_working_set_bytes"


@table(
    ("MeshCaEndsSoon", {"certificate_days": 7}, "< 604800"),
    ("IngressErrors", {"error_percent": 2}, "> 2"),
    ("IngressSlow", {"latency_milliseconds": 250}, "> 250"),
    ("MeshContainerNearMemoryLimit", {"memory_percent": 80}, "> 80"),
    ("MeshContainerThrottled", {"throttled_percent": 10}, "> 10"),
)
def test_an_expression_has_the_bounds_of_the_settings(alert: str, bounds: dict[str, int], part: str):
    groups = alerts.groups(AlertSettings(**bounds).names(MESH))
    assert part in next(rule["expr"] for group in groups for rule in group["rules"] if rule["alert"] == alert)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_an_alert_says_what_happened_and_what_to_do_in_whole_sentences_and_links_to_a_runbook(rule: alerts.Rules):
    page, _, heading = rule["annotations"]["runbook_url"].partition("#")
    assert (page, heading in HEADINGS) == (RUNBOOKS, True)
    assert rule["annotations"]["summary"].endswith(".")
    action = rule["annotations"]["description"]
    assert action.rstrip("`)").endswith(".")
    assert "{{" not in action


def test_an_alert_waits_for_whole_minutes_and_is_for_at_once_or_the_next_day():
    assert all(re.fullmatch("[1-9][0-9]*m", rule["for"]) for rule in RULES.values())
    assert {rule["labels"]["severity"] for rule in RULES.values()} == {"page", "ticket"}


def test_every_alert_has_series_that_fire_it_and_series_that_do_not():
    assert list(CASES) == list(RULES)


def kept(metric: str, labels: dict[str, str]) -> bool:
    """Return True for a series of a kubelet that its job keeps, by Prometheus' rules for relabelling."""
    for rule in scraping.jobs("istio-system", "verified")["kubelets"]["metric_relabel_configs"]:
        values = ";".join({"__name__": metric, **labels}.get(name, "") for name in rule.get("source_labels", ()))
        if (rule["action"], bool(re.fullmatch(rule["regex"], values))) in (("keep", False), ("drop", True)):
            return False
    return True


@table(
    (MEMORY, {"container": "istio-proxy", "id": "/kubepods/a"}, True),
    case("a whole node", MEMORY, {"id": "/"}, True),
    case("sums of cgroups", MEMORY, {"id": "/kubepods/a"}, False),
    (MEMORY, {"id": "/system.slice"}, False),
    case("unused", "container_network_receive_bytes_total", {"container": "istio-proxy"}, False),
    ("machine_cpu_cores", {}, True),
)
def test_containers_and_whole_nodes_are_kept_and_sums_and_unused_metrics_are_not(metric, labels, expected):
    assert kept(metric, labels) is expected


def test_kubelets_can_be_left_out_and_istiod_is_looked_for_in_its_own_namespace():
    jobs = scraping.jobs("mesh", "off")
    assert list(jobs) == ["istiod", "istio-proxies"]
    discovery = [{"role": "endpointslice", "namespaces": {"names": ["mesh"]}}]
    assert jobs["istiod"]["kubernetes_sd_configs"] == discovery
