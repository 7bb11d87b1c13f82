"""The restart forecast, compared with the pod templates that the real charts render."""

from dataclasses import replace

import pytest
import yaml

from pi_mesh.checks.restarts import Forecast, forecast
from pi_mesh.cluster.stack_state import NEVER_RUN
from pi_mesh.inventory import Inventory, Kind
from tests.support import charts
from tests.support.factories import make_mesh
from tests.support.findings import case, table
from tests.support.gateway_api import gateway, mesh_with, with_objects
from tests.support.kinds_of_change import KINDS, PROFILE
from tests.support.snapshots import installed_state
from tests.support.versions import BEFORE, NEWEST, OLDEST, SHIPPED

ISTIOD, NEXT = "Deployment istio-system/istiod", "Deployment istio-system/istiod-next"
INGRESS, EGRESS = (f"Deployment istio-system/istio-{name}gateway" for name in ("ingress", "egress"))
ON = {"enabled": True}
URGENT = {"scheduling": {"priorityClass": "system-cluster-critical"}, "pilotReplicas": 2}
SECOND, OLDER = ({"canary": {"version": version, "revision": "next"}} for version in (NEWEST, BEFORE))


def of_change(before: dict, after: dict) -> Forecast:
    return forecast(make_mesh(**after), installed_state(make_mesh(**before)))


def templates(mesh: Inventory) -> dict[str, object]:
    """Return the pod templates that the charts render."""
    texts = [charts.template(release) for release in mesh.releases if release.kind is not Kind.BASE]
    documents = [document for text in texts for document in text.split("\n---\n") if "\nkind: Deployment\n" in document]
    deployments = (yaml.load(document, Loader=yaml.CSafeLoader) for document in documents)
    return {f"Deployment istio-system/{item['metadata']['name']}": item["spec"]["template"] for item in deployments}


@pytest.mark.parametrize("change", KINDS.values(), ids=KINDS)
def test_exactly_the_workloads_whose_rendered_pods_change_or_go_are_told(change):
    version = charts.versions()[-1]
    before = make_mesh(istio={"version": version})
    after = make_mesh(**{**change.settings, "istio": {"version": version, **change.settings.get("istio", {})}})
    old, new = templates(before), templates(after)
    assert {ISTIOD, INGRESS, EGRESS} == {*old}
    changed = {name for name in old if old[name] != new.get(name)}
    assert set(forecast(after, installed_state(before)).of_traffic) == changed


@table(
    case("another version", {"istio": {"version": BEFORE}}, {}, (ISTIOD, INGRESS, EGRESS), ()),
    case("another patch of charts before 1.24", {"istio": {"version": SHIPPED}}, {"istio": {"version": OLDEST}},
        (ISTIOD, INGRESS, EGRESS), ()),
    case("another version of the second control plane", {"istio": {"version": BEFORE, **OLDER}},
        {"istio": {"version": BEFORE, **SECOND}}, (NEXT,), ()),
    case("a gateway's revision", {"istio": SECOND}, {"istio": SECOND, "egress": {"revision": "next"}}, (EGRESS,), ()),
    case("more resources, and fewer replicas", {"istio": {"pilotReplicas": 2}},
        {"istio": {"pilotReplicas": 1, "resources": PROFILE}}, (ISTIOD,), ()),
    case("a priority of istiod's pods", {}, {"istio": URGENT}, (ISTIOD,), ()),
    case("fewer pods of a gateway", {"ingress": {"replicas": 3}}, {"ingress": {"replicas": 2}}, (), (INGRESS,)),
    case("no gateway any more", {}, {"egress": {"enabled": False}}, (), (EGRESS,)),
)  # fmt: skip
def test_workloads_whose_pods_are_replaced_or_removed_are_told_once(before, after, restarts, removed):
    told = of_change(before, after)
    assert (told.restarts, told.removed) == (restarts, removed)


@table(
    case("fewer", {"pilotReplicas": 3}, {"pilotReplicas": 2}, (ISTIOD,)),
    case("one, not spread any more", {"pilotReplicas": 2}, {"pilotReplicas": 1}, ()),
    case("autoscaled from two on", {"pilotReplicas": 3}, {"autoscaling": {**ON, "minReplicas": 2}}, (ISTIOD,)),
    case("two, autoscaled from two on", {"pilotReplicas": 2}, {"autoscaling": {**ON, "minReplicas": 2}}, (ISTIOD,)),
    case("one stays one", {"pilotReplicas": 1}, {"pilotReplicas": 1, "autoscaling": ON}, ()),
    case("a lower maximum", {"autoscaling": {**ON, "maxReplicas": 3}}, {"autoscaling": ON}, (ISTIOD,)),
    case("from the maximum", {"autoscaling": ON}, {"autoscaling": {"enabled": False}}, (ISTIOD,)),
)
def test_a_workload_that_scales_down_is_told_as_one_that_loses_pods(before, after, removed):
    assert of_change({"istio": before}, {"istio": after}).removed == removed


def test_a_namespace_that_gets_another_name_is_told_as_removed_unless_it_is_adopted():
    adopted = installed_state(make_mesh())
    own, renamed = replace(adopted, owned=frozenset({"trading"})), make_mesh(trading={"namespace": "trades"})
    told = [forecast(*given).removed for given in ((renamed, own), (make_mesh(), own), (renamed, adopted))]
    assert told == [("Namespace trading",), (), ()]


def test_a_first_install_makes_nothing_anew():
    assert forecast(make_mesh(), NEVER_RUN) == Forecast()


@table(
    ({"proxy": {"concurrency": 1}}, ("meshConfig.defaultConfig.concurrency",)),
    ({"proxy": {"listenerDrainSeconds": 600}}, ("meshConfig.defaultConfig.drainDuration",)),
    ({"mtls": {"certificateLifetime": "4h"}}, ("meshConfig.defaultConfig.proxyMetadata.SECRET_TTL",)),
    ({"proxy": {"outboundTraffic": "REGISTRY_ONLY"}}, ()),
    case("the priority is of istiod's own pods alone", {"istio": URGENT}, ()),
)
def test_what_running_proxies_keep_until_they_are_made_anew_is_told(change, kept):
    assert of_change({}, change).keep == kept


WEB = with_objects(gateway())


@table(
    case("of another version", {"istio": {"version": BEFORE}}, {}, True),
    case("of another size", {}, {"proxy": {"resources": PROFILE}}, True),
    case("with another configuration", {}, {"proxy": {"concurrency": 1}}, True),
    case("with other defaults of their class", {}, {"gatewayApi": {"resources": PROFILE}}, True),
    case("without a change of theirs", {}, {"mtls": {"mode": "PERMISSIVE"}}, False),
    case("that lose istiod's controller, and stay", {}, {"gatewayApi": {"mode": "routes"}}, False),
)
def test_pods_of_gateways_are_replaced_as_soon_as_istiod_writes_their_deployment_again(before, after, restarts):
    told = forecast(mesh_with(WEB, **after), installed_state(make_mesh(**before)))
    assert ("Deployment shop/web-istio" in told.restarts) is restarts
