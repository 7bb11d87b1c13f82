"""Kubernetes quantities in the policies, which know nothing of the project's own."""

import pytest

from policies.rules import pi_ceiling
from tests.support.findings import case, table
from tests.support.policy_resources import RESOURCES, asked, assert_said, changed, gateway, istiod, kubernetes, said

DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
BINARY = {"Ki": 10, "Mi": 20, "Gi": 30, "Ti": 40, "Pi": 50, "Ei": 60}
NUMBERS = {2: 2, 1.5: 1.5, "1.": 1, ".5": 0.5, "1e3": 1000, "1E-3": 0.001, "2.5Gi": 2.5 * 2**30}
OFF = {part: {"enabled": False} for part in ("cainjector", "startupapicheck")}
CERT_MANAGER = {"resources": RESOURCES, "webhook": {"replicaCount": 0}, **OFF}
PROMETHEUS = {"server": {"resources": RESOURCES}, "alertmanager": {"enabled": True}}
ONE = [{"name": "web"}]
FINE = [{"name": "web", "resources": changed(RESOURCES, limits__cpu="1")}]
FAT = [{"name": "web", "resources": changed(RESOURCES, limits__cpu="2")}]
ABOVE = changed(RESOURCES, limits__memory="513Mi")
TOO_MUCH = "resources.limits.memory 513Mi is above the ceiling of 512Mi. Fix: set or"
EACH = "'256Mi each' cannot be compared with 512Mi"
DASHBOARD, RULES = {"dashboard": '{"containers": ["a"]}'}, [{"verbs": ["get"], "resources": ["pods"]}]
NO_LIMIT = changed(RESOURCES, limits__memory="0")
FIRST_OF_MANY = {"server": {"resources": RESOURCES, "sidecarContainers": {"x": {"image": "y"}}}}


def around(kind: str, api: str = "apps/v1", **pod: list) -> dict:
    return kubernetes(api, kind, "web", {"template": {"spec": pod}})


def cron_job(containers: list) -> dict:
    template = {"spec": {"containers": containers}}
    return kubernetes("batch/v1", "CronJob", "web", {"jobTemplate": {"spec": {"template": template}}})


def test_a_unit_is_a_power_of_ten_or_of_two_and_there_are_no_others():
    decimal = {unit: 3 * float(f"1e{power}") for unit, power in DECIMAL.items()}
    assert {unit: pi_ceiling.number(f"3{unit}") for unit in DECIMAL} == decimal
    assert {unit: pi_ceiling.number(f"3{unit}") for unit in BINARY} == {unit: 3 * 2 ** BINARY[unit] for unit in BINARY}
    assert pi_ceiling.UNITS.keys() == DECIMAL.keys() | BINARY.keys()


@pytest.mark.parametrize(("written", "number"), NUMBERS.items())
def test_a_number_may_have_decimals_or_an_exponent(written, number):
    assert pi_ceiling.number(written) == number


@pytest.mark.parametrize("value", [True, False, None, "", "Mi", "256mb", "1 Gi", "1e3Mi", "-1", "1.2.3", [], {}])
def test_another_value_is_no_quantity(value):
    assert pi_ceiling.number(value) is None


@pytest.mark.parametrize("value", [False, 0, {}, "", "false", None, True], ids=repr)
def test_a_part_is_off_only_by_a_value_that_helm_takes_for_no(value):
    assert pi_ceiling._is_off(value) is (value in (False, {}))


def test_a_chart_outside_the_table_has_a_container():
    assert list(pi_ceiling.unsized_containers("other", {}, {})) == ["resources"]
    assert list(pi_ceiling.unsized_containers("other", {}, {"resources": {}})) == []


def test_the_ceiling_comes_from_the_policy_config():
    assert len(said(pi_ceiling.RULE, istiod(), memory="255Mi")) == 2


def test_a_container_without_resources_misses_all_four():
    assert len(said(pi_ceiling.RULE, istiod(values__pilot__resources=None))) == 4
    assert len(said(pi_ceiling.RULE, gateway(chart="kiali", values={"deployment": {}}))) == 4


@table(
    case("a limit above the ceiling", istiod(values__global__proxy__resources=ABOVE), f"global.proxy.{TOO_MUCH}"),
    case("a missing limit", gateway(values__resources__limits__cpu=None), "resources.limits.cpu is not set"),
    case("no unit", gateway(values__resources__limits__memory="256mb"), "resources.limits.memory '256mb' cannot be"),
    case("words", gateway(values__resources__limits__memory="256Mi each"), f"resources.limits.memory {EACH}"),
    case("a Deployment", around("Deployment", containers=FAT), "web.limits.cpu 2 is above the ceiling of 1"),
    case("a Deployment at the ceiling", around("Deployment", containers=FINE, initContainers=FINE), ""),
    case("a gateway's further container", gateway(values__additionalContainers=FINE, values__initContainers=[]), ""),
    case("cert-manager", gateway(chart="cert-manager", values=CERT_MANAGER), ""),
    case("containers of a dashboard", gateway(chart="grafana", values={"resources": RESOURCES, **DASHBOARD}), ""),
    case("resources of a rule", gateway(chart="x", values={"resources": RESOURCES, "rules": RULES}), ""),
    case("a cron job", cron_job(FINE), ""),
    case("a ceiling of the policy config", asked(istiod(), memory="256Mi"), ""),
)
def test_a_limit_beyond_the_ceiling_is_refused_with_its_place(props, words):
    assert_said(pi_ceiling.RULE, props, words)


BYPASSES = {
    "a gateway's further container": gateway(values__additionalContainers=[{"name": "x"}]),
    "its init container": gateway(values__initContainers=[{"name": "x"}]),
    "another chart's further part": gateway(chart="prometheus", values=PROMETHEUS),
    "a pod": kubernetes("v1", "Pod", "web", {"containers": ONE}),
    "a cron job": cron_job(ONE),
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
    "a switch that is a text": gateway(chart="cert-manager", values=CERT_MANAGER | {"cainjector": {"enabled": "no"}}),
    "values from a file": gateway(valueYamlFiles=["values.yaml"]),
}


@pytest.mark.parametrize("name", ["", 7])
def test_a_container_without_a_name_is_told_by_its_place(name):
    fat = [{**FAT[0], "name": name}]
    assert any("[0]" in message for message in said(pi_ceiling.RULE, around("Deployment", containers=fat)))


@pytest.mark.parametrize("props", BYPASSES.values(), ids=BYPASSES)
def test_no_way_leads_past_the_ceiling(props):
    assert said(pi_ceiling.RULE, props) != []


def test_a_chart_that_is_no_release_is_judged_too():
    assert said(pi_ceiling.RULE, gateway(values__resources=None), "kubernetes:helm.sh/v4:Chart") != []
