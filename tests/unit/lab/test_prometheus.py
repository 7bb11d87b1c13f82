"""The configuration that the local cluster's Prometheus gets, as the chart makes it of the same values."""

from lab import prometheus
from tests.support.factories import make_mesh


def values(**chosen: object) -> dict:
    mesh = make_mesh(observability={"prometheus": {"enabled": True, **chosen}})
    return next(release.values for release in mesh.releases if release.name == "prometheus")


def test_jobs_that_are_off_are_left_out():
    jobs = prometheus.configuration(values())["scrape_configs"]
    assert [job["job_name"] for job in jobs] == ["istio-proxies", "istiod", "kubelets", "prometheus"]
    assert all("enabled" not in job for job in jobs)


def test_alerts_go_to_the_alertmanagers_alone_that_there_are():
    assert "alerting" not in prometheus.configuration(values())
    alerting = prometheus.configuration(values(alerts={"alertmanagers": ["a.example:9093"]}))["alerting"]
    assert alerting == {"alertmanagers": [{"static_configs": [{"targets": ["a.example:9093"]}]}]}
