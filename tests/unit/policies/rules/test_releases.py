"""The rules about Helm releases: the baseline keeps them, one change breaks one."""

import pytest

from policies.rules import (
    autoscaling,
    chart_source,
    chart_version,
    image_hub,
    pi_ceiling,
    placement,
    secrets_in_values,
)
from tests.support.policy_resources import RESOURCES, changed, gateway, istiod, kubernetes, said

RULES = [
    module.RULE
    for module in (autoscaling, chart_source, chart_version, image_hub, pi_ceiling, placement, secrets_in_values)
]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
@pytest.mark.parametrize("release", [istiod, gateway])
def test_a_compliant_release_passes(rule, release):
    assert said(rule, release()) == []


@pytest.mark.parametrize("version", ["1.20", "~1.20.3", ">=1.20.3", "latest", "1.x", "1.20.3 || 1.21.0", None])
def test_a_chart_without_an_exact_version_is_refused(version):
    (message,) = said(chart_version.RULE, istiod(version=version))
    assert message.startswith(f"chart istiod has version {version!r}. Fix: pin it")


def test_a_package_carries_its_version_in_its_name():
    assert said(chart_version.RULE, istiod(chart="charts/istiod-1.20.3.tgz", version=None)) == []
    (message,) = said(chart_version.RULE, istiod(chart="charts/istiod.tgz", version=None))
    assert message.startswith("chart charts/istiod.tgz has no version in its name")


@pytest.mark.parametrize(
    "source",
    [
        {"repositoryOpts__repo": "https://istio-release.storage.googleapis.com/charts"},
        {"repositoryOpts__repo": "https://blob.istio.io/istio-release/charts-of-mine"},
        {"repositoryOpts__repo": None, "chart": "oci://gcr.io/istio-release/charts/istiod"},
    ],
)
def test_a_chart_from_elsewhere_is_refused(source):
    (message,) = said(chart_source.RULE, istiod(**source))
    assert "comes from" in message
    assert "Fix: set charts.source" in message


def test_an_oci_chart_below_an_allowed_registry_passes():
    release = istiod(repositoryOpts__repo=None, chart="oci://ghcr.io/istio/release/charts/istiod")
    assert said(chart_source.RULE, release) == []


def test_packaged_charts_are_refused_unless_the_policy_config_allows_them():
    release = istiod(repositoryOpts__repo=None, chart=".lab/charts/istiod-1.20.3.tgz")
    (message,) = said(chart_source.RULE, release)
    assert message.startswith("chart .lab/charts/istiod-1.20.3.tgz is a local package")
    assert said(chart_source.RULE, release, packaged=True) == []


def test_a_hub_off_the_list_is_refused():
    (message,) = said(image_hub.RULE, istiod(values__global__hub="gcr.io/istio-release"))
    assert message.startswith("global.hub is gcr.io/istio-release. Fix: set images.hub")


def test_a_chart_that_chooses_its_own_hub_is_refused():
    (message,) = said(image_hub.RULE, istiod(values__global__hub=None))
    assert message.startswith("global.hub is not set")


def test_a_limit_above_the_ceiling_is_refused_with_its_place():
    fat = changed(RESOURCES, limits__memory="513Mi")
    (message,) = said(pi_ceiling.RULE, istiod(values__global__proxy__resources=fat))
    assert message.startswith("global.proxy.resources.limits.memory 513Mi is above the ceiling of 512Mi. Fix: lower it")


def test_the_ceiling_comes_from_the_policy_config():
    assert said(pi_ceiling.RULE, istiod(), memory="256Mi") == []
    assert len(said(pi_ceiling.RULE, istiod(), memory="255Mi")) == 2


def test_a_missing_limit_is_refused():
    (message,) = said(pi_ceiling.RULE, gateway(values__resources__limits__cpu=None))
    assert message.startswith("resources.limits.cpu is not set")


def test_a_container_without_resources_misses_all_four():
    assert len(said(pi_ceiling.RULE, istiod(values__pilot__resources=None))) == 4
    assert len(said(pi_ceiling.RULE, gateway(chart="kiali", values={"deployment": {}}))) == 4


@pytest.mark.parametrize("quantity", ["256mb", "256Mi each"])
def test_an_unreadable_quantity_is_refused(quantity):
    (message,) = said(pi_ceiling.RULE, gateway(values__resources__limits__memory=quantity))
    assert f"limits.memory '{quantity}' cannot be compared with 512Mi" in message


def test_a_deployments_containers_are_judged_too():
    def deployment(**limits: str) -> dict:
        resources = changed(RESOURCES, **{f"limits__{name}": value for name, value in limits.items()})
        pod = {
            "containers": [{"name": "web", "resources": resources}],
            "initContainers": [{"name": "init", "resources": RESOURCES}],
        }
        return kubernetes("apps/v1", "Deployment", "web", {"template": {"spec": pod}})

    assert said(pi_ceiling.RULE, deployment()) == []
    (message,) = said(pi_ceiling.RULE, deployment(cpu="2"))
    assert message.startswith("web.limits.cpu 2 is above the ceiling of 1")


@pytest.mark.parametrize(
    ("release", "said_of_it"),
    [
        (istiod(values__pilot__autoscaleEnabled=None), "pilot.autoscaleEnabled is not set"),
        (istiod(values__pilot__autoscaleEnabled=True), "pilot.autoscaleMax is not set"),
        (gateway(values__autoscaling={"enabled": True, "maxReplicas": 4}), "autoscaling.maxReplicas 4 is above 3"),
    ],
)
def test_an_unbounded_autoscaler_is_refused(release, said_of_it):
    (message,) = said(autoscaling.RULE, release)
    assert message.startswith(said_of_it)


def test_a_bounded_autoscaler_passes():
    assert said(autoscaling.RULE, gateway(values__autoscaling={"enabled": True, "maxReplicas": 3})) == []
