"""The Job that tries the proxy's image on one node."""

import json

import pytest

from operations.rehearse import job
from operations.rehearse.job import IPTABLES, NFTABLES, RUNNING, VERSION
from tests.support.factories import make_settings

PROGRAMS = {"/usr/local/bin/envoy", "/usr/local/bin/pilot-agent"}
"""Programs of the published image, of which the distroless one has no shell beside them: istio/istio at 1.31.0,
pilot/docker/Dockerfile.proxyv2 and docker/iptables.yaml."""
DIGEST = f"sha256:{'a' * 64}"


def job_of(**settings: object) -> dict:
    return job.trial_job(make_settings(**settings), "dev", "istio-system", "pi-2").job()


def pod_of(**settings: object) -> dict:
    return job_of(**settings)["spec"]["template"]["spec"]


def containers_of(**settings: object) -> dict[str, dict]:
    return {container["name"]: container for container in pod_of(**settings)["containers"]}


def test_a_trial_runs_on_its_node_whatever_the_nodes_taints_are():
    pod = pod_of()
    assert pod["nodeName"] == "pi-2"
    assert pod["tolerations"] == [{"operator": "Exists"}]


def test_a_trial_has_the_image_that_sidecars_will_have():
    images = {"hub": "registry.example/istio", "pullSecrets": ["login"], "digests": {"proxyv2": DIGEST}}
    found = containers_of(images=images)
    assert {one["image"] for one in found.values()} == {f"registry.example/istio/proxyv2:1.31.0@{DIGEST}"}
    assert pod_of(images=images)["imagePullSecrets"] == [{"name": "login"}]


def test_a_trial_calls_programs_of_the_published_image_alone():
    found = containers_of().values()
    called = [one["command"][0] for one in found]
    called += [one["readinessProbe"]["exec"]["command"][0] for one in found if "readinessProbe" in one]
    assert set(called) == PROGRAMS


@pytest.mark.parametrize(("version", "ways"), [("1.26.8", [IPTABLES]), ("1.27.0", [IPTABLES, NFTABLES])])
def test_native_nftables_is_tried_where_istio_has_it(version, ways):
    assert list(containers_of(istio={"version": version})) == [VERSION, RUNNING, *ways]


def test_the_redirection_is_tried_as_an_injected_pods_init_container_does_it():
    found = containers_of()
    assert found[NFTABLES]["command"] == [*found[IPTABLES]["command"], "--native-nftables"]
    assert found[IPTABLES]["securityContext"]["capabilities"] == {"add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]}


def test_envoy_is_tried_with_a_sidecars_limits_and_threads_and_without_rights():
    envoy = containers_of(proxy={"concurrency": 1})[RUNNING]
    assert envoy["resources"]["limits"] == {"cpu": "200m", "memory": "256Mi"}
    assert envoy["command"][envoy["command"].index("--concurrency") + 1] == "1"
    assert envoy["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_envoys_admin_interface_is_reached_from_inside_the_pod_alone():
    config = json.loads(containers_of()[RUNNING]["command"][-1])
    assert config["admin"]["address"]["socket_address"]["address"] == "127.0.0.1"


def test_a_trials_pod_gets_no_sidecar_of_its_own():
    assert job_of()["spec"]["template"]["metadata"]["labels"]["sidecar.istio.io/inject"] == "false"


def test_a_trial_has_no_rights_beyond_those_of_a_sidecar_and_its_init_container():
    of_proxy = {
        "runAsUser": 1337,
        "runAsGroup": 1337,
        "runAsNonRoot": True,
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    of_network = {
        "runAsUser": 0,
        "runAsGroup": 0,
        "runAsNonRoot": False,
        "allowPrivilegeEscalation": False,
        "capabilities": {"add": ["NET_ADMIN", "NET_RAW"], "drop": ["ALL"]},
    }
    rights = {name: container["securityContext"] for name, container in containers_of().items()}
    assert rights == {VERSION: of_proxy, RUNNING: of_proxy, IPTABLES: of_network, NFTABLES: of_network}
    assert pod_of()["enableServiceLinks"] is False


def test_envoy_is_asked_for_its_readiness_every_two_seconds_from_inside_the_pod():
    probe = containers_of()[RUNNING]["readinessProbe"]
    assert (probe["periodSeconds"], probe["timeoutSeconds"]) == (2, 10)
    config = json.loads(containers_of()[RUNNING]["command"][-1])
    assert config["admin"]["address"]["socket_address"]["port_value"] == 15000
