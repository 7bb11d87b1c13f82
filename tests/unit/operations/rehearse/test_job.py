"""The Job that tries the proxy's image on one node."""

import json

import pytest

from operations.rehearse import job
from operations.rehearse.job import IPTABLES, NFTABLES, RUNNING, VERSION
from tests.support.factories import make_settings
from tests.support.versions import NEWEST

PROGRAMS = {"/usr/local/bin/envoy", "/usr/local/bin/pilot-agent"}
"""Programs of the published image, of which the distroless one has no shell beside them: istio/istio at 1.31.0,
pilot/docker/Dockerfile.proxyv2 and docker/iptables.yaml."""
DIGEST = f"sha256:{'a' * 64}"


def template(**settings: object) -> dict:
    return job.trial_job(make_settings(**settings), "dev", "istio-system", "pi-2").job()["spec"]["template"]


def containers(**settings: object) -> dict[str, dict]:
    return {container["name"]: container for container in template(**settings)["spec"]["containers"]}


def test_a_trial_runs_on_its_node_whatever_the_nodes_taints_are_and_without_a_sidecar():
    trial = template()
    assert trial["spec"]["nodeName"] == "pi-2"
    assert trial["spec"]["tolerations"] == [{"operator": "Exists"}]
    assert trial["spec"]["enableServiceLinks"] is False
    assert trial["metadata"]["labels"]["sidecar.istio.io/inject"] == "false"


def test_a_trial_has_the_image_that_sidecars_will_have():
    images = {"hub": "registry.example/istio", "pullSecrets": ["login"], "digests": {"proxyv2": DIGEST}}
    used = {container["image"] for container in containers(images=images).values()}
    assert used == {f"registry.example/istio/proxyv2:{NEWEST}@{DIGEST}"}
    assert template(images=images)["spec"]["imagePullSecrets"] == [{"name": "login"}]


def test_a_trial_calls_programs_of_the_published_image_alone():
    commands = [container["command"] for container in containers().values()]
    commands += [container["readinessProbe"]["exec"]["command"] for container in containers().values()
                 if "readinessProbe" in container]  # fmt: skip
    assert {command[0] for command in commands} == PROGRAMS


@pytest.mark.parametrize(("version", "ways"), [("1.26.8", [IPTABLES]), ("1.27.0", [IPTABLES, NFTABLES])])
def test_native_nftables_is_tried_where_istio_has_it(version, ways):
    assert list(containers(istio={"version": version})) == [VERSION, RUNNING, *ways]


def test_the_redirection_is_tried_as_an_injected_pods_init_container_does_it():
    tried = containers()
    assert tried[NFTABLES]["command"] == [*tried[IPTABLES]["command"], "--native-nftables"]


def test_envoy_is_tried_with_a_sidecars_limits_and_threads():
    envoy = containers(proxy={"concurrency": 1})[RUNNING]
    assert envoy["resources"]["limits"] == {"cpu": "200m", "memory": "256Mi"}
    assert envoy["command"][envoy["command"].index("--concurrency") + 1] == "1"


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
    rights = {name: container["securityContext"] for name, container in containers().items()}
    assert rights == {VERSION: of_proxy, RUNNING: of_proxy, IPTABLES: of_network, NFTABLES: of_network}


def test_envoy_is_asked_for_its_readiness_every_two_seconds_from_inside_the_pod_alone():
    envoy = containers()[RUNNING]
    assert (envoy["readinessProbe"]["periodSeconds"], envoy["readinessProbe"]["timeoutSeconds"]) == (2, 10)
    admin = json.loads(envoy["command"][-1])["admin"]
    assert admin["address"]["socket_address"] == {"address": "127.0.0.1", "port_value": 15000}
