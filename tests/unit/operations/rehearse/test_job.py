"""The Job that tries the proxy's image on one node; tests/support/whole_trials.yaml holds it as a whole."""

import pytest

from operations.rehearse import job
from operations.rehearse.job import BOARD, IPTABLES, NFTABLES, RUNNING, VERSION
from tests.support.factories import make_settings
from tests.support.versions import NEWEST

PROGRAMS = {"/usr/local/bin/envoy", "/usr/local/bin/pilot-agent"}
"""Programs of the published image, of which the distroless one has no shell beside them: istio/istio at 1.31.0,
pilot/docker/Dockerfile.proxyv2 and docker/iptables.yaml."""
DIGEST = f"sha256:{'a' * 64}"


def pod(**settings: object) -> dict:
    return job.trial_job(make_settings(**settings), "dev", "istio-system", "pi-2").job()["spec"]["template"]["spec"]


def containers(**settings: object) -> dict[str, dict]:
    return {container["name"]: container for container in pod(**settings)["containers"]}


def test_a_trial_has_the_image_that_sidecars_will_have():
    images = {"hub": "registry.example/istio", "pullSecrets": ["login"], "digests": {"proxyv2": DIGEST}}
    used = {container["image"] for container in containers(images=images).values()}
    assert used == {f"registry.example/istio/proxyv2:{NEWEST}@{DIGEST}"}
    assert pod(images=images)["imagePullSecrets"] == [{"name": "login"}]


def test_a_trial_calls_programs_of_the_published_image_alone():
    commands = [container["command"] for container in containers().values()]
    commands += [container["readinessProbe"]["exec"]["command"] for container in containers().values()
                 if "readinessProbe" in container]  # fmt: skip
    assert {command[0] for command in commands} == PROGRAMS


@pytest.mark.parametrize(("version", "ways"), [("1.26.8", [IPTABLES]), ("1.27.0", [IPTABLES, NFTABLES])])
def test_native_nftables_is_tried_where_istio_has_it(version, ways):
    assert list(containers(istio={"version": version})) == [VERSION, RUNNING, *ways, *BOARD]


def test_a_job_of_other_containers_runs_nothing_else():
    parts = job.trial_job(make_settings(), "dev", "istio-system", "pi-2", parts=job.BOARD_PARTS).containers
    assert [part["name"] for part in parts] == [*BOARD]


def test_envoy_is_tried_with_a_sidecars_limits_and_threads():
    envoy = containers(proxy={"concurrency": 1})[RUNNING]
    assert envoy["resources"]["limits"] == {"cpu": "200m", "memory": "256Mi"}
    assert envoy["command"][envoy["command"].index("--concurrency") + 1] == "1"
