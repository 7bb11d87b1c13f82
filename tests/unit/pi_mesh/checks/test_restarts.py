"""The restart forecast, compared with the pod templates that the real charts render."""

from dataclasses import replace

import pytest

from pi_mesh.checks import restarts
from pi_mesh.cluster.stack_state import NEVER_RUN
from pi_mesh.inventory import Inventory, Kind
from tests.support import charts
from tests.support.factories import make_mesh
from tests.support.kinds_of_change import KINDS, PROFILE
from tests.support.snapshots import installed_state

ISTIOD, INGRESS, EGRESS = (
    f"Deployment istio-system/{name}" for name in ("istiod", "istio-ingressgateway", "istio-egressgateway")
)


def templates(mesh: Inventory) -> dict[str, object]:
    """Return the pod templates that the charts render."""
    rendered = (item for one in mesh.releases if one.kind is not Kind.BASE for item in charts.render(one))
    return {
        f"Deployment istio-system/{item['metadata']['name']}": item["spec"]["template"]
        for item in rendered
        if item["kind"] == "Deployment"
    }


@pytest.mark.parametrize("change", KINDS.values(), ids=KINDS)
def test_exactly_the_workloads_whose_rendered_pods_change_or_go_are_told(change):
    version = charts.versions()[-1]
    before = make_mesh(istio={"version": version})
    after = make_mesh(**{**change.settings, "istio": {"version": version, **change.settings.get("istio", {})}})
    old, new = templates(before), templates(after)
    changed = {name for name in old if old[name] != new.get(name)}
    assert set(restarts.forecast(after, installed_state(before)).of_traffic) == changed


def test_another_version_makes_all_of_them_anew():
    forecast = restarts.forecast(make_mesh(), installed_state(make_mesh(istio={"version": "1.30.0"})))
    assert forecast.restarts == (ISTIOD, INGRESS, EGRESS)


def test_gateways_of_charts_before_1_24_follow_an_upgrade():
    forecast = restarts.forecast(
        make_mesh(istio={"version": "1.20.7"}), installed_state(make_mesh(istio={"version": "1.20.3"}))
    )
    assert forecast.restarts == (ISTIOD, INGRESS, EGRESS)


def test_a_gateway_that_is_switched_off_is_told_as_removed():
    forecast = restarts.forecast(make_mesh(egress={"enabled": False}), installed_state(make_mesh()))
    assert (forecast.restarts, forecast.removed) == ((), (EGRESS,))


def test_a_namespace_that_gets_another_name_is_told_as_removed_unless_it_is_adopted():
    own = replace(installed_state(make_mesh()), owned=frozenset({"trading"}))
    renamed = make_mesh(trading={"namespace": "trades"})
    assert restarts.forecast(renamed, own).removed == ("Namespace trading",)
    assert restarts.forecast(make_mesh(), own).removed == ()
    assert restarts.forecast(renamed, installed_state(make_mesh())).removed == ()


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"pilotReplicas": 3}, {"pilotReplicas": 2}, (ISTIOD,)),
        ({"pilotReplicas": 2}, {"pilotReplicas": 1}, ()),
        ({"pilotReplicas": 3}, {"autoscaling": {"enabled": True, "minReplicas": 2}}, (ISTIOD,)),
        ({"pilotReplicas": 2}, {"autoscaling": {"enabled": True, "minReplicas": 2}}, (ISTIOD,)),
        ({"pilotReplicas": 1}, {"pilotReplicas": 1, "autoscaling": {"enabled": True}}, ()),
        ({"autoscaling": {"enabled": True, "maxReplicas": 3}}, {"autoscaling": {"enabled": True}}, (ISTIOD,)),
        ({"autoscaling": {"enabled": True}}, {"autoscaling": {"enabled": False}}, (ISTIOD,)),
        ({"pilotReplicas": 2}, {"pilotReplicas": 1, "resources": PROFILE}, ()),
    ],
    ids=[
        "fewer",
        "one, not spread any more",
        "autoscaled from two on",
        "two, autoscaled from two on",
        "one stays one",
        "a lower maximum",
        "from the maximum",
        "restarted anyway",
    ],
)
def test_a_workload_that_scales_down_is_told_as_one_that_loses_pods(before, after, told):
    forecast = restarts.forecast(make_mesh(istio=after), installed_state(make_mesh(istio=before)))
    assert forecast.removed == told


def test_a_gateway_that_scales_down_is_told_too():
    forecast = restarts.forecast(
        make_mesh(ingress={"replicas": 2}), installed_state(make_mesh(ingress={"replicas": 3}))
    )
    assert (forecast.restarts, forecast.removed) == ((), (INGRESS,))


def test_a_first_install_makes_nothing_anew():
    assert restarts.forecast(make_mesh(), NEVER_RUN) == restarts.Forecast()


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ({"proxy": {"concurrency": 1}}, ("meshConfig.defaultConfig.concurrency",)),
        ({"mtls": {"certificateLifetime": "4h"}}, ("meshConfig.defaultConfig.proxyMetadata.SECRET_TTL",)),
        ({"proxy": {"outboundTraffic": "REGISTRY_ONLY"}}, ()),
    ],
)
def test_what_running_proxies_keep_until_they_are_made_anew_is_told(change, kept):
    assert restarts.forecast(make_mesh(**change), installed_state(make_mesh())).keep == kept


def test_a_new_version_of_the_second_control_plane_restarts_it_alone():
    canary = {"version": "1.31.0", "revision": "next"}
    before = make_mesh(istio={"version": "1.30.0", "canary": {**canary, "version": "1.30.0"}})
    forecast = restarts.forecast(make_mesh(istio={"version": "1.30.0", "canary": canary}), installed_state(before))
    assert forecast.restarts == ("Deployment istio-system/istiod-next",)


def test_a_gateway_that_moves_to_a_revision_restarts():
    canary = {"version": "1.31.0", "revision": "next"}
    before = make_mesh(istio={"canary": canary})
    forecast = restarts.forecast(
        make_mesh(istio={"canary": canary}, egress={"revision": "next"}), installed_state(before)
    )
    assert forecast.restarts == (EGRESS,)
