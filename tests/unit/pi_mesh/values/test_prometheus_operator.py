"""The objects for a Prometheus operator."""

from pi_mesh.values import prometheus_operator
from tests.support.factories import make_settings


def made(**more: object) -> dict[str, dict]:
    prometheus = {"enabled": True, "mode": "operator", **more}
    settings = make_settings(observability={"prometheus": prometheus})
    return {item["kind"]: item for item in prometheus_operator.objects(settings)}


def test_there_are_none_without_an_operator():
    assert made(mode="embedded") == {}
    assert list(prometheus_operator.objects(make_settings())) == []


def test_they_are_in_istiods_namespace_with_the_labels_that_its_prometheus_selects():
    for item in made(operatorLabels={"team": "mesh"}).values():
        assert (item["apiVersion"], item["metadata"]["namespace"]) == ("monitoring.coreos.com/v1", "istio-system")
        assert item["metadata"]["labels"] == {"team": "mesh"}


def test_the_jobs_have_the_names_that_the_alerts_expect():
    def job(endpoint: dict) -> list[str]:
        return [rule["replacement"] for rule in endpoint["relabelings"] if rule.get("targetLabel") == "job"]

    objects = made()
    assert job(objects["ServiceMonitor"]["spec"]["endpoints"][0]) == ["istiod"]
    assert job(objects["PodMonitor"]["spec"]["podMetricsEndpoints"][0]) == ["istio-proxies"]


def test_proxies_of_all_namespaces_are_scraped_at_their_agents():
    spec = made()["PodMonitor"]["spec"]
    assert spec["namespaceSelector"] == {"any": True}
    (endpoint,) = spec["podMetricsEndpoints"]
    assert {
        "action": "replace",
        "sourceLabels": ["__meta_kubernetes_pod_ip"],
        "targetLabel": "__address__",
        "replacement": "$1:15020",
    } in endpoint["relabelings"]


def test_the_alert_about_a_pi_reads_the_operators_own_job():
    groups = made()["PrometheusRule"]["spec"]["groups"]
    (rule,) = (rule for group in groups for rule in group["rules"] if rule["alert"] == "PiGone")
    assert rule["expr"] == 'up{job="kubelet", metrics_path="/metrics/cadvisor"} == 0'


def test_without_alerts_there_are_monitors_alone():
    assert set(made(alerts={"enabled": False})) == {"ServiceMonitor", "PodMonitor"}
