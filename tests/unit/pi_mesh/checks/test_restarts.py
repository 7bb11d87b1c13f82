"""The restart forecast, compared with the pod templates that the real charts render."""

import pytest

from pi_mesh.checks import restarts
from pi_mesh.cluster.stack_state import NEVER_RUN
from pi_mesh.inventory import Inventory, Kind
from tests.support import charts
from tests.support.factories import make_mesh
from tests.support.snapshots import installed_state

PROFILE = {"requests": {"cpu": "60m", "memory": "136Mi"}, "limits": {"cpu": "300m", "memory": "264Mi"}}
ISTIOD, INGRESS, EGRESS = (
    f"Deployment istio-system/{name}" for name in ("istiod", "istio-ingressgateway", "istio-egressgateway")
)
CHANGES = {
    "more memory for istiod": {"istio": {"resources": PROFILE}},
    "another istiod": {"istio": {"pilotReplicas": 2}},
    "an autoscaled istiod": {"istio": {"autoscaling": {"enabled": True}}},
    "another target of autoscaling": {"istio": {"autoscaling": {"targetCpu": 70}}},
    "a variable of istiod": {"istio": {"values": {"pilot": {"env": {"PILOT_ENABLE_EDS_DEBOUNCE": "true"}}}}},
    "more memory for the ingress gateway": {"ingress": {"resources": PROFILE}},
    "more gateways": {"ingress": {"autoscaling": {"enabled": True}}},
    "a longer drain": {"egress": {"drainSeconds": 30}},
    "another service": {"ingress": {"service": {"type": "NodePort"}}},
    "another place for images": {"images": {"hub": "registry.example/istio"}},
    "another way to pull": {"images": {"pullPolicy": "Always"}},
    "more memory for sidecars": {"proxy": {"resources": PROFILE}},
    "another life of certificates": {"mtls": {"certificateLifetime": "4h"}},
    "fewer threads": {"proxy": {"concurrency": 1}},
    "less tracing": {"proxy": {"traceSampling": 0.5}},
    "outbound traffic": {"proxy": {"outboundTraffic": "REGISTRY_ONLY"}},
    "mutual TLS": {"mtls": {"mode": "PERMISSIVE"}},
    "another machine": {"cluster": {"architecture": "amd64"}},
    "nothing": {},
}


def templates(mesh: Inventory) -> dict[str, object]:
    """Return the pod templates that the charts render."""
    rendered = (item for one in mesh.releases if one.kind is not Kind.BASE for item in charts.render(one))
    return {
        f"Deployment istio-system/{item['metadata']['name']}": item["spec"]["template"]
        for item in rendered
        if item["kind"] == "Deployment"
    }


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_exactly_the_workloads_whose_rendered_pods_change_are_told(change):
    version = charts.versions()[-1]
    before = make_mesh(istio={"version": version})
    after = make_mesh(**{**change, "istio": {"version": version, **change.get("istio", {})}})
    old, new = templates(before), templates(after)
    changed = {name for name in old if old[name] != new[name]}
    assert set(restarts.of(after, installed_state(before)).restarts) == changed


def test_another_version_makes_all_of_them_anew():
    forecast = restarts.of(make_mesh(), installed_state(make_mesh(istio={"version": "1.30.0"})))
    assert forecast.restarts == (ISTIOD, INGRESS, EGRESS)


def test_gateways_of_charts_before_1_24_follow_an_upgrade():
    forecast = restarts.of(
        make_mesh(istio={"version": "1.20.7"}), installed_state(make_mesh(istio={"version": "1.20.3"}))
    )
    assert forecast.restarts == (ISTIOD, INGRESS, EGRESS)


def test_a_gateway_that_is_switched_off_is_told_as_removed():
    forecast = restarts.of(make_mesh(egress={"enabled": False}), installed_state(make_mesh()))
    assert (forecast.restarts, forecast.removed) == ((), (EGRESS,))


def test_a_first_install_makes_nothing_anew():
    assert restarts.of(make_mesh(), NEVER_RUN) == restarts.Forecast()


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"proxy": {"concurrency": 1}}, ("meshConfig.defaultConfig.concurrency",)),
        ({"mtls": {"certificateLifetime": "4h"}}, ("meshConfig.defaultConfig.proxyMetadata.SECRET_TTL",)),
        ({"proxy": {"outboundTraffic": "REGISTRY_ONLY"}}, ()),
    ],
)
def test_what_running_proxies_keep_until_they_are_made_anew_is_told(change, kept):
    assert restarts.of(make_mesh(**change), installed_state(make_mesh())).keep == kept
