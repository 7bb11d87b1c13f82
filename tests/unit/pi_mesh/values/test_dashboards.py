"""The ConfigMap with Grafana's dashboards."""

import json

from pi_mesh.values.dashboards import config_maps
from tests.support.factories import make_settings

ON = {"enabled": True}
BOTH = {"prometheus": ON, "grafana": ON}


def test_there_is_none_without_grafana():
    assert config_maps(make_settings()) == []


def test_the_pages_are_json_with_the_names_of_this_mesh():
    settings = make_settings(
        observability=BOTH, releases={"names": {"ingress": "front"}}, namespaces={"shop": {"sidecarScope": ["*/*"]}}
    )
    (item,) = config_maps(settings)
    pages = {name: json.loads(content) for name, content in item["data"].items()}
    assert set(pages) == {"mesh.json", "gateways.json", "trading.json", "pis.json"}
    assert 'source_workload=\\"front\\"' in item["data"]["gateways.json"]
    assert 'destination_workload_namespace=~\\"trading|shop\\"' in item["data"]["trading.json"]
