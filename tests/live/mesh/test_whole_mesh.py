"""The stack lab, installed for real: running pods, their numbers, mutual TLS, sidecars, no change afterwards."""

import pytest

from lab.cluster.kubectl import get, kubectl, staying_pods
from lab.workloads import CONTROL, TRADING, apply
from tests.support import kubeconfigs, pods
from tests.support.helm import helm, listed

pytestmark = pytest.mark.usefixtures("mesh")

PROFILE = {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"cpu": "500m", "memory": "256Mi"}}
SIDECAR = {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"cpu": "200m", "memory": "256Mi"}}
APPS = ("istiod", "istio-ingressgateway", "istio-egressgateway")


@pytest.fixture(scope="module")
def injected() -> dict[str, dict]:
    """Return the containers of a pod of the trading namespace, as the API server would make it."""
    return pods.containers(pods.injected(pods.pod(TRADING, "probe", pods.idle())))


@pytest.mark.parametrize("app", APPS)
def test_the_live_pods_carry_exactly_the_profiles_numbers(app):
    (pod,) = staying_pods(CONTROL, f"app={app}")
    (container,) = pod["spec"]["containers"]
    assert container["resources"] == PROFILE
    assert all(status["ready"] for status in pod["status"]["containerStatuses"])


def test_every_release_is_deployed():
    assert listed("status") == dict.fromkeys(("istio-base", *APPS), "deployed")


def test_strict_holds_for_the_whole_mesh():
    (policy,) = get("peerauthentications.security.istio.io", f"--namespace={CONTROL}")["items"]
    assert policy["spec"] == {"mtls": {"mode": "STRICT"}}


def test_a_pod_in_trading_comes_out_with_a_sidecar_of_the_roles_size(injected):
    assert injected["istio-proxy"]["resources"] == SIDECAR


def test_a_container_that_names_no_resources_gets_the_defaults(injected):
    defaults = {"requests": {"cpu": "50m", "memory": "128Mi"}, "limits": {"cpu": "500m", "memory": "256Mi"}}
    assert injected[pods.APP]["resources"] == defaults


def test_a_pod_with_its_sidecar_runs_within_the_quota():
    apply([pods.fortio(TRADING, "probe")])
    try:
        pods.wait_ready(TRADING, "probe")
        used = get("resourcequota", "workloads", "--namespace=trading")["status"]["used"]
        assert (used["pods"], used["requests.cpu"], used["limits.memory"]) == ("1", "100m", "512Mi")
    finally:
        kubectl("delete", "pod", "probe", "--namespace=trading")


@pytest.mark.row(44)
def test_a_second_up_changes_nothing(mesh):
    before = helm("list", "--output", "json")
    mesh.must_up("--expect-no-changes")
    assert helm("list", "--output", "json") == before


def test_nothing_to_change_is_what_a_preview_says(mesh):
    mesh.must_be_unchanged()


@pytest.mark.parametrize("switch", ["ingress", "egress"])
def test_a_gateway_is_switched_off_and_on_again(mesh, switch):
    app = f"istio-{switch}gateway"
    mesh.set(f"{switch}.enabled", False)
    mesh.must_up()
    assert not get("deployments,services,serviceaccounts", f"--namespace={CONTROL}", f"--selector=app={app}")["items"]
    mesh.must_be_unchanged()
    mesh.set(f"{switch}.enabled", True)
    mesh.must_up()
    (pod,) = staying_pods(CONTROL, f"app={app}")
    assert pod["status"]["containerStatuses"][0]["ready"]
    mesh.must_be_unchanged()


@pytest.mark.row(15)
def test_a_preview_without_a_cluster_goes_on_and_says_what_it_could_not_check(mesh, tmp_path):
    file = kubeconfigs.edited(tmp_path / "kubeconfig", server=kubeconfigs.NOWHERE)
    with mesh.with_variables(KUBECONFIG=str(file)):
        assert "does not answer" in mesh.preview().must().line_with("Preflight not done")
        assert "nothing was touched" in mesh.up().refused("does not answer")


@pytest.mark.row(17)
def test_another_current_context_is_refused(mesh, tmp_path):
    file = kubeconfigs.edited(tmp_path / "kubeconfig", context="production")
    with mesh.with_variables(KUBECONFIG=str(file)):
        assert "current context is 'production'" in mesh.up().refused("cluster.context is 'lab'")
