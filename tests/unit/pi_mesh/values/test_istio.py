"""The Helm values of istiod's chart."""

import pytest
import yaml

from pi_mesh import inventory
from pi_mesh.inventory import Kind
from tests.support import charts
from tests.support.factories import make_settings


def values(**settings: object) -> dict:
    """Return the Helm values of istiod."""
    return inventory.mesh_inventory(make_settings(**settings)).the(Kind.ISTIOD).values


def test_a_single_istiod_gets_no_disruption_budget():
    assert values()["global"].get("defaultPodDisruptionBudget") == {"enabled": False}


@pytest.mark.parametrize("version", charts.each())
def test_the_node_of_a_single_istiod_can_be_drained(version):
    settings = make_settings(istio={"version": version})
    items = charts.render(inventory.mesh_inventory(settings).the(Kind.ISTIOD))
    assert [item for item in items if item["kind"] == "PodDisruptionBudget"] == []


TWO = [{"pilotReplicas": 2}, {"autoscaling": {"enabled": True, "minReplicas": 2, "maxReplicas": 3}}]


@pytest.mark.parametrize("version", charts.each())
@pytest.mark.parametrize("istio", TWO, ids=["replicas", "autoscaling"])
def test_two_istiods_are_kept_apart(istio, version):
    pod = charts.only(render(version, istio=istio), "Deployment")["spec"]["template"]
    (spread,) = pod["spec"]["topologySpreadConstraints"]
    assert spread["labelSelector"]["matchLabels"].items() <= pod["metadata"]["labels"].items()
    assert spread["whenUnsatisfiable"] == "ScheduleAnyway"


def test_a_single_istiod_says_nothing_of_where_it_is():
    assert "topologySpreadConstraints" not in values()["pilot"]


@pytest.mark.parametrize(
    "own", [{"topologySpreadConstraints": []}, {"pilot": {"topologySpreadConstraints": []}}], ids=["root", "pilot"]
)
def test_the_extra_values_may_choose_another_spread(own):
    found = values(istio={"pilotReplicas": 2, "values": own})
    assert (found["pilot"].get("topologySpreadConstraints") or found.get("topologySpreadConstraints") or []) == []


def test_paths_are_normalized_before_rules_judge_them():
    assert values()["meshConfig"].get("pathNormalization") == {"normalization": "DECODE_AND_MERGE_SLASHES"}


def test_requests_that_were_never_processed_are_repeated_and_no_others():
    assert values()["meshConfig"]["defaultHttpRetryPolicy"] == {
        "attempts": 2,
        "retryOn": "connect-failure,refused-stream",
    }


def test_extra_values_may_keep_another_retry_policy_as_a_whole():
    own = {"meshConfig": {"defaultHttpRetryPolicy": {"attempts": 0}}}
    assert values(istio={"values": own})["meshConfig"]["defaultHttpRetryPolicy"] == {"attempts": 0}


@pytest.mark.parametrize(("setting", "given"), [({}, True), ({"holdApplicationUntilProxyStarts": False}, False)])
def test_applications_wait_for_their_sidecar_unless_told_otherwise(setting, given):
    assert values(proxy=setting)["meshConfig"]["defaultConfig"]["holdApplicationUntilProxyStarts"] is given


def test_extra_values_may_keep_applications_from_waiting():
    own = {"meshConfig": {"defaultConfig": {"holdApplicationUntilProxyStarts": False}}}
    assert values(istio={"values": own})["meshConfig"]["defaultConfig"]["holdApplicationUntilProxyStarts"] is False


@pytest.mark.parametrize(("native", "told"), [(True, "true"), (False, "false")])
def test_native_sidecars_reach_istiod_as_its_variable(native, told):
    assert values(proxy={"nativeSidecars": native})["pilot"]["env"] == {"ENABLE_NATIVE_SIDECARS": told}


def test_a_sampling_of_nothing_reaches_istiod():
    assert values(proxy={"traceSampling": 0})["pilot"].get("env", {}).get("PILOT_TRACE_SAMPLING") == "0"


def test_a_sampling_of_something_is_left_to_the_chart():
    assert "env" not in values()["pilot"]


def render(version: str, **settings: object) -> list[dict]:
    made = make_settings(istio={"version": version, **settings.pop("istio", {})}, **settings)
    return charts.render(inventory.mesh_inventory(made).the(Kind.ISTIOD))


@pytest.mark.parametrize("version", charts.each())
def test_the_charts_tell_istiod_of_a_sampling_of_nothing_once(version):
    pod = charts.only(render(version, proxy={"traceSampling": 0}), "Deployment")["spec"]["template"]["spec"]
    told = [entry["value"] for entry in pod["containers"][0]["env"] if entry["name"] == "PILOT_TRACE_SAMPLING"]
    assert told == ["0"]


@pytest.mark.parametrize("version", charts.each())
@pytest.mark.parametrize(
    "istio",
    [{"pilotReplicas": 2}, {"autoscaling": {"enabled": True, "minReplicas": 2, "maxReplicas": 3}}],
    ids=["replicas", "autoscaling"],
)
def test_several_istiods_are_not_evicted_all_at_once(version, istio):
    assert charts.only(render(version, istio=istio), "PodDisruptionBudget")["spec"]["minAvailable"] == 1


@pytest.mark.parametrize("version", charts.each())
def test_the_mesh_config_carries_the_normalization(version):
    mesh = charts.only(render(version, proxy={"pathNormalization": "BASE"}), "ConfigMap", "istio")["data"]["mesh"]
    assert yaml.safe_load(mesh)["pathNormalization"] == {"normalization": "BASE"}


def test_istiod_watches_every_namespace_unless_it_is_told_otherwise():
    assert "discoverySelectors" not in values()["meshConfig"]


def test_a_limited_istiod_watches_the_mesh_s_namespaces_by_their_names():
    found = values(
        istio={"discovery": {"limited": True, "also": ["monitoring"]}},
        ingress={"namespace": "edge"},
        namespaces={"research": {}},
    )
    (selector,) = found["meshConfig"]["discoverySelectors"]
    assert selector == {
        "matchExpressions": [
            {
                "key": "kubernetes.io/metadata.name",
                "operator": "In",
                "values": ["istio-system", "edge", "trading", "research", "monitoring"],
            }
        ]
    }


@pytest.mark.parametrize("version", charts.each())
def test_the_mesh_config_carries_the_retries_and_the_start_order(version):
    mesh = yaml.safe_load(charts.only(render(version), "ConfigMap", "istio")["data"]["mesh"])
    assert mesh["defaultHttpRetryPolicy"] == {"attempts": 2, "retryOn": "connect-failure,refused-stream"}
    assert mesh["defaultConfig"]["holdApplicationUntilProxyStarts"] is True
