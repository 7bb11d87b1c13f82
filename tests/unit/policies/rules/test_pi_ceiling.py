"""The rule that requests and limits stay below a Pi's ceiling."""

import pytest

from policies.rules import pi_ceiling
from tests.support.policy_resources import RESOURCES, changed, gateway, istiod, kubernetes, said


def test_a_limit_above_the_ceiling_is_refused_with_its_place():
    fat = changed(RESOURCES, limits__memory="513Mi")
    (message,) = said(pi_ceiling.RULE, istiod(values__global__proxy__resources=fat))
    assert message.startswith("global.proxy.resources.limits.memory 513Mi is above the ceiling of 512Mi. Fix: set or")


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


BARE = {"containers": [{"name": "web"}]}
POD = kubernetes("v1", "Pod", "web", BARE)
CRON_JOB = kubernetes("batch/v1", "CronJob", "web", {"jobTemplate": {"spec": {"template": {"spec": BARE}}}})
CERT_MANAGER = {
    "resources": RESOURCES,
    "webhook": {"replicaCount": 0},
    "cainjector": {"enabled": False},
    "startupapicheck": {"enabled": False},
}
PROMETHEUS = {"server": {"resources": RESOURCES}, "alertmanager": {"enabled": True}}


@pytest.mark.parametrize(
    "props",
    [
        gateway(values__additionalContainers=[{"name": "x"}]),
        gateway(values__initContainers=[{"name": "x"}]),
        gateway(chart="prometheus", values=PROMETHEUS),
        POD,
        CRON_JOB,
    ],
    ids=["a gateway's further container", "its init container", "another chart's further part", "a pod", "a cron job"],
)
def test_no_container_goes_without_resources(props):
    assert said(pi_ceiling.RULE, props) != []


def around(kind: str, api: str = "apps/v1", **pod: list) -> dict:
    return kubernetes(api, kind, "web", {"template": {"spec": pod}})


ONE = [{"name": "web"}]
FINE = [{"name": "web", "resources": RESOURCES}]
NO_LIMIT = changed(RESOURCES, limits__memory="0")
FIRST_OF_MANY = {"server": {"resources": RESOURCES, "sidecarContainers": {"x": {"image": "y"}}}}
BYPASSES = {
    "a DaemonSet": around("DaemonSet", containers=ONE),
    "a StatefulSet's init container": around("StatefulSet", containers=FINE, initContainers=ONE),
    "a ReplicaSet": around("ReplicaSet", containers=ONE),
    "a Job": around("Job", "batch/v1", containers=ONE),
    "a template by itself": {"apiVersion": "v1", "kind": "PodTemplate", "template": {"spec": {"containers": ONE}}},
    "a template within a custom resource": kubernetes("argoproj.io/v1", "X", "x", {"a": [{"b": {"containers": ONE}}]}),
    "a debugging container": around("Deployment", containers=FINE, ephemeralContainers=ONE),
    "a container without a name": around("Deployment", containers=[{}]),
    "containers that are a text": around("Deployment", containers="web"),
    "a limit of nothing, which is none": gateway(values__resources=NO_LIMIT),
    "a limit in another unit": gateway(values__resources__limits__memory="1Ti"),
    "a limit with an exponent": gateway(values__resources__limits__memory="1e12"),
    "resources that are taken away": gateway(chart="kiali", values={"resources": RESOURCES, "x": {"resources": None}}),
    "resources that are a text": istiod(values__pilot__resources="small"),
    "containers by name": gateway(chart="prometheus-like", values=FIRST_OF_MANY),
    "a sidecar by another key": gateway(chart="grafana", values={"resources": RESOURCES, "extraContainers": ONE}),
    "containers in a text": gateway(chart="grafana", values={"resources": RESOURCES, "extraContainers": "- name: x"}),
    "a template of the injector": istiod(values__x={"templates": {"y": "spec:\n  containers:\n  - name: x"}}),
    "an annotation that sizes a gateway": gateway(values__podAnnotations={"sidecar.istio.io/proxyMemoryLimit": "4Gi"}),
    "an annotation that sizes a sidecar": kubernetes("v1", "Pod", "x", annotations={"sidecar.istio.io/proxyCPU": "3"}),
    "the chart's inner defaults": istiod(values___internal_defaults_do_not_set={"resources": NO_LIMIT}),
    "a prerelease's package": istiod(chart="charts/istiod-1.31.0-rc.0.tgz", values={"x": {"resources": RESOURCES}}),
    "another switch that is a text": gateway(
        chart="cert-manager", values=CERT_MANAGER | {"cainjector": {"enabled": "no"}}
    ),
    "values from a file": gateway(valueYamlFiles=["values.yaml"]),
}


@pytest.mark.parametrize("name", ["", 7])
def test_a_container_without_a_name_is_told_by_its_place(name):
    pod = {"containers": [{"name": name, "resources": RESOURCES | {"limits": {"cpu": "2", "memory": "64Mi"}}}]}
    messages = said(pi_ceiling.RULE, kubernetes("apps/v1", "Deployment", "web", {"template": {"spec": pod}}))
    assert any("[0]" in message for message in messages)


@pytest.mark.parametrize("case", BYPASSES)
def test_no_way_leads_past_the_ceiling(case):
    assert said(pi_ceiling.RULE, BYPASSES[case]) != []


def test_a_chart_that_is_no_release_is_judged_too():
    assert said(pi_ceiling.RULE, gateway(values__resources=None), "kubernetes:helm.sh/v4:Chart") != []


@pytest.mark.parametrize(
    "props",
    [
        gateway(values__additionalContainers=FINE, values__initContainers=[]),
        gateway(chart="cert-manager", values=CERT_MANAGER),
        gateway(chart="grafana", values={"resources": RESOURCES, "dashboard": '{"containers": ["a"]}'}),
        gateway(
            chart="x", values={"resources": RESOURCES, "rbac": {"rules": [{"verbs": ["get"], "resources": ["pods"]}]}}
        ),
        kubernetes(
            "batch/v1", "CronJob", "web", {"jobTemplate": {"spec": {"template": {"spec": {"containers": FINE}}}}}
        ),
    ],
)
def test_containers_within_the_ceiling_pass(props):
    assert said(pi_ceiling.RULE, props) == []
