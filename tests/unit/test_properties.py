"""The properties of all valid settings."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from pi_mesh import inventory
from pi_mesh.inventory import Kind
from pi_mesh.settings import SettingsError, parse
from tests.support import charts, strategies
from tests.support.charts import only

SOME = settings(deadline=None, max_examples=12)
FEW = settings(deadline=None, max_examples=3, suppress_health_check=[HealthCheck.too_slow])
"""Settings of hypothesis: each example runs helm four times."""
GATEWAYS = ("ingress", "egress")


@SOME
@given(strategies.raw_settings())
def test_settings_survive_being_written_and_read_again(raw):
    parsed = parse(raw)
    assert parse(json.loads(parsed.model_dump_json(by_alias=True))) == parsed


@SOME
@given(strategies.raw_settings(), some.data())
def test_a_mistyped_key_is_told_beside_whatever_else_is_wrong(raw, data):
    branch = data.draw(some.sampled_from(sorted(key for key in raw if raw[key])))
    key = data.draw(some.sampled_from(sorted(raw[branch])))
    raw[branch][key] = data.draw(some.sampled_from([None, [], {}, "x", -1, 1.5, True]))
    with pytest.raises(SettingsError) as refused:
        parse({**raw, "zzz": 1})
    told = inventory.with_contradictions(refused.value).problems
    assert "zzz: is not a setting; docs/config.md lists them all" in told


@FEW
@given(some.data())
def test_every_chart_accepts_any_valid_settings_and_renders_their_numbers(data):
    version = data.draw(some.sampled_from(charts.versions()))
    parsed = parse(data.draw(strategies.raw_settings(version)))
    balanced = data.draw(some.sets(some.sampled_from(GATEWAYS)))
    mesh = inventory.mesh_inventory(parsed, load_balancers=balanced)
    istiod = charts.render(mesh.the(Kind.ISTIOD))
    assert _resources(istiod) == parsed.istio.resources.to_kubernetes()
    assert _replicas(istiod) == (None if parsed.istio.autoscaling.enabled else parsed.istio.pilot_replicas)
    enabled = {f"istio-{name}gateway": getattr(parsed, name) for name in GATEWAYS if getattr(parsed, name).enabled}
    assert {release.name for release in mesh.of_kind(Kind.GATEWAY)} == set(enabled)
    for release in mesh.of_kind(Kind.GATEWAY):
        rendered, gateway = charts.render(release), enabled[release.name]
        assert _resources(rendered) == gateway.resources.to_kubernetes()
        assert _replicas(rendered) == (None if gateway.autoscaling.enabled else gateway.replicas)
        ports = {port["name"]: port.get("nodePort") for port in only(rendered, "Service")["spec"]["ports"]}
        assert {name: port for name, port in ports.items() if port} == gateway.service.node_ports


def _resources(rendered: list[dict]) -> dict:
    (container,) = only(rendered, "Deployment")["spec"]["template"]["spec"]["containers"]
    # A chart may write the quantity "1" bare; Kubernetes reads both alike.
    resources = container["resources"].items()
    return {kind: {name: str(amount) for name, amount in amounts.items()} for kind, amounts in resources}


def _replicas(rendered: list[dict]) -> int | None:
    return only(rendered, "Deployment")["spec"].get("replicas")
