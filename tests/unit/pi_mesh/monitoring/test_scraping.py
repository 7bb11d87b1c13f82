"""The scrape jobs: where the targets are found, and what is kept of them."""

import re

import pytest

from pi_mesh.monitoring import scraping


def kept(metric: str, labels: dict[str, str]) -> bool:
    """Return True for a series of a kubelet that its job keeps, by Prometheus' rules for relabelling."""
    for rule in scraping.jobs("istio-system", "verified")["kubelets"]["metric_relabel_configs"]:
        values = ";".join({"__name__": metric, **labels}.get(name, "") for name in rule.get("source_labels", ()))
        matches = bool(re.fullmatch(rule["regex"], values))
        if (rule["action"], matches) in (("keep", False), ("drop", True)):
            return False
    return True


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({"container": "istio-proxy", "id": "/kubepods/a"}, True),
        ({"id": "/"}, True),
        ({"id": "/kubepods/a"}, False),
        ({"id": "/system.slice"}, False),
    ],
)
def test_containers_and_whole_nodes_are_kept_and_sums_of_cgroups_are_not(labels: dict, expected: bool):
    assert kept("container_memory_working_set_bytes", labels) is expected


def test_metrics_that_nothing_uses_are_not_kept():
    assert not kept("container_network_receive_bytes_total", {"container": "istio-proxy"})
    assert kept("machine_cpu_cores", {})


@pytest.mark.parametrize(("choice", "skipped"), [("unverified", True), ("verified", False)])
def test_the_kubelets_certificates_are_verified_where_asked(choice, skipped: bool):
    tls = scraping.jobs("istio-system", choice)["kubelets"]["tls_config"]
    assert tls["insecure_skip_verify"] is skipped


def test_kubelets_can_be_left_out():
    assert list(scraping.jobs("istio-system", "off")) == ["istiod", "istio-proxies"]


def test_istiod_is_looked_for_in_its_own_namespace():
    found = scraping.jobs("mesh", "off")["istiod"]["kubernetes_sd_configs"]
    assert found == [{"role": "endpointslice", "namespaces": {"names": ["mesh"]}}]
